"""What `convert` was told the last time and isn't told now; and who is told of the difference."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.cli.console import Console
from importer.cli.conversion import RenewalRow, RenewedRow
from importer.cli.tables import table
from importer.errors import UsageError
from importer.manifests.renewing import Change, Renewal

__all__ = ["note_differences", "recalled", "renewal_document", "say_renewal"]

_MOST_LINES = 20
# What a person has to know of first.
_FIRST = (
    Change.ASIDE, Change.WAITING, Change.RENAMED, Change.MERGED, Change.GONE, Change.DELETED,
    Change.TAKEN_OUT,
)  # fmt: skip


def recalled(given: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that hold: what was *given*, and where nothing was, what held last time.

    Raises UsageError for another namespace: posts are known by it.
    """
    last = head.get("options", {})
    held = {name: value or last.get(name, value) for name, value in given.items()}
    before = last.get("namespace")
    if before and held.get("namespace") != before:
        message = f"this folder's namespace is {before}, not {held['namespace']}"
        remedy = "Leave --namespace out, or convert into a new folder."
        raise UsageError(message, remedy=remedy)
    return held


def note_differences(
    reader: str, held: Mapping[str, object], head: Mapping[str, Any], console: Console
) -> None:
    """Say what differs from the last time: pages change for that reason too."""
    if not head:
        return
    last = {"reader": head.get("reader"), **head.get("options", {})}
    for name, value in {"reader": reader, **held}.items():
        before = last.get(name)
        if _plain(before) != _plain(value):
            shown = f"{_shown(before)} last time, {_shown(value)} now"
            console.say(f"note: {name}: {shown}; pages may change for that reason alone")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple | list) else value or ""


def _shown(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(it) for it in value) or "none"
    return str(value or "none")


def say_renewal(renewal: Renewal, folder: Path, console: Console, *, dry: bool) -> None:
    """Tell what became of an earlier conversion, and what a person has to settle."""
    would = "would be " if dry else ""
    counts = [f"{renewal.counts[it]:,} {it}" for it in Change if renewal.counts.get(it)]
    console.say(f"again into {folder}: {would}{', '.join(counts)}")
    told = [it for change in _FIRST for it in renewal.steps if it.change is change]
    rows = [(f"  {it.change}", it.file, it.why) for it in told[:_MOST_LINES]]
    if rows:
        console.say(*table(rows).splitlines())
    if len(told) > _MOST_LINES:
        console.say(f"  and {len(told) - _MOST_LINES} more; --format json lists them all")
    deleted = [it for it in renewal.steps if it.change is Change.DELETED and it.key]
    if deleted:
        console.say("for the manifest, once you are sure that their posts are to go:", "removed:")
        console.say(*(f"  - {{key: {it.key}, live: delete}}" for it in deleted))


def renewal_document(renewal: Renewal) -> RenewalRow:
    """Return a renewal as it is in JSON."""
    files = [
        RenewedRow(change=it.change, file=it.file, key=it.key, why=it.why) for it in renewal.steps
    ]
    return {"counts": dict(renewal.counts), "files": files}
