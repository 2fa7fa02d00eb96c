"""Git repositories for tests: a bare one, and clones of it, with nobody's settings."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from importer.journal import GitRef

__all__ = ["REF", "Hub", "commit_file", "deny", "git", "made_hub"]

REF = "refs/teams-importer/handbook-acme"
_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(*arguments: str | Path, at: Path, given: bytes = b"") -> str:
    """Return what git says to *arguments* in the repository *at*."""
    done = subprocess.run(
        ["git", "-C", str(at), *map(str, arguments)],
        input=given,
        capture_output=True,
        check=True,
        env={**os.environ, **_ALONE},
    )
    return done.stdout.decode().strip()


@dataclass(frozen=True)
class Hub:
    """A bare repository that runners share."""

    path: Path

    def clone(self, folder: Path) -> Path:
        """Make a clone in *folder*, which may hold files already."""
        folder.mkdir(exist_ok=True)
        git("init", "--quiet", ".", at=folder)
        git("remote", "add", "origin", self.path, at=folder)
        return folder

    def place(self, clone: Path, remote: str = "origin") -> GitRef:
        return GitRef(remote, REF, clone)

    def tip(self, ref: str = REF) -> str:
        return git("rev-parse", ref, at=self.path)

    def files(self, ref: str = REF) -> list[str]:
        return git("ls-tree", "-r", "--name-only", ref, at=self.path).splitlines()

    def show(self, path: str, ref: str = REF) -> str:
        return git("show", f"{ref}:{path}", at=self.path)

    def pushes(self, ref: str = REF) -> int:
        """Count the commits that were pushed."""
        return int(git("rev-list", "--count", ref, at=self.path))


def made_hub(path: Path) -> Hub:
    path.mkdir()
    git("init", "--quiet", "--bare", ".", at=path)
    return Hub(path)


def deny(hub: Hub) -> None:
    hook = hub.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho you may not push here >&2\nexit 1\n")
    hook.chmod(0o755)


def commit_file(hub: Hub, path: str, content: str, ref: str = REF) -> None:
    """Put a commit on the ref in which one file is another."""
    stream = (
        f"commit {ref}\ncommitter A <a@b.invalid> 1700000000 +0000\ndata 0\nfrom {ref}^0\n"
        f"M 100644 inline {path}\ndata {len(content.encode())}\n{content}\n"
    )
    git("fast-import", "--quiet", at=hub.path, given=stream.encode())
