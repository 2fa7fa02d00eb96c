"""Which items a run is about: all of them, or those that `--only` takes."""

from fnmatch import fnmatchcase

from importer.model.ids import Key, parent_key
from importer.model.plan import Decisions

__all__ = ["is_chosen"]


def is_chosen(key: Key | None, decisions: Decisions) -> bool:
    """Tell whether `--only` takes *key*; a glob that takes a question takes its answers."""
    if not decisions.only or key is None:
        return True
    names = [key, parent_key(key) or key]
    return any(fnmatchcase(name, glob) for glob in decisions.only for name in names)
