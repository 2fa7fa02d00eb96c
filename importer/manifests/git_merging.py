"""Merges two versions of a file by what both were made of, where git has kept that; git does it."""

import os
import subprocess
import tempfile
from pathlib import Path

__all__ = ["merged"]

_TIMEOUT_S = 60.0
# A repository's own configuration may say which programs git is to start, and where it looks.
_TAME = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "protocol.allow=never",
)  # fmt: skip


def merged(folder: Path, blob: str, ours: bytes, theirs: bytes) -> bytes | None:
    """Return *ours* with the edits that led from *blob* to *theirs*.

    None where edits touch, where git isn't there, or where the repository of *folder* doesn't know
    *blob*: it was never committed.
    """
    base = _git(folder, "cat-file", "blob", blob) if blob else None
    if base is None:
        return None
    with tempfile.TemporaryDirectory(prefix="teams-importer-") as name:
        paths = [Path(name, side) for side in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(data.replace(b"\r\n", b"\n"))
        return _git(folder, "merge-file", "--stdout", "--quiet", *map(str, paths))


def _git(folder: Path, *arguments: str) -> bytes | None:
    command = ["git", *_TAME, "-C", str(folder.absolute()), *arguments]
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - a command of ours, with places and a digest
            command, capture_output=True, check=False, timeout=_TIMEOUT_S, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
