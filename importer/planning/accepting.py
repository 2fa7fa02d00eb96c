"""Holds what a person decided against the team as it is now, and makes bindings of it.

Live becomes the base: what the item asks for beyond it is an ordinary update of the next plan, and
where they are equal there is nothing to do. Every row is looked at before any counts.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from difflib import get_close_matches

from importer.errors import ManifestError, Problem
from importer.model.adoption import Adopted, Answered, Became, Verdict
from importer.model.fields import Value, fields_of, rule
from importer.model.ids import Field, Key, Kind, Ref
from importer.model.ledger import Base, Binding, Ledger
from importer.model.live import LiveItem, Same, Snapshot
from importer.model.manifest import Item, Manifest
from importer.model.plan import Comparison, Moved, Pair
from importer.planning.adopting import KINDS, free_posts, is_waiting, lacks_base
from importer.planning.adoption_file import AGAIN, digest_of_post, quoted
from importer.planning.baseline import digest_field, stamp_of
from importer.planning.compare import compare, pairs_as_if
from importer.planning.remembering import binding_of
from importer.text.digests import Digest, agree, shorten

__all__ = ["Acceptance", "accept"]

_MOST_HINTS = 20
_LIST_AGAIN = "List the team again (adopt --out), and look at the post."


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What becomes of each accepted row, in the manifest's order; the bindings of new ones.

    `released` are keys to forget, of rows that take an earlier acceptance back. `texts` are the
    values that are bases now, under their digests: merging needs them.
    """

    adopted: tuple[Adopted, ...]
    bindings: tuple[Binding, ...]
    texts: tuple[tuple[Digest, Value], ...]
    released: tuple[Key, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to remember or forget."""
        return not self.bindings and not self.released


def accept(
    rows: Sequence[Answered],
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
) -> Acceptance:
    """Return what becomes of each accepted row, and what is to be remembered.

    Raises ManifestError, with every row that can't be followed, before anything counts.
    """
    back = _taken_back(rows, manifest, snapshot, ledger)
    released = {it.key for it in back}
    kept = {key: it for key, it in ledger.bindings.items() if key not in released}
    left = replace(ledger, bindings=kept)
    problems = [
        found
        for row in back
        for found in _against_release(row, released, manifest, snapshot, ledger)
    ]
    problems += _contradictions(rows)
    judge = _Judge(rows, manifest, compare(manifest, snapshot, left), snapshot, left)
    problems += judge.problems()
    if problems:
        raise ManifestError(problems, of="the file has", remedy=AGAIN)
    return judge.accepted(back, ledger)


def _contradictions(rows: Sequence[Answered]) -> Iterator[Problem]:
    """Yield the rows that take back what an earlier one says of the same item and post."""
    said: dict[tuple[Key, Ref], Answered] = {}
    for row in rows:
        first = said.setdefault((row.key, row.ref), row)
        if first.verdict is not row.verdict:
            why = (
                f"{quoted(row.key)} and {row.ref}: `{row.verdict}` here, and `{first.verdict}` at "
                f"{first.span.path}:{first.span.line}"
            )
            yield _problem("adopt-contradicted", why, row, "Delete one of the two rows.")


def _taken_back(
    rows: Sequence[Answered], manifest: Manifest, snapshot: Snapshot, ledger: Ledger
) -> list[Answered]:
    """Return the rows that say `no` to what was adopted before.

    Of an item that has its post without a base, a `no` says that this is to stay so.
    """
    bound = ((it, ledger.bindings.get(it.key)) for it in rows if it.verdict is Verdict.NO)
    found = [row for row, binding in bound if binding is not None and binding.ref == row.ref]
    if not found:
        return []
    pairs = compare(manifest, snapshot, ledger).pairs
    unbased = {pair.item.key for pair in pairs if lacks_base(pair)}
    return [row for row in found if row.key not in unbased]


def _against_release(
    row: Answered,
    released: Set[Key],
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
) -> Iterator[Problem]:
    """Yield what stands against forgetting a post: it is more than adopted by now."""
    live, binding = snapshot.items.get(row.ref), ledger.bindings[row.key]
    below = {it.key for it in ledger.bindings.values() if it.parent == row.ref} - released
    if binding.marked or (isinstance(live, LiveItem) and live.marker is not None):
        why = f"{row.ref} was written as {row.key}'s since"
        remedy = (
            "Let it go with `removed:` and `live: keep`; after --mark alone, `undo` that first."
        )
        yield _problem("adopt-written", why, row, remedy)
    elif any(it.key == row.key and it.remote_id == row.ref.id for it in manifest.items):
        why = f"the manifest names {row.ref} as {row.key}'s, by `id:`"
        yield _problem("adopt-id", why, row, "Take that out, and `seen:`, then accept again.")
    elif below:
        why = f"the answers {', '.join(sorted(below))} are bound below it"
        yield _problem("adopt-below", why, row, "Say `no` to its answers as well.")


def _chosen(rows: Sequence[Answered]) -> dict[tuple[Key, Ref], Answered]:
    """Return the rows that say `yes`, each item and post once: as listed, where a row tells."""
    chosen: dict[tuple[Key, Ref], Answered] = {}
    for row in rows:
        at = (row.key, row.ref)
        if row.verdict is Verdict.YES and (at not in chosen or not chosen[at].listed):
            chosen[at] = row
    return chosen


class _Judge:
    def __init__(
        self,
        rows: Sequence[Answered],
        manifest: Manifest,
        comparison: Comparison,
        snapshot: Snapshot,
        ledger: Ledger,
    ) -> None:
        self.hints = 0
        self.manifest = manifest
        self.snapshot = snapshot
        self.ledger = ledger
        self.items = {it.key: it for it in manifest.items}
        self.pairs = {pair.item.key: pair for pair in comparison.pairs}
        self.why_not = {
            **{it.item.key: f"its post {it.binding.ref} is gone" for it in comparison.gone},
            **{it.key: it.why for it in comparison.blocked if it.key is not None},
        }
        self.free = free_posts(manifest, comparison, snapshot, ledger)
        self.holders = {
            **{binding.ref: binding.key for binding in ledger.bindings.values()},
            **{pair.live.ref: key for key, pair in self.pairs.items() if pair.live},
        }
        self.under: dict[Ref | None, list[Ref]] = defaultdict(list)
        for ref, live in self.free.items():
            self.under[live.parent].append(ref)
        self.answers: dict[Key | None, list[Key]] = defaultdict(list)
        for item in manifest.items:
            self.answers[item.parent].append(item.key)
        self.chosen = _chosen(rows)
        self.claimed = {ref for _, ref in self.chosen}
        self.refused = {(it.key, it.ref) for it in rows if it.verdict is Verdict.NO}
        self.posts: dict[Key, Ref] = {
            **{row.key: row.ref for row in self.chosen.values()},
            **{pair.item.key: pair.live.ref for pair in comparison.pairs if pair.live},
        }

    def problems(self) -> Iterator[Problem]:
        """Yield what stands against each row, one thing a row."""
        by_key: dict[Key, Answered] = {}
        by_ref: dict[Ref, Answered] = {}
        for row in self.chosen.values():
            found = self._against(row) or self._twice(row, by_key, by_ref)
            by_key.setdefault(row.key, row)
            by_ref.setdefault(row.ref, row)
            if found is not None:
                yield found
            elif self._is_new(row):
                yield from self._undecided(row)

    def _is_new(self, row: Answered) -> bool:
        if self.holders.get(row.ref) != row.key:
            return True
        return row.key in self.pairs and lacks_base(self.pairs[row.key])

    def _against(self, row: Answered) -> Problem | None:
        item, live = self.items.get(row.key), self.snapshot.items.get(row.ref)
        if item is None or item.kind not in KINDS:
            hint = self._hint(row.key)
            remedy = f"{hint}Write a key of the manifest, or empty the cell under `accept`."
            return _problem("adopt-unknown-key", f"there is no item {quoted(row.key)}", row, remedy)
        if item.kind is not row.ref.kind:
            why = f"{row.key} is {item.kind.one}, and {row.ref} is {row.ref.kind.one}"
            remedy = "No post changes its kind: write another post, or `no`."
            return _problem("adopt-kind", why, row, remedy)
        if self.holders.get(row.ref) == row.key:
            return self._changed(row, live) if self._is_new(row) else None
        if (lost := self._why_not(item)) is not None:
            remedy = "`teams-importer plan` says what is to be done about it."
            return _problem("adopt-item", f"{row.key}: {lost}", row, remedy)
        if row.ref in self.holders:
            why = f"{row.ref} is the post of {self.holders[row.ref]} already"
            return _problem("adopt-taken", why, row, "Write another post, or `no`.")
        if not isinstance(live, LiveItem) or live.facts.deleted:
            why = f"the team has no {row.ref}, or it was deleted"
            return _problem("adopt-no-post", why, row, _LIST_AGAIN)
        if live.marker is not None:
            why = f"{row.ref} belongs to {live.marker.key}, by its marker"
            remedy = f"Take it over with `was: {live.marker.key}` at the item, or write `no`."
            return _problem("adopt-marked", why, row, remedy)
        if row.ref not in self.free:
            why = f"another item names {row.ref} as its `id:`"
            return _problem("adopt-taken", why, row, "Write another post, or `no`.")
        if item.parent is not None and self.posts.get(item.parent) != live.parent:
            why = f"{row.ref} is an answer to {live.parent}, which is not {item.parent}'s post"
            remedy = f"Accept {live.parent} for {item.parent} as well, or write `no`."
            return _problem("adopt-parent", why, row, remedy)
        return self._changed(row, live)

    def _changed(self, row: Answered, live: LiveItem | Same | None) -> Problem | None:
        if not row.listed or not isinstance(live, LiveItem):
            return None
        if not agree(row.listed, digest_of_post(live)):
            why = f"{row.ref} was edited on the site since it was listed"
            return _problem("adopt-changed", why, row, _LIST_AGAIN)
        return None

    def _hint(self, key: Key) -> str:
        """Return what was probably meant; only for the first few, as it takes a while."""
        self.hints += 1
        close = get_close_matches(key, [*self.items], 1) if self.hints <= _MOST_HINTS else []
        return f"Did you mean {close[0]}? " if close else ""

    def _why_not(self, item: Item) -> str | None:
        """Return why *item* can be given no post."""
        pair = self.pairs.get(item.key)
        if pair is None:
            return self.why_not.get(item.key, "what post it has can't be told")
        if pair.live is not None:
            return f"it has {pair.live.ref} already"
        if is_waiting(item, self.ledger):
            return "an earlier write of it has no known outcome yet; `apply` looks it up"
        return None

    def _twice(
        self, row: Answered, by_key: Mapping[Key, Answered], by_ref: Mapping[Ref, Answered]
    ) -> Problem | None:
        first = by_key.get(row.key) or by_ref.get(row.ref)
        if first is None:
            return None
        what = row.key if row.key in by_key else row.ref
        why = f"{what} was given away before, at {first.span.path}:{first.span.line}"
        return _problem("adopt-twice", why, row, "One item has one post: say `no` to one of them.")

    def _undecided(self, row: Answered) -> Iterator[Problem]:
        """Yield answers that would be posted beside ones that may be the same."""
        if row.ref.kind is not Kind.QUESTION:
            return
        for key in self.answers[row.key]:
            left = [
                str(ref)
                for ref in self.under[row.ref]
                if ref not in self.claimed and (key, ref) not in self.refused
            ]
            if left and key not in self.posts:
                why = (
                    f"the question is accepted, and its answer {key} isn't decided: it would be "
                    f"posted beside {', '.join(left)}"
                )
                remedy = f"In the row of {key}, say `yes` to the one it is, else `no` to all."
                yield _problem("adopt-answer", why, row, remedy)

    def accepted(self, back: Sequence[Answered], ledger: Ledger) -> Acceptance:
        """Return what becomes of the rows, none of which is to be refused."""
        places = {it.key: at for at, it in enumerate(self.manifest.items)}
        rows = sorted(self.chosen.values(), key=lambda it: places[it.key])
        new = [it for it in rows if self._is_new(it)]
        posts = [(self.items[it.key], self.free[it.ref]) for it in new if it.ref in self.free]
        pairs = [
            *pairs_as_if(self.manifest, self.snapshot, self.ledger, posts),
            *(self.pairs[it.key] for it in new if it.ref not in self.free),
        ]
        found = {pair.item.key: pair for pair in pairs}
        return Acceptance(
            (
                *(self._adopted(it, found) for it in rows),
                *(self._let_go(it, ledger) for it in back),
            ),
            tuple(_bound(pair, pair.live) for pair in pairs if pair.live is not None),
            tuple(
                (digest_field(pair.item.kind, field, value), value)
                for pair in pairs
                if pair.live is not None
                for field, value in pair.live.fields.items()
                if field in pair.item.fields
            ),
            tuple(it.key for it in back if it.key not in found),
        )

    def _let_go(self, row: Answered, ledger: Ledger) -> Adopted:
        item = self.items.get(row.key)
        question = self.items.get(item.parent) if item and item.parent else item
        stated = {**question.initial, **question.fields} if question else {}
        title, url = str(stated.get(Field.TITLE, "")), ledger.bindings[row.key].url
        return Adopted(row.key, row.ref.kind, title, row.ref, url, Became.LET_GO)

    def _adopted(self, row: Answered, found: Mapping[Key, Pair]) -> Adopted:
        item = self.items[row.key]
        question = self.items[item.parent] if item.parent else item
        pair = found.get(row.key) or self.pairs[row.key]
        stated = {**question.initial, **question.fields}
        return Adopted(
            row.key,
            item.kind,
            str(stated.get(Field.TITLE, "")),
            row.ref,
            pair.live.url if pair.live else "",
            Became.BOUND if row.key in found else Became.ALREADY,
            tuple(field for field, who in pair.moved.items() if who is not Moved.EQUAL),
            _seen(pair),
            span=item.span,
        )


def _bound(pair: Pair, live: LiveItem) -> Binding:
    """Return the binding of *pair*, with what stands on the site for the base of what differs."""
    binding = binding_of(pair, live)
    bases = dict(binding.base)
    for row in fields_of(pair.item.kind):
        if row.field in pair.item.fields and row.field in live.fields and row.field not in bases:
            digest = digest_field(pair.item.kind, row.field, live.fields[row.field])
            bases[row.field] = Base(digest, digest)
    return replace(binding, base=bases, stamp=stamp_of(live, bases))


def _seen(pair: Pair) -> Mapping[Field, Digest]:
    """Return what is to be noted of the fields in which the item is to go before its post."""
    if pair.live is None:
        return {}
    kind = pair.item.kind
    return {
        field: shorten(digest_field(kind, field, pair.live.fields[field]))
        for field, who in pair.moved.items()
        if who in (Moved.OURS, Moved.NO_BASE) and not rule(kind, field).own_call
    }


def _problem(rule_id: str, why: str, row: Answered, remedy: str) -> Problem:
    return Problem(rule_id, why, row.span, remedy)
