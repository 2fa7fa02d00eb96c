"""Proves what an export wrote: it is read as `validate` reads it, and planned as `plan` does."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from importer.errors import ManifestError, Problem, Severity
from importer.manifests import MANIFEST_NAME, load_manifest, shown_folder
from importer.manifests.pages import FOLDER
from importer.model.ids import Key, Ref
from importer.model.manifest import Manifest

__all__ = ["Owner", "Owners", "PlanOf", "faults_in"]

PlanOf = Callable[[Manifest], Iterable[tuple[Key, str]]]
"""Returns the items of a manifest that the next plan would not leave in peace, and why."""

Owner = Ref | Key
"""What is left out by itself: a post, or what is said of a tag."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose what was written is: by file, from which line on, and by key."""

    lines: Mapping[str, tuple[tuple[int, Owner], ...]]
    keys: Mapping[Key, Owner]

    @property
    def files(self) -> Mapping[Ref, str]:
        """The file of each post."""
        rows = ((name, it) for name, rows in self.lines.items() for _, it in rows)
        return {it: name for name, it in rows if isinstance(it, Ref)}

    def at(self, name: str, line: int) -> Owner | None:
        """Return whose a line is; None where it is nobody's alone."""
        before = [it for start, it in self.lines.get(name, ()) if start <= line]
        return before[-1] if before else None


def faults_in(stage: Path, owners: Owners, plan_of: PlanOf) -> dict[Owner, str]:
    """Return what must not stay as it was written, and why.

    ManifestError for a fault that is nobody's of *owners*.
    """
    try:
        manifest, _ = load_manifest(stage / MANIFEST_NAME)
    except ManifestError as error:
        return dict(_refused(error, stage, owners))
    items, files = {it.key for it in manifest.items}, owners.files
    unread = [it for key, it in owners.keys.items() if key not in items]
    if unread:
        return {it: _unread(files[it]) for it in unread if isinstance(it, Ref)}
    found: dict[Owner, str] = {}
    for key, why in plan_of(manifest):
        if key in owners.keys:
            found.setdefault(owners.keys[key], why)
    return found


def _refused(error: ManifestError, stage: Path, owners: Owners) -> Iterator[tuple[Owner, str]]:
    before = f"{shown_folder(stage)}/"
    for problem in error.problems:
        if problem.severity is Severity.ERROR:
            owner = owners.at(problem.span.path.removeprefix(before), problem.span.line)
            if owner is None:
                raise error
            yield owner, _told(problem)


def _told(problem: Problem) -> str:
    return f"no manifest can hold it: {problem.message}"


def _unread(name: str) -> str:
    pattern = f"{FOLDER}/**/*{PurePosixPath(name).suffix}"
    return f"the manifest would not read it: add `{pattern}` to its `include`, then export again"
