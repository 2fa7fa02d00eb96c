"""Lists that move while they are read, and servers that lie about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import ServiceError
from importer.model.ids import Kind, Ref
from importer.model.live import Covered, Everything
from importer.sandbox import World
from importer.teams import LiveTeam
from importer.teams.exchange import Request
from importer.teams.walking import PAGE, Listing, walk
from tests.teams.stage import (
    Act,
    a_world,
    always,
    delete,
    distinct,
    fill,
    live,
    meanwhile,
    moderator,
    opened,
    read_all,
    rewrites,
    staged,
)
from tests.virtual_time import LoopClock, run

ALL = Everything((Kind.QUESTION, Kind.ANSWER, Kind.TAG))
QUESTIONS = Everything((Kind.QUESTION,))


# Lists that move while they are read


PAGES = 4


@pytest.mark.parametrize("page", [1, 2, PAGES])
@pytest.mark.parametrize(
    "victims",
    [
        pytest.param([0], id="the first"),
        pytest.param([99, 100], id="the last of page 1 and the first of page 2"),
        pytest.param([5, 150, 250], id="three of three pages"),
        pytest.param(list(range(130)), id="more than a page"),
    ],
)
def test_deletions_at_any_page_hide_nothing(page: int, victims: list[int]) -> None:
    """F44, F45."""
    world = a_world_of_pages()
    posts = world.questions("acme")
    doomed = [posts[number] for number in victims]

    def happening() -> None:
        for post in doomed:
            delete(world, post)

    stage = staged(world, at_page(page, meanwhile(happening)))
    seen = distinct(read_all(stage, world, QUESTIONS))
    assert seen >= live(world)
    assert seen - live(world) <= {Ref(Kind.QUESTION, post.id) for post in doomed}
    assert len(stage.requests) <= 2 + PAGES + 2 + len(doomed) // 50


@pytest.mark.parametrize("page", [1, 2, PAGES])
@pytest.mark.parametrize("new", [1, 250])
def test_creations_at_any_page_hide_nothing_and_are_not_lost(page: int, new: int) -> None:
    """F44."""
    world = a_world_of_pages()
    before = live(world)
    stage = staged(world, at_page(page, meanwhile(lambda: fill(world, new))))
    seen = distinct(read_all(stage, world, QUESTIONS))
    assert seen >= before
    assert seen <= live(world)


@pytest.mark.parametrize("page", [1, 2, PAGES])
def test_a_creation_does_not_cover_up_a_deletion(page: int) -> None:
    """F44."""
    world = a_world_of_pages()
    posts = world.questions("acme")

    def happening() -> None:
        assert isinstance(world.clock, LoopClock)
        world.clock.advance(1)
        delete(world, posts[3])
        fill(world, 1)

    stage = staged(world, at_page(page, meanwhile(happening)))
    seen = distinct(read_all(stage, world, QUESTIONS))
    assert seen >= live(world) & {Ref(Kind.QUESTION, it.id) for it in posts}


@pytest.mark.parametrize("page", [2, PAGES])
def test_a_post_restored_on_a_page_already_read_is_found(page: int) -> None:
    world = a_world_of_pages()
    gone = world.questions("acme")[7]
    delete(world, gone)
    restored = meanwhile(lambda: world.undelete(moderator(world), gone.id))
    stage = staged(world, at_page(page, restored))
    assert distinct(read_all(stage, world, QUESTIONS)) == live(world)


def test_a_deletion_before_every_page_is_survived() -> None:
    world = a_world_of_pages()

    def happening() -> None:
        delete(world, world.questions("acme")[0])

    stage = staged(world, always("/questions", meanwhile(happening)))
    assert distinct(read_all(stage, world, QUESTIONS)) >= live(world)


def test_a_list_that_never_rests_is_given_up_and_not_called_complete() -> None:
    totals = iter(range(100_000, 0, -1))
    items = [{"id": number, "creation_date": 0} for number in range(PAGE)]

    async def ask(_: Request) -> dict[str, Any]:
        return {"items": items, "total": next(totals), "has_more": True}

    async def reading() -> list[object]:
        return [raw async for raw in walk(ask, listing_at(1_000))]

    with pytest.raises(ServiceError, match="changing"):
        run(reading())


def a_world_of_pages() -> World:
    """A world with 380 questions, all made some minutes before the reading."""
    world = a_world(questions=380)
    assert isinstance(world.clock, LoopClock)
    world.clock.advance(400)
    return world


def is_list(request: httpx.Request) -> bool:
    return request.url.path.endswith("/questions")


def at_page(page: int, act: Act) -> Callable[[int, httpx.Request], Act | None]:
    """Play *act* once, when that page is asked for the first time."""
    left = [act]

    def at(_: int, request: httpx.Request) -> Act | None:
        asked = is_list(request) and request.url.params["page"] == str(page)
        return left.pop() if asked and left else None

    return at


# Servers that lie about their lists


@pytest.mark.parametrize(
    ("change", "page"),
    [
        pytest.param({"has_more": True}, None, id="more is there for ever"),
        pytest.param({"has_more": False}, 2, id="an end too early, once"),
        pytest.param({"items": []}, 2, id="an empty page in the middle, once"),
    ],
)
def test_a_lie_that_the_totals_give_away_hides_nothing(
    change: dict[str, Any], page: int | None
) -> None:
    """F43."""
    world = a_world_of_pages()
    act = rewrites(lambda body: body.update(change))
    stage = staged(world, always("/questions", act) if page is None else at_page(page, act))
    assert distinct(read_all(stage, world, QUESTIONS)) == live(world)
    assert len(stage.requests) <= 2 + 2 * PAGES + 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"has_more": False}, id="an end too early, always"),
        pytest.param({"items": []}, id="empty pages, always"),
        pytest.param({"items": [], "has_more": False}, id="an empty team that is none"),
    ],
)
def test_a_list_that_does_not_add_up_is_an_error_and_never_a_shorter_list(
    change: dict[str, Any],
) -> None:
    """F43."""
    world = a_world_of_pages()
    act = rewrites(lambda body: body.update(change))

    async def reading() -> None:
        async with opened(world, stage=staged(world, always("/questions", act))) as team:
            read: list[object] = []
            with pytest.raises(ServiceError, match="380"):
                await collect(team, read)
            assert {it.kind for it in read if isinstance(it, Covered)} == {Kind.TAG}

    async def collect(team: LiveTeam, read: list[object]) -> None:
        async for item in team.read(ALL):
            read.append(item)  # noqa: PERF401 - what came before the error is the point

    run(reading())


def test_an_order_that_changes_among_equals_hides_nothing() -> None:
    """F45."""
    world = a_world_of_pages()
    turned: set[str] = set()

    def turn(_: int, request: httpx.Request) -> Act | None:
        page = request.url.params.get("page", "")
        if not is_list(request) or page in turned:
            return None
        turned.add(page)
        # Page 2 repeats the last of page 1 and leaves its own last out, as ties in disorder do.
        return rewrites(lambda body: body["items"].__setitem__(-1, body["items"][0]))

    assert distinct(read_all(staged(world, turn), world, QUESTIONS)) == live(world)


@pytest.mark.parametrize("total", [None, "380", -1, 1.5])
def test_a_total_that_is_none_is_an_error(total: object) -> None:
    world = a_world(questions=3)
    act = rewrites(lambda body: body.update(total=total))
    with pytest.raises(ServiceError, match="total"):
        read_all(staged(world, always("/questions", act)), world, QUESTIONS)


# The law, on lists without a server around them


@dataclass
class Moving:
    """A list in order of creation; before each request some entries vanish and some are born."""

    size: int
    losses: list[list[int]]
    births: list[int]
    asked: int = 0
    now: int = 1_000
    entries: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries = [(number, number % 900) for number in range(self.size)]
        self.entries.sort(key=lambda it: it[1])

    async def ask(self, request: Request) -> dict[str, Any]:
        self._move()
        query = dict(request.query)
        until, page = int(query.get("todate", 10**9)), int(query["page"])
        listed = [it for it in self.entries if it[1] <= until]
        start = (page - 1) * PAGE
        items = [{"id": it[0], "creation_date": it[1]} for it in listed[start : start + PAGE]]
        more = len(listed) > start + PAGE
        return {"items": items, "total": len(listed), "has_more": more}

    def _move(self) -> None:
        if self.asked < len(self.losses):
            for place in self.losses[self.asked]:
                if self.entries:
                    del self.entries[place % len(self.entries)]
        if self.asked < len(self.births):
            for _ in range(self.births[self.asked]):
                self.now += 1
                self.entries.append((1_000_000 + self.now, self.now))
        self.asked += 1


def listing_at(frozen_at: int | None) -> Listing:
    def page_of(number: int, todate: int | None) -> Request:
        until = () if todate is None else (("todate", str(todate)),)
        return Request("GET", "x", "x", (("page", str(number)), *until))

    return Listing(page_of, lambda raw: raw["id"], frozen_at)


@given(
    size=st.integers(0, 450),
    losses=st.lists(st.lists(st.integers(0, 449), max_size=30), max_size=12),
    births=st.lists(st.integers(0, 130), max_size=12),
)
@settings(max_examples=200)
def test_whatever_moves_what_stayed_is_seen_once(
    size: int, losses: list[list[int]], births: list[int]
) -> None:
    """F44."""
    moving = Moving(size, losses, births)

    async def reading() -> list[int]:
        return [int(str(raw["id"])) async for raw in walk(moving.ask, listing_at(1_000))]

    seen = run(reading())
    stayed = {number for number, _ in moving.entries if number < size}
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


@given(size=st.integers(0, 1_000))
def test_a_list_that_rests_costs_its_pages_and_no_more(size: int) -> None:
    moving = Moving(size, [], [])

    async def reading() -> int:
        return len([raw async for raw in walk(moving.ask, listing_at(1_000))])

    assert run(reading()) == size
    assert moving.asked == max(1, -(-size // PAGE))
