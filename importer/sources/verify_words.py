"""Finds the words of a text that another text doesn't have: block by block, then word by word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Run", "missing_runs"]

# Beyond, words are compared by their number, whatever their order.
_MOST_COMPARED = 4_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """Words of the source that follow each other; `changed` if they are there in another form."""

    words: tuple[str, ...]
    instead: str = ""
    changed: bool = False


def missing_runs(source: Sequence[str], result: Sequence[str]) -> tuple[int, list[Run]]:
    """Return how many words of the *source*'s blocks are kept, and those that are not."""
    total = sum(len(block.split()) for block in source)
    found: list[Run] = []
    added: Counter[str] = Counter()
    for ours, theirs in _different(source, result):
        gone, more = _apart(" ".join(ours).split(), " ".join(theirs).split())
        found += gone
        added.update(more)
    runs = [_moved(run, added) for run in found]
    return total - sum(len(run.words) for run in runs), runs


def _different(
    source: Sequence[str], result: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield the blocks that differ, with what stands in their place."""
    first = [_bare(it) for it in source]
    second = [_bare(it) for it in result]
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    for kind, low, high, begin, end in matcher.get_opcodes():
        if kind != "equal":
            yield source[low:high], result[begin:end]


def _bare(text: str) -> str:
    return "".join(text.split())


def _apart(ours: list[str], theirs: list[str]) -> tuple[list[Run], list[str]]:
    """Return the words that are ours alone, in runs, and those that are theirs alone."""
    if len(ours) * len(theirs) > _MOST_COMPARED:
        more = Counter(theirs) - Counter(ours)
        return [Run((it,)) for it in (Counter(ours) - Counter(theirs)).elements()], [
            *more.elements()
        ]
    found: list[Run] = []
    added: list[str] = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, low, high, begin, end in matcher.get_opcodes():
        if kind == "equal":
            continue
        here, there = ours[low:high], theirs[begin:end]
        if here:
            found += _rejoined(here, there)
        added += there
    return found, added


def _rejoined(here: list[str], there: list[str]) -> Iterator[Run]:
    """Yield words with those apart whose letters are in what stands in their place."""
    if _bare("".join(here)) == _bare("".join(there)):
        # Only the blanks differ: `a<b>c</b>` is one word or two.
        return
    letters = _letters("".join(there))
    waiting: list[str] = []
    state = False
    for word in here:
        changed = _letters(word) in letters if _letters(word) else bool(there) or word.isascii()
        if waiting and changed is not state:
            yield Run(tuple(waiting), " ".join(there), state)
            waiting = []
        waiting.append(word)
        state = changed
    if waiting:
        yield Run(tuple(waiting), " ".join(there), state)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _moved(run: Run, added: Counter[str]) -> Run:
    """Return a run as changed if all its words stand elsewhere, where the source has none."""
    wanted = Counter(run.words)
    if run.changed or any(added[word] < count for word, count in wanted.items()):
        return run
    added.subtract(wanted)
    return Run(run.words, "(moved)", changed=True)
