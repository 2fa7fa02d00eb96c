"""Looks, after the writes, for posts that share a key and for edits that ours went over.

Two posts of one key come from a write that the server did twice, from two runs at once, or from a
settle window that was too short. The lowest id wins, everywhere and without talking to anybody. Of
the others, this run removes what its own journal says was made from here, where nobody else has
engaged with it; the rest is reported. A person's copy of a marked text, being another author's, is
none of ours.

The service has no conditional edit. Whether somebody's edit slipped in between our reading and our
writing is seen afterwards in the post's history, which keeps it: that is reported as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from importer.model.ids import Key, Kind, Ref, UserId, Verb, split_full_key
from importer.model.ledger import Operation, State
from importer.model.live import LiveItem, Newest, Revision, Revisions
from importer.model.report import Incident
from importer.ports import TeamReader

__all__ = ["Double", "find_doubles", "foreign_edits", "lost_edits", "made_here", "read_new_posts"]

# Creation dates are whole seconds, and the server's clock is known to a second.
_BLUR = timedelta(seconds=2)
_VECTOR = 100


@dataclass(frozen=True, slots=True)
class Double:
    """The posts of one key: the one that counts, and the others."""

    key: Key
    winner: LiveItem
    losers: tuple[LiveItem, ...]

    @property
    def incident(self) -> Incident:
        """What is reported of it."""
        refs = (self.winner.ref, *(it.ref for it in self.losers))
        what = f"{len(refs)} posts carry this key's marker; {self.winner.ref} counts"
        return Incident(what, self.key, refs, severe=True)


def find_doubles(
    posts: Iterable[LiveItem], namespace: str, author: UserId | None
) -> tuple[Double, ...]:
    """Return the keys of *namespace* that several of the author's *posts* carry.

    The lowest id wins; an answer under a question that lost loses with it.
    """
    by_key: dict[tuple[Kind, str], dict[Ref, LiveItem]] = defaultdict(dict)
    for post in posts:
        if post.marker is None or post.facts.author != author or post.facts.deleted:
            continue
        if split_full_key(post.marker.key)[0] == namespace:
            by_key[post.ref.kind, post.marker.key][post.ref] = post
    found: list[Double] = []
    lost: set[Ref | None] = set()
    for (_, full), same in sorted(by_key.items(), key=lambda it: (it[0][0] is Kind.ANSWER, it[0])):
        winner, *losers = sorted(same.values(), key=lambda it: (it.parent in lost, it.ref))
        lost.update(it.ref for it in losers)
        if losers:
            found.append(Double(split_full_key(full)[1], winner, tuple(losers)))
    return tuple(found)


def made_here(history: Sequence[Operation]) -> frozenset[Ref]:
    """Return the posts that the journal says were created from here."""
    return frozenset(
        it.ref
        for it in history
        if it.verb is Verb.CREATE and it.state is State.DONE and it.ref is not None
    )


async def read_new_posts(
    reader: TeamReader, author: UserId | None, since: datetime
) -> list[LiveItem]:
    """Return the author's posts created since then."""
    if author is None:
        return []
    found = reader.read(Newest(author, since - _BLUR))
    return [it async for it in found if isinstance(it, LiveItem)]


def foreign_edits(
    revisions: Sequence[Revision], me: UserId | None, read: LiveItem, opened_at: datetime
) -> tuple[Revision, ...]:
    """Return other people's revisions between the state that was *read* and the one we wrote.

    *revisions* are the post's, in any order.
    """
    facts = read.facts
    as_of, by = facts.edited_at or facts.created_at, facts.editor or facts.author
    ordered = sorted(revisions, key=lambda it: it.number)
    ours = [it for it in ordered if it.author == me and it.made_at >= opened_at - _BLUR]
    if not ours or as_of is None:
        return ()
    # Dates are whole seconds: of several revisions in one, the one that was read has its author.
    was_read = [it.number for it in ordered if (it.made_at, it.author) == (as_of, by)]
    since = [
        it
        for it in ordered
        if it.made_at >= as_of and max(was_read, default=0) < it.number < ours[-1].number
    ]
    return tuple(it for it in since if it.author != me)


async def lost_edits(
    reader: TeamReader,
    me: UserId | None,
    edits: Mapping[Ref, tuple[Operation, LiveItem]],
) -> list[Incident]:
    """Return an incident for each edit that somebody made in the moment before ours.

    *edits* maps each post we edited to the operation and the state of it that was read.
    """
    revisions: dict[int, list[Revision]] = defaultdict(list)
    refs = sorted(edits)
    for some in (refs[at : at + _VECTOR] for at in range(0, len(refs), _VECTOR)):
        async for got in reader.read(Revisions(tuple(some))):
            if isinstance(got, Revision):
                revisions[got.post_id].append(got)
    incidents = []
    for ref in refs:
        operation, read = edits[ref]
        if operation.opened_at is None:
            continue
        foreign = foreign_edits(revisions[ref.id], me, read, operation.opened_at)
        if foreign:
            numbers = ", ".join(str(it.number) for it in foreign)
            what = (
                f"somebody edited {ref} while this run was writing it; that text is kept in the "
                f"post's history as revision {numbers}: look at it and take in what is missing"
            )
            incidents.append(Incident(what, operation.key, (ref,), severe=True))
    return incidents
