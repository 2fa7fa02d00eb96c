"""Compares what is seen of a source with what is seen of the result; judges each difference.

A thing is kept, changed, or missing; what is missing was reported by a loss of its page or not.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from urllib.parse import unquote

from importer.sources.losses import Loss
from importer.sources.verify_reports import Reports
from importer.sources.verify_seen import Construct, Seen, Thing
from importer.sources.verify_words import Run, missing_runs

__all__ = ["Comparison", "Difference", "Outcome", "compared"]

_ALIKE = 0.6
_MOST = 0.8
_MOST_PAIRS = 10_000
_LONGEST = 400
# Names of one language: a page that says `py` is highlighted as one that says `python`.
_LANGUAGES = {
    "py": "python", "js": "javascript", "ts": "typescript", "c#": "csharp", "cs": "csharp",
    "c++": "cpp", "sh": "bash", "shell": "bash", "yml": "yaml", "rb": "ruby", "none": "",
    "text": "", "plain": "", "plaintext": "", "txt": "", "html/xml": "xml",
}  # fmt: skip


class Outcome(StrEnum):
    """What became of a thing."""

    KEPT = "kept"
    CHANGED = "changed"
    REPORTED = "reported"
    LOST = "unreported"


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is the thing in the source, `instead` what is there now; both shortened.

    `why` is what the loss says that reports it. A run of words counts as many.
    """

    construct: Construct
    outcome: Outcome
    what: str
    instead: str = ""
    why: str = ""
    count: int = 1


