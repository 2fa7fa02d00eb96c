"""Looks, after the writes, for posts that share a key and for edits that ours went over.

Two posts of one key come from a write that the server did twice, from two runs at once, or from a
settle window that was too short. Which of them counts, and which go, `planning/doubling.py` says.

The service has no conditional edit. Whether somebody's edit slipped in between our reading and our
writing is seen afterwards in the post's history, which keeps it: that is reported as well.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from importer.model.ids import Kind, Ref, UserId
from importer.model.ledger import Operation
from importer.model.live import Denied, LiveItem, Newest, Revision, Revisions, Same
from importer.model.report import Incident
from importer.ports import TeamReader

__all__ = [
    "Looked",
    "foreign_edits",
    "lost_edits",
    "read_new_posts",
]

# Creation dates are whole seconds, and the server's clock is known to a second.
_BLUR = timedelta(seconds=2)
_VECTOR = 100


async def read_new_posts(
    reader: TeamReader,
    authors: Collection[UserId | None],
    since: datetime,
    kinds: frozenset[Kind],
    known: Mapping[Ref, LiveItem],
) -> list[LiveItem]:
    """Return the authors' posts of *kinds* created since then; *known* may be as last seen."""
    parents = {ref: live.parent for ref, live in known.items()}
    posts: list[LiveItem] = []
    for author in sorted(who for who in authors if who is not None):
        async for got in reader.read(Newest(author, since - _BLUR, kinds, parents)):
            if isinstance(got, LiveItem):
                posts.append(got)
            elif isinstance(got, Same) and got.ref in known:
                posts.append(known[got.ref])
    return posts


def foreign_edits(revisions: Sequence[Revision], edit: Operation) -> tuple[Revision, ...] | None:
    """Return other people's revisions between the state that *edit* rests on and its own.

    *revisions* are the post's, in any order. None: its own isn't among them. A stale copy of the
    team answered then, or the edit made no revision of its own.
    """
    as_of = edit.read_as_of
    if as_of is None:
        return ()
    ordered = sorted((it for it in revisions if it.made_at >= as_of), key=lambda it: it.number)
    read = _number_read(ordered, edit)
    last = min((it.number for it in ordered if it.number > read and _is_ours(it, edit)), default=0)
    if not last:
        return None
    return tuple(it for it in ordered if read < it.number < last and it.author != edit.author)


def _number_read(ordered: Sequence[Revision], edit: Operation) -> int:
    """Return the number of the revision that *edit* rests on, among those since its date.

    Nothing here compares the date of a revision with ours: the two clocks may disagree. Dates are
    whole seconds: of several revisions in one, the one that was read has its author, and comes
    before ours, which may be of that second as well.
    """
    same = [
        it.number for it in ordered if (it.made_at, it.author) == (edit.read_as_of, edit.read_by)
    ]
    latest = max((it.number for it in ordered if _is_ours(it, edit)), default=0)
    return max([it for it in same if it < latest] or same, default=0)


def _is_ours(revision: Revision, edit: Operation) -> bool:
    return revision.author == edit.author


def strange_edits(
    revisions: Sequence[Revision], edits: Sequence[Operation]
) -> tuple[Revision, ...]:
    """Return the revisions in the token's user's name since *edits* began, if they are too many.

    *edits* are all of ours of one post, as far as nobody looked at them. An access token is a
    person's: what the person edits by hand in between bears the same name.
    """
    first = min(edits, key=lambda it: it.opened_at or datetime.max.replace(tzinfo=UTC))
    as_of = first.read_as_of
    if as_of is None:
        return ()
    ordered = sorted((it for it in revisions if it.made_at >= as_of), key=lambda it: it.number)
    read = _number_read(ordered, first)
    own = tuple(it for it in ordered if it.number > read and _is_ours(it, first))
    return own if len(own) > len(edits) else ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What the posts' histories show: edits that ours went over, and ours that don't show yet."""

    incidents: tuple[Incident, ...]
    hidden: tuple[Operation, ...]


async def lost_edits(reader: TeamReader, edits: Sequence[Operation]) -> Looked:
    """Return an incident for each edit that somebody made in the moment before one of *edits*.

    A collection has no history, and where a dialect tells of none (Denied), nothing can be seen.
    """
    revisions: dict[int, list[Revision]] = defaultdict(list)
    edits = [it for it in edits if it.kind is not Kind.COLLECTION]
    refs = sorted({it.ref for it in edits if it.ref is not None})
    for some in (refs[at : at + _VECTOR] for at in range(0, len(refs), _VECTOR)):
        async for got in reader.read(Revisions(tuple(some))):
            if isinstance(got, Denied):
                return Looked((), ())
            if isinstance(got, Revision):
                revisions[got.post_id].append(got)
    found = [
        (edit, edit.ref, foreign_edits(revisions[edit.ref.id], edit)) for edit in edits if edit.ref
    ]
    incidents = [_overwritten(edit, ref, foreign) for edit, ref, foreign in found if foreign]
    by_ref: dict[Ref, list[Operation]] = defaultdict(list)
    for edit, ref, _ in found:
        by_ref[ref].append(edit)
    for ref, several in by_ref.items():
        if strange := strange_edits(revisions[ref.id], several):
            incidents.append(_too_many(several[-1], ref, strange, len(several)))
    return Looked(tuple(incidents), tuple(edit for edit, _, foreign in found if foreign is None))


def _overwritten(edit: Operation, ref: Ref, foreign: Sequence[Revision]) -> Incident:
    numbers = ", ".join(str(it.number) for it in foreign)
    what = (
        f"somebody edited {ref} while it was being written; that text is kept in the post's "
        f"history as revision {numbers}: look at it and take in what is missing"
    )
    return Incident(what, edit.key, (ref,), severe=True)


def _too_many(edit: Operation, ref: Ref, revisions: Sequence[Revision], ours: int) -> Incident:
    numbers = ", ".join(str(it.number) for it in revisions)
    what = (
        f"{ref} has {len(revisions)} new revisions in the name of the token's user ({numbers}), "
        f"only {ours} from here: somebody edited it by hand while it was being written; look at "
        "them and take in what is missing"
    )
    return Incident(what, edit.key, (ref,), severe=True)
