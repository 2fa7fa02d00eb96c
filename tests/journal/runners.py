"""Runners of a journal on a git ref: who writes it, who reads it, and what they foresee."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any

from importer.errors import JournalError, LockHeld
from importer.journal import GitRef
from importer.model.ledger import Operation
from importer.ports import Foreseen, Journal
from tests.journal.factories import digest, journal_at, wait

__all__ = ["ahead", "close_all", "keys", "read", "writer"]

_OPENED: list[Journal] = []


def writer(place: GitRef, **how: Any) -> Journal:
    _OPENED.append(journal_at(place, **how))
    return _OPENED[-1]


def read(place: GitRef) -> Journal:
    return writer(place, create=False)


def close_all() -> None:
    """Close what a test has left open, as a killed run leaves it."""
    while _OPENED:
        with suppress(JournalError, LockHeld):
            wait(_OPENED.pop().close())


async def ahead(*operations: Operation) -> AsyncIterator[Foreseen]:
    for it in operations:
        yield it, [(digest(str(it.key)), f"text of {it.key}")]


def keys(operations: Iterable[Operation]) -> list[str]:
    return sorted(str(it.key) for it in operations)
