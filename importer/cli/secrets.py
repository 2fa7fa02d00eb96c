"""The secrets that are at hand before a command has looked at its options.

No name here is bound to one: it would be in the frames of a traceback.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import AccessError

if TYPE_CHECKING:
    from importer.teams import Secret

__all__ = ["FILES", "VARIABLES", "known_secrets"]

VARIABLES = ("TEAMS_IMPORTER_TOKEN", "TEAMS_IMPORTER_API_KEY")
FILES = ("--token-file", "--api-key-file")
# Anything shorter is no secret, but would take words out of what is printed.
_LEAST = 8
_MOST_BYTES = 65_536


def known_secrets(arguments: Sequence[str]) -> "list[Secret]":
    """Return those of the environment and of the files that *arguments* name, if they are any."""
    ways: list[Callable[[], str | None]] = [
        *(partial(os.getenv, name) for name in VARIABLES),
        *(partial(_content, path) for path in _named(arguments)),
    ]
    return [secret for way in ways for secret in _secret(way)]


def _named(arguments: Sequence[str]) -> list[Path]:
    files = [
        value or following
        for argument, following in pairwise([*arguments, ""])
        for name, _, value in [argument.partition("=")]
        if name in FILES
    ]
    return [Path(file) for file in files if file]


def _content(path: Path) -> str:
    try:
        # Nothing but a file: standard input or a pipe could be read once only.
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        pass
    return ""


def _secret(way: Callable[[], str | None]) -> "list[Secret]":
    if len(way() or "") < _LEAST:
        return []
    from importer.teams import Secret  # costs what only a secret at hand should pay

    with suppress(AccessError):
        return [Secret(way() or "")]
    return []
