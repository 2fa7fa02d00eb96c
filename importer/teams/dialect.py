"""What the gateway knows of an API generation: one value that reads, writes and tells abilities."""

from collections.abc import AsyncGenerator
from typing import Protocol

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Rates, Scope
from importer.model.writing import Write
from importer.ports import Read
from importer.teams.access import Door
from importer.teams.exchange import Request
from importer.teams.outcome import Echo
from importer.teams.transport import Transport

__all__ = ["Dialect"]


class Dialect(Protocol):
    """One API generation, spoken through one transport."""

    @property
    def name(self) -> str:
        """How people call it, `API v2.3`."""
        ...

    @property
    def transport(self) -> Transport:
        """What sends its requests."""
        ...

    @property
    def door(self) -> Door:
        """How token and rights are asked about."""
        ...

    @property
    def rates(self) -> Rates:
        """The documented pace."""
        ...

    @property
    def histories(self) -> frozenset[Kind]:
        """Kinds whose posts' histories can be read."""
        ...

    def ability(self, kind: Kind, verb: Verb, field: Field | None) -> Ability:
        """Tell what its table of calls holds; a reason where it doesn't."""
        ...

    def reads(self, kind: Kind) -> bool:
        """Tell whether posts of *kind* can be read."""
        ...

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names, each ref once; raises rather than end early."""
        ...

    async def prepare(self, write: Write) -> tuple[Request, Echo]:
        """Return the request for *write*, and how to read its answer; may read before."""
        ...
