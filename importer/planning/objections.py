"""What speaks against taking a write back: a code, the reason, and what a person can do."""

from dataclasses import dataclass

from importer.model.ids import Field, RunId
from importer.model.plan import BlockedCode

__all__ = [
    "EDITED",
    "ENGAGED",
    "GONE",
    "LET_GO",
    "LOCKED",
    "NEWER",
    "OPEN",
    "PROTECTED",
    "QUESTION_STAYS",
    "STRANGE",
    "UNREAD",
    "Objection",
    "changed_later",
    "untold",
]


@dataclass(frozen=True, slots=True)
class Objection:
    """Becomes a blocked line of the plan."""

    code: BlockedCode
    why: str
    remedy: str


def changed_later(run: RunId) -> Objection:
    """Return the objection that *run* wrote it after the run that is to be taken back."""
    why = f"a later run changed it ({run})"
    return Objection(BlockedCode.LATER_RUN, why, f"Undo that one first: undo {run}")


def untold(field: Field) -> Objection:
    """Return the objection that nothing tells what *field* is by now."""
    why = f"what {field} it has now could not be read"
    return Objection(BlockedCode.UNREAD, why, "Set it back on the site, or undo over another API.")


OPEN = Objection(
    BlockedCode.OPEN,
    "what came of a write of it is not known yet",
    "Undo it without --dry-run: that looks first.",
)
UNREAD = Objection(BlockedCode.UNREAD, "the team was not read completely", "Undo it again later.")
LET_GO = Objection(
    BlockedCode.CONFLICT, "it was let go since, and nothing here tends it", "Delete it on the site."
)
PROTECTED = Objection(
    BlockedCode.PROTECTED,
    "it is not deleted: it was written with `protect: true`",
    "Take `protect:` off the item and apply, then undo again.",
)
ENGAGED = Objection(
    BlockedCode.ENGAGED,
    "it is not deleted: others have answered, commented or voted on it",
    "Leave it, or talk to them and delete it on the site.",
)
QUESTION_STAYS = Objection(
    BlockedCode.NEEDS,
    "it is not deleted: its question stays, and would be left without it",
    "Leave it, or delete it on the site.",
)
STRANGE = Objection(
    BlockedCode.ENGAGED,
    "it is not deleted: its author is not the one in whose name the run wrote it",
    "Leave it, or talk to them and delete it on the site.",
)
EDITED = Objection(
    BlockedCode.CONFLICT,
    "it was changed on the site since",
    "Keep that, or set it back on the site: its history has every version.",
)
GONE = Objection(
    BlockedCode.GONE,
    "its post was deleted on the site since",
    "Undelete it on the site, then undo again.",
)
LOCKED = Objection(
    BlockedCode.LOCKED, "its post is locked on the site", "Unlock it on the site, then undo again."
)
NEWER = Objection(
    BlockedCode.NEWER_MARKER,
    "it was written by a newer importer",
    "Use that version of the importer.",
)
