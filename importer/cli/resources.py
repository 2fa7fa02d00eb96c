"""Finds the files that come with the importer: in the wheel, or beside a checkout's package."""

from pathlib import Path

import importer

__all__ = ["resource"]


def resource(name: str) -> Path:
    """Return the folder *name* (`plan-templates`, `schemas`, `examples`)."""
    package = Path(importer.__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    message = f"this installation lacks its folder {name}"
    raise FileNotFoundError(message)
