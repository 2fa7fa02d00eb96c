"""Is a change still what was reviewed? Decided per change, against the live post as it stands now.

change      live is           then
create      not there         fresh
            as wanted         already done
            anything else     stale
update,set  as before         fresh
            as wanted         already done
            anything else     stale
mark        of nobody, ours   fresh, already done (to take it off: the other way round)
            of somebody else  stale
delete      not there         already done
            engaged by others stale, unless that was allowed
            as before         fresh
            anything else     stale
"""

from dataclasses import dataclass
from enum import StrEnum

from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Kind, Mark, Verb, mark_of
from importer.model.live import LiveItem
from importer.model.plan import Change
from importer.planning.baseline import digest_field
from importer.text.digests import agree

__all__ = ["Freshness", "Judgement", "judge_freshness"]


class Freshness(StrEnum):
    """FRESH: go on. ALREADY: the live post is as wanted. STALE: it is neither as before nor so."""

    FRESH = "fresh"
    ALREADY = "already"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A freshness, and why it is stale."""

    freshness: Freshness
    why: str = ""


_FRESH = Judgement(Freshness.FRESH)
_ALREADY = Judgement(Freshness.ALREADY)


def judge_freshness(
    change: Change,
    live: LiveItem | None,
    later: Change | None = None,
    full: FullKey | None = None,
) -> Judgement:
    """Return whether *change* fits *live*, the keyed post it is about (None: not there).

    *later* is the second write of the same post in the plan: a create whose second write has
    happened too is done as well. *full* is the item's full key, which a marker bears.
    """
    if live is None:
        return _absent(change)
    if (mark := mark_of(change.id)) is not None:
        return _judge_mark(mark, live, full)
    if change.verb is Verb.CREATE:
        wanted = _matches(change, live, "after") or (
            later is not None and _matches(later, live, "after")
        )
        return _ALREADY if wanted else Judgement(Freshness.STALE, f"it exists already ({live.ref})")
    if change.verb is not Verb.DELETE and _matches(change, live, "after"):
        return _ALREADY
    if change.unless_engaged and live.facts.engaged_by_others:
        why = "others have answered, commented or voted on it since the plan was made"
        return Judgement(Freshness.STALE, why)
    if _matches(change, live, "before"):
        return _FRESH
    return Judgement(Freshness.STALE, "it was edited on the site since the plan was made")


def _judge_mark(mark: Mark, live: LiveItem, full: FullKey | None) -> Judgement:
    """Judge an update of the marker alone: no text of the post matters to it."""
    owner = live.marker.key if live.marker else None
    if owner not in (None, full):
        return Judgement(Freshness.STALE, f"its marker names {owner} now")
    is_so = (owner is None) is (mark is Mark.OFF)
    return _ALREADY if is_so else _FRESH


def _absent(change: Change) -> Judgement:
    match change.verb:
        case Verb.CREATE:
            return _FRESH
        case Verb.DELETE:
            return _ALREADY
        case _:
            return Judgement(Freshness.STALE, "its post is not on the site any more")


def _matches(change: Change, live: LiveItem, side: str) -> bool:
    return all(
        field in live.fields
        and value is not None
        and _equal(live.ref.kind, field, value, live.fields[field])
        for field, value in ((it.field, getattr(it, side)) for it in change.fields)
    )


def _equal(kind: Kind, field: Field, one: Value, other: Value) -> bool:
    return agree(digest_field(kind, field, one), digest_field(kind, field, other))