@dataclass(slots=True)
class Comparison:
    """How many things there were of each construct by outcome, and all that are not kept."""

    counts: Counter[tuple[Construct, Outcome]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def _differ(self, difference: Difference) -> None:
        self.counts[difference.construct, difference.outcome] += difference.count
        self.differences.append(difference)

    def keep(self, construct: Construct, count: int) -> None:
        """Count things that are kept."""
        self.counts[construct, Outcome.KEPT] += count

    def change(self, construct: Construct, what: str, instead: str, count: int = 1) -> None:
        """Record what is there still, but otherwise."""
        self._differ(
            Difference(construct, Outcome.CHANGED, _short(what), _short(instead), "", count)
        )

    def miss(self, construct: Construct, thing: Thing, losses: Reports, count: int = 1) -> None:
        """Record what is missing: reported or not."""
        loss = losses.cover(construct, thing, count)
        outcome = Outcome.LOST if loss is None else Outcome.REPORTED
        why = "" if loss is None else f"{loss.what}: {loss.why}"
        shown = f"{thing.more} -> {thing.what}" if construct is Construct.LINK else thing.what
        if construct is Construct.IMAGE and thing.more:
            shown = f"{thing.what} ({thing.more})"
        self._differ(Difference(construct, outcome, _short(shown), "", why, count))


def compared(source: Seen, result: Seen, losses: Sequence[Loss]) -> Comparison:
    """Return how *source* and *result* differ; *losses* are those of the page."""
    made = Comparison()
    known = Reports(losses)
    words, runs = missing_runs(source.blocks, result.blocks)
    made.keep(Construct.TEXT, words)
    elsewhere = _Elsewhere(result)
    for run in runs:
        _judge_words(run, made, known, elsewhere)
    for construct, things in source.things.items():
        left, others = _exact(things, result.things[construct], construct)
        made.keep(construct, len(things) - len(left))
        for match in (_led_on, _of_same_kind, _of_same_letters, _alike):
            left = match(construct, left, others, made)
        for thing in left:
            if construct is Construct.CODE and elsewhere.has_most(thing.what):
                made.change(construct, thing.what, "(its words are in the text)")
            else:
                made.miss(construct, thing, known)
    return made


class _Elsewhere:
    """The words of a result, in its text and in its code: what was one may be the other."""

    def __init__(self, result: Seen) -> None:
        self._code = {
            word for it in result.things[Construct.CODE] for word in re.findall(r"\w+", it.what)
        }
        self._called = {word for it in result.things[Construct.IMAGE] for word in it.more.split()}
        self._all = self._code.union(*(re.findall(r"\w+", block) for block in result.blocks))

    def is_code(self, words: str) -> bool:
        return _most_are(words, self._code)

    def is_called(self, words: str) -> bool:
        """Tell whether an image is called so: where a link to it was, it is shown itself."""
        return all(word in self._called for word in words.split())

    def has_most(self, code: str) -> bool:
        return _most_are(code, self._all)


def _most_are(text: str, known: Container[str]) -> bool:
    words = re.findall(r"\w+", text)
    return bool(words) and sum(it in known for it in words) >= len(words) * _MOST


def _judge_words(run: Run, made: Comparison, losses: Reports, elsewhere: _Elsewhere) -> None:
    text = " ".join(run.words)
    if not run.changed and elsewhere.is_code(text):
        made.change(Construct.TEXT, text, "(it is code)", len(run.words))
    elif not run.changed and elsewhere.is_called(text):
        made.change(Construct.TEXT, text, "(an image is called so)", len(run.words))
    elif run.changed:
        made.change(Construct.TEXT, text, run.instead, len(run.words))
    else:
        made.miss(Construct.TEXT, Thing(text), losses, len(run.words))


def _exact(
    things: Iterable[Thing], others: Sequence[Thing], construct: Construct
) -> tuple[list[Thing], list[Thing]]:
    """Return what is in one list only, by what counts of each thing."""
    there: defaultdict[tuple[str, str], list[Thing]] = defaultdict(list)
    for other in others:
        there[_normal(construct, other)].append(other)
    left = [it for it in things if not _taken(there[_normal(construct, it)])]
    rest = [other for group in there.values() for other in group]
    return left, rest


def _taken(group: list[Thing]) -> bool:
    return bool(group) and bool(group.pop(0))


def _normal(construct: Construct, thing: Thing) -> tuple[str, str]:
    match construct:
        case Construct.CODE:
            return thing.what, _language(thing.more)
        case Construct.LINK | Construct.IMAGE:
            return _address(thing.what), _bare(thing.more)
        case Construct.HEADING:
            return _bare(thing.what), thing.more
        case _:
            return _bare(thing.what), ""


def _language(name: str) -> str:
    return _LANGUAGES.get(name, name)


def _bare(text: str) -> str:
    return "".join(text.split())


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _address(url: str) -> str:
    return unquote(url).strip().replace("\n", "").replace("\\", "/")


def _led_on(
    construct: Construct, left: list[Thing], others: list[Thing], made: Comparison
) -> list[Thing]:
    """Take links that lead to a page of the manifest now, or to the source's site, as kept."""
    if construct not in (Construct.LINK, Construct.IMAGE):
        return left
    rest = []
    for thing in left:
        path = _address(thing.what)
        found = next(
            (
                other
                for other in others
                if _letters(other.more) == _letters(thing.more)
                and (
                    other.what.startswith("key:")
                    or (path.startswith("/") and _address(other.what).endswith(path))
                    or _is_copied(construct, path, _address(other.what))
                )
            ),
            None,
        )
        if found is None:
            rest.append(thing)
            continue
        others.remove(found)
        made.keep(construct, 1)
    return rest


def _is_copied(construct: Construct, source: str, result: str) -> bool:
    """Tell whether an image of the source is a file of the manifest now."""
    inside = result.startswith("asset:") or (":" not in result and ":" not in source)
    return construct is Construct.IMAGE and inside


def _of_same_kind(
    construct: Construct, left: list[Thing], others: list[Thing], made: Comparison
) -> list[Thing]:
    """Take things that are the same but for their text, language or level."""
    return _paired(construct, left, others, made, lambda it: _normal(construct, it)[0])


def _of_same_letters(
    construct: Construct, left: list[Thing], others: list[Thing], made: Comparison
) -> list[Thing]:
    """Take things whose letters are the same."""
    return _paired(construct, left, others, made, lambda it: _letters(it.what))


def _paired(
    construct: Construct,
    left: list[Thing],
    others: list[Thing],
    made: Comparison,
    key: Callable[[Thing], str],
) -> list[Thing]:
    there: defaultdict[str, list[Thing]] = defaultdict(list)
    for other in others:
        there[key(other)].append(other)
    rest = []
    for thing in left:
        group = there[key(thing)]
        if not group:
            rest.append(thing)
            continue
        found = group.pop(0)
        others.remove(found)
        made.change(construct, _shown(thing), _shown(found))
    return rest


def _shown(thing: Thing) -> str:
    return f"{thing.what} ({thing.more})" if thing.more else thing.what


def _alike(
    construct: Construct, left: list[Thing], others: list[Thing], made: Comparison
) -> list[Thing]:
    """Take things that are more alike than not."""
    if len(left) * len(others) > _MOST_PAIRS or construct in (Construct.LINK, Construct.IMAGE):
        return left
    rest = []
    for thing in left:
        likeness, found = max(((_likeness(thing, it), it) for it in others), default=(0.0, None))
        if found is None or likeness < _ALIKE:
            rest.append(thing)
            continue
        others.remove(found)
        made.change(construct, _shown(thing), _shown(found))
    return rest


def _likeness(one: Thing, other: Thing) -> float:
    first, second = _letters(one.what[: _LONGEST * 5]), _letters(other.what[: _LONGEST * 5])
    if not first or not second:
        return 0.0
    if len(first) >= 4 and (first in second or second in first):
        return 1.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE else 0.0


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
