"""Answers kept for a while: an identical read gets the items of the one before it."""

from collections.abc import Hashable
from dataclasses import replace

from importer.sandbox.v2.calls import Found

__all__ = ["Answers"]

_MOST = 10_000


class Answers:
    """The latest answers, oldest first, each with the moment it was given at."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Found]] = {}

    def find(self, key: Hashable, *, since: float) -> Found | None:
        """Find the answer to an identical read, given after a moment."""
        at, found = self._kept.get(key, (0.0, None))
        return found if at > since else None

    def keep(self, key: Hashable, found: Found, *, now: float) -> Found:
        """Keep an answer, its total as it is now, and give it back."""
        total = found.total()
        kept = replace(found, total=lambda: total)
        self._kept.pop(key, None)
        self._kept[key] = now, kept
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        return kept
