"""Over API v3, which knows no request ids, a lost answer is found out by looking, and once only."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from importer.execution import RunOptions
from importer.model.ids import Field
from importer.model.manifest import Item
from importer.sandbox import Behaviour
from tests.pacing import LineStage
from tests.planning.stage import article, collection, having, removed, tag, text
from tests.stage import answer, manifest, question

FIRST: tuple[Item, ...] = (
    question("one"),
    answer("one#a", accepted=True),
    answer("one#b"),
    question("two", body="See [the first](key:one) and the [leave](key:leave), of course."),
    article("leave"),
    article("trips"),
    collection("start", "one", "leave"),
    tag("testing", experts=("user:1002",), adds=(Field.EXPERTS,)),
)


def body(item: Item) -> Item:
    return having(item, Field.BODY, text(f"Now {item.key} says quite another thing."))


SECOND = (
    FIRST[0],
    body(FIRST[1]),
    body(FIRST[3]),
    body(FIRST[4]),
    collection("start", "leave", "two"),
    FIRST[7],
)
GONE = [removed(it) for it in ("one#b", "trips")]


def is_write(request: httpx.Request) -> bool:
    # The door's probes are no writes: they name no post, or have no content.
    named = request.url.path.rsplit("/", 2)[-2] if "answers" in request.url.path else ""
    return request.method != "GET" and request.content != b"{}" and named != "2147483647"


def a_stage(lost: int) -> tuple[LineStage, Counter[str]]:
    """A stage on which the answer to that write is lost; the server carried it out."""
    counts: Counter[str] = Counter()

    def breaks(request: httpx.Request) -> bool:
        counts["writes"] += is_write(request)
        return is_write(request) and counts["writes"] == lost

    stage = LineStage(
        behaviour=Behaviour(burst_per_s=0),
        options=RunOptions(settle_s=5.0, parallelism=4),
        latency_s=(0.01, 0.02),
        breaks=breaks,
        api="3",
    )
    stage.token = stage.world.issue_token(stage.world.users("acme")[2])
    return stage, counts


def content(stage: LineStage) -> list[object]:
    """Return what is there, whatever ids it got."""
    world = stage.world
    posts = [*world.questions("acme"), *world.answers("acme"), *world.articles("acme")]
    texts = (re.sub(r"/\d+", "/N", it.body.partition("<!--")[0]) for it in posts)
    told = [(it.kind, it.title or "", body) for it, body in zip(posts, texts, strict=True)]
    return [*sorted(told)]


@pytest.fixture(scope="module")
def undisturbed() -> tuple[list[object], int, list[object], int]:
    stage, counts = a_stage(lost=0)
    assert stage.apply(manifest(*FIRST)).exit_code == 0
    first, number = content(stage), counts["writes"]
    stage.clock.base += timedelta(minutes=5)
    report = stage.apply(manifest(*SECOND, removed=GONE), max_deletes="100%", max_updates="100%")
    assert report.exit_code == 0
    return first, number, content(stage), counts["writes"]


@pytest.mark.parametrize("lost", range(1, 16))
def test_an_answer_that_is_lost_is_found_out_and_nothing_is_done_twice(
    undisturbed: tuple[list[object], int, list[object], int], lost: int
) -> None:
    first, _, second, total = undisturbed
    assert total == 15
    stage, counts = a_stage(lost)
    assert stage.apply(manifest(*FIRST)).exit_code == 0
    assert content(stage) == first
    stage.clock.base += timedelta(minutes=5)
    wanted = manifest(*SECOND, removed=GONE)
    report = stage.apply(wanted, max_deletes="100%", max_updates="100%")
    assert report.exit_code == 0
    assert content(stage) == second
    assert counts["writes"] == total, "nothing is sent again that was done"
    plan = stage.plan(wanted)
    assert (plan.changes, plan.drift) == ((), ())
