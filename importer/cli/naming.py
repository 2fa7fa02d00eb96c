"""Holds the keys and globs of a command line against the manifest, and against what was edited.

A key that was mistyped would look like a part that is in sync, or decide nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from importer.cli.console import Console
from importer.cli.suggesting import did_you_mean
from importer.errors import UsageError
from importer.model.ids import Key, parent_key
from importer.model.manifest import Manifest

__all__ = ["require_edited", "require_items"]

Options = Mapping[str, Sequence[str]]
"""What was given, by the option: keys, and globs over keys."""


def require_items(manifest: Manifest, options: Options, console: Console) -> None:
    """Raise UsageError for a key that is no item's; say which glob fits none."""
    keys = [*(it.key for it in manifest.items), *(it.key for it in manifest.removed)]
    for option, names in options.items():
        for name in names:
            if any(fnmatchcase(key, name) for key in keys):
                continue
            meant = did_you_mean(name, keys)
            if _is_exact(name):
                message = f"{option} {name!r}: no item of this manifest has that key"
                remedy = meant or "Name an item by its key, an answer as `KEY#ANSWER`, or a glob."
                raise UsageError(message, remedy=remedy)
            note = f"note: {option} {name!r} fits no key of this manifest"
            console.say(f"{note}. {meant}".removesuffix(". "))


def require_edited(options: Options, edited: Collection[Key], console: Console) -> None:
    """Raise UsageError for a key where nothing was edited, but in its answers or its question.

    Say which key has nothing *edited* around it either: so it is when a command is run again.
    """
    for option, names in options.items():
        for name in names:
            if name in edited or not _is_exact(name):
                continue
            message = f"{option} {name!r}: nothing to decide there"
            near = _near(name, edited)
            if not near:
                console.say(f"note: {message}")
                continue
            message += f", but in {', '.join(near)}"
            again = " ".join(f"{option} '{key}'" for key in near)
            remedy = f"Nothing was written. Name what was edited: `{again}`."
            raise UsageError(message, remedy=remedy)


def _is_exact(name: str) -> bool:
    return not any(it in name for it in "*?[")


def _near(name: str, edited: Collection[Key]) -> list[Key]:
    """Return what was edited of the answers to *name*, or of the question that it answers."""
    return sorted(it for it in edited if parent_key(it) == name or parent_key(Key(name)) == it)
