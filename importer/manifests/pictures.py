"""Images that bodies show: known by their first bytes, as small as the service takes them."""

from collections.abc import Callable
from pathlib import Path

from importer.manifests.measuring import is_whole, measured
from importer.manifests.paths import Folder, PathFault
from importer.model.pictures import MOST_BYTES, Picture, media_type_of
from importer.text.digests import digest_bytes

__all__ = ["picture_in", "picture_loader"]


def picture_in(folder: Folder, path: str) -> Picture:
    """Return the picture in the file *path*. Raises PathFault for what can't be uploaded."""
    try:
        content = folder.read(path, MOST_BYTES)
    except PathFault as fault:
        if fault.rule == "file-too-large":
            raise PathFault(rule="image-too-large", **fault.facts) from fault
        raise
    media_type = media_type_of(content)
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
