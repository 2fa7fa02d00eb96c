"""Which items a run is about: all of them, or those that `--only` takes."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from importer.model.ids import Key, parent_key
from importer.model.plan import Decisions

__all__ = ["is_chosen", "is_taken"]


def is_chosen(key: Key | None, decisions: Decisions) -> bool:
    """Tell whether `--only` takes *key*; what has none is always taken."""
    return key is None or is_taken(key, decisions.only)


def is_taken(key: Key, only: Sequence[str]) -> bool:
    """Tell whether one of the globs takes *key*, or there are none.

    A glob that takes a question takes its answers.
    """
    names = [key, parent_key(key) or key]
    return not only or any(fnmatchcase(name, glob) for glob in only for name in names)
