"""Commits and what they hold, read and made without an index or a working tree."""

from collections.abc import Iterable, Iterator, Mapping

from importer.errors import JournalError
from importer.journal.git_program import Git
from importer.journal.schema import DamagedRow

__all__ = ["commit", "contents", "tree"]

_WHO = "Teams Importer <noreply@teams-importer.invalid>"
_TORN = "an object of its commit can't be read"


async def tree(git: Git, commit: str) -> dict[str, str]:
    """Return the files of *commit*: path to blob. DamagedRow when it can't be read."""
    answer = await git.ask("ls-tree", "-r", "-z", "--full-tree", commit)
    if answer.code:
        message = f"{_TORN} ({answer.said})"
        raise DamagedRow(message)
    entries = (it.partition("\t") for it in answer.out.decode("utf-8", "replace").split("\0") if it)
    return {path: told.split(" ")[2] for told, _, path in entries}


async def contents(git: Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return what these blobs hold. DamagedRow when one can't be read."""
    names = list(dict.fromkeys(blobs))
    if not names:
        return {}
    answer = await git.ask("cat-file", "--batch", given="".join(f"{it}\n" for it in names).encode())
    if answer.code:
        message = f"{_TORN} ({answer.said})"
        raise DamagedRow(message)
    return dict(_parsed(answer.out))


def _parsed(out: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        name, kind, *size = out[at:end].decode().split(" ")
        if not size:
            message = f"{_TORN}: {name} is {kind}"
            raise DamagedRow(message)
        at = end + 1 + int(size[0])
        yield name, out[end + 1 : at]
        at += 1


async def commit(
    git: Git,
    ref: str,
    parent: str | None,
    files: Mapping[str, bytes | None],
    *,
    message: str,
    at_s: int,
) -> str:
    """Return a commit that changes *files* of *parent* (None: goes away), kept at *ref* here."""
    answer = await git.ask(
        *("fast-import", "--quiet", "--force", "--done", "--cat-blob-fd=1"),
        given=b"".join(_stream(ref, parent, files, message, at_s)),
    )
    made = answer.out.decode("ascii", "replace").strip()
    if answer.code or not made:
        what = f"git can't make a commit: {answer.said}"
        remedy = "Make room and the repository writable, and run the same command again."
        raise JournalError(what, remedy=remedy)
    return made


def _stream(
    ref: str, parent: str | None, files: Mapping[str, bytes | None], message: str, at_s: int
) -> Iterator[bytes]:
    said = message.encode()
    yield f"commit {ref}\nmark :1\ncommitter {_WHO} {at_s} +0000\ndata {len(said)}\n".encode()
    yield said + b"\n"
    if parent is not None:
        yield f"from {parent}\n".encode()
    for path, content in sorted(files.items()):
        if content is None:
            yield f"D {path}\n".encode()
        else:
            yield f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
    yield b"get-mark :1\ndone\n"
