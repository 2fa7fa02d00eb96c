"""What a plan costs, before it is paid."""

from collections.abc import Sequence

from importer.model.ids import Kind, Verb, parent_key
from importer.model.live import Rates
from importer.model.plan import Change, Cost

__all__ = ["cost_of"]

# Opening an apply: who am I, two probes of the right to write.
_CHECK = 3


def cost_of(changes: Sequence[Change], rates: Rates) -> Cost:
    """Return the requests and the least time of an undisturbed apply.

    Posts to be edited are read again in bulk just before. The time is the documented pace's bound:
    what a server asks for on the way (backoff) can't be known before.
    """
    if not changes:
        return Cost(per_day=rates.per_day)
    edited = sum(change.verb is not Verb.CREATE for change in changes)
    reads = _CHECK + -(-edited // rates.page_size)
    seconds = round((len(changes) + reads) / rates.per_second, 1)
    bumped = {
        parent_key(change.key) or change.key
        for change in changes
        if change.bumps and change.kind in (Kind.QUESTION, Kind.ANSWER)
    }
    return Cost(len(changes), reads, seconds, rates.per_day, len(bumped))
