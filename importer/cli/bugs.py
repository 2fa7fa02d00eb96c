"""The report of a bug of our own: enough to find it, nothing of the user's.

A traceback's places and source lines are ours; its exceptions' messages may quote a manifest, a
post or a secret, so only their types are told.
"""

import os
import platform
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from importer import __version__
from importer.cli.files import write_private
from importer.errors import ImporterError

__all__ = ["write_bug_report"]

_LIBRARIES = ("pydantic", "ruamel.yaml", "httpx", "tenacity", "jinja2", "click", "rich")


def write_bug_report(
    error: BaseException, folder: Path | None, redacted: Callable[[str], str]
) -> Path | None:
    """Write the report into *folder*, else the temporary one; None when neither takes it."""
    name = f"teams-importer-bug-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    text = redacted("\n".join([*_environment(), "", *_chain(error)]) + "\n")
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        try:
            write_private(place / name, text.encode("utf-8", "backslashreplace"))
        except ImporterError:
            continue
        return place / name
    return None


def _environment() -> list[str]:
    libraries = (f"{name} {_version(name)}" for name in _LIBRARIES)
    return [
        f"teams-importer {__version__}",
        f"Python {sys.version.split()[0]} ({platform.python_implementation()})",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"SQLite {sqlite3.sqlite_version}, {', '.join(libraries)}",
    ]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _chain(error: BaseException, depth: int = 0) -> list[str]:
    """Describe *error*, what caused it, and what it groups, the outermost first."""
    lines = [f"{type(error).__module__}.{type(error).__qualname__} (its message is left out)"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines += [f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}", f"    {frame.line}"]
    inner = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    if cause := error.__cause__ or error.__context__:
        inner.append(cause)
    if depth > 10:
        return lines
    return lines + [line for it in inner for line in ["caused by", *_chain(it, depth + 1)]]


def _place(filename: str) -> str:
    """Shorten a path to what follows the library's folder: the rest may name a person."""
    path = Path(filename)
    parts = path.parts
    for anchor in ("site-packages", "importer"):
        if anchor in parts:
            at = len(parts) - 1 - parts[::-1].index(anchor)
            return "/".join(parts[at if anchor == "importer" else at + 1 :])
    return path.name
