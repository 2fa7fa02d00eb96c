"""Random histories of articles, collections and experts: edits here and there, lost answers.

The two laws of `test_histories`: no edit of a person is written over unasked, and every history
ends in an empty plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.execution import RunOptions
from importer.model.fields import Value
from importer.model.ids import Field, Key, target_of_key
from importer.model.manifest import Item, Manifest, OnDrift, Policy
from importer.text.links import plain
from tests.execution.fake_team import KindStage
from tests.planning.stage import article, collection, tag
from tests.stage import manifest, question

_FIELDS = {
    "leave": (Field.TITLE, Field.TAGS, Field.BODY, Field.TYPE, Field.PERMISSIONS),
    "trips": (Field.TITLE, Field.BODY, Field.TYPE, Field.PERMISSIONS),
    "start": (Field.TITLE, Field.BODY, Field.ITEMS),
}
_MEMBERS = ("one", "leave", "trips")

of_item = st.sampled_from([(key, it) for key, fields in _FIELDS.items() for it in fields])
step = st.one_of(
    st.tuples(st.just("author"), of_item),
    st.tuples(st.just("human"), of_item),
    st.tuples(st.just("agree"), of_item),
    st.tuples(st.just("experts here"), st.sets(st.integers(1, 4), max_size=3)),
    st.tuples(st.just("experts there"), st.sets(st.integers(1, 4), max_size=3)),
    st.tuples(st.just("keep"), st.lists(st.sampled_from(["lost before", "lost after", None]))),
    st.tuples(st.just("overwrite"), st.just([])),
    st.tuples(st.just("forget"), st.just([])),
)


@dataclass
class History:
    stage: KindStage
    exact: bool
    items: dict[str, Item] = field(default_factory=dict)
    experts: tuple[str, ...] = ("user:1",)
    counter: int = 0
    human: dict[tuple[str, Field], Value] = field(default_factory=dict)
    ours: set[Value] = field(default_factory=set)
    set_by_people: tuple[str, ...] | None = None
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        leave = article("leave", fields={Field.PERMISSIONS: ("everyone",)})
        start = collection("start", "one", "leave", fields={Field.BODY: plain("Begin here.\n")})
        items = (question("one"), leave, article("trips"), start)
        self.items = {it.key: it for it in items}

    def manifest(self, on_drift: OnDrift) -> Manifest:
        adds = () if self.exact else (Field.EXPERTS,)
        experts = tag("testing", experts=self.experts, adds=adds)
        return manifest(experts, *self.items.values(), policy=Policy(on_drift=on_drift))

    def play(self, action: str, what: Any) -> None:
        match action:
            case "author":
                self._author(*what)
            case "human":
                self._human(*what)
            case "agree":
                self._agree(*what)
            case "experts here":
                self.experts = _users(what)
            case "experts there":
                self.stage.fake.tags["testing"].experts = _users(what)
                self.set_by_people = _users(what)
            case "keep":
                self.stage.fake.mishaps = list(what)
                self.apply(OnDrift.KEEP)
            case "overwrite":
                self.apply(OnDrift.OVERWRITE)
            case _:
                self.stage.lose_journal()

    def apply(self, on_drift: OnDrift) -> None:
        self.ours.update(value for it in self.items.values() for value in it.fields.values())
        self.asked |= set(self.experts)
        self.stage.apply(self.manifest(on_drift))
        if on_drift is OnDrift.OVERWRITE:
            self.human.clear()
            self.set_by_people = None
            return
        for (key, name), value in self.human.items():
            # What the manifest said once is no loss: the journal, or the author, has it.
            if self._as_said(value) not in self.ours:
                assert self.live(key, name) == value, f"{name} of {key} was written over"
        if self.set_by_people is not None:
            now = set(self.stage.fake.experts("testing"))
            lost = set(self.set_by_people) - now
            assert lost <= (self.asked if self.exact else set())
            self.set_by_people = self.set_by_people if not lost else None

    def _as_said(self, value: Value) -> Value:
        """Return a value of the site as the manifest would say it: a collection's items by key."""
        refs = {str(self.stage.fake.post(it).ref): target_of_key(Key(it)) for it in _MEMBERS}
        is_items = isinstance(value, tuple) and set(value) <= set(refs)
        return tuple(refs[it] for it in value) if is_items else value  # type: ignore[union-attr]

    def live(self, key: str, name: Field) -> Value:
        return self.stage.fake.post(key).fields[name]

    def _author(self, key: str, name: Field) -> None:
        item = self.items[key]
        if name in item.fields:
            value = self._made(name, "author")
            if name is Field.ITEMS:
                value = tuple(target_of_key(Key(it)) for it in self._some())
            self.items[key] = replace(item, fields={**item.fields, name: value})

    def _human(self, key: str, name: Field) -> None:
        value = self._made(name, "human")
        if name is Field.ITEMS:
            value = tuple(str(self.stage.fake.post(it).ref) for it in self._some())
        self.stage.fake.edit(key, name, value)
        self.human[key, name] = value

    def _agree(self, key: str, name: Field) -> None:
        """Take the site's version into the manifest."""
        item = self.items[key]
        if name in item.fields and name is not Field.ITEMS:
            live = self.live(key, name)
            self.items[key] = replace(item, fields={**item.fields, name: live})

    def _some(self) -> tuple[str, ...]:
        self.counter += 1
        turn = self.counter % 3
        return (*_MEMBERS[turn:], *_MEMBERS[:turn])[: 1 + self.counter % 2 + self.counter % 3 // 2]

    def _made(self, name: Field, who: str) -> Value:
        self.counter += 1
        match name:
            case Field.BODY:
                return plain(f"Text number {self.counter} of {who}.\n")
            case Field.TAGS:
                return (f"tag-{self.counter}-of-{who}",)
            case Field.TYPE:
                return f"type-{self.counter}-of-{who}"
            case Field.PERMISSIONS:
                return ("specific-editors", f"user:{100 + self.counter}")
            case _:
                return f"Title number {self.counter} of {who}"


def _users(numbers: set[int]) -> tuple[str, ...]:
    return tuple(f"user:{it}" for it in sorted(numbers))


@settings(max_examples=120)
@given(st.booleans(), st.lists(step, min_size=4, max_size=14))
@example(False, [("human", ("start", Field.ITEMS)), ("keep", [])])
@example(False, [("experts there", {2}), ("experts here", {3}), ("keep", [])])
@example(True, [("experts there", {1, 2}), ("forget", []), ("keep", ["lost after"])])
def test_no_edit_is_written_over_and_every_history_ends_in_an_empty_plan(
    exact: bool, steps: list[tuple[str, Any]]
) -> None:
    stage = KindStage()
    stage.options = RunOptions(settle_s=0.0)
    history = History(stage, exact)
    history.apply(OnDrift.KEEP)
    for action, what in steps:
        history.play(action, what)
    stage.fake.mishaps = []
    history.apply(OnDrift.KEEP)
    plan = stage.plan(history.manifest(OnDrift.KEEP))
    assert plan.changes == ()
    full = [it.marker.key for it in stage.fake.posts.values() if it.marker]
    assert len(full) == len(set(full)) == len(history.items)
