"""What a command may send at all: a dry run cannot write."""

from collections.abc import Collection
from enum import StrEnum

from importer.teams.exchange import Request

__all__ = ["Breach", "Mode", "admit"]


class Mode(StrEnum):
    """What may be sent: GET and HEAD; the named probes too, which can't take effect; writes."""

    READ = "read"
    PROBE = "probe"
    WRITE = "write"


class Breach(RuntimeError):
    """Our own bug: something asked to send what its mode or its origin forbids."""


def admit(request: Request, mode: Mode, probes: Collection[Request]) -> None:
    """Raise Breach where *mode* forbids to send *request*."""
    if request.is_read or mode is Mode.WRITE:
        return
    if mode is Mode.PROBE and request in probes:
        return
    text = f"{request} in mode {mode}; nothing was sent"
    raise Breach(text)
