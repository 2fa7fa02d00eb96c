"""The lock of a journal on a git ref: a lease, which its holder renews and others wait out.

A holder counts it from before each push, by two clocks of its own, and stops writing well before
its end: what was begun then is sent by then. Others count it by their own clock, and add what
runners' clocks may be apart. So nothing of the holder's is sent after others may begin.

Who waits needs no clock that agrees: a ref that stands still for that long belongs to nobody.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from importer.errors import LockHeld
from importer.journal.git_files import line_of
from importer.journal.lock import note_of
from importer.journal.schema import DamagedRow, seal
from importer.model.ids import RunId
from importer.model.ledger import Run

__all__ = ["APART_S", "Lease", "Since", "Term"]

LEASE_S = 240.0
"""From the last push until others may begin."""
APART_S = 30.0
"""How far the clocks of two runners may be apart."""
MARGIN_S = 75.0
"""A write is begun with at least as much left: longer than a request's deadline, 60 s."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What is known of who holds the lock, in `lock.json`."""

    note: Mapping[str, Any]
    renewed_at: datetime
    lease_s: float

    @property
    def run(self) -> RunId | None:
        """The run that holds it, if it named itself."""
        return RunId(str(self.note["run"])) if "run" in self.note else None

    @property
    def over_at(self) -> datetime:
        """When others may begin."""
        return self.renewed_at + timedelta(seconds=self.lease_s + APART_S)

    def is_over(self, now: datetime, still_s: float = 0.0) -> bool:
        """Tell whether others may begin, the ref having stood still for *still_s*."""
        return now >= self.over_at or still_s >= self.lease_s + APART_S

    def held(self, place: str, now: datetime) -> LockHeld:
        """Return the error that names the holder, and says how long one may have to wait."""
        note, lasts_s = self.note, self.lease_s + APART_S
        who = f"run {note.get('run')} ({note.get('command')}, started {note.get('started')})"
        where = f"process {note.get('process')} on {note.get('host')}"
        age_s = (now - self.renewed_at).total_seconds()
        left_s = max(1.0, (self.over_at - now).total_seconds())
        heard = f"it was last heard of {max(0.0, age_s):.0f} s ago"
        free = (
            f"If it was killed, its lock is free in {left_s:.0f} s, and the same command goes on."
        )
        if -age_s > APART_S:
            heard = f"its clock is {-age_s:.0f} s ahead of this one"
            free = f"If it was killed, that takes {lasts_s:.0f} s. Set the clock that is wrong."
        return LockHeld(
            f"{who}, {where}, holds the journal {place}; {heard}",
            remedy=f"`--wait` waits until it has ended. {free}",
        )

    def content(self) -> bytes:
        """Return it as a file."""
        cells = {
            "document": json.dumps(self.note, separators=(",", ":")),
            "renewed_at": self.renewed_at.isoformat(),
            "lease_s": str(self.lease_s),
        }
        return line_of(seal({**cells}))

    @classmethod
    def of(cls, run: Run | None, now: datetime) -> "Lease":
        """Return the lease of *run* that begins now."""
        return cls(json.loads(note_of(run)), now, LEASE_S)

    @classmethod
    def in_row(cls, row: Mapping[str, Any]) -> "Lease":
        """Return the lease that a row of `lock.json` tells of. DamagedRow when it tells of none."""
        try:
            renewed = datetime.fromisoformat(row["renewed_at"]).astimezone(UTC)
            return cls(dict(json.loads(row["document"])), renewed, float(row["lease_s"]))
        except (ValueError, KeyError, TypeError) as error:
            found = "its lock says nothing that can be read"
            raise DamagedRow(found) from error


@dataclass(frozen=True, slots=True)
class Term:
    """How much of a lease is left, by its holder's own clocks.

    The monotonic one may stand still while a machine sleeps, the wall clock may be set: the one
    that says less counts.
    """

    began_s: float
    began_wall_s: float

    @classmethod
    def now(cls) -> "Term":
        """Return one that begins now."""
        return cls(time.monotonic(), time.time())

    @property
    def age_s(self) -> float:
        """Seconds since it began."""
        return max(time.monotonic() - self.began_s, time.time() - self.began_wall_s)

    @property
    def is_sure(self) -> bool:
        """Tell whether what is begun now is sent before others may begin."""
        return self.age_s <= LEASE_S - MARGIN_S


@dataclass(frozen=True, slots=True)
class Since:
    """A moment, and how long ago it is by the clock that nobody sets."""

    moment: datetime
    at_s: float

    @classmethod
    def of(cls, moment: datetime) -> "Since":
        """Return *moment*, which is now."""
        return cls(moment, time.monotonic())

    @property
    def age_s(self) -> float:
        """Seconds since then; a machine that sleeps may not count them."""
        return time.monotonic() - self.at_s

    def at_least(self, now: datetime) -> datetime:
        """Return *now*, unless the clock was set back since: then what must have become of it."""
        return max(now, self.moment + timedelta(seconds=self.age_s))
