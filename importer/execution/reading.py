"""Reads the live team into one snapshot: as much of it as somebody asks after.

Tags, questions and answers always. Articles and collections cost requests of their own, so they are
read where the manifest or the journal names one; without a journal also where something may have to
be deleted: the kind of an item that is gone from the manifest is in its post's marker alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.model.ids import Field, Kind, Ref, UserId, tag_name
from importer.model.ledger import Ledger, Operation
from importer.model.live import (
    Access,
    Covered,
    Denied,
    Everything,
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
from importer.model.manifest import Fate, Manifest
from importer.model.plan import Decisions, Plan
from importer.ports import TeamReader

__all__ = ["Reach", "reach_of_history", "reach_of_manifest", "reach_of_plan", "take_snapshot"]

_ALWAYS = frozenset({Kind.TAG, Kind.QUESTION, Kind.ANSWER})
_ASKED = frozenset({Kind.ARTICLE, Kind.COLLECTION})
_EMAIL = "email:"


@dataclass(frozen=True, slots=True)
class Reach:
    """What is asked after: kinds read whole, tags read one by one, mail addresses looked up."""

    kinds: frozenset[Kind] = frozenset()
    tags: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


_NOTHING_MORE = Reach()


def reach_of_manifest(manifest: Manifest, ledger: Ledger, decisions: Decisions) -> Reach:
    """Return what planning *manifest* asks after."""
    items = manifest.items
    kinds = {it.kind for it in items}
    is_pruning = manifest.policy.prune or decisions.prune
    is_deleting = any(it.fate is Fate.DELETE for it in manifest.removed)
    if not ledger.exists and (is_pruning or is_deleting):
        kinds |= _ASKED
    experts = (it.fields.get(Field.EXPERTS, ()) for it in items if it.kind is Kind.TAG)
    names = {name for each in experts if isinstance(each, tuple) for name in each}
    return Reach(
        frozenset(kinds),
        tuple(sorted({tag_name(it.key) for it in items if it.kind is Kind.TAG and it.fields})),
        tuple(sorted(it.removeprefix(_EMAIL) for it in names if it.startswith(_EMAIL))),
    )


def reach_of_plan(plan: Plan) -> Reach:
    """Return what carrying out *plan* asks after."""
    kinds = {it.kind for it in plan.changes} | {it.ref.kind for it in plan.bindings}
    return Reach(frozenset(kinds))


def reach_of_history(operations: Iterable[Operation]) -> Reach:
    """Return what taking back *operations* asks after."""
    seen = list(operations)
    tags = {tag_name(it.key) for it in seen if it.kind is Kind.TAG}
    return Reach(frozenset(it.kind for it in seen), tuple(sorted(tags)))


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
    known = {it.ref.kind for it in ledger.bindings.values()} | {it.kind for it in ledger.open}
    kinds = _ALWAYS | ((reach.kinds | known) & _ASKED)
    async for got in reader.read(Everything(tuple(sorted(kinds)))):
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
    items.update(await _looked_up(reader, _missing(ledger, items)))
    tags.update(_tags_in_use(items.values()))
    declared, denied = await _declared(reader, reach.tags)
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


def _missing(ledger: Ledger, items: Mapping[Ref, LiveItem | Same]) -> tuple[Ref, ...]:
    bound = {binding.ref for binding in ledger.bindings.values()}
    return tuple(sorted(it for it in bound if it not in items and it.kind is not Kind.TAG))


async def _looked_up(reader: TeamReader, refs: tuple[Ref, ...]) -> dict[Ref, LiveItem]:
    if not refs:
        return {}
    return {got.ref: got async for got in reader.read(Refs(refs)) if isinstance(got, LiveItem)}


def _tags_in_use(items: Iterable[LiveItem | Same]) -> set[str]:
    values = (it.fields.get(Field.TAGS) for it in items if isinstance(it, LiveItem))
    return {tag for value in values if isinstance(value, tuple) for tag in value}


async def _declared(
    reader: TeamReader, names: tuple[str, ...]
) -> tuple[dict[str, LiveItem], dict[str, str]]:
    """Return the tags of these names, and why something of them isn't told."""
    found: dict[str, LiveItem] = {}
    denied: dict[str, str] = {}
    if names:
        async for got in reader.read(Tags(names)):
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
