"""Colleagues on the site: they edit, answer, vote, delete and copy while the importer works."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from importer.sandbox import Post, RuleBroken, World
from importer.text.marker import detach
from tests.simulation.chance import Chance

__all__ = ["Deed", "People"]

_FIELDS = ("title", "body", "tags")


_MOST_COPIES = 15


@dataclass(frozen=True)
class Deed:
    """One edit: what a person made of a field, and when."""

    at_s: float
    post: int
    field: str
    value: object


@dataclass
class People:
    """Björn writes, Chidi moderates. Everything they did is remembered."""

    world: World
    chance: Chance
    note: Callable[[str], None]
    choices: Sequence[str]
    pause_s: tuple[float, float]
    edits: list[Deed] = field(default_factory=list)
    deleted: dict[int, float] = field(default_factory=dict)
    engaged: dict[int, float] = field(default_factory=dict)
    copies: set[int] = field(default_factory=set)
    deeds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ada = self.world.user("acme", "Ada Berg")
        self.bo = self.world.user("acme", "Björn Öst")
        self.chidi = self.world.user("acme", "Chidi Okafor")

    async def live(self) -> None:
        """Do something now and then, until cancelled."""
        number = 0
        while True:
            await asyncio.sleep(self.chance.between(f"pause:{number}", *self.pause_s))
            self._act(number)
            number += 1

    def do(self, deed: str, number: int) -> None:
        """Do *deed* now, to one of our posts, as far as the site lets people do it."""
        self.choices = (deed,)
        self._act(number)

    def _act(self, number: int) -> None:
        posts = [post for post in self._posts() if post.owner_id == self.ada.id]
        if not posts:
            return
        post = self.chance.one_of(f"whom:{number}", posts)
        deed = self.chance.one_of(f"deed:{number}", self.choices)
        if deed == "copy" and len(self.copies) >= _MOST_COPIES:
            return
        try:
            getattr(self, f"_{deed}")(number, post)
        except RuleBroken:
            return
        self.deeds[f"a person: {deed}"] += 1
        self.note(f"person {deed} {post.id}")

    def _edit(self, number: int, post: Post) -> None:
        fields = ("body",) if post.kind == "answer" else _FIELDS
        which = self.chance.one_of(f"field:{number}", fields)
        value: str | tuple[str, ...]
        match which:
            case "title":
                value = f"What did a person write here as number {number}?"
                now = self.world.edit(self.bo, post.id, title=value)
            case "body":
                body = f"A person wrote this text as number {number}, and a person knows better."
                now = self.world.edit(self.bo, post.id, body=f"{body}\n\n{_marker(post)}")
            case _:
                now = self.world.edit(self.bo, post.id, tags=("testing", f"person-{number}"))
        self.edits.append(Deed(self._now(), post.id, which, value_of(now, which)))

    def _answer(self, number: int, post: Post) -> None:
        body = f"A colleague's answer, the {number}th, with what nobody else knows about it."
        made = self.world.answer(self.bo, post.question_id, body=body)
        self.engaged[made.question_id] = self._now()

    def _vote(self, _: int, post: Post) -> None:
        self.world.vote(self.bo, post.id, "up")
        self.engaged[post.id] = self._now()

    def _copy(self, number: int, post: Post) -> None:
        """Copy a marked text into a post of one's own, as people do with templates."""
        if post.kind == "answer":
            made = self.world.answer(self.bo, post.question_id, body=post.body)
        else:
            title = f"A copy, the {number}th, of what stands elsewhere?"
            made = self.world.ask(self.bo, title=title, body=post.body, tags=("testing",))
        self.copies.add(made.id)

    def delete_first(self, number: int) -> None:
        """Delete the oldest of our questions: everything behind it moves forward in the lists."""
        ours = [it for it in self.world.questions("acme") if it.owner_id == self.ada.id]
        if len(ours) > 1:
            self._delete(number, min(ours, key=lambda it: it.id))
            self.deeds["a person: delete while a list is read"] += 1
            self.note("person deletes the first post")

    def _delete(self, _: int, post: Post) -> None:
        self.world.delete(self.chidi, post.id)
        self.deleted[post.id] = self._now()

    def _lock(self, _: int, post: Post) -> None:
        self.world.lock(self.chidi, post.id)

    def _close(self, _: int, post: Post) -> None:
        self.world.close_question(self.chidi, post.question_id)

    def _posts(self) -> list[Post]:
        return [*self.world.questions("acme"), *self.world.answers("acme")]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def value_of(post: Post, which: str) -> object:
    """Return a field's value without what the importer hides in it."""
    if which == "body":
        return detach(post.body.replace("\r\n", "\n"))[0].strip()
    return " ".join(sorted(post.tags)) if which == "tags" else post.title


def _marker(post: Post) -> str:
    at = post.body.rfind("<!--")
    return post.body[at:] if at >= 0 else ""
