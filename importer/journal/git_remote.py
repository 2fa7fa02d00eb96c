"""A ref of a remote repository: read, and moved by compare-and-set."""

import asyncio
import tempfile
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path

from importer.errors import JournalError
from importer.journal.git_address import GitRef
from importer.journal.git_program import Answer, Git

__all__ = ["GitRemote", "Moved", "require_push"]

_AGAIN_S = (1.0, 3.0)
_ALLOW = (
    "The token of this job may have to be allowed to push: `permissions: contents: write` on "
    "GitHub (and checkout's credentials kept), a project access token that may write on GitLab."
)
_REACH = "Check the remote's address, the network, and git's credentials; then the same command."


class Moved(Exception):
    """The ref is no longer what it was: somebody else has moved it."""


class GitRemote:
    """One ref of one remote, with a repository here to keep its objects in."""

    def __init__(self, place: GitRef, stack: ExitStack) -> None:
        self._place = place
        self._stack = stack
        self._git: Git | None = None
        # What was fetched before needn't be fetched again.
        self.kept_at = f"refs/teams-importer.local/{sha256(str(place).encode()).hexdigest()[:16]}"

    async def git(self) -> Git:
        """Return git in the manifest's repository; where there is none, in one of our own."""
        if self._git is None:
            git = Git(self._place.folder, self._place)
            if (await git.ask("rev-parse", "--git-dir")).code:
                git = await self._own(git)
            self._git = git
        return self._git

    async def _own(self, git: Git) -> Git:
        if self._place.is_named:
            answer = await git.ask("rev-parse", "--git-dir")
            folder = self._place.folder.absolute()
            message = f"{folder} is in no git repository that can be used: {answer.said}"
            remedy = (
                "Run it in a clone that is yours (or named in git's `safe.directory`), or name "
                "the repository's URL: git:https://host/owner/name."
            )
            raise JournalError(message, remedy=remedy)
        name = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="teams-importer-"))
        own = Git(Path(name), self._place)
        _require(await own.ask("init", "--quiet", "--bare"), "a repository can't be made")
        return own

    async def tip(self) -> str | None:
        """Return the commit that the ref is at, None where there is no such ref."""
        git = await self.git()
        answer = await git.ask("ls-remote", "--", self._place.address, self._place.ref)
        if answer.code:
            raise self._unreachable(answer.said)
        found = (line.split("\t") for line in answer.out.decode().splitlines())
        return next((commit for commit, name in found if name == self._place.ref), None)

    async def fetch(self) -> str | None:
        """Bring the commit that the ref is at with all that it holds; None where there is none."""
        git = await self.git()
        said = ""
        for pause_s in (0.0, *_AGAIN_S):
            await asyncio.sleep(pause_s)
            commit = await self.tip()
            if commit is None or await self._has(commit):
                return commit
            shallow = await git.ask("rev-parse", "--is-shallow-repository")
            depth = ("--depth=1",) if shallow.out.strip() == b"true" else ()
            how = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-filter", *depth)
            answer = await git.ask("fetch", *how, "--", self._place.address, self._place.ref)
            if answer.code:
                said = answer.said
            else:
                await git.ask("update-ref", self.kept_at, commit)
                if await self._has(commit):
                    return commit
        raise self._unreachable(said or "it moves all the time")

    async def _has(self, commit: str) -> bool:
        git = await self.git()
        return not (await git.ask("cat-file", "-e", f"{commit}^{{tree}}")).code

    async def push(self, commit: str, expected: str | None) -> None:
        """Move the ref from *expected* (None: it isn't there) to *commit*.

        Moved when it is at something else. JournalError when it can't be moved, or nobody knows.
        """
        git = await self.git()
        lease = f"--force-with-lease={self._place.ref}:{expected or ''}"
        how = ("--quiet", "--porcelain", "--no-verify", lease)
        goal = f"{commit}:{self._place.ref}"
        said = ""
        for pause_s in (0.0, *_AGAIN_S):
            await asyncio.sleep(pause_s)
            answer = await git.ask("push", *how, "--", self._place.address, goal)
            if not answer.code:
                return
            said = answer.said
            with suppress(JournalError):
                found = await self.tip()
                if found == commit:
                    return
                if found != expected:
                    raise Moved
        message = f"the journal {self._place} can't be written: {said}"
        raise JournalError(message, remedy=_ALLOW)

    def _unreachable(self, said: str) -> JournalError:
        return JournalError(f"the journal {self._place} can't be read: {said}", remedy=_REACH)


async def require_push(place: GitRef) -> None:
    """Raise JournalError where the ref can't be pushed to, as far as a rehearsal shows it."""
    with ExitStack() as stack:
        remote = GitRemote(place, stack)
        git = await remote.git()
        # An object that git knows without having it.
        tree = (await git.ask("hash-object", "-t", "tree", "/dev/null")).out.decode().strip()
        goal = f"{tree}:{place.ref}"
        how = ("--quiet", "--dry-run", "--force", "--no-verify")
        answer = await git.ask("push", *how, "--", place.address, goal)
    if answer.code:
        message = f"the journal {place} can't be pushed to: {answer.said}"
        raise JournalError(message, remedy=_ALLOW)


def _require(answer: Answer, what: str) -> None:
    if answer.code:
        message = f"{what}: {answer.said}"
        raise JournalError(message, remedy="Mend that, and run the same command again.")
