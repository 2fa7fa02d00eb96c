"""What a plan costs, before it is paid.

Where lists bear content, a hundred posts are read in one request, and looked at again in one. Where
they don't (`Rates.singly`), each post that isn't known costs a request, each question with such an
answer one for the list of its answers, and each edit or deletion a look of its own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from importer.model.ids import Field, Key, Kind, Verb, parent_key
from importer.model.live import LiveItem, Rates, Snapshot
from importer.model.plan import Change, Cost

__all__ = ["cost_of", "held_in", "singly_read"]

_NOTHING: Mapping[Kind, int] = MappingProxyType({})
_WITH_HISTORY = frozenset({Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE})

# At the door of each further API: who am I, three probes of the right to write.
_AT_A_DOOR = 4
# Before writing in others' names: whether that can be done; for each of them an account, a token.
_AUTHORS, _AN_AUTHOR = 1, 2
# A post that was seen longer ago than this (in seconds) is read again before it is edited; one that
# is deleted, always.
_FRESH_FOR_S = 30.0


# Requests of a look before a deletion that has to show whether others have engaged.
_LOOKS_OF_DELETION = {Kind.QUESTION: 3, Kind.ARTICLE: 2}


def cost_of(
    changes: Sequence[Change],
    rates: Rates,
    held: Mapping[Kind, int] = _NOTHING,
    singly: int = 0,
) -> Cost:
    """Return the requests and the least time of an undisturbed apply, from its start to its audit.

    *held* says how many posts of each kind that is read, and tags, the team holds: it is read
    whole; *singly* are the requests beside its lists where those bear no content. The time is the
    documented pace's bound: what a server asks for on the way (backoff) can't be known before.
    """
    if not changes:
        return Cost(per_day=rates.per_day)
    bumped = _bumped(changes)
    reads = _opening(changes, rates) + _reading(rates, held)
    reads += singly + _audit_of_lists(changes, rates) if rates.singly else _audit(changes, rates)
    waits = _waits(changes, rates)
    is_long = max(waits, _least_s(len(changes) + reads, rates)) > _FRESH_FOR_S
    posts = [it for it in changes if it.kind is not Kind.TAG]
    if rates.singly:
        reads += sum(_looks(it, is_long=is_long) for it in posts)
    else:
        again = [it for it in posts if it.verb is Verb.DELETE or (is_long and it.ref)]
        reads += _pages(len(again), rates)
    # A tag is looked at one by one, right before its experts are set.
    reads += len(changes) - len(posts)
    seconds = round(max(waits, _least_s(len(changes) + reads, rates)), 1)
    uploaded = sum(it.picture.size for it in changes if it.picture)
    return Cost(len(changes), reads, seconds, rates.per_day, len(bumped), uploaded)


def singly_read(snapshot: Snapshot) -> int:
    """Return what reading *snapshot* again costs beside the lists, where those bear no content."""
    read = [
        it
        for ref, it in snapshot.items.items()
        if isinstance(it, LiveItem) and ref not in snapshot.unread and Field.BODY in it.fields
    ]
    lists = {it.parent for it in read if it.parent is not None}
    # A list of the questions with an accepted answer says which marks moved.
    marks = any(ref.kind is Kind.ANSWER for ref in snapshot.unread)
    return len(read) + len(lists) + marks


def _least_s(requests: int, rates: Rates) -> float:
    """Return the seconds that the documented pace takes for so many requests."""
    seconds = requests / rates.per_second
    if rates.bucket:
        seconds = max(seconds, (requests - rates.bucket) / rates.refill_per_s)
    return seconds


def _bumped(changes: Sequence[Change]) -> set[Key]:
    """Return the questions that come to the top of everybody's page."""
    return {
        parent_key(change.key) or change.key
        for change in changes
        if change.bumps and change.kind in (Kind.QUESTION, Kind.ANSWER)
    }


def _looks(change: Change, *, is_long: bool) -> int:
    """Return the requests for one change's post, right before its write."""
    match change.verb:
        case Verb.CREATE:
            return 0
        case Verb.DELETE:
            return _LOOKS_OF_DELETION.get(change.kind, 1)
        case Verb.UPDATE:
            # A collection's editors are read, as a replacement would take them away.
            return 2 if change.kind is Kind.COLLECTION else 1
        case Verb.SET:
            # What confirms a mark has no text: that of an answer from before this run is read.
            return (1 + is_long) if change.ref else 0
    assert_never(change.verb)


def held_in(snapshot: Snapshot) -> Mapping[Kind, int]:
    """Return how many tags the team holds, and posts of each kind that is read by itself."""
    counts = Counter(ref.kind for ref in snapshot.items)
    asked = snapshot.covered - {Kind.TAG, Kind.QUESTION, Kind.ANSWER}
    held = {Kind.TAG: len(snapshot.tags), Kind.QUESTION: counts[Kind.QUESTION]}
    return held | {it: counts[it] for it in sorted(asked)}


def _opening(changes: Sequence[Change], rates: Rates) -> int:
    authors = {it.author for it in changes if it.author is not None}
    asked = _AUTHORS + _AN_AUTHOR * len(authors) if authors else 0
    return rates.opening + _AT_A_DOOR * (rates.doors - 1) + asked


def _reading(rates: Rates, held: Mapping[Kind, int]) -> int:
    """Return the requests of reading the team: synonyms, tags, and posts; answers come along."""
    counts = {Kind.TAG: 0, Kind.QUESTION: 0, **held}
    return (not rates.singly) + sum(max(1, _pages(it, rates)) for it in counts.values())


def _waits(changes: Sequence[Change], rates: Rates) -> float:
    """Return the seconds that creates of one kind wait for each other, of the slowest kind."""
    created = Counter(it.kind for it in changes if it.verb is Verb.CREATE)
    waits = (gap_s * max(0, created[kind] - 1) for kind, gap_s in rates.between_creates.items())
    return max(waits, default=0.0)


def _audit(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards: at new posts for doubles, at edits' histories."""
    created = _listed_creates(changes)
    edited = sum(it.verb is Verb.UPDATE and it.kind in _WITH_HISTORY for it in changes)
    listed = {Kind.QUESTION, Kind.ANSWER, *created}
    new = sum(max(1, _pages(created[it], rates)) for it in listed)
    return (new if created else 0) + _pages(edited, rates)


def _audit_of_lists(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards where there are lists alone, and no histories.

    Answers are looked for under the questions that moved: a list that takes several pages is looked
    at once more, for what moved meanwhile.
    """
    created = _listed_creates(changes)
    if not created:
        return 0
    moved = max(1, _pages(len(_bumped(changes)), rates))
    listed = {Kind.QUESTION, *created} - {Kind.ANSWER}
    return moved + (moved > 1) + sum(max(1, _pages(created[it], rates)) for it in listed)


def _pages(number: int, rates: Rates) -> int:
    return -(-number // rates.page_size)


def _listed_creates(changes: Sequence[Change]) -> Mapping[Kind, int]:
    """Return how many of each kind are created, but for images, which no list shows."""
    return Counter(
        it.kind for it in changes if it.verb is Verb.CREATE and it.kind is not Kind.IMAGE
    )
