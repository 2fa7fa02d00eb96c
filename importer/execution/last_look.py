"""The last look before a write that nothing shows afterwards: not old when the bytes go.

A write may have waited for its turn. What came of the post meanwhile is seen by an audit, but not
of one that is gone, or whose history nobody can read.
"""

import asyncio

from importer.ports import Hold, Journal

__all__ = ["FRESH_FOR_S", "LookTooOld", "hold_after_look"]

FRESH_FOR_S = 2.0
"""How old the answer to the look may be when the bytes go, in seconds."""


class LookTooOld(Exception):
    """A write's turn came so late that its post has to be looked at again. Nothing was sent."""


def hold_after_look(journal: Journal) -> Hold:
    """Return what is awaited right before the bytes go of a write whose look was just answered."""
    looked_s = asyncio.get_running_loop().time()

    async def hold() -> None:
        await journal.hold()
        if asyncio.get_running_loop().time() - looked_s > FRESH_FOR_S:
            raise LookTooOld

    return hold
