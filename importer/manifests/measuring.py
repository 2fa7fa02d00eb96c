"""How wide and high an image is, by its header: a file that doesn't tell is cut off or damaged.

No pixel is decoded. Source: the formats' own specifications.
"""

from collections.abc import Callable, Mapping
from struct import error, unpack_from
from types import MappingProxyType

__all__ = ["Dimensions", "measured"]

Dimensions = tuple[int, int]

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_OLD_BMP = 12
_LOSSLESS = 0x2F
_KEY_FRAME = b"\x9d\x01\x2a"
_14_BITS = 0x3FFF


def measured(media_type: str, content: bytes) -> Dimensions | None:
    """Return width and height; None when the header breaks off, or says that there is nothing."""
    try:
        found = _MEASURES[media_type](content)
    except (error, IndexError):
        return None
    return found if found and min(found) > 0 else None


def _png(it: bytes) -> Dimensions | None:
    width, height = unpack_from(">II", it, 16)
    return (width, height) if it[12:16] == b"IHDR" else None


def _gif(it: bytes) -> Dimensions:
    width, height, *_ = unpack_from("<HHBBB", it, 6)
    return width, height


def _bmp(it: bytes) -> Dimensions:
    old = unpack_from("<I", it, 14)[0] == _OLD_BMP
    width, height = unpack_from("<HH" if old else "<ii", it, 18)
    return width, abs(height)  # A negative height: the rows stand from top to bottom.


def _webp(it: bytes) -> Dimensions | None:
    form = it[12:16]
    if form == b"VP8X":
        width, rest, height, more = unpack_from("<HBHB", it, 24)
        return 1 + (rest << 16 | width), 1 + (more << 16 | height)
    if form == b"VP8L" and it[20] == _LOSSLESS:
        (bits,) = unpack_from("<I", it, 21)
        return 1 + (bits & _14_BITS), 1 + (bits >> 14 & _14_BITS)
    if form == b"VP8 " and it[23:26] == _KEY_FRAME:
        width, height = unpack_from("<HH", it, 26)
        return width & _14_BITS, height & _14_BITS
    return None


def _jpeg(it: bytes) -> Dimensions | None:
    """Go from segment to segment; the first frame's header holds the size, before any scan."""
    at = 2
    while it[at] == 0xFF:
        marker = it[at + 1]
        if marker == 0xFF:  # A fill byte.
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            height, width = unpack_from(">HH", it, at + 5)
            return width, height
        elif marker == _SCAN:
            return None
        else:
            at += 2 + unpack_from(">H", it, at + 2)[0]
    return None


_MEASURES: Mapping[str, Callable[[bytes], Dimensions | None]] = MappingProxyType(
    {
        "image/png": _png,
        "image/gif": _gif,
        "image/bmp": _bmp,
        "image/webp": _webp,
        "image/jpeg": _jpeg,
    }
)
