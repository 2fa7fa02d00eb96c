"""The invariants, checked after each run and at the end of a world. I1 to I8 of the fault table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from importer.errors import ExitCode
from importer.model.ids import Kind, Verb
from importer.model.ledger import Operation, State
from importer.model.manifest import Manifest
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report, ResultState
from importer.sandbox import Post, World
from importer.text.marker import detach
from tests.simulation.people import Deed, People, value_of

__all__ = ["Checker"]

_COMPLETE = {ExitCode.DONE, ExitCode.DECISION}
# A deletion rests on a look at most two seconds old, and the look on what a stale copy showed.
_LOOK_S = 3.0


@dataclass
class Checker:
    """Collects what is wrong; an empty list is what everybody hopes for."""

    world: World
    people: People
    stale_s: float
    wrong: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    removed_at: dict[int, float] = field(default_factory=dict)
    forgot: bool = False

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
            if incident.severe and "history" in incident.what:
                self.seen.update(ref.id for ref in incident.refs)
            elif incident.severe:
                self.wrong.append(f"I1 duplicate, reported: {incident.key} {incident.refs}")

    def _check_done(self, history: Sequence[Operation]) -> None:
        """I2: what the journal calls done has happened, and by us."""
        updates: dict[int, int] = defaultdict(int)
        for it in history:
            if it.state is not State.DONE:
                continue
            if it.verb is Verb.CREATE:
                post = self.world.post(it.ref.id) if it.ref else None
                if post is None:
                    self.wrong.append(f"I2 {it.change} is done, and there is no post")
                elif post.owner_id != self.people.ada.id:
                    self.wrong.append(f"I2 {it.change} is done, and its post is somebody else's")
            if it.verb is Verb.UPDATE and it.ref is not None:
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
        if plan.changes:
            self.wrong.append(f"I3 not empty: {[it.id for it in plan.changes]}")
        self._check_one_post_per_key(wanted, plan)
        for deed in self._last_edits():
            self._check_kept(deed)
        self.wrong += [f"I4 sent without an intent: {it}" for it in unintended]
        self.wrong += [f"I5 sent too early: {it}" for it in hasty]
        for where, data in secrets.items():
            if token.encode() in data:
                self.wrong.append(f"I6 the token is in {where}")

    def _check_one_post_per_key(self, wanted: Manifest, plan: Plan) -> None:
        by_key: dict[str, list[Post]] = defaultdict(list)
        for post in self._posts():
            _, marker = detach(post.body.replace("\r\n", "\n"))
            if marker is not None and post.owner_id == self.people.ada.id:
                by_key[marker.key.removeprefix("handbook:")].append(post)
        waiting = {it.key for it in plan.blocked}
        for key, posts in sorted(by_key.items()):
            if len(posts) > 1:
                self.wrong.append(f"I1 duplicate: {key} has {[it.id for it in posts]}")
        for item in wanted.items:
            if item.kind in (Kind.QUESTION, Kind.ANSWER) and item.key not in by_key:
                excused = item.key in waiting or (item.parent or item.key) in waiting
                if not excused:
                    self.wrong.append(f"I1 loss: {item.key} has no post")
        keys = {item.key for item in wanted.items}
        for blocked in plan.blocked:
            self._check_blocked(str(blocked.key), blocked.code)
            refused = blocked.code is BlockedCode.REJECTED and blocked.key in keys
            if refused and not self.people.deeds:
                self.wrong.append(f"I3 {blocked.key} was refused, and nobody did anything")

    def _check_blocked(self, key: str, code: BlockedCode) -> None:
        """A blocked item has to have a person's deed behind it."""
        if code is BlockedCode.GONE and not self.people.deleted:
            self.wrong.append(f"I1 loss: {key} counts as gone, and nobody deleted anything")
        if code is BlockedCode.NEW_TAG:
            self.wrong.append(f"I3 {key} waits for a tag, and all tags are unlike each other")
        # Once the journal is lost, nothing tells what led to a post that somebody has deleted: the
        # page looks edited, and a person is asked.
        edited = self.people.edits or (self.forgot and self.people.deleted)
        if code in (BlockedCode.CONFLICT, BlockedCode.NO_BASE) and not edited:
            self.wrong.append(f"I3 {key} is in conflict, and nobody edited anything")
        if code in (BlockedCode.AMBIGUOUS, BlockedCode.MISFIT) and not self.people.copies:
            self.wrong.append(f"I3 {key} is {code}, and nobody copied anything")

    def _last_edits(self) -> list[Deed]:
        last = {(deed.post, deed.field): deed for deed in self.people.edits}
        return list(last.values())

    def _check_kept(self, deed: Deed) -> None:
        post = self.world.post(deed.post)
        if post is None:
            self.wrong.append(f"I1 post {deed.post} vanished")
            return
        if post.deleted is not None:
            self._check_deleted(deed, post)
            return
        value = value_of(post, deed.field)
        if value != deed.value and post.id not in self.seen:
            self.wrong.append(
                f"overwritten unseen: {deed.field} of {deed.post}: {deed.value!r} became {value!r}"
            )

    def _check_deleted(self, deed: Deed, post: Post) -> None:
        by_people = self.people.deleted.keys() & {post.id, post.question_id}
        if by_people:
            return
        deleted_at = self.removed_at.get(post.id, self.removed_at.get(post.question_id))
        if deleted_at is None or deed.at_s < deleted_at - self.stale_s - _LOOK_S:
            self.wrong.append(f"overwritten unseen: {deed.field} of {deed.post}: deleted")

    def _posts(self) -> list[Post]:
        return [*self.world.questions("acme"), *self.world.answers("acme")]
