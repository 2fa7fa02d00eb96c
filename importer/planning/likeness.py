"""How alike two posts are, from 0 to 100; the only module that needs the extra `adopt`.

    title   50   the words in alphabetical order, letter by letter
    body    40   word by word, markup left aside
    tags    10   those in common of all

What neither side has doesn't count. To compare all with all, letter by letter, would take hours:
the nearest titles and those that share rare words are looked at closely, nothing else. The same
posts give the same result, in whatever order they come.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.errors import UsageError
from importer.planning.look_alikes import reading_of

__all__ = ["Gauge", "Said", "open_gauge"]

_TITLE, _BODY, _TAGS = 50, 40, 10
_NEAREST = 5
_SHARING = 8
_RAREST = 24
_WORDS = 4_000
_TAG = re.compile(r"<[^<>]{1,500}>")
_WORD = re.compile(r"\w+")
_CODE_POINTS = 0x110000


@dataclass(frozen=True, slots=True)
class Said:
    """What of a post or an item is compared; None for what it has not, or isn't told."""

    title: str | None
    body: str | None
    tags: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Profile:
    """A title's words in order, and a body's words, each as one character."""

    title: str | None
    body: str | None
    tags: frozenset[str] | None
    words: tuple[str, ...]


def open_gauge() -> "Gauge":
    """Return what measures. UsageError, with how to install it, where rapidfuzz is missing."""
    try:
        from rapidfuzz import fuzz, process
    except ModuleNotFoundError as error:
        message = f"to compare titles and texts, adopt needs {error.name}: the extra `adopt`"
        remedy = "pip install 'teams-importer[adopt]', or look for equal titles alone: --exact."
        raise UsageError(message, remedy=remedy) from error
    return Gauge(fuzz.ratio, process.extract)


class Gauge:
    """Measures with rapidfuzz: *ratio* of two strings, *extract* of the nearest among many."""

    def __init__(self, ratio: Callable[..., float], extract: Callable[..., Any]) -> None:
        self._ratio = ratio
        self._extract = extract
        self._letters: dict[str, str] = {}

    def score(self, one: Said, other: Said) -> int:
        """Return how alike the two are."""
        return self._score(self._profile(one), self._profile(other))

    def assign(
        self, wanted: Sequence[Said], offered: Sequence[Said], least: int
    ) -> list[tuple[int, int, int]]:
        """Return (place among *wanted*, place among *offered*, score), each place once.

        The most alike first; of equals, the one that comes first. None scores below *least*.
        """
        ours = [self._profile(it) for it in wanted]
        theirs = [self._profile(it) for it in offered]
        near = self._nearest(ours, theirs)
        sharing = _sharing(ours, theirs)
        found = []
        for at, one in enumerate(ours):
            for place in sorted({*near[at], *sharing[at]}):
                score = self._score(one, theirs[place], least)
                if score >= least:
                    found.append((-score, at, place))
        return _each_once(sorted(found))

    def _profile(self, said: Said) -> _Profile:
        title = _WORD.findall(reading_of(said.title)) if said.title is not None else []
        body = _words(said.body) if said.body is not None else []
        return _Profile(
            None if said.title is None else " ".join(sorted(title)),
            None if said.body is None else "".join(map(self._letter, body)),
            said.tags,
            tuple(sorted({*title, *body})),
        )

    def _letter(self, word: str) -> str:
        """Return the one character that stands for *word*: texts are compared word by word."""
        return self._letters.setdefault(word, chr((len(self._letters) + 1) % _CODE_POINTS))

    def _score(self, one: _Profile, other: _Profile, least: int = 0) -> int:
        parts: list[tuple[int, float]] = []
        if one.title is not None and other.title is not None:
            parts.append((_TITLE, self._ratio(one.title, other.title)))
        if one.tags is not None and other.tags is not None and (one.tags or other.tags):
            common = len(one.tags & other.tags) / len(one.tags | other.tags)
            parts.append((_TAGS, 100 * common))
        if one.body is not None and other.body is not None and (one.body or other.body):
            if least and _weighed([*parts, (_BODY, 100.0)]) < least:
                return 0
            parts.append((_BODY, self._ratio(one.body, other.body)))
        return _weighed(parts)

    def _nearest(self, ours: Sequence[_Profile], theirs: Sequence[_Profile]) -> list[list[int]]:
        """Return, for each of *ours*, where those of *theirs* are whose titles are nearest."""
        titles = [it.title for it in theirs]
        return [
            []
            if it.title is None
            else [
                place
                for _, _, place in self._extract(
                    it.title, titles, scorer=self._ratio, limit=_NEAREST, score_cutoff=_TITLE
                )
            ]
            for it in ours
        ]


def _weighed(parts: Sequence[tuple[int, float]]) -> int:
    whole = sum(weight for weight, _ in parts)
    # Rounded down: 100 is said of nothing that differs.
    return int(sum(weight * score for weight, score in parts) / whole) if whole else 0


def _words(body: str) -> list[str]:
    return _WORD.findall(_TAG.sub(" ", body).casefold())[:_WORDS]


def _sharing(ours: Sequence[_Profile], theirs: Sequence[_Profile]) -> list[list[int]]:
    """Return, for each of *ours*, where those of *theirs* are that share most of its rare words."""
    places: Mapping[str, list[int]] = defaultdict(list)
    for place, it in enumerate(theirs):
        for word in it.words:
            places[word].append(place)
    common = max(_RAREST, len(theirs) // 50)
    found = []
    for it in ours:
        rare = [word for word in it.words if 0 < len(places.get(word, ())) <= common]
        rare = sorted(rare, key=lambda word: (len(places[word]), word))[:_RAREST]
        weights: Counter[int] = Counter()
        for word in rare:
            worth = math.ceil(1_000 * math.log(1 + len(theirs) / len(places[word])))
            for place in places[word]:
                weights[place] += worth
        most = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
        found.append([place for place, _ in most[:_SHARING]])
    return found


def _each_once(found: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    taken: set[int] = set()
    given: set[int] = set()
    chosen = []
    for negative, at, place in found:
        if at not in given and place not in taken:
            given.add(at)
            taken.add(place)
            chosen.append((at, place, -negative))
    return chosen
