"""Colleagues on the site: they edit, answer, vote, delete and copy while the importer works."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from importer.sandbox import Collection, Post, RuleBroken, World
from importer.text.marker import detach
from tests.simulation.chance import Chance

__all__ = ["Deed", "Name", "People", "name_of", "parts_of", "value_of"]

Name = int | str
"""A post's id; a collection, whose ids are others, is `collection/12`."""

_FIELDS = ("title", "body", "tags")
_MOST_COPIES = 15


@dataclass(frozen=True)
class Deed:
    """One edit: what a person made of a field, of what, and when.

    `post` is a collection's id by name.
    """

    at_s: float
    post: Name
    field: str
    value: object
    before: object = None

    @property
    def added(self) -> set[str]:
        """The lines or tags that the person wrote."""
        return parts_of(self.field, self.value) - parts_of(self.field, self.before)

    @property
    def gone(self) -> set[str]:
        """The lines or tags that the person took out."""
        return parts_of(self.field, self.before) - parts_of(self.field, self.value)


@dataclass
class People:
    """Björn writes, Chidi moderates. Everything they did is remembered."""

    world: World
    chance: Chance
    note: Callable[[str], None]
    choices: Sequence[str]
    pause_s: tuple[float, float]
    edits: list[Deed] = field(default_factory=list)
    deleted: dict[Name, float] = field(default_factory=dict)
    engaged: dict[Name, float] = field(default_factory=dict)
    copies: set[Name] = field(default_factory=set)
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
        what = f"_{deed}_collection" if isinstance(post, Collection) else f"_{deed}"
        act = getattr(self, what, None)
        try:
            if act is None:
                return
            act(number, post)
        except RuleBroken:
            return
        self.deeds[f"a person: {deed}"] += 1
        self.note(f"person {deed} {name_of(post)}")

    def _edit(self, number: int, post: Post) -> None:
        before = {it: value_of(post, it) for it in _FIELDS}
        fields = ("body",) if post.kind == "answer" else _FIELDS
        which = self.chance.one_of(f"field:{number}", fields)
        # An article is its owner's to edit, and a moderator's.
        who = self.chidi if post.kind == "article" else self.bo
        value: str | tuple[str, ...]
        match which:
            case "title":
                value = f"What did a person write here as number {number}?"
                now = self.world.edit(who, post.id, title=value)
            case "body":
                body = f"A person wrote this text as number {number}, and a person knows better."
                now = self.world.edit(who, post.id, body=f"{body}\n\n{_marker(post.body)}")
            case _:
                now = self.world.edit(who, post.id, tags=("testing", f"person-{number}"))
        self.edits.append(Deed(self._now(), post.id, which, value_of(now, which), before[which]))

    def _amend(self, number: int, post: Post) -> None:
        """Write one paragraph anew."""
        who = self.chidi if post.kind == "article" else self.bo
        before = str(value_of(post, "body"))
        paragraphs = before.split("\n\n")
        at = self.chance.below(f"paragraph:{number}", len(paragraphs))
        paragraphs[at] = f"A person wrote this paragraph as number {number}, and knows better."
        body = "\n\n".join([*paragraphs, _marker(post.body)])
        now = self.world.edit(who, post.id, body=body)
        self.edits.append(Deed(self._now(), post.id, "body", value_of(now, "body"), before))

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
        elif post.kind == "article":
            title = f"A copy, the {number}th, of an article?"
            made = self.world.publish(self.bo, title=title, body=post.body, tags=("testing",))
        else:
            title = f"A copy, the {number}th, of what stands elsewhere?"
            made = self.world.ask(self.bo, title=title, body=post.body, tags=("testing",))
        self.copies.add(made.id)

    def _edit_collection(self, number: int, found: Collection) -> None:
        which = self.chance.one_of(f"field:{number}", ("title", "body", "items"))
        title, text, items = found.title, found.description, found.content_ids
        match which:
            case "title":
                title = f"What a person calls it, number {number}"
            case "body":
                text = f"A person described it, number {number}.\n\n{_marker(text)}"
            case _:
                # Something new each time: what was there before is nobody's loss.
                asked = f"What else belongs here, for the {number}th time?"
                body = "A question of a colleague's, with words enough in it."
                made = self.world.ask(self.chidi, title=asked, body=body, tags=("testing",))
                items = (made.id, *items)
        now = self.world.replace_collection(
            self.chidi, found.id, title=title, description=text, content_ids=items
        )
        # What was deleted since falls out by the way.
        for each in ("title", "body", "items"):
            if each == which or value_of(now, each) != value_of(found, each):
                self.edits.append(Deed(self._now(), name_of(now), each, value_of(now, each)))

    def _copy_collection(self, number: int, found: Collection) -> None:
        title = f"A copy, the {number}th, of a collection"
        made = self.world.make_collection(self.bo, title=title, description=found.description)
        self.copies.add(name_of(made))

    def _delete_collection(self, _: int, found: Collection) -> None:
        self.world.delete_collection(self.chidi, found.id)
        self.deleted[name_of(found)] = self._now()

    def edit_now(self, number: int, post_id: int, *, collection: bool) -> None:
        """Edit one of our posts now, if it is there."""
        name = f"collection/{post_id}" if collection else post_id
        found = next((it for it in self._posts() if name_of(it) == name), None)
        if found is None or found.owner_id != self.ada.id:
            return
        with suppress(RuleBroken):
            if isinstance(found, Collection):
                self._edit_collection(number, found)
            else:
                self._edit(number, found)
            self.deeds["a person: edit in the moment of a look"] += 1
            self.note(f"person edits {name}, which was just looked at")

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

    def clear_away(self, post: Name) -> None:
        """Delete one of ours, as a report asks."""
        found = next((it for it in self._posts() if name_of(it) == post), None)
        if found is not None:
            delete = self._delete_collection if isinstance(found, Collection) else self._delete
            delete(0, found)  # type: ignore[arg-type]  # of the one kind or of the other
            self.deeds["a person: delete a double, as told"] += 1
            self.note(f"person deletes {post}, as told")

    def _posts(self) -> list[Post | Collection]:
        world = self.world
        posts = [*world.questions("acme"), *world.answers("acme"), *world.articles("acme")]
        return [*posts, *world.collections("acme")]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def name_of(post: Post | Collection) -> Name:
    """Return what tells a post from all others."""
    return f"collection/{post.id}" if isinstance(post, Collection) else post.id


def text_of(post: Post | Collection) -> str:
    """Return a post's Markdown, with what the importer hides in it."""
    text = post.description if isinstance(post, Collection) else post.body
    return text.replace("\r\n", "\n")


def value_of(post: Post | Collection, which: str) -> object:
    """Return a field's value without what the importer hides in it."""
    if which == "body":
        return detach(text_of(post))[0].strip()
    if isinstance(post, Collection):
        return post.content_ids if which == "items" else post.title
    return " ".join(sorted(post.tags)) if which == "tags" else post.title


def parts_of(which: str, value: object) -> set[str]:
    """Return what a value is merged by: the lines of a text, or tags."""
    parts = str(value or "").split("\n" if which == "body" else " ")
    return {part.strip() for part in parts if part.strip()}


def _marker(text: str) -> str:
    at = text.rfind("<!--")
    return text[at:] if at >= 0 else ""
