"""How wide and high an image is, by its header, and whether it ends as its type does.

A file that doesn't tell, or doesn't end so, is cut off or damaged. What follows the end is nobody's
business: cameras and editors put things there.

No pixel is decoded. Source: the formats' own specifications.
"""

from collections.abc import Callable, Mapping
from struct import error, unpack_from
from types import MappingProxyType

__all__ = ["Dimensions", "is_whole", "measured"]

Dimensions = tuple[int, int]

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_OLD_BMP = 12
_LOSSLESS = 0x2F
_KEY_FRAME = b"\x9d\x01\x2a"
_14_BITS = 0x3FFF
_END_OF_JPEG = b"\xff\xd9"
_AROUND_CHUNK = 12
_GIF_END = 0x3B


def measured(media_type: str, content: bytes) -> Dimensions | None:
    """Return width and height; None when the header breaks off, or says that there is nothing."""
    try:
        found = _MEASURES[media_type](content)
    except (error, IndexError):
        return None
    return found if found and min(found) > 0 else None


def is_whole(media_type: str, content: bytes) -> bool:
    """Tell whether an image that was `measured` reaches its end."""
    try:
        return _ENDS[media_type](content)
    except (error, IndexError):
        return False


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
    """Return what the first frame's header says, before any scan."""
    at = _segment(it, 2, _FRAMES | {_SCAN})
    if at is None or it[at + 1] == _SCAN:
        return None
    height, width = unpack_from(">HH", it, at + 5)
    return width, height


def _segment(it: bytes, at: int, wanted: frozenset[int]) -> int | None:
    """Go from segment to segment; return where the next one that is *wanted* begins."""
    while it[at] == 0xFF:
        marker = it[at + 1]
        if marker in wanted:
            return at
        if marker == 0xFF:  # A fill byte.
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + unpack_from(">H", it, at + 2)[0]
    return None


def _ends_jpeg(it: bytes) -> bool:
    """Look behind the first scan's beginning: a preview before it has an end of its own."""
    scan = _segment(it, 2, frozenset({_SCAN}))
    return scan is not None and it.find(_END_OF_JPEG, scan) > 0


def _ends_png(it: bytes) -> bool:
    at = 8
    while it[at + 4 : at + 8] != b"IEND":
        at += _AROUND_CHUNK + unpack_from(">I", it, at)[0]
    return len(it) >= at + _AROUND_CHUNK


def _ends_gif(it: bytes) -> bool:
    """Go from block to block; each one's content comes in parts that tell their length.

    Some programs leave the last byte out, and every reader takes that.
    """
    at, is_shown = 13 + _colours(it[10]), False
    while at < len(it) and it[at] != _GIF_END:
        match it[at]:
            case 0x21:
                at += 2
            case 0x2C:
                at, is_shown = at + 11 + _colours(it[at + 9]), True
            case _:
                return False
        while it[at]:
            at += 1 + it[at]
        at += 1
    return is_shown or at < len(it)


def _colours(flags: int) -> int:
    """Return how many bytes the table of colours takes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _ends_webp(it: bytes) -> bool:
    return len(it) >= 8 + int(unpack_from("<I", it, 4)[0])


def _ends_bmp(it: bytes) -> bool:
    return len(it) >= int(unpack_from("<I", it, 2)[0])


_ENDS: Mapping[str, Callable[[bytes], bool]] = MappingProxyType(
    {
        "image/png": _ends_png,
        "image/gif": _ends_gif,
        "image/bmp": _ends_bmp,
        "image/webp": _ends_webp,
        "image/jpeg": _ends_jpeg,
    }
)


_MEASURES: Mapping[str, Callable[[bytes], Dimensions | None]] = MappingProxyType(
    {
        "image/png": _png,
        "image/gif": _gif,
        "image/bmp": _bmp,
        "image/webp": _webp,
        "image/jpeg": _jpeg,
    }
)
