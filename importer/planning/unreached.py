"""What can't be read because the API in use doesn't know its kind: which API does is said instead.

To plan again later, as for any other unread post, would change nothing.
"""

from collections.abc import Iterable
from dataclasses import replace

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability
from importer.model.plan import Blocked, BlockedCode
from importer.planning.abilities import Abilities

__all__ = ["told_unreached"]

_STAYS = "Until then it stays as it is."


def told_unreached(blocked: Iterable[Blocked], ability: Abilities) -> tuple[Blocked, ...]:
    """Return *blocked*; what is unread for want of an API that knows its kind says so."""
    return tuple(_told(it, ability) for it in blocked)


def _told(it: Blocked, ability: Abilities) -> Blocked:
    if it.code is not BlockedCode.UNREAD or it.kind is None:
        return it
    able = _ability_for(it.kind, ability)
    if able.able:
        return it
    remedy = f"{able.remedy} {_STAYS}" if able.remedy else _STAYS
    return replace(it, code=BlockedCode.UNSUPPORTED, why=able.reason, remedy=remedy)


def _ability_for(kind: Kind, ability: Abilities) -> Ability:
    if kind is Kind.TAG:
        return ability(kind, Verb.SET, Field.EXPERTS)
    return ability(kind, Verb.UPDATE, None)
