"""Finds which live posts items without one may mean. It suggests; nothing is bound here.

    posts        equal titles, one of each      that row alone
                 equal titles, several          each with each; a person chooses
                 else                           the most alike, each item and each post once
    known        where the item has its post, and nothing tells what was last written there
    answers      below a question that has its post, or may have it: equal texts, then the most
                 alike, then the only one that is left on both sides

A post that bears a marker is somebody's, a bound one is an item's: neither is suggested. A row is
plain where nothing differs and nothing else is possible; a question's only if so are all its
answers', for those that nobody claims would be posted beside the ones that are there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from importer.model.adoption import Adoption, Likeness, Suggestion, Told
from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, Ref, split_full_key
from importer.model.ledger import Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Item, Manifest
from importer.model.plan import Comparison, Decisions, Moved, Pair
from importer.planning.adoption_file import digest_of_post
from importer.planning.choosing import is_chosen
from importer.planning.compare import pairs_as_if
from importer.planning.likeness import Gauge, Said
from importer.planning.look_alikes import reading_of
from importer.text.digests import shorten
from importer.text.links import Text

__all__ = ["KINDS", "free_posts", "is_waiting", "lacks_base", "suggest"]

KINDS = (Kind.QUESTION, Kind.ARTICLE, Kind.COLLECTION, Kind.ANSWER)
_ALL = 100
# Of an answer whose question is known, little has to speak for it.
_LEAST_ANSWER = 30
_MOST_RIVALS = 10

_T = TypeVar("_T")
_N = TypeVar("_N", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Row:
    """A pair to be suggested. `question` is the post under which an answer stands."""

    item: Item
    live: LiveItem
    how: Likeness
    score: int | None
    question: LiveItem | None = None


def suggest(
    manifest: Manifest,
    comparison: Comparison,
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    team: str,
    gauge: Gauge | None,
    least: int,
    only: tuple[str, ...] = (),
) -> Adoption:
    """Return the posts that items without one may mean, in the manifest's order.

    Without a *gauge* only equal titles and texts are looked for; *least* is the score from which on
    a post is suggested. *only* are globs over keys.
    """
    finder = _Finder(manifest, comparison, snapshot, ledger, gauge, least, only)
    rows = finder.rows()
    suggestions = _suggestions(rows, manifest, snapshot, ledger)
    found = {it.key for it in suggestions}
    told = finder.told()
    known = found | {it.key for it in told}
    return Adoption(
        manifest.namespace,
        team,
        suggestions,
        told,
        tuple(it.key for it in finder.wanted if it.key not in known),
        sum(it.kind in finder.kinds for it in finder.free.keys() - {it.live.ref for it in rows}),
        finder.foreign(),
        finder.notes(),
    )


def free_posts(
    manifest: Manifest, comparison: Comparison, snapshot: Snapshot, ledger: Ledger
) -> Mapping[Ref, LiveItem]:
    """Return the posts that are nobody's, as far as markers, bindings and `id:` tell."""
    taken = {pair.live.ref for pair in comparison.pairs if pair.live}
    taken |= {binding.ref for binding in ledger.bindings.values()}
    taken |= {Ref(it.kind, it.remote_id) for it in manifest.items if it.remote_id is not None}
    return {
        ref: live
        for ref, live in sorted(snapshot.items.items())
        if isinstance(live, LiveItem)
        and not live.facts.deleted
        and ref.kind in KINDS
        and ref not in taken
        and live.marker is None
    }


def lacks_base(pair: Pair) -> bool:
    """Tell whether a field differs, and nothing tells who moved it: live may become the base."""
    return Moved.NO_BASE in pair.moved.values()


def is_waiting(item: Item, ledger: Ledger) -> bool:
    """Tell whether an earlier write of *item*, or of its question, has no known outcome yet."""
    return any(operation.key in (item.key, item.parent) for operation in ledger.open)


