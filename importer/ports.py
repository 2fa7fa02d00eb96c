"""The ports: all that planning's shell and the executor know of the world outside."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, RunId, Verb
from importer.model.ledger import Binding, Ledger, Operation, Run
from importer.model.live import (
    Ability,
    Access,
    Covered,
    Denied,
    LiveItem,
    Need,
    Person,
    Rates,
    Revision,
    Same,
    Scope,
    Synonym,
)
from importer.model.report import Report
from importer.model.writing import Outcome, Write
from importer.text.digests import Digest

__all__ = [
    "Clock",
    "Foreseen",
    "Hold",
    "Journal",
    "JournalReader",
    "LoadPicture",
    "Read",
    "Team",
    "TeamReader",
]

Read = LiveItem | Same | Synonym | Covered | Revision | Person | Denied

Hold = Callable[[], Awaitable[None]]
"""Raises LockHeld when the journal's lock is no longer ours, JournalError when it is gone."""

LoadPicture = Callable[[str], bytes | None]
"""Returns the bytes of an image's file, given its path from the manifest's folder.

None where it can't be read, or is larger than any image may be.
"""


Foreseen = tuple[Operation, Sequence[tuple[Digest, Value]]]
"""A write that may come, and the values that it finds and wants, under their digests."""


class TeamReader(Protocol):
    """All that plan, pull, export and adopt are ever given."""

    async def check(self, need: Need) -> Access:
        """Check token and team before anything else.

        Must raise the AccessError leaf that fits, BudgetExhausted, or ServiceError. Must not send
        anything that could take effect. Must say in `Access.note` what it could not find out.
        """
        ...

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether the dialect can do this; a reason fit for a Blocked line when not."""
        ...

    def server_time(self) -> datetime | None:
        """Return the server's present time, aware, UTC; None where its answers haven't told.

        Must not follow jumps of this machine's wall clock.
        """
        ...

    def keeps_history(self, kind: Kind) -> bool:
        """Tell whether `Revisions` shows afterwards what others wrote to posts of *kind*."""
        ...

    @property
    def rates(self) -> Rates:
        """The documented pace, for the plan's cost."""
        ...

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield canonical items, each ref once.

        Must yield Covered only after a complete walk, and must raise (ServiceError,
        BudgetExhausted, AccessError) rather than end early in silence. Texts have their links into
        the team dug by ref (`question/12`), names have synonyms replaced by masters and are sorted.
        Of Tags and People, a dialect that can't tell yields nothing, or Denied with the reason.
        """
        ...


class Team(TeamReader, Protocol):
    """What a confirmed apply or undo is given."""

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `write` by which its last byte is sent, or it never is."""
        ...

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        """Send one write.

        Must raise for nothing the service or the network did: that is an Outcome. May repeat what
        surely did not happen. Needs a committed intent in the journal. Must await *hold* right
        before the bytes go, every time; what it raises is raised, and nothing was sent.
        """
        ...


class JournalReader(Protocol):
    """What planning asks of a journal."""

    async def ledger(self) -> Ledger:
        """Return what planning needs; open operations always come whole."""
        ...

    async def texts(self, digests: Sequence[Digest]) -> Mapping[Digest, Value]:
        """Return the stored values among *digests* (base and before texts)."""
        ...

    async def history(
        self, run: RunId | None = None, key: Key | None = None
    ) -> Sequence[Operation]:
        """Return operations, oldest first, of one run or one key."""
        ...


class Journal(JournalReader, Protocol):
    """The idempotency log. Raises JournalError (and LockHeld) and nothing else."""

    async def keep(self, values: Sequence[tuple[Digest, Value]]) -> None:
        """Store values under their digests; durable with the next intent."""
        ...

    async def begin(self, run: Run) -> None:
        """Open a run and take the lock. LockHeld names the holder."""
        ...

    async def foresee(self, ahead: AsyncIterable[Foreseen]) -> None:
        """Let the next run know what this one may write, before its first intent.

        For a journal that others see only from time to time: if this run is killed, what it
        foresaw and never settled counts as open. Any other draws nothing from *ahead*.
        """
        ...

    async def intend(self, operation: Operation) -> None:
        """Record an OPEN operation, durable on return. At most one may be open per key."""
        ...

    async def hold(self) -> None:
        """Make sure that the lock is still this run's; LockHeld when it isn't.

        JournalError when what is recorded would be found by nobody: it was moved, or deleted.
        """
        ...

    async def settle(self, operation: Operation, binding: Binding | None) -> None:
        """Record the end of an OPEN operation (compare-and-set on change and attempt).

        The binding goes into the same commit; a DONE delete takes the key's binding away.
        """
        ...

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Remember these bindings, whole, replacing those of the same keys."""
        ...

    async def unbind(self, keys: Sequence[Key]) -> None:
        """Forget the bindings of these keys (their posts go their own way)."""
        ...

    async def end(self, run: Run, report: Report) -> None:
        """Close the run: mark its plan used, raise the serial, let go of the lock.

        Grave incidents stay with it, untold, until `note_told`.
        """
        ...

    async def note_told(self, runs: Sequence[RunId]) -> None:
        """Note that somebody was told of the incidents of these runs. Outside of a run as well."""
        ...

    async def runs(self) -> Sequence[Run]:
        """Return all runs, oldest first."""
        ...

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where nobody does, or nobody who has a run."""
        ...

    async def close(self) -> None:
        """Let go of the file; safe to call twice."""
        ...


class Clock(Protocol):
    """Wall time. Sleeping and monotonic time are the event loop's own."""

    def now(self) -> datetime:
        """Return the aware time in UTC."""
        ...
