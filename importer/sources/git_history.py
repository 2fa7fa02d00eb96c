"""Who edited which file last, as git says; read by the program, which may not be there."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = ["Edit", "last_edits"]

_TIMEOUT_S = 120.0
# A folder of unknown origin says in its own configuration which programs git is to start.
_TAME = (
    "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.hooksPath=",
    "-c", "diff.external=", "-c", "core.quotePath=false",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """The last commit that touched a file."""

    author: str
    when: datetime
    commit: str


def last_edits(folder: Path) -> Mapping[str, Edit]:
    """Return the last edit of each file by its name in *folder*; none when there is no history."""
    if not (folder / ".git").exists():
        return {}
    command = [
        "git", *_TAME, "-C", str(folder), "--no-pager", "log", "--no-ext-diff", "--no-textconv",
        "--no-renames", "--name-only", "-z", "--format=%x01%H%x02%an%x02%aI",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - no part of it comes from the source but its place
            command, capture_output=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return _edits(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else {}


def _edits(log: str) -> dict[str, Edit]:
    found: dict[str, Edit] = {}
    for entry in log.split("\1")[1:]:
        head, _, names = entry.partition("\0")
        commit, author, when = head.strip().split("\2")
        edit = Edit(author, datetime.fromisoformat(when), commit)
        for name in names.split("\0"):
            if name.strip():
                found.setdefault(name.strip("\n"), edit)
    return found
