"""A picture that bodies show: the file it is in, and what its bytes are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from importer.text.digests import Digest

__all__ = ["MOST_BYTES", "SUFFIXES", "Picture", "is_named_as_image", "media_type_of"]

MOST_BYTES = 2 * 2**20
"""The largest image that API v3 takes (documented, in the vendor's contract)."""

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/gif": ".gif",
        "image/bmp": ".bmp",
        "image/webp": ".webp",
    }
)
"""The types that API v3 takes (documented, as above), and how their files' names end."""

_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".svg")
# Of the file's header; two letters alone begin many a text.
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_STARTS: Mapping[str, Callable[[bytes], bool]] = MappingProxyType(
    {
        "image/jpeg": lambda it: it.startswith(b"\xff\xd8\xff"),
        "image/png": lambda it: it.startswith(b"\x89PNG\r\n\x1a\n"),
        "image/gif": lambda it: it.startswith((b"GIF87a", b"GIF89a")),
        "image/bmp": lambda it: (
            it.startswith(b"BM") and int.from_bytes(it[14:18], "little") in _BMP_HEADERS
        ),
        "image/webp": lambda it: it.startswith(b"RIFF") and it[8:12] == b"WEBP",
    }
)


@dataclass(frozen=True, slots=True)
class Picture:
    """`path` leads from the manifest's folder to the file, `digest` is that of its bytes."""

    path: str
    digest: Digest
    media_type: str
    size: int


def media_type_of(content: bytes) -> str | None:
    """Return the type of an image that can be uploaded; its first 32 bytes tell it.

    Names say nothing: a page named `.png` would be refused by the server, or shown by nobody.
    """
    return next((name for name, begins in _STARTS.items() if begins(content)), None)


def is_named_as_image(path: str) -> bool:
    """Tell whether *path* ends as images' names do, also those that can't be uploaded."""
    return path.lower().endswith(_ENDINGS)
