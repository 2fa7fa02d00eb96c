"""The last look before a write that nothing shows afterwards: not old when the bytes go.

A write may have waited for its turn. What came of the post meanwhile is seen by an audit, but not
of one that is gone, or whose history nobody can read.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref, Verb
from importer.model.plan import Change
from importer.ports import Hold, Journal

__all__ = ["Finality", "LookTooOld", "hold_after_look"]

# How old the answer to the look may be when the bytes go, in seconds.
_FRESH_FOR_S = 2.0


class LookTooOld(Exception):
    """A write's turn came so late that its post has to be looked at again. Nothing was sent."""


def hold_after_look(journal: Journal) -> Hold:
    """Return what is awaited right before the bytes go of a write whose look was just answered."""
    looked_s = asyncio.get_running_loop().time()

    async def hold() -> None:
        await journal.hold()
        if asyncio.get_running_loop().time() - looked_s > _FRESH_FOR_S:
            raise LookTooOld

    return hold


class Finality:
    """Tells which changes need that look.

    *keeps_history* tells of a kind whether the site shows afterwards what others wrote;
    *known_before* are the posts that others could meet before this run.
    """

    def __init__(
        self, keeps_history: Callable[[Kind], bool], known_before: Mapping[Key, Ref]
    ) -> None:
        self._keeps_history = keeps_history
        self._known_before = known_before

    def is_final(self, change: Change) -> bool:
        """Tell whether nothing shows afterwards what *change* went over."""
        if change.verb is Verb.UPDATE:
            return not self._keeps_history(change.kind)
        is_end = change.verb is Verb.DELETE or change.kind is Kind.TAG
        return is_end or self.question_of_mark(change) is not None

    def question_of_mark(self, change: Change) -> Ref | None:
        """Return the question of the answer that *change* accepts, if others know it already."""
        wanted = {it.field: it.after for it in change.fields}
        if change.verb is not Verb.SET or wanted.get(Field.ACCEPTED) is not True:
            return None
        return self._known_before.get(change.parent) if change.parent else change.parent_ref

    def said(self, written: Iterable[Change]) -> str:
        """Return what the edits among *written* rest on that went over who knows what."""
        count = sum(map(self._goes_over_unseen, written))
        if not count:
            return ""
        what = "1 edit rests" if count == 1 else f"{count:,} edits rest"
        return (
            f"{what} on a look at most {_FRESH_FOR_S:g} s old: no history tells what somebody "
            "wrote after it"
        )

    def _goes_over_unseen(self, change: Change) -> bool:
        """Tell whether *change* may take somebody's words away, and no history tells which.

        Who names further experts takes nobody away.
        """
        if change.kind is Kind.TAG:
            return any(set(_names(it.before)) - set(_names(it.after)) for it in change.fields)
        return change.verb is Verb.UPDATE and self.is_final(change)


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
