"""Tells which lines of a text surely stand in another version of it, and where.

A difference between two texts can be read in several ways: of two equal lines either may be the
new one. A line counts as kept only where every shortest reading keeps it, and in the same place; so
what is said doesn't depend on the algorithm, and two texts say the same in either order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

__all__ = ["kept_lines"]

# Comparing costs the product of the two lengths; beyond this many pairs nothing is kept.
_MOST_PAIRS = 2_000_000


def kept_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Return the places in *new* of the lines of *old* that are kept, both ascending."""
    head, tail = _ends(old, new)
    old_end, new_end = len(old) - tail, len(new) - tail
    kept = {place: place for place in range(head)}
    for one, other in _middle(old[head:old_end], new[head:new_end]):
        kept[head + one] = head + other
    for place in range(tail):
        kept[old_end + place] = new_end + place
    return kept


def _ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines both begin with, and end with, in every reading.

    Up to a line that stands once in either text nothing can have another place.
    """
    shorter = min(len(old), len(new))
    alike = next((it for it in range(shorter) if old[it] != new[it]), shorter)
    if alike == len(old) == len(new):
        return alike, 0
    often, there = Counter(old), Counter(new)
    single = {line for line, times in often.items() if times == 1 == there[line]}
    head = next((it + 1 for it in reversed(range(alike)) if old[it] in single), 0)
    room = shorter - head
    alike = next((it for it in range(room) if old[-1 - it] != new[-1 - it]), room)
    tail = next((it + 1 for it in reversed(range(alike)) if old[-1 - it] in single), 0)
    return head, tail


def _middle(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places that every longest common subsequence has."""
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return
    before = _lengths(old, new)
    behind = [row[::-1] for row in reversed(_lengths(old[::-1], new[::-1]))]
    longest = before[-1][-1]
    places: dict[str, list[int]] = {}
    for other, line in enumerate(new):
        places.setdefault(line, []).append(other)
    at_rank: dict[int, list[tuple[int, int]]] = {}
    for one, line in enumerate(old):
        for other in places.get(line, ()):
            rank = before[one][other]
            if rank + 1 + behind[one + 1][other + 1] == longest:
                at_rank.setdefault(rank, []).append((one, other))
    for rank in range(longest):
        if len(at_rank[rank]) == 1:
            yield at_rank[rank][0]


def _lengths(old: Sequence[str], new: Sequence[str]) -> list[list[int]]:
    """Return how long a common subsequence the first i and j lines have, by i and j."""
    above = [0] * (len(new) + 1)
    rows = [above]
    for line in old:
        row = [0]
        best = 0
        for place, other in enumerate(new):
            if line == other:
                best = above[place] + 1
            elif above[place + 1] > best:
                best = above[place + 1]
            row.append(best)
        rows.append(row)
        above = row
    return rows
