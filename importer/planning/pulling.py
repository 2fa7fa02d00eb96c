"""What of the edits made on the site is to come into the manifest, field by field.

    moved      then
    LIVE       the site's value is taken in
    BOTH       what both merge to; where nothing does: a conflict
    NO_BASE    a conflict: nobody knows who moved
    OURS, NEITHER, EQUAL   nothing

A person decides otherwise by key: the site's value is taken whatever the manifest says, or the
manifest's is kept. Where `on_drift` is `overwrite`, the manifest's is what counts and nothing is
taken unless it is asked for. Of each live version that was taken in, or decided against, the digest
is noted (`seen`), so that the next plan knows that nobody else has moved since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from pydantic import TypeAdapter

from importer.model.fields import Value, rule, word_of
from importer.model.ids import Field, Key, Kind
from importer.model.live import LiveItem
from importer.model.manifest import Item, OnDrift, Policy
from importer.model.plan import Comparison, LastEdit, Moved, Pair
from importer.model.pulling import PullReport, Taken
from importer.planning.baseline import digest_field
from importer.planning.choosing import is_taken
from importer.planning.merging import base_text, with_merges
from importer.text.aligning import kept_lines
from importer.text.digests import Digest, agree, shorten
from importer.text.links import Text
from importer.text.merging import Conflict, Merge, merge_texts, with_markers
from importer.text.respelling import lines_of, text_of

__all__ = ["Choice", "Intake", "Pulled", "pull", "pull_schema", "stale_seen"]

_NO_BASE = "last published"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person decided: globs of keys. Those of `only` take a question's answers along.

    A key by itself goes before a glob: `take_site` of all, `keep_ours` of one.
    """

    only: tuple[str, ...] = ()
    keep_ours: tuple[str, ...] = ()
    take_site: tuple[str, ...] = ()
    marks: bool = False

    def takes(self, key: Key) -> bool:
        """Tell whether the site's version is to be taken."""
        return _fits(key, self.take_site) and not self._keeps_by_name(key)

    def keeps(self, key: Key) -> bool:
        """Tell whether the manifest's version is to be kept."""
        return _fits(key, self.keep_ours) and not self.takes(key)

    def is_torn(self, key: Key) -> bool:
        """Tell whether both were said of *key*, and neither goes before the other."""
        both = _fits(key, self.keep_ours) and _fits(key, self.take_site)
        return both and (key in self.keep_ours) == (key in self.take_site)

    def _keeps_by_name(self, key: Key) -> bool:
        return key in self.keep_ours and key not in self.take_site


@dataclass(frozen=True, slots=True)
class Intake:
    """One field: what the manifest is to say of it (`wanted`; None: as it does), and `seen`.

    `base` is what both sides started from, where that is known. `why` says why it is left, or in
    conflict; `shown` is a text's conflict between markers.
    """

    item: Item
    field: Field
    how: Taken
    live: LiveItem
    wanted: Value | None = None
    seen: Digest | None = None
    base: Value | None = None
    edit: LastEdit | None = None
    why: str = ""
    shown: Text | None = None

    @property
    def word(self) -> str:
        """What authors call the field."""
        return word_of(self.item.kind, self.field)


@dataclass(frozen=True, slots=True)
class Pulled:
    """All that is to be taken in, or waits for a person."""

    intakes: tuple[Intake, ...]
    pairs: Mapping[Key, Pair]

    def of(self, *how: Taken) -> tuple[Intake, ...]:
        """Return what became of fields in one of these ways."""
        return tuple(it for it in self.intakes if it.how in how)


def pull(
    comparison: Comparison,
    texts: Mapping[Digest, Value],
    choice: Choice,
    policy: Policy,
    unresolved: frozenset[Key] = frozenset(),
) -> Pulled:
    """Return what of *comparison* is to be taken in; *texts* are known bases by their digests.

    The `unresolved` were written with no known outcome: what is live there may be our own.
    """
    merged = with_merges(comparison, texts)
    pairs = {it.item.key: it for it in merged.pairs if it.live is not None}
    found = [
        it
        for pair in pairs.values()
        if is_taken(pair.item.key, choice.only)
        for it in _of_pair(pair, texts, choice, policy)
    ]
    return Pulled(tuple(_held_back([*found, *_marks(found, pairs)], unresolved)), pairs)


def _held_back(found: list[Intake], unresolved: frozenset[Key]) -> Iterator[Intake]:
    """Yield *found*, where nothing is taken of an item that a person has to look at."""
    waiting = {it.item.key: it.word for it in found if it.how is Taken.CONFLICT}
    for it in found:
        key = it.item.key
        if key in unresolved:
            why = "its last write has no known outcome; `teams-importer apply` settles that first"
            yield replace(it, how=Taken.LEFT, wanted=None, seen=None, why=why)
        elif key in waiting and it.how not in (Taken.CONFLICT, Taken.LEFT):
            why = f"it waits for the conflict in its {waiting[key]}"
            yield replace(it, how=Taken.LEFT, wanted=None, seen=None, why=why)
        else:
            yield it


def _fits(key: Key, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, glob) for glob in globs)


def _of_pair(
    pair: Pair, texts: Mapping[Digest, Value], choice: Choice, policy: Policy
) -> Iterator[Intake]:
    live = pair.live
    if live is None or live.facts.deleted or pair.item.kind is Kind.IMAGE:
        return
    for field, who in pair.moved.items():
        if field is Field.DESCRIPTION and not live.fields[field]:
            continue
        if who in (Moved.LIVE, Moved.BOTH, Moved.NO_BASE):
            yield _intake(pair, live, field, who, texts, choice, policy)


