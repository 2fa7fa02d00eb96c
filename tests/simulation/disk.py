"""The journal's disk: what survives a crash, down to the byte at which a commit was torn.

The journal syncs its write-ahead log with every commit. So what a crash leaves is the database, the
log as it was at the last commit that was acknowledged, and any number of the bytes appended since.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from importer.journal import open_journal
from importer.model.ids import Lineage
from importer.ports import Clock, Journal
from tests.simulation.chance import Chance

__all__ = ["Disk"]


class Disk:
    """A folder with one journal in it; every crash and every loss begins a new file."""

    def __init__(self, folder: Path, lineage: Lineage, clock: Clock, chance: Chance) -> None:
        self._folder = folder
        self._lineage = lineage
        self._clock = clock
        self._chance = chance
        self._begin(0)
        self.tears = 0

    def _begin(self, number: int) -> None:
        self._number = number
        self.path = self._folder / f"journal-{number}.db"
        self._log = self._folder / f"journal-{number}.db-wal"
        self._safe: int | None = None

    def open(self) -> Journal:
        return open_journal(
            self.path, lineage=self._lineage, label="acme", clock=self._clock, create=True
        )

    def in_commit(self, begins: bool) -> None:
        """Remember how long the log was before the commit that begins; forget it at its end."""
        self._safe = self._size() if begins else None

    def crash(self) -> None:
        """Keep what was synced, and a drawn number of the bytes of a commit that was under way."""
        safe, size = self._safe, self._size()
        path, log = self.path, self._log
        self._begin(self._number + 1)
        shutil.copyfile(path, self.path)
        self.path.chmod(0o600)
        if log.exists():
            shutil.copyfile(log, self._log)
            if safe is not None and size > safe:
                kept = safe + self._chance.below(f"torn:{self._number}", size - safe + 1)
                os.truncate(self._log, kept)
                self.tears += 1

    def lose(self) -> None:
        """Lose the journal as a whole."""
        self._begin(self._number + 1)

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0
