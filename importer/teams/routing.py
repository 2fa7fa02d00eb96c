"""Which API of a team does what, by what each can do, and at which pace.

With both, each kind has its way:

    questions, answers, tags    read and written over v2.3: a hundred with all their Markdown come
                                in one request, and each write bears an id of its own
    articles                    written over v3, as v2.3 takes one a minute; read over v2.3 where
                                nobody asks who may edit them
    collections, experts        v3 alone can

What would go over v2.3 goes over v3 once the day's quota there is used up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar, assert_never

from importer.errors import ImporterError
from importer.model.ids import Field, Kind, Verb
from importer.model.live import (
    Everything,
    Newest,
    People,
    Rates,
    Refs,
    Revisions,
    Scope,
    Since,
    Tags,
    Under,
)
from importer.model.writing import Write
from importer.teams.dialect import Dialect
from importer.teams.exchange import Quota

__all__ = ["Routing", "Way"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Way:
    """An API of the team: "" or why it can't be used, and what is left of its limits, as told.

    `remedy` says what may open it.
    """

    name: str
    why_not: str
    remedy: str
    quota: Quota | None
    calls_left: int | None


class Routing:
    """Knows the APIs in the order of preference; `lost` says by name why one can't be used."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self.dialects = tuple(dialects)
        self.lost: dict[str, ImporterError] = {}

    def lose(self, dialect: Dialect, why: ImporterError) -> None:
        """Take note that *dialect* can't be used, as a check found."""
        self.lost[dialect.name] = why

    @property
    def usable(self) -> Sequence[Dialect]:
        """The APIs that aren't lost; all where none is left."""
        return [it for it in self.dialects if it.name not in self.lost] or self.dialects

    @property
    def main(self) -> Dialect:
        """The API that most goes over."""
        return self.usable[0]

    @property
    def rates(self) -> Rates:
        """The documented pace: of the API that most goes over, and of each kind's own."""
        slow = {
            kind: gap_s
            for kind in Kind
            if (gap_s := self.writer(kind).rates.between_creates.get(kind, 0.0))
        }
        return replace(self.main.rates, between_creates=slow)

    def ways(self) -> tuple[Way, ...]:
        """Return the APIs of this team, as the checks so far have found them."""
        return tuple(
            Way(
                it.name,
                lost.message if (lost := self.lost.get(it.name)) else "",
                lost.remedy if lost else "",
                it.transport.quota,
                it.transport.calls_left,
            )
            for it in self.dialects
        )

    def writer(self, kind: Kind, verb: Verb = Verb.CREATE, field: Field | None = None) -> Dialect:
        """Return who writes *kind*: the able one that is made to wait least between two."""
        if kind is Kind.TAG:
            verb, field = Verb.SET, field or Field.EXPERTS
        able = [it for it in self.usable if it.ability(kind, verb, field).able]
        if not able:
            return self.main
        return min(able, key=lambda it: it.rates.between_creates.get(kind, 0.0))

    def further(self, kinds: Iterable[Kind]) -> list[Dialect]:
        """Return who else than the main one writes some of *kinds*."""
        writers = {it.name: it for it in map(self.writer, kinds)}
        return [it for it in writers.values() if it is not self.main]

    def _lister(self, kind: Kind, *, permissions: bool) -> Dialect:
        """Return who lists *kind*: the first that can, and tells what is asked for."""
        if permissions and kind is Kind.ARTICLE:
            return self.writer(kind)
        return next((it for it in self.usable if it.reads(kind)), self.main)

    def way_of(self, write: Write) -> Dialect:
        """Return who carries out *write*: its writer, while that one's quota lasts."""
        field = next(iter(write.fields)) if write.verb is Verb.SET else None
        chosen = self.writer(write.kind, write.verb, field)
        if not chosen.transport.is_spent:
            return chosen
        others = (it for it in self.usable if not it.transport.is_spent)
        able = (it for it in others if it.ability(write.kind, write.verb, field).able)
        return next(able, chosen)

    def split(self, scope: Scope) -> list[tuple[Dialect, Scope]]:
        """Return which API reads which part of *scope*."""
        match scope:
            case Everything(kinds):
                lister = partial(self._lister, permissions=scope.permissions)
                return [(it, replace(scope, kinds=some)) for it, some in _shared(kinds, lister)]
            case Refs(refs):
                shares = _shared(refs, lambda ref: self._looker(ref.kind))
                return [(it, replace(scope, refs=some)) for it, some in shares]
            case Newest(kinds=those):
                shares_ = _shared(sorted(those), self._looker)
                return [(it, replace(scope, kinds=frozenset(some))) for it, some in shares_]
            case Tags() | People():
                return [(self.writer(Kind.TAG), scope)]
            case Revisions() | Under() | Since():
                return [(self.main, scope)]
        assert_never(scope)

    def _looker(self, kind: Kind) -> Dialect:
        """Return who looks at single posts of *kind*: who writes them, as a write rests on it."""
        if kind is not Kind.ARTICLE and self.main.reads(kind):
            return self.main
        return self.writer(kind)


def _shared(
    things: Iterable[_T], by: Callable[[_T], Dialect]
) -> list[tuple[Dialect, tuple[_T, ...]]]:
    """Return who does which of *things*, as *by* says."""
    shares: dict[str, tuple[Dialect, list[_T]]] = {}
    for thing in things:
        dialect = by(thing)
        shares.setdefault(dialect.name, (dialect, []))[1].append(thing)
    return [(dialect, tuple(some)) for dialect, some in shares.values()]
