"""A conversion over an earlier one: what only the wiki changed is renewed, what people did stays.

Each file is held against what was written the last time. Nothing that a person wrote is written
over or deleted: what both sides changed is merged where git knows what it was, else laid beside.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from importer.errors import GuardTripped
from importer.manifests.git_merging import merged
from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.memory import STATE_NAME, Entry, Memory, blob_in, blob_of
from importer.manifests.pages import key_lines
from importer.manifests.recalling import NEXT_NAME, content_of
from importer.manifests.staging import files_below, install, require_inside, settle

__all__ = ["BESIDE", "Change", "Renewal", "Step", "renew"]

BESIDE = ".new"
"""What the name of a file ends in that is laid beside another; no manifest includes it."""

_FRONT = 16_384
_GUARDED = 10
_MOST_SHARE = 0.3


class Change(StrEnum):
    """What becomes of one file of an earlier conversion, or of a new one."""

    NEW = "new"
    UPDATED = "updated"
    RENAMED = "renamed"
    MERGED = "merged"
    ASIDE = "laid beside"
    WAITING = "waiting"
    KEPT = "kept"
    TAKEN_OUT = "taken out"
    GONE = "gone"
    DELETED = "deleted"
    SAME = "unchanged"


_WHY = {
    Change.NEW: "new in the wiki",
    Change.UPDATED: "changed in the wiki, and not here",
    Change.RENAMED: "its key was {}",
    Change.MERGED: "changed in the wiki and here, in different places",
    Change.ASIDE: "changed in the wiki and here; the wiki's is in {}",
    Change.WAITING: "changed in the wiki and here; {} still waits for you",
    Change.KEPT: "changed here",
    Change.TAKEN_OUT: "taken out here; it stays out",
    Change.GONE: "no longer moved from the wiki; the file stays",
    Change.DELETED: "no longer moved from the wiki, and nobody changed it here",
    Change.SAME: "",
}
_TAKEN = "changed in the wiki and here; {} is not as it was laid there: move it, and convert again"
_WRITES = (
    Change.NEW, Change.UPDATED, Change.RENAMED, Change.MERGED, Change.ASIDE, Change.DELETED,
)  # fmt: skip
_WAITS = (Change.ASIDE, Change.WAITING)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a file, and why."""

    change: Change
    file: str
    key: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of all files; `steps` are those worth a line, in the order of their names."""

    counts: Mapping[Change, int]
    steps: Sequence[Step]

    @property
    def waits(self) -> bool:
        """Tell whether something is for a person to settle."""
        return any(self.counts.get(it) for it in _WAITS)

    @property
    def writes(self) -> bool:
        """Tell whether any file changed, or would."""
        return any(self.counts.get(it) for it in _WRITES)


def renew(
    stage: Path,
    folder: Path,
    memory: Memory,
    *,
    head: Mapping[str, object],
    generated: Collection[str] = (),
    delete_gone: bool = False,
    dry: bool = False,
) -> Renewal:
    """Let *folder* hold what was staged, and what people wrote; *head* is remembered with it.

    The staged files that *memory* doesn't know of are taken for files without an item; those named
    in *generated* are written anew each time. With *delete_gone*, what is no longer moved and was
    not changed here is deleted; GuardTripped when that is a large part. *dry* writes nothing.
    """
    for name in files_below(stage):
        if name not in generated and not memory.is_known(name):
            memory.learn(Entry(name, blob_in(stage / name)))
    if not memory.exists:
        return _first(stage, folder, memory, head, generated, dry=dry)
    work = _Renewing(stage, folder, memory, delete_gone=delete_gone)
    work.decide()
    if not dry:
        # What is to be known in the end is there first: a crash leaves new files that are ours.
        memory.write(stage / STATE_NAME, head)
        install(stage, folder, STATE_NAME, NEXT_NAME)
        work.carry_out()
        _install_all(stage, folder, generated)
        (folder / NEXT_NAME).replace(folder / STATE_NAME)
    return Renewal(work.counts, sorted(work.steps, key=lambda it: it.file))


def _first(
    stage: Path,
    folder: Path,
    memory: Memory,
    head: Mapping[str, object],
    generated: Collection[str],
    *,
    dry: bool,
) -> Renewal:
    count = 0
    for entry in memory.now():
        memory.remember(entry)
        count += 1
    memory.write(stage / STATE_NAME, head)
    settle(stage, folder, spared=generated, dry=dry)
    return Renewal({Change.NEW: count}, ())


def _install_all(stage: Path, folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if (stage / name).is_file():
            install(stage, folder, name)
        else:
            # It was generated the last time, and says what holds no longer.
            (folder / name).unlink(missing_ok=True)


class _Renewing:
    """Decides about every file, and only then does anything."""

    def __init__(self, stage: Path, folder: Path, memory: Memory, *, delete_gone: bool) -> None:
        self.counts: Counter[Change] = Counter()
        self.steps: list[Step] = []
        self._stage = stage
        self._folder = folder
        self._memory = memory
        self._delete_gone = delete_gone
        self._settled: list[str] = []
        self._sources: dict[str, str] = {}

    def decide(self) -> None:
        """Say of every file what is to become of it. GuardTripped when too many would go."""
        for fresh in self._memory.now():
            before = self._memory.before(fresh)
            self._decide(fresh, before or replace(fresh, blob="", offered=""), known=bool(before))
        for entry in self._memory.was():
            if entry.file not in self._sources and not self._memory.remains(entry):
                self._left(entry)
        gone = self.counts[Change.DELETED]
        if gone >= _GUARDED and gone > _MOST_SHARE * self.counts.total():
            message = f"{gone} of {self.counts.total()} files would be deleted"
            remedy = (
                "Look whether this is the whole wiki. If it is, delete them by hand: without "
                "--delete-gone they are listed."
            )
            raise GuardTripped(message, remedy=remedy)

    def _decide(self, fresh: Entry, before: Entry, *, known: bool) -> None:
        ours = _blob(self._folder / before.file)
        change = self._change(fresh, before, ours, known=known)
        here = content_of(self._folder / before.file) if change is Change.ASIDE and known else None
        if here is not None:
            change = self._joined(fresh, before, here)
        elif before.key != fresh.key and change is Change.UPDATED:
            change = Change.RENAMED
        taken = change is Change.ASIDE and self._is_anothers(
            before.file, before.offered, fresh.blob
        )
        if taken:
            change = Change.WAITING
        target = self._place(fresh, before) if change is Change.RENAMED else before.file
        then = replace(fresh, file=target)
        if change in _WAITS:
            offered = before.offered if taken else fresh.blob
            then = replace(then, blob=before.blob, offered=offered, key=before.key, was=before.was)
        elif change is Change.TAKEN_OUT:
            then = replace(then, blob=before.blob)
        elif before.offered and self._lies_beside(target, before.offered):
            self._settled.append(f"{target}{BESIDE}")
        if change not in _WAITS:
            self._leave(fresh, target)
        self._memory.remember(then)
        self._sources[target] = fresh.file
        why = _TAKEN if taken else _WHY[change]
        self._add(
            change, target, fresh.key, why.format(before.key) if change is Change.RENAMED else why
        )

    def _joined(self, fresh: Entry, before: Entry, here: bytes) -> Change:
        """Stage what both sides made of a file, where that can be told; return what became."""
        staged = self._stage / fresh.file
        theirs = staged.read_bytes()
        old, new = self._heads(fresh, before)
        if self._as_before(fresh, before) == before.blob and old in here[:_FRONT]:
            staged.write_bytes(here.replace(old, new, 1))
            return Change.RENAMED
        both = merged(self._folder, before.blob, here, theirs)
        if both is None:
            return Change.ASIDE
        staged.write_bytes(both)
        return Change.MERGED

    def _place(self, fresh: Entry, before: Entry) -> str:
        """Return where an item goes that was given another key: with it, as far as it is ours."""
        folder = fresh.file.removesuffix(f"{fresh.key}.md")
        is_ours = _blob(self._folder / before.file) == before.blob
        moves = is_ours and before.file == f"{folder}{before.key}.md"
        return fresh.file if moves and not (self._folder / fresh.file).exists() else before.file

    def _leave(self, fresh: Entry, target: str) -> None:
        """Let the file be gone in which an item stood under an old key."""
        for old in filter(None, map(self._memory.item, fresh.was)):
            if old.file != target and set(old.pages) & set(fresh.pages):
                if _blob(self._folder / old.file) == old.blob:
                    self._settled.append(old.file)
                self._memory.forget(old.file)

    def _change(self, fresh: Entry, before: Entry, ours: str, *, known: bool) -> Change:
        if not ours:
            lost = known and fresh.file != MANIFEST_NAME
            return Change.TAKEN_OUT if lost else Change.NEW
        if ours == fresh.blob:
            return Change.SAME
        if before.key == fresh.key and before.blob in (
            fresh.blob,
            self._as_before(fresh, before),
        ):
            return Change.KEPT
        if ours == before.blob:
            return Change.UPDATED
        if fresh.blob == before.offered:
            waits = bool(_blob(self._folder / f"{before.file}{BESIDE}"))
            return Change.WAITING if waits else Change.KEPT
        return Change.ASIDE

    def _as_before(self, fresh: Entry, before: Entry) -> str:
        """Return the content with the key that it had before it was given another."""
        old, new = self._heads(fresh, before)
        if old == new:
            return fresh.blob
        data = (self._stage / fresh.file).read_bytes()
        return blob_of(data.replace(new, old, 1))

    def _heads(self, fresh: Entry, before: Entry) -> tuple[bytes, bytes]:
        """Return how the keys of an item were written the last time, and how they are now."""
        old = self._memory.former(before.key) or before.key
        was = tuple(it for it in before.was if it != old)
        return key_lines(old, was).encode(), key_lines(fresh.key, fresh.was).encode()

    def _left(self, entry: Entry) -> None:
        here = _blob(self._folder / entry.file)
        if not here:
            if any(self._memory.is_dropped(page) for page in entry.pages):
                self._add(Change.TAKEN_OUT, entry.file, entry.key)
            else:
                self._memory.forget(entry.file)
        elif self._delete_gone and here == entry.blob:
            self._memory.forget(entry.file)
            self._add(Change.DELETED, entry.file, entry.key)
        else:
            self._add(Change.GONE, entry.file, entry.key)

    def _lies_beside(self, target: str, blob: str) -> bool:
        return _blob(self._folder / f"{target}{BESIDE}") == blob

    def _is_anothers(self, target: str, *ours: str) -> bool:
        """Tell whether what lies beside a file is nothing that we laid there."""
        there = self._folder / f"{target}{BESIDE}"
        return os.path.lexists(there) and _blob(there) not in ours

    def _add(self, change: Change, file: str, key: str, why: str = "") -> None:
        self.counts[change] += 1
        if change is not Change.SAME:
            why = (why or _WHY[change]).format(f"{file}{BESIDE}")
            self.steps.append(Step(change, file, key, why))

    def carry_out(self) -> None:
        """Do what was decided; the manifest itself comes last."""
        for step in sorted(self.steps, key=lambda it: it.file == MANIFEST_NAME):
            source = self._sources.get(step.file, "")
            match step.change:
                case Change.NEW | Change.UPDATED | Change.RENAMED | Change.MERGED:
                    install(self._stage, self._folder, source, step.file)
                case Change.ASIDE:
                    install(self._stage, self._folder, source, f"{step.file}{BESIDE}")
                case Change.DELETED:
                    self._delete(self._folder / step.file)
                case _:
                    pass
        for name in self._settled:
            self._delete(self._folder / name)

    def _delete(self, path: Path) -> None:
        require_inside(self._folder, path)
        path.unlink(missing_ok=True)
        for way in path.parents:
            if way == self._folder or any(way.iterdir()):
                break
            way.rmdir()


def _blob(path: Path) -> str:
    """Return git's name for what is at *path*; empty when there is no file that can be read."""
    try:
        return blob_in(path) if path.is_file() else ""
    except OSError:
        return ""
