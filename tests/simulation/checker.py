"""The invariants, checked after each run and at the end of a world. I1 to I8 of the fault table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importer.errors import ExitCode
from importer.model.ids import Field, Kind, Ref, Verb
from importer.model.ledger import Operation, State
from importer.model.manifest import Manifest
from importer.model.plan import BlockedCode, Change, Plan
from importer.model.report import Report, ResultState
from importer.sandbox import Collection, Post, World
from importer.text.links import Text
from importer.text.marker import detach
from tests.simulation.people import Deed, Name, People, name_of, parts_of, text_of, value_of
from tests.simulation.wire import Carried

__all__ = ["Checker"]

_COMPLETE = {ExitCode.DONE, ExitCode.DECISION}
# What nothing shows afterwards rests on a look whose answer is at most two seconds old when the
# bytes go; the answer took its way back, and shows what a stale copy knew.
_LOOK_S = 2.0
# A question and its answers, which go along with it, are looked at one after the other.
_LOOKS_S = 5.0
_FIELDS = ("title", "body", "tags", "items")


@dataclass(frozen=True)
class _Marked:
    key: str
    name: Name
    body: str


@dataclass(frozen=True)
class _Over:
    """An edit that no history tells of, and what it made of the post."""

    write: Carried
    made: Mapping[str, object]


def _name_of(ref: Ref) -> Name:
    return str(ref) if ref.kind is Kind.COLLECTION else ref.id


@dataclass
class Checker:
    """Collects what is wrong; an empty list is what everybody hopes for.

    `stale_s` is how old a look's answer may be by the time it is there; `tells_comments`: whether
    lists tell of them. `excused` counts what lies
    within a condition that is printed: an edit within the last look before a write that no history
    tells of, and posts of a write that the wire delivered twice to an API that can't tell.
    """

    world: World
    people: People
    stale_s: float
    tells_comments: bool = True
    wrong: list[str] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)
    seen: set[Name] = field(default_factory=set)
    forgot: bool = False
    told: set[Name] = field(default_factory=set)
    _doubled: set[Name] = field(default_factory=set)
    _overs: list[_Over] = field(default_factory=list)
    _removals: dict[Name, list[Carried]] = field(default_factory=lambda: defaultdict(list))

    def carried(self, write: Carried) -> None:
        """Take note of a write in the moment in which the server has done it."""
        name = _name_of(Ref(write.aim.kind, write.id))
        if write.aim.verb is Verb.CREATE and write.again and write.over_v3:
            self._doubled.add(name)
            self.excused["delivered twice, made twice"] += 1
        if write.aim.verb is Verb.DELETE:
            self._removals[name].append(write)
        post = self._post(name)
        if write.aim.verb is Verb.UPDATE and write.over_v3 and post is not None:
            self._overs.append(_Over(write, {it: value_of(post, it) for it in _FIELDS}))

    def after_run(self, report: Report | None, history: Sequence[Operation]) -> None:
        """Check what a run left: its report against the team, the journal against the team."""
        if report is not None:
            self._take(report)
            states = {it.state for it in report.results}
            if ResultState.UNKNOWN in states and report.exit_code != ExitCode.UNKNOWN:
                self.wrong.append(f"I7 unknown outcomes, yet exit {report.exit_code}")
            if report.exit_code == ExitCode.DONE and states - {
                ResultState.DONE,
                ResultState.FOUND,
            }:
                self.wrong.append(f"I7 exit 0 with {sorted(states)}")
        self._check_done(history)

    def _take(self, report: Report) -> None:
        for incident in report.incidents:
            names = [_name_of(ref) for ref in sorted(incident.refs)]
            if incident.severe and "history" in incident.what:
                self.seen.update(names)
            elif incident.severe and names and self._doubled.issuperset(names[1:]):
                self.told.update(names[1:])
            elif incident.severe:
                self.wrong.append(f"I1 duplicate, reported: {incident.key} {incident.refs}")

    def _check_done(self, history: Sequence[Operation]) -> None:
        """I2: what the journal calls done has happened, and by us."""
        updates: dict[int, int] = defaultdict(int)
        for it in history:
            if it.state is not State.DONE:
                continue
            if it.verb is Verb.CREATE:
                post = self._post(_name_of(it.ref)) if it.ref else None
                if post is None:
                    self.wrong.append(f"I2 {it.change} is done, and there is no post")
                elif post.owner_id != self.people.ada.id:
                    self.wrong.append(f"I2 {it.change} is done, and its post is somebody else's")
            # Nobody keeps what a collection was before.
            if it.verb is Verb.UPDATE and it.ref is not None and it.kind is not Kind.COLLECTION:
                updates[it.ref.id] += 1
        for number, count in updates.items():
            ours = [it for it in self.world.revisions(number) if it.user_id == self.people.ada.id]
            if len(ours) - 1 < count:
                happened = len(ours) - 1
                self.wrong.append(f"I2 {count} edits of {number} are done, {happened} happened")

    def at_end(
        self,
        wanted: Manifest,
        plan: Plan,
        report: Report,
        *,
        unintended: Iterable[str],
        hasty: Iterable[str],
        secrets: Mapping[str, bytes],
        token: str,
    ) -> None:
        """Check the whole world once all faults are off and the importer ran once more."""
        if ExitCode(report.exit_code) not in _COMPLETE:
            self.wrong.append(f"I3 the last run ends with {report.exit_code}: {report.stopped_by}")
        if left := [it.id for it in plan.changes if not self._is_told_double(it)]:
            self.wrong.append(f"I3 not empty: {left}")
        self._check_one_post_per_key(wanted, plan)
        for deed in self._last_edits():
            self._check_kept(deed)
        self.wrong += [f"I4 sent without an intent: {it}" for it in unintended]
        self.wrong += [f"I5 sent too early: {it}" for it in hasty]
        for where, data in secrets.items():
            if token.encode() in data:
                self.wrong.append(f"I6 the token is in {where}")

    def _is_told_double(self, change: Change) -> bool:
        """Tell whether *change* deletes a double that a person was told of, and left there.

        Once its key is removed, and the post that counted is gone, its marker makes it the key's.
        """
        if change.verb is not Verb.DELETE or change.ref is None:
            return False
        if _name_of(change.ref) not in self.told:
            return False
        self.excused["double of a removed key"] += 1
        return True

    def _check_one_post_per_key(self, wanted: Manifest, plan: Plan) -> None:
        by_key: dict[str, list[Post | Collection]] = defaultdict(list)
        for post in self._posts():
            _, marker = detach(text_of(post))
            if marker is not None and post.owner_id == self.people.ada.id:
                by_key[marker.key.removeprefix("handbook:")].append(post)
        waiting = {it.key for it in plan.blocked}
        for key, posts in sorted(by_key.items()):
            if len(posts) > 1:
                self.wrong.append(f"I1 duplicate: {key} has {[name_of(it) for it in posts]}")
        for item in wanted.items:
            if item.kind is not Kind.TAG and item.key not in by_key:
                excused = item.key in waiting or (item.parent or item.key) in waiting
                if not excused:
                    self.wrong.append(f"I1 loss: {item.key} has no post")
        keys = {item.key for item in wanted.items}
        for blocked in plan.blocked:
            self._check_blocked(str(blocked.key), blocked.kind, blocked.code)
            refused = blocked.code is BlockedCode.REJECTED and blocked.key in keys
            if refused and not self.people.deeds:
                self.wrong.append(f"I3 {blocked.key} was refused, and nobody did anything")

    def _check_blocked(self, key: str, kind: Kind | None, code: BlockedCode) -> None:
        """A blocked item has to have a person's deed behind it."""
        if code is BlockedCode.GONE and not self.people.deleted:
            self.wrong.append(f"I1 loss: {key} counts as gone, and nobody deleted anything")
        if code is BlockedCode.NEW_TAG:
            self.wrong.append(f"I3 {key} waits for a tag, and all tags are unlike each other")
        cared = self.people.engaged or self.people.edits or self.people.copies or self.forgot
        if code is BlockedCode.ENGAGED and not cared and self.tells_comments:
            self.wrong.append(f"I3 {key} counts as somebody's, and nobody cared about it")
        # Once the journal is lost, nothing tells what led to a post that somebody has deleted: the
        # page looks edited, and a person is asked.
        # What led to the one of two that was removed looks edited, too.
        # Whoever deletes a post takes it out of the collections that list it, too.
        deleted = self.people.deleted and (self.forgot or kind is Kind.COLLECTION)
        edited = self.people.edits or deleted or self._doubled
        if code in (BlockedCode.CONFLICT, BlockedCode.NO_BASE) and not edited:
            self.wrong.append(f"I3 {key} is in conflict, and nobody edited anything")
        if code in (BlockedCode.AMBIGUOUS, BlockedCode.MISFIT) and not (
            self.people.copies or self._doubled
        ):
            self.wrong.append(f"I3 {key} is {code}, and nobody copied anything")

    def _last_edits(self) -> list[Deed]:
        last = {(deed.post, deed.field): deed for deed in self.people.edits}
        return list(last.values())

    def _check_kept(self, deed: Deed) -> None:
        post = self._post(deed.post)
        if post is None:
            self.wrong.append(f"I1 post {deed.post} vanished")
            return
        if post.deleted is not None:
            self._check_deleted(deed, post)
            return
        value = value_of(post, deed.field)
        if self._alive(value) == self._alive(deed.value) or name_of(post) in self.seen:
            return
        if self._is_merged(deed, value):
            return
        over = next((it for it in self._overs if self._went_over(it, deed)), None)
        if over is not None and self._is_within(deed, over.write):
            self.excused["edited within the last look"] += 1
            return
        self.wrong.append(
            f"overwritten unseen: {deed.field} of {deed.post}: {deed.value!r} became {value!r}"
        )

    def _is_merged(self, deed: Deed, value: object) -> bool:
        """Tell whether all that the person did is in *value*, with something of ours around it."""
        if deed.field not in ("body", "tags"):
            return False
        parts = parts_of(deed.field, value)
        return deed.added <= parts and not deed.gone & parts

    def check_paragraphs(self, wanted: Manifest, plan: Plan) -> None:
        """Check that each line of a text is the manifest's or a person's, and none is lost.

        For worlds whose texts have no links, on servers that leave texts as they are.
        """
        waiting = {it.key for it in plan.blocked}
        ours = {it.key.removeprefix("handbook:"): it for it in self._marked()}
        for item in wanted.items:
            body = item.fields.get(Field.BODY)
            post = ours.get(item.key)
            if post is None or item.key in waiting or not isinstance(body, Text):
                continue
            deeds = [it for it in self.people.edits if (it.post, it.field) == (post.name, "body")]
            said, there = parts_of("body", body.holed), parts_of("body", post.body)
            if lost := said - there - {line for it in deeds for line in it.gone}:
                self.wrong.append(f"I1 loss: {item.key} lacks {sorted(lost)}")
            if strange := there - said - {line for it in deeds for line in it.added}:
                self.wrong.append(f"I1 {item.key} says what nobody wrote: {sorted(strange)}")

    def _marked(self) -> Iterator[_Marked]:
        for post in self._posts():
            _, marker = detach(text_of(post))
            if marker is not None and post.owner_id == self.people.ada.id:
                yield _Marked(marker.key, name_of(post), str(value_of(post, "body")))

    def _alive(self, value: object) -> object:
        """Return a value without what was deleted since: a collection need not keep that."""
        if not isinstance(value, tuple):
            return value
        posts = (self.world.post(it) for it in value)
        return tuple(it.id for it in posts if it is not None and it.deleted is None)

    def _went_over(self, over: _Over, deed: Deed) -> bool:
        """Tell whether *over* is a write that left something else than the person had made."""
        name = _name_of(Ref(over.write.aim.kind, over.write.id))
        is_later = over.write.done_s >= deed.at_s
        return name == deed.post and is_later and over.made[deed.field] != deed.value

    def _is_within(self, deed: Deed, write: Carried, more_s: float = 0.0) -> bool:
        """Tell whether the deed came after the last look that *write* could rest on."""
        return write.sent_s - _LOOK_S - self.stale_s - more_s <= deed.at_s <= write.done_s

    def _check_deleted(self, deed: Deed, post: Post | Collection) -> None:
        names = {name_of(post)}
        if isinstance(post, Post):
            names.add(post.question_id)
        if self.people.deleted.keys() & names:
            return
        removals = (it for name in names for it in self._removals[name])
        along_s = _LOOKS_S if isinstance(post, Post) and post.parent_id else 0.0
        if not any(self._is_within(deed, it, along_s) for it in removals):
            self.wrong.append(f"overwritten unseen: {deed.field} of {deed.post}: deleted")

    def _post(self, name: Name) -> Post | Collection | None:
        if isinstance(name, str):
            return self.world.collection(Ref.parse(name).id)
        return self.world.post(name)

    def _posts(self) -> list[Post | Collection]:
        world = self.world
        posts = [*world.questions("acme"), *world.answers("acme"), *world.articles("acme")]
        return [*posts, *world.collections("acme")]
