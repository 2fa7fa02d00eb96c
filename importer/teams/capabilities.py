"""What can be written to a team, and why the rest can't: one table over all its APIs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Source
from importer.model.site import Site
from importer.teams.routing import Routing
from importer.teams.v3.door import names_no_experts

__all__ = ["Capabilities", "Elsewhere", "Route"]

_EXPERTS = (Kind.TAG, Verb.SET, Field.EXPERTS)
_ROLE_LACKS = Ability(
    able=False,
    reason="only moderators and administrators may name experts, and the token's user is neither",
    source=Source.PROBE,
    remedy="Plan and apply with the token of one who may.",
)
_ROWS: tuple[tuple[Kind, Verb, Field | None], ...] = (
    *((kind, verb, None) for kind in Kind for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE)),
    (Kind.ANSWER, Verb.SET, Field.ACCEPTED),
    (Kind.ARTICLE, Verb.UPDATE, Field.PERMISSIONS),
    (Kind.TAG, Verb.SET, Field.DESCRIPTION),
    _EXPERTS,
)


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the capability table: which API does it, or why none can; known from `source`."""

    kind: Kind
    verb: Verb
    field: Field | None
    by: str
    why_not: str
    source: Source


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The API that `--api` leaves out: what it could do, and how one asks for it."""

    ability: Callable[[Kind, Verb, Field | None, Site], Ability]
    remedy: str


class Capabilities:
    """`role` is that of the token's user, once it was told; empty: it isn't known."""

    def __init__(self, routing: Routing, site: Site, elsewhere: Elsewhere | None) -> None:
        self.role = ""
        self._routing = routing
        self._site = site
        self._elsewhere = elsewhere

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether this can be done; a reason fit for a Blocked line when not."""
        found = [it.ability(kind, verb, field) for it in self._routing.usable]
        able = next((it for it in found if it.able), None)
        if able is not None:
            is_experts = (kind, verb, field) == _EXPERTS
            return _ROLE_LACKS if is_experts and names_no_experts(self.role) else able
        last = next((it for it in found if it.source is Source.SWAGGER), found[-1])
        lost = [it for it in self._routing.dialects if it not in self._routing.usable]
        could = [it.name for it in lost if it.ability(kind, verb, field).able]
        if could:
            errors = ((name, self._routing.lost[name].message) for name in could)
            why = "; ".join(f"{name} can't be used: {message}" for name, message in errors)
            remedy = f"What may open {could[0]} again is in `teams-importer doctor`."
            reason = f"{last.reason}; {why}"
            return replace(last, reason=reason, source=Source.PROBE, remedy=remedy)
        if self._elsewhere and self._elsewhere.ability(kind, verb, field, self._site).able:
            remedy = " ".join(filter(None, (last.remedy, self._elsewhere.remedy)))
            return replace(last, remedy=remedy)
        return last

    def routes(self) -> tuple[Route, ...]:
        """Return the capability table: each row of what can be written, and which API does it."""
        rows = []
        for kind, verb, field in _ROWS:
            ability = self.ability(kind, verb, field)
            if not ability.able:
                rows.append(Route(kind, verb, field, "", ability.reason, ability.source))
                continue
            by = self._routing.writer(kind, verb, field)
            source = by.ability(kind, verb, field).source
            rows.append(Route(kind, verb, field, by.name, "", source))
        return tuple(rows)
