"""Reads the live team into one snapshot: as much of it as somebody asks after.

Tags, questions and answers always. Articles and collections cost requests of their own, so they are
read where the manifest or the journal names one; where the journal remembers nothing also if
something may have to be deleted: the kind of an item that is gone from the manifest is in its
post's marker alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from importer.model.ids import Field, Kind, Ref, UserId, tag_name
from importer.model.ledger import Ledger, Operation
from importer.model.live import (
    Access,
    Covered,
    Denied,
    Everything,
    Known,
    LiveItem,
    People,
    Person,
    Refs,
    Revision,
    Same,
    Snapshot,
    Synonym,
    Tags,
)
from importer.model.manifest import Fate, Footer, Item, Manifest, publishers_of
from importer.model.plan import Decisions, Plan
from importer.planning.quiet import known_of
from importer.ports import TeamReader

__all__ = [
    "Reach",
    "reach_of_history",
    "reach_of_manifest",
    "reach_of_plan",
    "take_snapshot",
    "with_tags",
]

_ALWAYS = frozenset({Kind.TAG, Kind.QUESTION, Kind.ANSWER})
_ASKED = frozenset({Kind.ARTICLE, Kind.COLLECTION})
# Tags are read by name; where an image is, is all that can be known of it.
_UNLISTED = frozenset({Kind.TAG, Kind.IMAGE})
_EMAIL = "email:"


@dataclass(frozen=True, slots=True)
class Reach:
    """What is asked after: kinds read whole, tags read one by one, mail addresses looked up.

    Posts that are `known` may come as Same; with `authors`, what others wrote without its text, but
    for what is `named`, and so what stands below it. `permissions`: who may edit articles.
    `footers`: what others than we and the manifest's `writers` wrote bears one, if it is ours.
    """

    kinds: frozenset[Kind] = frozenset()
    tags: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    known: Mapping[Ref, Known] = field(default_factory=dict)
    authors: frozenset[UserId] = frozenset()
    named: frozenset[Ref] = frozenset()
    permissions: bool = False
    footers: bool = False
    writers: frozenset[UserId] = frozenset()


_NOTHING_MORE = Reach()


def reach_of_manifest(
    manifest: Manifest, ledger: Ledger, decisions: Decisions, quiet: Mapping[Ref, Item]
) -> Reach:
    """Return what planning *manifest* asks after; posts of *quiet* items need not be read."""
    items = manifest.items
    kinds = {it.kind for it in items}
    is_pruning = manifest.policy.prune or decisions.prune
    is_deleting = any(it.fate is Fate.DELETE for it in manifest.removed)
    if not ledger.bindings and (is_pruning or is_deleting):
        kinds |= _ASKED
    experts = (it.fields.get(Field.EXPERTS, ()) for it in items if it.kind is Kind.TAG)
    names = {name for each in experts if isinstance(each, tuple) for name in each}
    return Reach(
        frozenset(kinds),
        tuple(sorted({tag_name(it.key) for it in items if it.kind is Kind.TAG and it.fields})),
        tuple(sorted(it.removeprefix(_EMAIL) for it in names if it.startswith(_EMAIL))),
        known=known_of(ledger.bindings[it.key] for it in quiet.values()),
        authors=frozenset(publishers_of(manifest)),
        named=frozenset(Ref(it.kind, it.remote_id) for it in items if it.remote_id is not None),
        permissions=any(Field.PERMISSIONS in it.fields for it in items),
        footers=manifest.footer is not None and manifest.footer.everywhere,
        writers=frozenset(it.author for it in items if it.author is not None),
    )


def reach_of_plan(plan: Plan, ledger: Ledger) -> Reach:
    """Return what carrying out *plan* asks after; what it leaves alone need not be read."""
    changing = {it.key for it in plan.changes}
    fields = {it.field for change in plan.changes for it in change.fields}
    return Reach(
        frozenset({it.kind for it in plan.changes} | {it.kind for it in _posts_of(plan)}),
        known=known_of(it for key, it in ledger.bindings.items() if key not in changing),
        authors=frozenset(plan.publishers),
        named=frozenset(_refs_of(plan)),
        permissions=Field.PERMISSIONS in fields,
        footers=plan.footer is not None and plan.footer.everywhere,
    )


def _posts_of(plan: Plan) -> set[Ref]:
    return {it.ref for it in plan.bindings} | {it.ref for it in plan.doubles}


def _refs_of(plan: Plan) -> Iterator[Ref]:
    for change in plan.changes:
        yield from (it for it in (change.ref, change.parent_ref) if it is not None)
    for binding in plan.bindings:
        yield from (it for it in (binding.ref, binding.parent) if it is not None)
    for double in plan.doubles:
        yield from (double.ref, double.counts)


def reach_of_history(operations: Iterable[Operation], footer: Footer | None = None) -> Reach:
    """Return what taking back *operations* asks after."""
    seen = list(operations)
    tags = {tag_name(it.key) for it in seen if it.kind is Kind.TAG}
    fields = {it.field for operation in seen for it in operation.fields}
    return Reach(
        frozenset(it.kind for it in seen),
        tuple(sorted(tags)),
        permissions=Field.PERMISSIONS in fields,
        named=frozenset(it.ref for it in seen if it.ref is not None),
        footers=footer is not None and footer.everywhere,
    )


async def take_snapshot(
    reader: TeamReader, access: Access, ledger: Ledger, reach: Reach = _NOTHING_MORE
) -> Snapshot:
    """Return everything of the live team that planning looks at.

    A bound post that is missing from a complete reading is looked up by its id once more: only
    what is missing there too counts as gone.
    """
    items: dict[Ref, LiveItem | Same] = {}
    tags: set[str] = set()
    synonyms: dict[str, str] = {}
    covered: list[Covered] = []
    named = {it.ref.kind for it in ledger.bindings.values()} | {it.kind for it in ledger.open}
    everything = Everything(
        tuple(sorted(_ALWAYS | ((reach.kinds | named) & _ASKED))),
        known=reach.known,
        authors=reach.authors,
        bound=reach.named | {it.ref for it in ledger.bindings.values()},
        permissions=reach.permissions,
        # Whoever isn't known may be the author of anything.
        footers=reach.footers and access.me is not None,
        own=reach.writers | ledger.authors | ({access.me} if access.me is not None else set()),
    )
    async for got in reader.read(everything):
        match got:
            case Synonym(name, master):
                synonyms[name] = master
            case Covered():
                covered.append(got)
            case LiveItem(ref=Ref(kind=Kind.TAG)):
                tags.add(str(got.fields[Field.TITLE]))
            case LiveItem() | Same():
                items[got.ref] = got
            case Revision() | Person() | Denied():
                pass
    parents = {it.ref: it.parent for it in ledger.bindings.values() if it.parent is not None}
    items.update(await _looked_up(reader, _missing(ledger, items), parents))
    tags.update(_tags_in_use(items.values()))
    declared, denied = await _declared(reader, {synonyms.get(it, it) for it in reach.tags})
    people, unknown = await _people(reader, reach.emails)
    return Snapshot(
        site=access.site,
        me=access.me,
        items=items,
        covered=frozenset(it.kind for it in covered),
        tags=tuple(sorted(tags)),
        synonyms=synonyms,
        until=min((it.until for it in covered), default=None),
        declared=declared,
        people=people,
        denied={**denied, **unknown},
    )


async def with_tags(reader: TeamReader, snapshot: Snapshot, names: Collection[str]) -> Snapshot:
    """Return *snapshot* with what is told of the tags of these names."""
    declared, denied = await _declared(reader, names)
    return replace(
        snapshot,
        declared={**snapshot.declared, **declared},
        denied={**snapshot.denied, **denied},
    )


def _missing(ledger: Ledger, items: Mapping[Ref, LiveItem | Same]) -> tuple[Ref, ...]:
    bound = {binding.ref for binding in ledger.bindings.values()}
    return tuple(sorted(it for it in bound if it not in items and it.kind not in _UNLISTED))


async def _looked_up(
    reader: TeamReader, refs: tuple[Ref, ...], parents: Mapping[Ref, Ref]
) -> dict[Ref, LiveItem]:
    if not refs:
        return {}
    found = reader.read(Refs(refs, parents))
    return {got.ref: got async for got in found if isinstance(got, LiveItem)}


def _tags_in_use(items: Iterable[LiveItem | Same]) -> set[str]:
    values = (it.fields.get(Field.TAGS) for it in items if isinstance(it, LiveItem))
    return {tag for value in values if isinstance(value, tuple) for tag in value}


async def _declared(
    reader: TeamReader, names: Collection[str]
) -> tuple[dict[str, LiveItem], dict[str, str]]:
    """Return the tags of these names, and why something of them isn't told."""
    found: dict[str, LiveItem] = {}
    denied: dict[str, str] = {}
    if names:
        async for got in reader.read(Tags(tuple(sorted(names)))):
            if isinstance(got, LiveItem):
                found[str(got.fields[Field.TITLE])] = got
            elif isinstance(got, Denied):
                denied[got.what] = got.reason
    return found, denied


async def _people(
    reader: TeamReader, emails: tuple[str, ...]
) -> tuple[dict[str, UserId | None], dict[str, str]]:
    """Return whose these addresses are, and why that isn't told."""
    found: dict[str, UserId | None] = {}
    denied: dict[str, str] = {}
    if emails:
        async for got in reader.read(People(emails)):
            if isinstance(got, Person):
                found[got.email] = got.id
            elif isinstance(got, Denied):
                denied[got.what] = got.reason
    return found, denied
