"""Files that come along with drafts: copied below the manifest, piece by piece, never whole."""

import hashlib
import re
import zipfile
import zlib
from pathlib import Path

from importer.errors import UsageError
from importer.model.draft import Asset, Draft
from importer.text.links import dig, fill

__all__ = ["ASSETS", "asset_path", "copy_asset", "with_assets"]

ASSETS = "assets"
"""The folder of a new manifest that they are copied to."""

_PIECE = 2**18
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_SCHEME = "asset:"
_FAULTS = (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error)


def asset_path(asset: Asset) -> str:
    """Return where an asset goes, below the manifest. UsageError for what is no plain file name."""
    if not _NAME.fullmatch(asset.name):
        message = f"{asset.name!r} is no name for a file of the manifest"
        raise UsageError(message, remedy="Such names are a-z and 0-9 with single `.`, `_`, `-`.")
    return f"{ASSETS}/{asset.name}"


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
