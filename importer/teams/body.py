"""Undoes the compression of an answer, strictly: cut off, corrupt or exploding is no answer.

The service compresses every answer, asked for or not (documented). HTTP libraries take a gzip
stream that was cut off for a whole one (measured), hence our own pass.
"""

import zlib
from typing import Protocol

from importer.teams.exchange import Trouble

__all__ = ["LIMIT", "decode"]

LIMIT = 64 * 1024 * 1024
"""Most bytes of one answer, decoded; a page of 100 questions with answers is about 1 MB."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


def decode(raw: bytes, encoding: str, limit: int = LIMIT) -> bytes | Trouble:
    """Return the content of *raw*, or why there is none.

    Some proxies take the header away and leave the compression (documented), so gzip is also known
    by its first bytes.
    """
    name = encoding.strip().lower()
    if not raw:
        return b""
    if name in {"gzip", "x-gzip"} or (name in {"", "identity"} and raw.startswith(_GZIP_MAGIC)):
        return _inflate(raw, _GZIP, limit)
    if name == "deflate":
        # RFC 9110 says zlib; some servers send the bare stream.
        whole = _inflate(raw, _ZLIB, limit)
        return _inflate(raw, _RAW, limit) if whole is Trouble.GARBLED else whole
    if name not in {"", "identity"}:
        return Trouble.GARBLED
    return raw if len(raw) <= limit else Trouble.TOO_LARGE


def _inflate(raw: bytes, window: int, limit: int) -> bytes | Trouble:
    """Inflate every member of *raw*; what follows the last one that isn't a member is garbage."""
    parts: list[bytes] = []
    left, room = raw, limit
    while left:
        inflater: _Inflater = zlib.decompressobj(window)
        try:
            part = inflater.decompress(left, room + 1)
        except zlib.error:
            return Trouble.GARBLED
        room -= len(part)
        if room < 0:
            return Trouble.TOO_LARGE
        if not inflater.eof:
            return Trouble.TRUNCATED
        parts.append(part)
        left = inflater.unused_data
    return b"".join(parts)