class _Finder:
    def __init__(
        self,
        manifest: Manifest,
        comparison: Comparison,
        snapshot: Snapshot,
        ledger: Ledger,
        gauge: Gauge | None,
        least: int,
        only: tuple[str, ...],
    ) -> None:
        self.manifest = manifest
        self.comparison = comparison
        self.snapshot = snapshot
        self.ledger = ledger
        self.gauge = gauge
        self.least = least
        self.decisions = Decisions(only=only)
        lacking = [
            pair.item
            for pair in comparison.pairs
            if pair.live is None
            and pair.item.kind in KINDS
            and is_chosen(pair.item.key, self.decisions)
        ]
        self.waiting = [it for it in lacking if is_waiting(it, ledger)]
        self.wanted = [it for it in lacking if not is_waiting(it, ledger)]
        self.kinds = {it.kind for it in self.wanted}
        self.free = free_posts(manifest, comparison, snapshot, ledger)
        self.answers: Mapping[Key | None, list[Item]] = _grouped(
            (it for it in self.wanted if it.kind is Kind.ANSWER), lambda it: it.parent
        )
        self.under: Mapping[Ref | None, list[LiveItem]] = _grouped(
            (it for it in self.free.values() if it.ref.kind is Kind.ANSWER), lambda it: it.parent
        )

    def rows(self) -> list[_Row]:
        """Return all rows, an item's questions before their answers, in the manifest's order."""
        posts = self._titled()
        found = [*posts, *self._alike({row.item.key for row in posts}), *self._unbased()]
        asked = [(row.item, row.live) for row in found if row.item.kind is Kind.QUESTION]
        asked += [
            (pair.item, pair.live)
            for pair in self.comparison.pairs
            if pair.live is not None and pair.item.kind is Kind.QUESTION
        ]
        found += self._below(asked)
        places = {it.key: at for at, it in enumerate(self.manifest.items)}
        return sorted(found, key=lambda row: (places[row.item.key], -_rank(row), row.live.ref))

    def _unbased(self) -> Iterator[_Row]:
        """Yield the items that differ from their own posts while no base is known."""
        for pair in self.comparison.pairs:
            is_asked = pair.item.kind in KINDS and is_chosen(pair.item.key, self.decisions)
            if pair.live is not None and is_asked and lacks_base(pair):
                yield _Row(pair.item, pair.live, Likeness.KNOWN, None)

    def _titled(self) -> list[_Row]:
        """Return each item beside each free post of its title."""
        posts = _grouped(
            (it for it in self.free.values() if Field.TITLE in it.fields),
            lambda it: (it.ref.kind, reading_of(str(it.fields[Field.TITLE]))),
        )
        rows = []
        for item in self.wanted:
            title = _stated(item).get(Field.TITLE)
            same = posts.get((item.kind, reading_of(str(title))), []) if title is not None else []
            rows += sorted(
                (_Row(item, live, Likeness.TITLE, self._score(item, live)) for live in same),
                key=lambda row: (-_rank(row), row.live.ref),
            )[:_MOST_RIVALS]
        return rows

    def _alike(self, titled: set[Key]) -> list[_Row]:
        """Return the most alike of what is left, each item and each post once."""
        if self.gauge is None:
            return []
        rows = []
        bearing = {reading_of(_title_of(it)) for it in self.wanted if it.key in titled}
        for kind in (Kind.QUESTION, Kind.ARTICLE, Kind.COLLECTION):
            items = [it for it in self.wanted if it.kind is kind and it.key not in titled]
            posts = [
                it
                for it in self.free.values()
                if it.ref.kind is kind
                and reading_of(str(it.fields.get(Field.TITLE, ""))) not in bearing
            ]
            found = self.gauge.assign(
                [_said(_stated(it)) for it in items],
                [_said(it.fields) for it in posts],
                self.least,
            )
            rows += [
                _Row(items[at], posts[place], Likeness.SIMILAR, score) for at, place, score in found
            ]
        return rows

    def _below(self, asked: Sequence[tuple[Item, LiveItem]]) -> list[_Row]:
        """Return the answers of each question beside those that stand under its post."""
        both = [
            (item, post)
            for question, live in asked
            for item in self.answers.get(question.key, ())
            for post in self.under.get(live.ref, ())
        ]
        pairs = pairs_as_if(self.manifest, self.snapshot, self.ledger, [*asked, *both])
        same = {
            (pair.item.key, pair.live.ref)
            for pair in pairs[len(asked) :]
            if pair.live is not None and pair.moved.get(Field.BODY) is Moved.EQUAL
        }
        return [row for question, live in asked for row in self._answers(question, live, same)]

    def _answers(
        self, question: Item, live: LiveItem, same: set[tuple[Key, Ref]]
    ) -> Iterator[_Row]:
        """Yield the answers of *question* beside those under *live*; *same* say the same."""
        items = list(self.answers.get(question.key, ()))
        posts = list(self.under.get(live.ref, ()))
        for item in tuple(items):
            equal = next((it for it in posts if (item.key, it.ref) in same), None)
            if equal is not None:
                items.remove(item)
                posts.remove(equal)
                yield _Row(item, equal, Likeness.TEXT, _ALL, live)
        if self.gauge is not None and items and posts:
            ours, theirs = [_said(_stated(it)) for it in items], [_said(it.fields) for it in posts]
            found = self.gauge.assign(ours, theirs, _LEAST_ANSWER)
            yield from (
                _Row(items[at], posts[place], Likeness.SIMILAR, score, live)
                for at, place, score in found
            )
            items = _without(items, {at for at, _, _ in found})
            posts = _without(posts, {at for _, at, _ in found})
        if len(items) == len(posts) == 1:
            score = self._score(items[0], posts[0])
            yield _Row(items[0], posts[0], Likeness.ONLY, score, live)

    def _score(self, item: Item, live: LiveItem) -> int | None:
        if self.gauge is None:
            return None
        return self.gauge.score(_said(_stated(item)), _said(live.fields))

    def told(self) -> tuple[Told, ...]:
        """Return the posts of others, or of former keys, that bear a wanted item's title."""
        posts = _grouped(
            (
                live
                for live in self._marked()
                if Field.TITLE in live.fields and live.marker is not None
            ),
            lambda it: (it.ref.kind, reading_of(str(it.fields[Field.TITLE]))),
        )
        found: list[Told] = []
        for item in self.wanted:
            title = _title_of(item)
            for live in posts.get((item.kind, reading_of(title)), []) if title else []:
                owner = live.marker.key if live.marker else ""
                namespace, _ = split_full_key(FullKey(owner))
                is_ours = namespace == self.manifest.namespace
                found.append(
                    Told(item.key, item.kind, title, live.ref, live.url, owner, is_ours, item.span)
                )
        return tuple(found)

    def foreign(self) -> Mapping[str, int]:
        """Return how many posts bear the marker of which other namespace."""
        owners = (split_full_key(it.marker.key)[0] for it in self._marked() if it.marker)
        counts = Counter(it for it in owners if it != self.manifest.namespace)
        return dict(sorted(counts.items()))

    def _marked(self) -> Iterable[LiveItem]:
        taken = {pair.live.ref for pair in self.comparison.pairs if pair.live}
        for ref, live in sorted(self.snapshot.items.items()):
            is_there = isinstance(live, LiveItem) and not live.facts.deleted
            if is_there and isinstance(live, LiveItem) and live.marker and ref not in taken:
                yield live

    def notes(self) -> tuple[str, ...]:
        """Return what the suggestions could not know."""
        notes = []
        if self.waiting:
            notes.append(
                f"{len(self.waiting):,} items wait for the outcome of an earlier write: `apply` "
                "looks it up. Nothing is suggested for them until then."
            )
        unread = {it.kind for it in self.wanted} - self.snapshot.covered
        if unread:
            kinds = " and ".join(f"{it}s" for it in sorted(unread))
            notes.append(f"The team's {kinds} were not read completely: there may be more.")
        return tuple(notes)


