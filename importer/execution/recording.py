"""Makes of a change what the journal records and what is sent; records how it ended."""

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from importer.execution.addresses import Addresses
from importer.model.fields import Fields, Value, rides_with_post, rule
from importer.model.ids import Kind, Mark, Ref, Verb, full_key, mark_of
from importer.model.ledger import Binding, Operation, Run, State
from importer.model.live import Access, Facts, LiveItem
from importer.model.plan import Change, Plan
from importer.model.writing import Write
from importer.planning.baseline import digest_field
from importer.planning.identity import field_digests, request_id
from importer.ports import Clock, Foreseen, Journal, Team
from importer.text.digests import Digest
from importer.text.marker import format_marker

__all__ = ["Recorder", "refused", "values_of"]


class Recorder:
    """Knows the run, and where its posts are. *addresses* are the run's own, as they grow."""

    def __init__(
        self,
        plan: Plan,
        *,
        run: Run,
        team: Team,
        journal: Journal,
        access: Access,
        clock: Clock,
        addresses: Addresses,
        observe: Callable[[Operation], None],
    ) -> None:
        self._plan = plan
        self._run = run
        self._team = team
        self._journal = journal
        self._access = access
        self._clock = clock
        self._addresses = addresses
        self._observe = observe

    async def operation(self, change: Change, live: LiveItem | None) -> Operation:
        """Return the next attempt at *change*, which rests on *live*."""
        past = await self._journal.history(key=change.key)
        now = self._clock.now()
        attempt = 1 + max((it.attempt for it in past if it.change == change.id), default=0)
        fields = field_digests(change, self._addresses.bindings.get(change.key))
        # What the write rests on matters only where a history tells what came in between.
        rests_on = live.facts if live and self._team.keeps_history(change.kind) else Facts()
        return Operation(
            run=self._run.id,
            change=change.id,
            attempt=attempt,
            request_id=request_id(self._plan.lineage, change.id, change.kind, fields, attempt),
            key=change.key,
            kind=change.kind,
            verb=change.verb,
            state=State.OPEN,
            fields=fields,
            ref=live.ref if live else change.ref,
            parent=self._parent(change),
            author=change.author or self._access.me,
            opened_at=now,
            quiet_at=now + timedelta(seconds=self._team.write_within_s),
            read_as_of=rests_on.edited_at or rests_on.created_at,
            read_by=rests_on.editor or rests_on.author,
        )

    async def foresee(
        self, changes: Iterable[Change], seen: Callable[[Change], LiveItem | None]
    ) -> AsyncGenerator[Foreseen, None]:
        """Yield the next attempts at *changes*, as far as can be told before any of them.

        *seen* gives the post of a change as it was last read.
        """
        for change in changes:
            yield await self.operation(change, seen(change)), values_of(change)

    def write(
        self, change: Change, operation: Operation, live: LiveItem | None, content: bytes = b""
    ) -> Write:
        """Return what is sent for *operation*; *content* is an upload's."""
        return Write(
            request_id=operation.request_id,
            verb=change.verb,
            kind=change.kind,
            ref=operation.ref,
            parent=operation.parent,
            fields=_payload(change, live),
            links=self._addresses.links,
            marker=self._marker(change),
            author=change.author,
            name=change.title if change.kind is Kind.TAG else "",
            images=self._addresses.images,
            picture=change.picture,
            content=content,
            before=_found(change),
        )

    async def intend(self, operation: Operation) -> None:
        """Record that *operation* is sent next."""
        await self._journal.intend(operation)
        self._observe(operation)

    async def settle(self, ended: Operation, binding: Binding | None) -> None:
        """Record how an operation *ended*, and what is to be remembered of its post."""
        await self._journal.settle(ended, binding)
        self._observe(ended)

    async def close(self, operation: Operation, state: State, evidence: str) -> None:
        """Record that *operation* ended as *state*, with nothing to remember of its post."""
        ended = replace(operation, state=state, evidence=evidence, ended_at=self._clock.now())
        await self.settle(ended, None)

    def _parent(self, change: Change) -> Ref | None:
        if change.parent is None:
            return change.parent_ref
        return self._addresses.links.get(change.parent, change.parent_ref)

    def _marker(self, change: Change) -> str:
        if change.verb not in (Verb.CREATE, Verb.UPDATE) or change.kind is Kind.IMAGE:
            return ""
        if mark_of(change.id) is Mark.OFF:
            return ""
        digests = {
            letter: digest
            for field, digest in change.marker_base.items()
            if (letter := rule(change.kind, field).letter) is not None
        }
        footer = self._plan.footer.address if self._plan.footer else ""
        return format_marker(full_key(self._plan.namespace, change.key), digests, footer)


def refused(*, lasts: bool) -> State:
    """Return what is remembered of a refusal.

    One that any write would have met says nothing about the item: with another token it may go.
    """
    return State.REJECTED if lasts else State.ABSENT


def values_of(change: Change) -> list[tuple[Digest, Value]]:
    """Return what *change* finds and what it wants, under their digests, to be kept.

    With a merge that is what the manifest says, too: the next merge starts from it.
    """
    return [
        (digest_field(change.kind, it.field, value), value)
        for it in change.fields
        for value in (it.before, it.after, it.ours)
        if value is not None
    ]


def _found(change: Change) -> Fields:
    """Return what a field with a call of its own held when it was last looked at."""
    found = {it.field: it.before for it in change.fields if it.before is not None}
    return found if change.verb is Verb.SET else {}


def _payload(change: Change, live: LiveItem | None) -> Fields:
    """Return what is sent: the live fields overlaid with each `after`.

    A field we don't change can't be overwritten, for its live value was just read.
    """
    if change.verb is Verb.DELETE:
        return {}
    after = {it.field: it.after for it in change.fields if it.after is not None}
    if change.verb is Verb.SET or live is None:
        return after
    riding = {row.field for row in rides_with_post(change.kind)}
    return {**{field: it for field, it in live.fields.items() if field in riding}, **after}
