"""Images that bodies show: known by their first bytes, as small as the service takes them.

Source of types and size: API v3's contract (documented). Names say nothing: a page named `.png`
would be refused by the server, or shown by nobody.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from importer.manifests.measuring import is_whole, measured
from importer.manifests.paths import Folder, PathFault
from importer.model.pictures import MOST_BYTES, Picture
from importer.text.digests import digest_bytes

__all__ = ["is_named_as_image", "picture_in", "picture_loader"]

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


def is_named_as_image(path: str) -> bool:
    """Tell whether *path* ends as images' names do, also those that can't be uploaded."""
    return path.lower().endswith(_ENDINGS)


def picture_in(folder: Folder, path: str) -> Picture:
    """Return the picture in the file *path*. Raises PathFault for what can't be uploaded."""
    try:
        content = folder.read(path, MOST_BYTES)
    except PathFault as fault:
        if fault.rule == "file-too-large":
            raise PathFault(rule="image-too-large", **fault.facts) from fault
        raise
    media_type = next((name for name, begins in _STARTS.items() if begins(content)), None)
    if media_type is None:
        raise PathFault(rule="image-type", path=path)
    if measured(media_type, content) is None or not is_whole(media_type, content):
        raise PathFault(rule="image-broken", path=path, type=media_type.removeprefix("image/"))
    return Picture(path, digest_bytes(content), media_type, len(content))


def picture_loader(folder: Path) -> Callable[[str], bytes | None]:
    """Return what reads images of the manifest in *folder* at the moment they are sent."""
    opened = Folder(folder)

    def load(path: str) -> bytes | None:
        try:
            return opened.read(path, MOST_BYTES)
        except PathFault:
            return None

    return load