def _suggestions(
    rows: Sequence[_Row], manifest: Manifest, snapshot: Snapshot, ledger: Ledger
) -> tuple[Suggestion, ...]:
    pairs = pairs_as_if(manifest, snapshot, ledger, [(row.item, row.live) for row in rows])
    keys, refs = Counter(row.item.key for row in rows), Counter(row.live.ref for row in rows)
    titles = {it.key: _title_of(it) for it in manifest.items}
    found = []
    for row, pair in zip(rows, pairs, strict=True):
        differs = tuple(field for field, who in pair.moved.items() if who is not Moved.EQUAL)
        rivals = keys[row.item.key] + refs[row.live.ref] - 2
        asked, facts = row.question or row.live, row.live.facts
        found.append(
            Suggestion(
                row.item.key,
                row.item.kind,
                titles[row.item.parent or row.item.key],
                row.live.ref,
                row.live.url,
                str(asked.fields.get(Field.TITLE, "")),
                row.how,
                row.score,
                shorten(digest_of_post(row.live)),
                facts.author,
                facts.edited_at or facts.created_at,
                facts.editor_name if facts.edited_at else "",
                differs,
                rivals,
                is_plain=not differs and not rivals and row.how in (Likeness.TITLE, Likeness.TEXT),
                span=row.item.span,
            )
        )
    return _plain_together(found, rows, manifest, snapshot)


def _plain_together(
    found: Sequence[Suggestion], rows: Sequence[_Row], manifest: Manifest, snapshot: Snapshot
) -> tuple[Suggestion, ...]:
    """Take the plainness off questions with an answer in doubt, and off answers of such ones."""
    plain = {it.key for it in found if it.is_plain}
    answered = {
        live.parent
        for live in snapshot.items.values()
        if isinstance(live, LiveItem) and live.ref.kind is Kind.ANSWER and not live.facts.deleted
    }
    held: set[Key] = set()
    posts = {it.key: it.post for it in found if it.kind is Kind.QUESTION}
    for item in manifest.items:
        if item.kind is Kind.ANSWER and item.parent in posts and item.key not in plain:
            # One that is free there may be this answer; without any, this one is new.
            held |= {item.parent} if posts[item.parent] in answered else set()
    plain -= held
    parents = {row.item.key: row.item.parent for row in rows}
    return tuple(
        replace(
            it,
            is_plain=it.key in plain and (parents[it.key] not in posts or parents[it.key] in plain),
        )
        for it in found
    )


def _grouped(things: Iterable[_T], name_of: Callable[[_T], _N]) -> dict[_N, list[_T]]:
    groups: dict[_N, list[_T]] = defaultdict(list)
    for it in things:
        groups[name_of(it)].append(it)
    return groups


def _without(things: Sequence[_T], places: set[int]) -> list[_T]:
    return [it for at, it in enumerate(things) if at not in places]


def _stated(item: Item) -> Mapping[Field, Value]:
    return {**item.initial, **item.fields}


def _title_of(item: Item) -> str:
    return str(_stated(item).get(Field.TITLE, ""))


def _said(fields: Mapping[Field, Value]) -> Said:
    title, body, tags = (fields.get(it) for it in (Field.TITLE, Field.BODY, Field.TAGS))
    return Said(
        title if isinstance(title, str) else None,
        body.holed if isinstance(body, Text) else None,
        frozenset(tags) if isinstance(tags, tuple) else None,
    )


def _rank(row: _Row) -> int:
    return row.score if row.score is not None else 0
