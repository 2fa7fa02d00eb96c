"""A ref of a remote repository: read, and moved by compare-and-set."""

import asyncio
import re
import time
from contextlib import ExitStack
from hashlib import sha256

from importer.errors import JournalError
from importer.journal.git_address import GitRef
from importer.journal.git_home import Home, find_home
from importer.journal.git_program import TIMEOUT_S, Answer, Git

__all__ = ["GitRemote", "Moved", "require_push"]

_AGAIN_S = (1.0, 3.0)
_LOOK_S = 30.0
"""To be told where a ref is takes no longer, or the remote hangs."""
_LEAST_S = 10.0
"""With less time left, nothing is tried again."""
_ALLOW = (
    "The token of this job may have to be allowed to push: on GitHub by `permissions: contents: "
    "write` (and checkout's credentials kept), on GitLab by the project's setting for job tokens "
    "(docs/journals.md)."
)
_REACH = "Check the remote's address, the network, and git's credentials; then the same command."
# What the next try would be told as well.
_FOR_GOOD = re.compile(
    r"not (found|appear to be a git)|could not read (Username|Password)|Authentication failed"
    r"|[Pp]ermission denied|URL returned error: 40[0134]"
)


class Moved(Exception):
    """The ref is no longer what it was: somebody has moved it to `found`; None: deleted it."""

    def __init__(self, found: str | None) -> None:
        super().__init__(found)
        self.found = found


class GitRemote:
    """One ref of one remote, with a repository here to keep its objects in."""

    def __init__(self, place: GitRef, stack: ExitStack) -> None:
        self._place = place
        self._stack = stack
        self._found: Home | None = None
        # What was fetched before needn't be fetched again.
        self.kept_at = f"refs/teams-importer.local/{sha256(str(place).encode()).hexdigest()[:16]}"

    async def home(self) -> Home:
        """Return the repository here. JournalError as `find_home`."""
        if self._found is None:
            self._found = await find_home(self._place, self._stack)
        return self._found

    async def git(self) -> Git:
        """Return git in the repository here. JournalError as `find_home`."""
        return (await self.home()).git

    async def tip(self) -> str | None:
        """Return the commit that the ref is at, None where there is no such ref."""
        answer = await self._looked()
        if answer.code:
            raise self._unreachable(answer.said)
        return self._tip_in(answer)

    async def _looked(self) -> Answer:
        home = await self.home()
        asked = ("ls-remote", "--", home.address, self._place.ref)
        return await home.git.ask(*asked, within_s=min(_LOOK_S, TIMEOUT_S))

    def _tip_in(self, answer: Answer) -> str | None:
        found = (line.split("\t") for line in answer.out.decode().splitlines())
        return next((commit for commit, name in found if name == self._place.ref), None)

    async def fetch(self) -> str | None:
        """Bring the commit that the ref is at with all that it holds; None where there is none."""
        git, began_s, said = await self.git(), time.monotonic(), ""
        for pause_s in (0.0, *_AGAIN_S):
            if not (left_s := await _left_s(began_s, pause_s)):
                break
            answer = await self._looked()
            if not answer.code:
                commit = self._tip_in(answer)
                if commit is None or await self._has(commit):
                    return commit
                answer = await self._brought(left_s)
                if not answer.code:
                    await git.ask("update-ref", self.kept_at, commit)
                    if await self._has(commit):
                        return commit
                    if not (await git.ask("cat-file", "-e", commit)).code:
                        raise self.no_journal()
            said = answer.said
            if _FOR_GOOD.search(said):
                break
        raise self._unreachable(said or "it moves all the time")

    async def _brought(self, within_s: float) -> Answer:
        home = await self.home()
        shallow = await home.git.ask("rev-parse", "--is-shallow-repository")
        # Nobody will fetch the next commit into one that is gone after the run.
        is_shallow = home.is_own or shallow.out.strip() == b"true"
        depth = ("--depth=1",) if is_shallow else ()
        how = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-filter", *depth)
        asked = ("fetch", *how, "--", home.address, self._place.ref)
        return await home.git.ask(*asked, within_s=within_s)

    async def _has(self, commit: str) -> bool:
        git = await self.git()
        return not (await git.ask("cat-file", "-e", f"{commit}^{{tree}}")).code

    async def push(self, commit: str, expected: str | None) -> None:
        """Move the ref from *expected* (None: it isn't there) to *commit*.

        Moved when it is at something else. JournalError when it can't be moved, or nobody knows.
        """
        home, began_s, said = await self.home(), time.monotonic(), ""
        lease = f"--force-with-lease={self._place.ref}:{expected or ''}"
        how = ("--quiet", "--porcelain", "--no-verify", lease)
        asked = ("push", *how, "--", home.address, f"{commit}:{self._place.ref}")
        for pause_s in (0.0, *_AGAIN_S):
            if not (left_s := await _left_s(began_s, pause_s)):
                break
            answer = await home.git.ask(*asked, within_s=left_s)
            if not answer.code:
                return
            said = "; ".join([*_refused(answer), answer.said])
            looked = await self._looked()
            if not looked.code:
                found = self._tip_in(looked)
                if found == commit:
                    return
                if found != expected:
                    raise Moved(found)
            if _FOR_GOOD.search(said):
                break
        message = f"the journal {self._place} can't be written: {self._place.redact(said)}"
        raise JournalError(message, remedy=_ALLOW)

    def _unreachable(self, said: str) -> JournalError:
        return JournalError(f"the journal {self._place} can't be read: {said}", remedy=_REACH)

    def no_journal(self) -> JournalError:
        """Return the error for a ref that is somebody else's."""
        message = f"{self._place} holds something else than a journal"
        return JournalError(message, remedy="Name another ref with --journal.")


def _refused(answer: Answer) -> list[str]:
    """Return why a server refused a push, in its own words: `--porcelain` has them in a column."""
    rows = (it.split("\t") for it in answer.out.decode("utf-8", "replace").splitlines())
    return [columns[2] for columns in rows if columns[0] == "!" and len(columns) > 2]


async def _left_s(began_s: float, pause_s: float) -> float:
    """Pause, and return how long the next try may take; 0: what was begun took long enough."""
    await asyncio.sleep(pause_s)
    left_s = TIMEOUT_S - (time.monotonic() - began_s)
    return left_s if left_s >= min(_LEAST_S, TIMEOUT_S / 2) else 0.0


async def require_push(place: GitRef) -> None:
    """Raise JournalError where the ref can't be pushed to, as far as a rehearsal shows it."""
    with ExitStack() as stack:
        remote = GitRemote(place, stack)
        home = await remote.home()
        git = home.git
        # An object that git knows without having it.
        tree = (await git.ask("hash-object", "-t", "tree", "/dev/null")).out.decode().strip()
        goal = f"{tree}:{place.ref}"
        how = ("--quiet", "--dry-run", "--force", "--no-verify")
        answer = await git.ask("push", *how, "--", home.address, goal)
    if answer.code:
        message = f"the journal {place} can't be pushed to: {answer.said}"
        raise JournalError(message, remedy=_ALLOW)