def _intake(
    pair: Pair,
    live: LiveItem,
    field: Field,
    who: Moved,
    texts: Mapping[Digest, Value],
    choice: Choice,
    policy: Policy,
) -> Intake:
    item = pair.item
    theirs = live.fields[field]
    seen = _seen_of(item, field, theirs)
    base = base_text(pair, field, texts)
    told = Intake(item, field, Taken.LEFT, live, base=base, edit=pair.edit)
    taken = replace(told, how=Taken.TAKEN, wanted=_within(item, field, theirs), seen=seen)
    if choice.takes(item.key):
        return taken
    if choice.keeps(item.key):
        if seen is None:
            return replace(told, why="what was decided of it has no place in its entry")
        return replace(told, how=Taken.KEPT, seen=seen)
    if field is Field.DESCRIPTION:
        return replace(told, why="no API writes it, so nobody knows who moved: a step by hand")
    if (item.on_drift or policy.on_drift) is OnDrift.OVERWRITE:
        return replace(told, why="`on_drift: overwrite`: the manifest's version goes over it")
    if who is Moved.LIVE:
        return taken
    if field in pair.merged:
        return replace(told, how=Taken.MERGED, wanted=pair.merged[field], seen=seen)
    told = replace(told, how=Taken.CONFLICT, why=_why(who, base))
    if not isinstance(theirs, Text):
        return told
    shown = _marked(item.fields[field], theirs, base, pair.edit)
    if choice.marks:
        return replace(told, how=Taken.MARKED, wanted=shown, seen=seen, shown=shown)
    return replace(told, shown=shown)


def _why(who: Moved, base: Value | None) -> str:
    if who is Moved.NO_BASE:
        return "it differs from the site, and what was last written is not known"
    if base is None:
        return "it was edited here and on the site, and the text that both started from isn't known"
    return "it was edited here and on the site, in the same place"


def _seen_of(item: Item, field: Field, theirs: Value) -> Digest | None:
    """Return the digest to note; None where the entry has no place for it, or nobody needs it.

    An accepted mark that the manifest doesn't state is the site's business.
    """
    if item.kind is Kind.TAG or field is Field.ACCEPTED:
        return None
    return shorten(digest_field(item.kind, field, theirs))


def _within(item: Item, field: Field, theirs: Value) -> Value:
    """Return what is taken in: of names that are only added, those that are still there."""
    ours = item.fields[field]
    if field in item.adds and isinstance(ours, tuple) and isinstance(theirs, tuple):
        return tuple(it for it in ours if it in theirs)
    return theirs


def _marks(found: list[Intake], pairs: Mapping[Key, Pair]) -> Iterator[Intake]:
    """Yield the marks that moved on the site from one answer of the manifest to another."""
    for it in found:
        if it.field is not Field.ACCEPTED or it.how is not Taken.TAKEN:
            continue
        for pair in pairs.values():
            live, item = pair.live, pair.item
            stated = {**item.initial, **item.fields}
            if live is None or item.parent != it.item.parent or Field.ACCEPTED in stated:
                continue
            if live.fields.get(Field.ACCEPTED) is True:
                yield Intake(item, Field.ACCEPTED, Taken.TAKEN, live, wanted=True, edit=pair.edit)


def _marked(ours: Value, theirs: Text, base: Value | None, edit: LastEdit | None) -> Text:
    """Return both versions of a text with markers around what is in conflict."""
    mine = ours if isinstance(ours, Text) else Text("")
    who = f", edited by {_name(edit)}" if edit else ""
    names = {"ours": "manifest", "base": _NO_BASE, "theirs": f"site{who}"}
    if isinstance(base, Text):
        return with_markers(merge_texts(base, mine, theirs), **names)
    marked = with_markers(_two_sided(mine, theirs), **names)
    return Text(marked.holed.replace(f"||||||| {_NO_BASE}\n", ""), marked.targets)


def _name(edit: LastEdit) -> str:
    return f"{edit.name or 'somebody'} (user {edit.by})"


def _two_sided(ours: Text, theirs: Text) -> Merge:
    """Return every difference as a conflict: what both started from isn't known."""
    mine, other = lines_of(ours), lines_of(theirs)
    kept = [*kept_lines(mine, other).items(), (len(mine), len(other))]
    pieces: list[Text | Conflict] = []
    here = there = 0
    for at, to in kept:
        if (here, there) != (at, to):
            pieces.append(Conflict(text_of(mine[here:at]), Text(""), text_of(other[there:to])))
        pieces.append(text_of(mine[at : at + 1]))
        here, there = at + 1, to + 1
    return Merge(tuple(pieces))


def stale_seen(pair: Pair) -> tuple[Field, ...]:
    """Return the fields whose `seen` says no more than the post's own marker does."""
    live = pair.live
    if live is None or live.marker is None:
        return ()
    return tuple(
        field
        for field in pair.item.seen
        if field in live.fields
        and (marked := live.marker.digests.get(rule(pair.item.kind, field).letter or ""))
        is not None
        and agree(marked, digest_field(pair.item.kind, field, live.fields[field]))
    )


def pull_schema() -> dict[str, object]:
    """Return the JSON schema of what `pull --format json` prints."""
    schema = TypeAdapter(PullReport).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
