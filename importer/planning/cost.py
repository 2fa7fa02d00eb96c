"""What a plan costs, before it is paid."""

from collections.abc import Sequence

from importer.model.ids import Kind, Verb, parent_key
from importer.model.live import Rates
from importer.model.plan import Change, Cost

__all__ = ["cost_of"]

# Opening an apply: who am I, three probes of the right to write, the filter of all readings.
_OPENING = 5
# A post that was seen longer ago than this (in seconds) is read again before it is edited; one that
# is deleted, always.
_FRESH_FOR_S = 30.0


def cost_of(changes: Sequence[Change], rates: Rates, *, questions: int = 0, tags: int = 0) -> Cost:
    """Return the requests and the least time of an undisturbed apply, from its start to its audit.

    *questions* and *tags* say how many the team holds: it is read whole. The time is the documented
    pace's bound: what a server asks for on the way (backoff) can't be known before.
    """
    if not changes:
        return Cost(per_day=rates.per_day)
    reads = _OPENING + _reading(rates, questions, tags) + _audit(changes, rates)
    is_long = (len(changes) + reads) / rates.per_second > _FRESH_FOR_S
    again = [it for it in changes if it.verb is Verb.DELETE or (is_long and it.ref)]
    reads += _pages(len(again), rates)
    seconds = round((len(changes) + reads) / rates.per_second, 1)
    bumped = {
        parent_key(change.key) or change.key
        for change in changes
        if change.bumps and change.kind in (Kind.QUESTION, Kind.ANSWER)
    }
    return Cost(len(changes), reads, seconds, rates.per_day, len(bumped))


def _reading(rates: Rates, questions: int, tags: int) -> int:
    """Return the requests of reading the team: its synonyms, tags, questions with their answers."""
    return 1 + max(1, _pages(tags, rates)) + max(1, _pages(questions, rates))


def _audit(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards: at new posts for doubles, at edits' histories."""
    created = [it.kind for it in changes if it.verb is Verb.CREATE]
    edited = sum(it.verb is Verb.UPDATE for it in changes)
    new = sum(max(1, _pages(created.count(it), rates)) for it in (Kind.QUESTION, Kind.ANSWER))
    return (new if created else 0) + _pages(edited, rates)


def _pages(number: int, rates: Rates) -> int:
    return -(-number // rates.page_size)
