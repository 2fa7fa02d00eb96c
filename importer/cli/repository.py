"""Where files stand in their repository: CI services know them by that path alone."""

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["path_in_repository", "repository_of"]

_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def repository_of(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the root of the repository that *folder* is in; *folder* itself where there is none.

    A CI service says where it checked out; else it is the nearest folder that git keeps.
    """
    here = folder.resolve()
    for name in _WORKSPACES:
        root = Path(environ[name]).resolve() if environ.get(name) else None
        if root is not None and here.is_relative_to(root):
            return root
    return next((it for it in (here, *here.parents) if (it / ".git").exists()), here)


def path_in_repository(path: str, root: Path) -> str:
    """Return *path*, as seen from the current folder, as its repository at *root* knows it."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - a link stays the file it is for git
    inside = Path(os.path.realpath(whole.parent)) / whole.name
    return inside.relative_to(root).as_posix() if inside.is_relative_to(root) else path
