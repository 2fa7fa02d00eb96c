"""Random histories: edits here and on the site, lost journals, a server that rewrites.

Two laws. No text that a person wrote on the site is overwritten, unless overwriting was asked for:
it stays as it is, or all of it is in what both edits merged to. And every history ends in an empty
plan: applying once more leaves nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.model.fields import Value
from importer.model.ids import Field
from importer.model.manifest import Fate, Item, Manifest, OnDrift, Policy, Removed
from importer.model.report import ResultState
from importer.sandbox import Behaviour, Post
from importer.text.canonical import canonical_text
from importer.text.links import Text, plain
from importer.text.marker import detach
from importer.text.sealed import Sealed
from tests.stage import HERE, Stage, answer, manifest, question

ITEMS = ("one", "two", "two#a", "two#b")
FIELDS = (Field.TITLE, Field.TAGS, Field.BODY)
Posts: TypeAlias = dict[int, dict[Field, str]]

step = st.one_of(
    st.tuples(st.just("author"), st.sampled_from(ITEMS), st.sampled_from(FIELDS)),
    st.tuples(st.just("human"), st.sampled_from(ITEMS), st.sampled_from(FIELDS)),
    st.tuples(st.just("author amends"), st.sampled_from(ITEMS), st.integers(0, 3)),
    st.tuples(st.just("human amends"), st.sampled_from(ITEMS), st.integers(0, 3)),
    st.tuples(st.just("agree"), st.sampled_from(ITEMS), st.sampled_from(FIELDS)),
    st.tuples(st.just("adopt"), st.sampled_from(ITEMS), st.sampled_from(FIELDS)),
    st.tuples(st.just("keep"), st.just(""), st.just("")),
    st.tuples(st.just("overwrite"), st.just(""), st.just("")),
    st.tuples(st.just("forget"), st.just(""), st.just("")),
    st.tuples(st.just("delete"), st.sampled_from(("two#a", "one")), st.just("")),
    st.tuples(st.just("remove"), st.sampled_from(("two#b", "one")), st.sampled_from(Fate)),
)
behaviours = st.builds(
    Behaviour,
    burst_per_s=st.just(0),
    crlf=st.booleans(),
    trim=st.booleans(),
    rewrite=st.booleans(),
    tag_order=st.sampled_from(["sorted", "reversed", "kept"]),
    noop_edit=st.sampled_from(["ignored", "accepted"]),
)


@dataclass(frozen=True)
class Written:
    """What a person left of a field, and which lines or tags they put in and took out."""

    value: str
    added: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    def then(self, name: Field, before: str, now: str) -> Written:
        """Return what it is once a person has made *now* of *before*."""
        old, new = _parts(name, before), _parts(name, now)
        come, gone = new - old, old - new
        return Written(now, (self.added | come) - gone, (self.gone | gone) - come)

    def is_in(self, name: Field, value: str) -> bool:
        """Tell whether *value* is what the person left, or has all of it merged into it."""
        parts = _parts(name, value)
        merged = name is not Field.TITLE and self.added <= parts and not self.gone & parts
        return value == self.value or merged


def _parts(name: Field, value: str) -> frozenset[str]:
    parts = value.split(" " if name is Field.TAGS else "\n")
    return frozenset(it.strip() for it in parts if it.strip())


@dataclass
class History:
    """Plays steps on a stage, and remembers which live values people wrote."""

    stage: Stage
    items: dict[str, Item] = field(default_factory=dict)
    removed: dict[str, Removed] = field(default_factory=dict)
    counter: int = 0
    human: dict[tuple[int, Field], Written] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        first = [question("one"), question("two", tags=["testing", "python"])]
        answers = [answer("two#a", accepted=True), answer("two#b")]
        for item in (*first, *answers):
            said = [f"Paragraph {it} of {item.key}, as it was first." for it in range(4)]
            body = plain("\n\n".join(said) + "\n")
            self.items[item.key] = replace(item, fields={**item.fields, Field.BODY: body})

    def play(self, action: str, key: str, what: Any) -> None:
        match action:
            case "author" if key in self.items:
                self._author(key, what)
            case "human":
                self._human(key, what)
            case "author amends" if key in self.items:
                self._author_amends(key, what)
            case "human amends":
                self._human_amends(key, what)
            case "agree" if key in self.items:
                self._agree(key, what, adopt=True)
            case "adopt" if key in self.items:
                self._agree(key, what, adopt=False)
            case "keep":
                self.apply(OnDrift.KEEP)
            case "overwrite":
                self.apply(OnDrift.OVERWRITE)
            case "forget":
                self.stage.lose_journal()
            case "delete":
                self._delete(key)
            case "remove" if key in self.items:
                self._remove(key, what)

    def manifest(self, on_drift: OnDrift) -> Manifest:
        return manifest(
            *self.items.values(), removed=self.removed.values(), policy=Policy(on_drift=on_drift)
        )

    def apply(self, on_drift: OnDrift) -> None:
        self._remember_ours()
        before = self._live()
        self.stage.apply(self.manifest(on_drift), delete_engaged=False)
        after = self._live()
        if on_drift is OnDrift.KEEP:
            self._check(before, after)
        else:
            self.human.clear()

    def _check(self, before: Posts, after: Posts) -> None:
        for (post, name), written in [*self.human.items()]:
            if post not in before:
                continue
            value = before[post][name]
            assert value == written.value
            if value in self.ours:
                # Brought home: from now on it is the author's to change.
                del self.human[post, name]
                continue
            assert post in after, f"post {post}, edited on the site, was deleted"
            now = after[post][name]
            assert written.is_in(name, now), f"{name} of {post}, edited on the site, was lost"
            self.human[post, name] = replace(written, value=now)

    def _remember_ours(self) -> None:
        for item in self.items.values():
            self.ours.update(_plainly(value) for value in item.fields.values())

    def _text(self, name: Field, who: str) -> Any:
        self.counter += 1
        if name is Field.TITLE:
            return f"How does  number {self.counter} of {who} work?"
        if name is Field.TAGS:
            return ("python", f"tag-of-{who}-number-{self.counter}")
        return f"Text number {self.counter} of {who}.  \n\n* with\n* bullets\n\nand an end."

    def _author(self, key: str, name: Field) -> None:
        item = self.items[key]
        if name in item.fields:
            made = self._text(name, "author")
            value: Value = plain(canonical_text(made)) if name is Field.BODY else made
            self.items[key] = replace(item, fields={**item.fields, name: value})

    def _human(self, key: str, name: Field) -> None:
        post = self._post(key)
        if post is None or (name is not Field.BODY and post.kind == "answer"):
            return
        before = self._live()
        made = self._text(name, "human")
        if name is Field.BODY:
            old = post.body
            marker = old[old.rfind("<!--") :] if "<!--" in old else ""
            self.stage.world.edit(self.stage.bo, post.id, body=f"{made}\n\n{marker}")
        elif name is Field.TITLE:
            self.stage.world.edit(self.stage.bo, post.id, title=made)
        else:
            self.stage.world.edit(self.stage.bo, post.id, tags=made)
        self._note(post.id, name, before)

    def _note(self, post: int, name: Field, before: Posts) -> None:
        old, now = before[post][name], self._live()[post][name]
        written = self.human.get((post, name), Written(old))
        self.human[post, name] = written.then(name, old, now)

    def _amended(self, text: str, at: int, who: str) -> str:
        self.counter += 1
        paragraphs = text.split("\n\n")
        paragraphs[at % len(paragraphs)] = f"Paragraph number {self.counter} is of {who}."
        return "\n\n".join(paragraphs)

    def _author_amends(self, key: str, at: int) -> None:
        item = self.items[key]
        body = self._amended(_plainly(item.fields[Field.BODY]), at, "author")
        fields = {**item.fields, Field.BODY: plain(canonical_text(body))}
        self.items[key] = replace(item, fields=fields)

    def _human_amends(self, key: str, at: int) -> None:
        post = self._post(key)
        if post is None:
            return
        before = self._live()
        made = self._amended(before[post.id][Field.BODY], at, "human")
        marker = post.body[post.body.rfind("<!--") :] if "<!--" in post.body else ""
        self.stage.world.edit(self.stage.bo, post.id, body=f"{made}\n\n{marker}")
        self._note(post.id, Field.BODY, before)

    def _agree(self, key: str, name: Field, *, adopt: bool) -> None:
        """Take the site's version into the manifest, or (adopt) the manifest's onto the site."""
        post, item = self._post(key), self.items[key]
        if post is None or name not in item.fields:
            return
        before = self._live()
        live = before[post.id][name]
        if adopt:
            value: Value = live
            if name is Field.BODY:
                value = plain(live)
            elif name is Field.TAGS:
                value = tuple(live.split())
            self.items[key] = replace(item, fields={**item.fields, name: value})
        elif name is Field.TITLE:
            self.stage.world.edit(self.stage.bo, post.id, title=str(item.fields[name]))
            self._note(post.id, name, before)

    def _delete(self, key: str) -> None:
        post = self._post(key)
        if post is not None:
            moderator = self.stage.world.user("acme", "Chidi Okafor")
            self.stage.world.delete(moderator, post.id)

    def _remove(self, key: str, fate: Fate) -> None:
        item = self.items.pop(key)
        self.removed[key] = Removed(item.key, fate, HERE)
        for other in [it for it in self.items if it.startswith(f"{key}#")]:
            del self.items[other]

    def _post(self, key: str) -> Post | None:
        for post in (*self.stage.questions(), *self.stage.answers()):
            _, marker = detach(post.body.replace("\r\n", "\n"))
            if marker is not None and marker.key == f"handbook:{key}":
                return post
        return None

    def _live(self) -> Posts:
        found: Posts = {}
        for post in (*self.stage.questions(), *self.stage.answers()):
            body, _ = detach(post.body.replace("\r\n", "\n"))
            values = {Field.BODY: canonical_text(body)}
            if post.kind == "question":
                values[Field.TITLE] = (post.title or "").strip()
                values[Field.TAGS] = " ".join(sorted(post.tags))
            found[post.id] = values
        return found


def _plainly(value: Value) -> str:
    match value:
        case tuple():
            return " ".join(sorted(value))
        case bool():
            return str(value)
        case str():
            return value
        case Text(holed):
            return holed
        case Sealed():
            return value.words


@settings(max_examples=60)
@given(behaviours, st.lists(step, max_size=14))
@example(Behaviour(burst_per_s=0), [("human", "one", Field.BODY), ("keep", "", "")])
@example(
    Behaviour(burst_per_s=0),
    [("human", "one", Field.TAGS), ("author", "one", Field.TAGS), ("keep", "", "")],
)
@example(
    Behaviour(burst_per_s=0),
    [
        ("human amends", "two#a", 0),
        ("author amends", "two#a", 3),
        ("keep", "", ""),
        ("author amends", "two#a", 2),
        ("human amends", "two#a", 1),
        ("keep", "", ""),
    ],
)
def test_no_human_edit_is_overwritten_and_every_history_ends_in_an_empty_plan(
    behaviour: Behaviour, steps: list[tuple[str, str, Any]]
) -> None:
    history = History(Stage(behaviour=behaviour))
    history.apply(OnDrift.KEEP)
    for action, key, what in steps:
        history.play(action, key, what)
    history.apply(OnDrift.KEEP)
    plan = history.stage.plan(history.manifest(OnDrift.KEEP))
    assert plan.changes == ()
    report = history.stage.apply(history.manifest(OnDrift.KEEP))
    assert not [it for it in report.results if it.state is not ResultState.FOUND]
    keys = _markers(history.stage)
    assert len(keys) == len(set(keys)), "two posts carry one key"


def _markers(stage: Stage) -> list[str]:
    posts = (*stage.questions(), *stage.answers())
    markers = (detach(post.body.replace("\r\n", "\n"))[1] for post in posts)
    return [marker.key for marker in markers if marker is not None]
