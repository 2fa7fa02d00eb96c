"""What the contract's tests share: the ways to a team, and a world in which there is some of all.

`over(kind)` says which API carries writes of a kind, "2.3" or "3": with `auto` that differs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from importer.model.ids import Field, Kind, Ref, Verb
from importer.model.live import Covered, LiveItem, Same, Scope, Synonym
from importer.model.writing import Done, Write
from importer.ports import TeamReader
from importer.sandbox import User, World
from importer.sandbox.values import Permissions, Shares
from importer.teams import LiveTeam, Mode
from importer.text.links import Text
from tests.teams.stage import BODY, Act, Stage, a_world, moderator, opened, staged
from tests.virtual_time import run

__all__ = [
    "APIS",
    "Dialect",
    "a_full_world",
    "admins",
    "bare_problem",
    "covered",
    "created",
    "invalid",
    "is_write",
    "on_write",
    "posts",
    "problem",
    "read",
]

T = TypeVar("T")

APIS = ("2.3", "3", "auto")
_OVER_V3 = frozenset({Kind.ARTICLE, Kind.COLLECTION, Kind.IMAGE, Kind.TAG})
LONG = "This is a text of {}, long enough for every rule of the site."


@dataclass(frozen=True)
class Dialect:
    """A way to a sandbox's team, as a person would name it with --api."""

    name: str

    def over(self, kind: Kind) -> str:
        if self.name != "auto":
            return self.name
        return "3" if kind in _OVER_V3 else "2.3"

    @property
    def main(self) -> str:
        """The API that is read first."""
        return self.over(Kind.QUESTION)

    def act(
        self,
        world: World,
        act: Callable[[LiveTeam], Awaitable[T]],
        *,
        stage: Stage | None = None,
        mode: Mode = Mode.WRITE,
        token: str | None = None,
        **how: Any,
    ) -> T:
        async def acting() -> T:
            async with opened(
                world, api=self.name, stage=stage, mode=mode, token=token, **how
            ) as team:
                return await act(team)

        return run(acting())


def admins(world: World) -> User:
    return moderator(world)


async def read(team: TeamReader, scope: Scope) -> list[Any]:
    return [item async for item in team.read(scope)]


def posts(items: list[Any]) -> dict[Ref, LiveItem]:
    found = {item.ref: item for item in items if isinstance(item, LiveItem)}
    count = sum(isinstance(item, (LiveItem, Same)) for item in items)
    assert len({it.ref for it in items if isinstance(it, (LiveItem, Same))}) == count, "twice"
    return found


def covered(items: list[Any]) -> set[Kind]:
    return {item.kind for item in items if isinstance(item, Covered)}


def synonyms(items: list[Any]) -> dict[str, str]:
    return {item.name: item.master for item in items if isinstance(item, Synonym)}


async def created(team: LiveTeam, write: Write) -> LiveItem:
    outcome = await team.write(write)
    assert isinstance(outcome, Done), outcome
    assert outcome.item is not None
    return outcome.item


def is_write(request: httpx.Request) -> bool:
    return request.method != "GET" and not request.url.path.endswith("filters/create")


def on_write(*acts: Act | None) -> Callable[[int, httpx.Request], Act | None]:
    """Play *acts*, in order, on the writing requests."""
    left = list(acts)
    return lambda _, request: left.pop(0) if left and is_write(request) else None


def problem(status: int, detail: str = "", kind: str = "questions/ValidationErrors") -> bytes:
    """A problem of API v3's own sort."""
    more = f', "detail": "{detail}"' if detail else ""
    text = f'{{"type": "/v3/errors/{kind}", "title": "Not done", "status": {status}{more}}}'
    return text.encode()


def bare_problem(status: int) -> bytes:
    return problem(status, kind="forbidden")


def invalid(**errors: str) -> bytes:
    """A problem of the framework that API v3 is built with."""
    listed = ", ".join(f'"{name}": ["{text}"]' for name, text in errors.items())
    text = (
        '{"type": "https://tools.ietf.org/html/rfc7231#section-6.5.1", '
        '"title": "One or more validation errors occurred.", "status": 400, '
        f'"traceId": "00-1-2-01", "errors": {{{listed}}}}}'
    )
    return text.encode()


def a_full_world(**behaviour: Any) -> World:
    """Some of everything: answers, marks, links, synonyms, articles, collections, who left."""
    world = a_world(**behaviour)
    ada, bjorn, chidi = world.users("acme")
    one = world.ask(ada, title="How do I roll back a “deploy” & more?", body=LONG.format("one"),
                    tags=["zeta", "Alpha"])  # fmt: skip
    site = "http://sandbox.localhost/c/acme"
    text = (
        f'See [the way]({site}/questions/{one.id}) <b>now</b> & "then".\r\n\r\n* it\'s so  \r\nso'
    )
    two = world.ask(bjorn, title="What is linked to the first question?", body=text, tags=["k8s"])
    world.add_synonym(chidi, "kube", "k8s")
    first = world.answer(ada, one.id, body=LONG.format("Ada's answer"))
    world.answer(bjorn, one.id, body=LONG.format("another answer"))
    world.accept(ada, first.id)
    world.answer(chidi, two.id, body=LONG.format("an answer to a question of another"))
    world.comment_on(bjorn, first.id, body="A remark that is long enough.")
    three = world.ask(ada, title="Is a question with an own answer engaged?", body=LONG.format(3),
                      tags=["alpha"])  # fmt: skip
    world.answer(ada, three.id, body=LONG.format("her own"))
    gone = world.ask(ada, title="Is a deleted question ever shown?", body=LONG.format(4),
                     tags=["alpha"])  # fmt: skip
    world.delete(chidi, gone.id)
    world.edit(bjorn, two.id, body=text + " said again, and later", comment="")
    article = world.publish(
        ada,
        title="The policy of all policies",
        body=LONG.format("an article"),
        tags=["alpha", "hr"],
        article_type="policy",
        permissions=Permissions(editable_by="everyone"),
    )
    world.make_collection(
        ada, title="Start here", description=LONG.format("a collection"),
        content_ids=[article.id, one.id], editors=Shares(user_ids=(bjorn.id,)),
    )  # fmt: skip
    leaver = world.add_user("acme", "Lea Leaver")
    world.ask(leaver, title="Who asked this before they left us?", body=BODY.format(9),
              tags=["alpha"])  # fmt: skip
    world.remove_user(leaver)
    return world


def dialect_stage(world: World, at: Any = None) -> Stage:
    return staged(world, at)


def a_body(of: str) -> dict[Field, Any]:
    return {Field.BODY: Text(LONG.format(of) + "\n")}


def set_flag(ref: Ref, parent: Ref, *, flag: bool) -> Write:
    fields = {Field.ACCEPTED: flag}
    return Write(f"s{flag}", Verb.SET, Kind.ANSWER, ref, parent, fields=fields)
