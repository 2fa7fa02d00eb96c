"""What a plan costs, before it is paid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from importer.model.ids import Kind, Verb, parent_key
from importer.model.live import Rates, Snapshot
from importer.model.plan import Change, Cost

__all__ = ["cost_of", "held_in"]

_NOTHING: Mapping[Kind, int] = MappingProxyType({})
_WITH_HISTORY = frozenset({Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE})

# Opening an apply: who am I, three probes of the right to write, the filter of all readings.
_OPENING = 5
# A post that was seen longer ago than this (in seconds) is read again before it is edited; one that
# is deleted, always.
_FRESH_FOR_S = 30.0


def cost_of(changes: Sequence[Change], rates: Rates, held: Mapping[Kind, int] = _NOTHING) -> Cost:
    """Return the requests and the least time of an undisturbed apply, from its start to its audit.

    *held* says how many posts of each kind that is read, and tags, the team holds: it is read
    whole. The time is the documented pace's bound: what a server asks for on the way (backoff)
    can't be known before.
    """
    if not changes:
        return Cost(per_day=rates.per_day)
    reads = _OPENING + _reading(rates, held) + _audit(changes, rates)
    waits = _waits(changes, rates)
    is_long = max(waits, (len(changes) + reads) / rates.per_second) > _FRESH_FOR_S
    posts = [it for it in changes if it.kind is not Kind.TAG]
    again = [it for it in posts if it.verb is Verb.DELETE or (is_long and it.ref)]
    # A tag is looked at one by one, right before its experts are set.
    reads += _pages(len(again), rates) + len(changes) - len(posts)
    seconds = round(max(waits, (len(changes) + reads) / rates.per_second), 1)
    bumped = {
        parent_key(change.key) or change.key
        for change in changes
        if change.bumps and change.kind in (Kind.QUESTION, Kind.ANSWER)
    }
    return Cost(len(changes), reads, seconds, rates.per_day, len(bumped))


def held_in(snapshot: Snapshot) -> Mapping[Kind, int]:
    """Return how many tags the team holds, and posts of each kind that is read by itself."""
    counts = Counter(ref.kind for ref in snapshot.items)
    asked = snapshot.covered - {Kind.TAG, Kind.QUESTION, Kind.ANSWER}
    held = {Kind.TAG: len(snapshot.tags), Kind.QUESTION: counts[Kind.QUESTION]}
    return held | {it: counts[it] for it in sorted(asked)}


def _reading(rates: Rates, held: Mapping[Kind, int]) -> int:
    """Return the requests of reading the team: synonyms, tags, and posts; answers come along."""
    counts = {Kind.TAG: 0, Kind.QUESTION: 0, **held}
    return 1 + sum(max(1, _pages(it, rates)) for it in counts.values())


def _waits(changes: Sequence[Change], rates: Rates) -> float:
    """Return the seconds that creates of one kind wait for each other, of the slowest kind."""
    created = Counter(it.kind for it in changes if it.verb is Verb.CREATE)
    waits = (gap_s * max(0, created[kind] - 1) for kind, gap_s in rates.between_creates.items())
    return max(waits, default=0.0)


def _audit(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards: at new posts for doubles, at edits' histories."""
    created = Counter(it.kind for it in changes if it.verb is Verb.CREATE)
    edited = sum(it.verb is Verb.UPDATE and it.kind in _WITH_HISTORY for it in changes)
    listed = {Kind.QUESTION, Kind.ANSWER, *created}
    new = sum(max(1, _pages(created[it], rates)) for it in listed)
    return (new if created else 0) + _pages(edited, rates)


def _pages(number: int, rates: Rates) -> int:
    return -(-number // rates.page_size)
