"""What files of a source that can't be read are: an exception, and a loss."""

import zipfile
import zlib

from importer.model.draft import Place
from importer.sources.losses import Loss, LossKind

__all__ = ["DAMAGES", "Unreadable", "refusal"]

DAMAGES = (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What reading a file raises when it is damaged, cut or gone."""


class Unreadable(OSError):
    """A file of the tree that can't be read; the text says why."""


def refusal(name: str, why: str) -> Loss:
    """Return the loss of a file that is not even looked into."""
    return Loss(LossKind.FILE, Place(name, 1), name, f"{why}; left out")
