"""What a shell may offer where click knows no better: files, words of a list, readers, keys."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from importer.errors import ImporterError

__all__ = ["complete_files", "complete_keys", "complete_list"]

# Reading more than this takes longer than somebody who presses a key waits.
_LARGEST = 4 * 2**20

_Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


def complete_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Let the shell offer files."""
    return [CompletionItem(incomplete, type="file")]


def complete_list(names: Iterable[str]) -> _Completer:
    """Return what offers *names*, several of them with commas between."""
    known = list(names)

    def complete(
        _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        before, comma, typed = incomplete.rpartition(",")
        taken = before.split(",")
        return [
            CompletionItem(f"{before}{comma}{name}")
            for name in known
            if name.startswith(typed) and name not in taken
        ]

    return complete


def complete_keys(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Offer the keys of the manifest that is here; none of one that takes long to read."""
    from importer.manifests import find_manifest, load_manifest

    with suppress(ImporterError, OSError):
        found = find_manifest(Path())
        if _weight(found.parent) > _LARGEST:
            return []
        manifest, _ = load_manifest(found)
        keys = [str(it.key) for it in manifest.items if str(it.key).startswith(incomplete)]
        return [CompletionItem(key) for key in keys]
    return []


def _weight(folder: Path) -> int:
    """Return how many bytes of manifest may be below *folder*; no more than are too many."""
    size = 0
    for at, _, files in os.walk(folder):
        for name in files:
            if name.endswith((".md", ".yaml", ".yml")):
                size += (Path(at) / name).stat().st_size
        if size > _LARGEST:
            break
    return size
