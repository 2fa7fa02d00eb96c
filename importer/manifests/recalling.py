"""What the last conversion left in a folder, and what people made of it since."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.memory import STATE_NAME, Entry, Memory, blob_of
from importer.manifests.staging import files_below

__all__ = ["NEXT_NAME", "content_of", "recall"]

NEXT_NAME = f"{STATE_NAME}.next"
"""What is to be remembered, while it isn't true yet."""

_KEY_LINE = re.compile(rb"^key:[ \t]*[\"']?([a-z0-9][a-z0-9._/-]*)[\"']?[ \t]*\r?$", re.MULTILINE)
_WAS_LINE = re.compile(rb"^was:[ \t]*(.*)", re.MULTILINE)
_NAMES = re.compile(rb"[a-z0-9._/-]+")
_ANY_KEY = re.compile(rb"\bkey:[ \t]*[\"']?([a-z0-9][a-z0-9._/-]*)")
_FRONT = 16_384
_PAGES = (".md", ".markdown")


def recall(folder: Path, memory: Memory) -> None:
    """Read what the last conversion left in *folder*, and what people made of it since.

    A page keeps its key, also one that was changed here; what was taken out here stays out. Raises
    JournalError for a state file that isn't ours.
    """
    memory.read(folder / STATE_NAME)
    if not memory.exists:
        return
    _recall_crash(folder, memory)
    missing: dict[str, Entry] = {}
    for entry in memory.was():
        for key in (entry.key, *entry.was):
            memory.take(key)
        if not entry.key:
            continue
        data = content_of(folder / entry.file)
        if data is None:
            missing[entry.key] = entry
        else:
            _bind(memory, entry, data)
    for name, data in _others(folder, memory):
        match = _KEY_LINE.search(data[:_FRONT]) if name.lower().endswith(_PAGES) else None
        moved = missing.pop(match[1].decode(), None) if match else None
        if moved is not None:
            memory.forget(moved.file)
            memory.remember(replace(moved, file=name))
            memory.bind(moved)
        elif match:
            memory.take(match[1].decode())
        else:
            for key in _ANY_KEY.findall(data):
                memory.take(key.decode())
    for entry in missing.values():
        memory.drop(entry)


def _recall_crash(folder: Path, memory: Memory) -> None:
    """Remember the new files that a conversion wrote before it was cut short."""
    if not (folder / NEXT_NAME).is_file():
        return
    with Memory() as meant:
        meant.read(folder / NEXT_NAME)
        for entry in meant.was():
            data = None if memory.is_ours(entry.file) else content_of(folder / entry.file)
            if data is not None and blob_of(data) == entry.blob:
                memory.remember(entry)
                for old in filter(None, map(memory.item, entry.was)):
                    if not (folder / old.file).exists():
                        memory.forget(old.file)


def _bind(memory: Memory, entry: Entry, data: bytes) -> None:
    """Let the entry's pages keep its key, or the one that it was given by hand."""
    match = _KEY_LINE.search(data[:_FRONT]) if blob_of(data) != entry.blob else None
    key = match[1].decode() if match else entry.key
    if memory.before(Entry("", "", key)) is not None:
        # Its own, or another's: two files changed places, and no key has changed.
        key = entry.key
    if key != entry.key:
        memory.rename(entry.key, key)
        memory.take(key)
        said = _WAS_LINE.search(data[:_FRONT])
        renamed = said is not None and entry.key.encode() in _NAMES.findall(said[1])
        was = (entry.key, *entry.was) if renamed else entry.was
        entry = replace(entry, key=key, was=tuple(it for it in was if it != key))
        memory.remember(entry)
    memory.bind(entry)


def _others(folder: Path, memory: Memory) -> Iterator[tuple[str, bytes]]:
    """Yield the files in which a person may have written items, with their content."""
    for name in files_below(folder):
        if name.startswith(".") or not name.lower().endswith((*_PAGES, ".yaml", ".yml")):
            continue
        if not memory.is_ours(name) or name == MANIFEST_NAME:
            data = content_of(folder / name)
            if data is not None:
                yield name, data


def content_of(path: Path) -> bytes | None:
    """Return what is in a file; None when there is none that can be read."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None
