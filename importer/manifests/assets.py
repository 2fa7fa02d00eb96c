"""Files that come along with drafts: copied below the manifest, piece by piece, never whole."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from importer.errors import UsageError
from importer.model.draft import Asset, Draft
from importer.text.links import dig, fill

__all__ = ["ASSETS", "assets_of", "copy_asset", "is_copied", "with_assets"]

ASSETS = "assets"
"""The folder of a new manifest that they are copied to."""

_PIECE = 2**18
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_SCHEME = "asset:"
_FAULTS = (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error)


def assets_of(drafts: Iterable[Draft]) -> Mapping[str, Asset]:
    """Return the assets by their paths below the manifest, sorted.

    Raises UsageError for a name that is no plain file name, or that stands for two contents.
    """
    found: dict[str, Asset] = {}
    for asset in (asset for draft in drafts for asset in draft.assets):
        if not _NAME.fullmatch(asset.name):
            message = f"{asset.name!r} is no name for a file of the manifest"
            raise UsageError(
                message, remedy="Such names are a-z and 0-9 with single `.`, `_`, `-`."
            )
        path = f"{ASSETS}/{asset.name}"
        if found.setdefault(path, asset).digest != asset.digest:
            message = f"{path} would be two different files"
            raise UsageError(message, remedy="Give one of them another name.")
    return dict(sorted(found.items()))


def with_assets(markdown: str, draft: Draft, page: str) -> str:
    """Return *markdown* of the file *page*, its links to assets led to their files."""
    if _SCHEME not in markdown or not draft.assets:
        return markdown
    names = {asset.name for asset in draft.assets}
    upwards = "../" * page.count("/")

    def path_of(destination: str) -> str | None:
        name = destination.removeprefix(_SCHEME)
        known = name != destination and name in names
        return f"{upwards}{ASSETS}/{name}" if known else None

    return fill(dig(markdown, path_of), lambda path: path)


def is_copied(path: Path, asset: Asset) -> bool:
    """Tell whether the file at *path* is the asset already."""
    if path.stat().st_size != asset.size:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() == asset.digest


def copy_asset(path: Path, asset: Asset, temporary: Path) -> None:
    """Copy an asset to *path* by way of *temporary*: it appears whole or not at all.

    UsageError when its bytes can't be read any more, or are others than they were.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with temporary.open("wb") as target:
        try:
            with asset.open() as source:
                # One byte more than it should have, to see that there is none.
                left = asset.size + 1
                while piece := source.read(min(_PIECE, left)):
                    digest.update(piece)
                    target.write(piece)
                    left -= len(piece)
            same = digest.hexdigest() == asset.digest
        except _FAULTS:
            same = False
    if not same:
        temporary.unlink()
        message = f"the file that becomes {ASSETS}/{asset.name} changed while it was read"
        raise UsageError(message, remedy="Convert again when nobody writes there.")
    temporary.replace(path)
