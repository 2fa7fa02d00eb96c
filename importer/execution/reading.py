"""Reads the live team into one snapshot."""

from collections.abc import Iterable

from importer.model.ids import Kind, Ref
from importer.model.ledger import Ledger
from importer.model.live import (
    Access,
    Covered,
    Denied,
    Everything,
    LiveItem,
    Person,
    Refs,
    Revision,
    Same,
    Snapshot,
    Synonym,
)
from importer.ports import TeamReader

__all__ = ["take_snapshot"]

_KINDS = (Kind.TAG, Kind.QUESTION, Kind.ANSWER)


async def take_snapshot(reader: TeamReader, access: Access, ledger: Ledger) -> Snapshot:
    """Return everything of the live team that planning looks at.

    A bound post that is missing from a complete reading is looked up by its id once more: only
    what is missing there too counts as gone.
    """
    items: dict[Ref, LiveItem | Same] = {}
    tags: set[str] = set()
    synonyms: dict[str, str] = {}
    covered: list[Covered] = []
    async for got in reader.read(Everything(_KINDS)):
        match got:
            case Synonym(name, master):
                synonyms[name] = master
            case Covered():
                covered.append(got)
            case LiveItem(ref=Ref(kind=Kind.TAG)):
                tags.update(str(value) for value in got.fields.values())
            case LiveItem() | Same():
                items[got.ref] = got
            case Revision() | Person() | Denied():
                pass
    items.update(await _looked_up(reader, _missing(ledger, items)))
    tags.update(_tags_in_use(items.values()))
    return Snapshot(
        site=access.site,
        me=access.me,
        items=items,
        covered=frozenset(it.kind for it in covered),
        tags=tuple(sorted(tags)),
        synonyms=synonyms,
        until=min((it.until for it in covered), default=None),
    )


def _missing(ledger: Ledger, items: dict[Ref, LiveItem | Same]) -> tuple[Ref, ...]:
    bound = (binding.ref for binding in ledger.bindings.values())
    return tuple(sorted(ref for ref in bound if ref not in items and ref.kind in _KINDS))


async def _looked_up(reader: TeamReader, refs: tuple[Ref, ...]) -> dict[Ref, LiveItem]:
    if not refs:
        return {}
    return {got.ref: got async for got in reader.read(Refs(refs)) if isinstance(got, LiveItem)}


def _tags_in_use(items: Iterable[LiveItem | Same]) -> set[str]:
    return {
        tag
        for item in items
        if isinstance(item, LiveItem)
        for value in item.fields.values()
        if isinstance(value, tuple)
        for tag in value
    }
