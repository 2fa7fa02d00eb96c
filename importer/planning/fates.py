"""What becomes of the posts of a team that is exported, by what can be told of each.

Whether a manifest can hold a post is for those to say who read it; the last word has the plan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from importer.model.exporting import Fate
from importer.model.fields import word_of
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Ref,
    key_of_target,
    split_full_key,
)
from importer.model.ledger import Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Comparison, Moved, Plan
from importer.planning.compare import compare
from importer.text.links import Text
from importer.text.marker import VERSION

__all__ = ["TELLTALE", "Asked", "Known", "disturbed", "is_asked", "known_in", "sort_out"]

TELLTALE = "it contains the access token or the API key"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which posts are wanted: of these kinds (answers with their questions), with one of *tags*.

    Without tags, all.
    """

    kinds: frozenset[Kind]
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What the manifest in the folder says of posts: their keys, and those it once had."""

    keys: Mapping[Ref, Key] = field(default_factory=dict)
    former: Mapping[Ref, Key] = field(default_factory=dict)


def known_in(base: Manifest | None, snapshot: Snapshot, ledger: Ledger) -> Known:
    """Return which posts the manifest in the folder has, or had."""
    if base is None:
        return Known()
    found = compare(base, snapshot, ledger)
    keys = {it.live.ref: it.item.key for it in found.pairs if it.live is not None}
    former = {orphan.ref: orphan.key for orphan, _, _ in found.orphans}
    # What is blocked stands in the manifest all the same.
    for ref in snapshot.items:
        key = key_of_target(found.targets.get(str(ref), ""))
        if key is not None and ref not in keys and ref not in former:
            keys[ref] = key
    return Known(keys, former)


def sort_out(
    snapshot: Snapshot,
    asked: Asked,
    known: Known,
    namespace: str,
    is_secret: Callable[[str], bool],
) -> tuple[Mapping[Ref, Fate], Mapping[Ref, str]]:
    """Return what becomes of each post by what can be told beforehand, and why it is left out.

    *is_secret* tells whether a text holds the token or the key: it goes into no file.
    """
    fates: dict[Ref, Fate] = {}
    reasons: dict[Ref, str] = {}
    posts = [it for _, it in sorted(snapshot.items.items()) if isinstance(it, LiveItem)]
    # Questions before the answers that go with them.
    for live in sorted(posts, key=lambda it: it.ref.kind is Kind.ANSWER):
        parent = fates.get(live.parent) if live.parent else None
        if live.ref in known.keys:
            fates[live.ref] = Fate.KNOWN
        elif parent is Fate.UNASKED or (parent is None and not is_asked(live, snapshot, asked)):
            fates[live.ref] = Fate.UNASKED
        elif why := _objection(live, parent, known, namespace, is_secret):
            fates[live.ref], reasons[live.ref] = Fate.LEFT_OUT, why
        else:
            fates[live.ref] = Fate.EXPORTED
    return fates, reasons


def is_asked(live: LiveItem, snapshot: Snapshot, asked: Asked) -> bool:
    """Tell whether somebody asked for a post; for an answer, whether its question's kind counts."""
    if live.ref.kind is Kind.ANSWER:
        return Kind.QUESTION in asked.kinds
    if live.ref.kind not in asked.kinds:
        return False
    tags = live.fields.get(Field.TAGS, ())
    masters = {snapshot.synonyms.get(it, it) for it in asked.tags}
    return not masters or not masters.isdisjoint(tags if isinstance(tags, tuple) else ())


def _objection(
    live: LiveItem,
    parent: Fate | None,
    known: Known,
    namespace: str,
    is_secret: Callable[[str], bool],
) -> str:
    """Return why a post can't become an item of *namespace*; empty for most."""
    owner = split_full_key(live.marker.key)[0] if live.marker else namespace
    if live.facts.deleted:
        return "it is deleted on the site"
    if live.ref in known.former:
        return f"this manifest had it as `{known.former[live.ref]}` and no longer does"
    if live.marker is not None and live.marker.version > VERSION:
        return "a newer importer wrote it; use that version"
    if owner != namespace:
        return f"it belongs to another manifest, `{owner}`; export it with --namespace {owner}"
    if live.ref.kind is Kind.ANSWER:
        if parent is Fate.KNOWN:
            return "its question is in the manifest already; add it there by hand, with its `id:`"
        if parent is Fate.LEFT_OUT:
            return "its question is left out"
        if parent is None:
            return "its question could not be read"
    if any(is_secret(it) for it in _texts(live)):
        return TELLTALE
    return ""


def _texts(live: LiveItem) -> Iterable[str]:
    for value in live.fields.values():
        if isinstance(value, Text):
            yield value.holed
        elif isinstance(value, str):
            yield value


def disturbed(comparison: Comparison, plan: Plan) -> Iterator[tuple[Key, str]]:
    """Yield the items that *plan* would not leave in peace, and why; an item may come twice."""
    for pair in comparison.pairs:
        moved = [field for field, who in pair.moved.items() if who is not Moved.EQUAL]
        if pair.live is not None and moved:
            words = " and ".join(word_of(pair.item.kind, it) for it in moved)
            yield pair.item.key, f"a manifest can't say its {words} as the site has it"
    for held in plan.blocked:
        if held.key is not None:
            yield held.key, f"the next plan would block it: {held.why}"
    for change in plan.changes:
        yield change.key, f"the next plan would {change.verb} it"
    for step in plan.manual:
        yield step.key, f"the next plan would ask a person to {step.what}"
    for drift in plan.drift:
        yield drift.key, f"the next plan would show its {drift.field} as edited on the site"
