"""Tells a denial of one post from a denial of the token, which stops a run."""

import asyncio

from importer.teams.access import may_still_write
from importer.teams.dialect import Dialect
from importer.teams.exchange import Ended, Reply

__all__ = ["Rights"]

_PROBE_HOLDS_S = 30.0


class Rights:
    """What was seen of the token's right to write, over each API."""

    def __init__(self) -> None:
        self._may_write: set[str] = set()
        self._may_write_until: dict[str, float] = {}

    def prove(self, dialect: Dialect) -> None:
        """Take note that the token was seen to write over *dialect*."""
        self._may_write.add(dialect.name)

    async def is_about_item(self, dialect: Dialect, ended: Ended) -> bool:
        """Tell whether a denial is about this post alone: the token could write and still may."""
        name, door = dialect.name, dialect.door
        if not (isinstance(ended, Reply) and door.is_refused(ended) and name in self._may_write):
            return False
        now = asyncio.get_running_loop().time()
        if now >= self._may_write_until.get(name, 0.0):
            if not await may_still_write(dialect.transport, door):
                return False
            self._may_write_until[name] = now + _PROBE_HOLDS_S
        return True
