"""The repository here that git works in: the manifest's own, or one that is made for the run."""

import os
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from importer.errors import JournalError
from importer.journal.git_address import GitRef
from importer.journal.git_program import Answer, Git

__all__ = ["Home", "find_home"]

_OLDEST = (2, 31)
"""Takes configuration from its environment (release notes of git 2.31, read 2026-11-27)."""
_WRONG_USE = 129
_OURS = "teams-importer-journal"
_PUSHES_ELSEWHERE = r"^(remote\..*\.pushurl|url\..*\.pushinsteadof)$"


@dataclass(frozen=True, slots=True)
class Home:
    """Where objects are kept. `address` is what git is given there for the remote.

    One of our own is new, and knows nothing of earlier runs.
    """

    git: Git
    address: str
    is_own: bool = False


async def find_home(place: GitRef, stack: ExitStack) -> Home:
    """Return the manifest's repository; where there is none to write to, one of our own.

    That one lasts as long as *stack*, and has the other's configuration. JournalError where a
    remote's name means nothing or several places, and for a git that is too old.
    """
    clone = Git(place.folder, place)
    _require_new(await clone.ask("version"))
    found = await clone.ask("rev-parse", "--git-path", "objects", "--git-path", "config")
    if found.code and place.is_named:
        folder = place.folder.absolute()
        message = f"{folder} is in no git repository that can be used: {found.said}"
        remedy = (
            "Run it in a clone that is yours (or named in git's `safe.directory`), or name "
            "the repository's URL: git:https://host/owner/name."
        )
        raise JournalError(message, remedy=remedy)
    if found.code:
        return Home(await _own(place, stack, None), place.address, is_own=True)
    objects, config = (clone.folder / os.fsdecode(it) for it in found.out.splitlines())
    url = await _pushed_to(clone, place)
    address = place.address if url is None else _OURS
    settings = () if url is None else ((f"remote.{_OURS}.url", url),)
    if place.remote == "." or os.access(objects, os.W_OK):
        return Home(Git(place.folder, place, settings), address)
    own = await _own(place, stack, config)
    return Home(Git(own.folder, place, settings), address, is_own=True)


def _require_new(answer: Answer) -> None:
    found = re.search(rb"(\d+)\.(\d+)\S*", answer.out)
    is_old = found is not None and tuple(map(int, found.groups())) < _OLDEST
    if is_old or answer.code == _WRONG_USE:
        is_said = f"version {found[0].decode()}" if found else answer.said
        message = f"this git is too old for a journal on a git ref: {is_said}"
        oldest = ".".join(map(str, _OLDEST))
        raise JournalError(message, remedy=f"Install git {oldest} or later, and try again.")


async def _pushed_to(git: Git, place: GitRef) -> str | None:
    """Return the URL that a push to the remote goes to, where a fetch goes to another.

    The ref is read where it is written: otherwise nobody would see what was pushed.
    """
    if not place.is_named or place.remote == ".":
        return None
    if (await git.ask("config", "--get-regexp", _PUSHES_ELSEWHERE)).code:
        return None
    told = await git.ask("remote", "get-url", "--push", "--all", place.remote)
    urls = os.fsdecode(told.out).splitlines()
    if len(urls) > 1:
        message = f"a push to the remote {place.remote} goes to {len(urls)} places"
        remedy = "Name the one that keeps the journal: git:https://host/owner/name."
        raise JournalError(message, remedy=remedy)
    return urls[0] if urls else None


async def _own(place: GitRef, stack: ExitStack, config: Path | None) -> Git:
    name = stack.enter_context(tempfile.TemporaryDirectory(prefix="teams-importer-"))
    own = Git(Path(name), place)
    made = await own.ask("init", "--quiet", "--bare")
    if config is not None and not made.code:
        made = await own.ask("config", "include.path", str(config))
    if made.code:
        message = f"a repository can't be made: {made.said}"
        raise JournalError(message, remedy="Mend that, and run the same command again.")
    return own
