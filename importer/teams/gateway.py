"""The live team behind the ports: one endpoint, one mode, one API generation or both.

With both, each kind has its way:

    questions, answers, tags    read and written over v2.3: a hundred with all their Markdown come
                                in one request, and each write bears an id of its own
    articles                    written over v3, as v2.3 takes one a minute; read over v2.3 where
                                nobody asks who may edit them
    collections, experts        v3 alone can

What would go over v2.3 goes over v3 once the day's quota there is used up.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TypeVar, assert_never

from importer.errors import (
    AccessError,
    ApiMissing,
    ImporterError,
    KeyMissing,
    ServiceError,
    TeamForeign,
    TokenInvalid,
    TokenMissing,
)
from importer.model.ids import Field, Kind, UserId, Verb
from importer.model.live import (
    Ability,
    Access,
    Everything,
    Need,
    Newest,
    People,
    Rates,
    Refs,
    Revisions,
    Scope,
    Since,
    Source,
    Tags,
    Under,
)
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Write
from importer.ports import Clock, Hold, Read
from importer.teams.access import check, may_still_write
from importer.teams.deputies import Deputies, authoring_of
from importer.teams.dialect import Dialect
from importer.teams.exchange import Ended, Quota, Reply
from importer.teams.http import ClientTransport
from importer.teams.mode import Mode
from importer.teams.network import App, open_wires
from importer.teams.origin import Connection, Endpoint, find_endpoint
from importer.teams.outcome import classify, not_begun
from importer.teams.turns import OnWait
from importer.teams.v2.calls import ability as v2_ability
from importer.teams.v2.dialect import V2
from importer.teams.v2.dialect import wire_of as v2_wire
from importer.teams.v3.calls import ability as v3_ability
from importer.teams.v3.dialect import V3
from importer.teams.v3.dialect import wire_of as v3_wire
from importer.teams.v3.door import names_no_experts
from importer.teams.wire import Wire

__all__ = ["LiveTeam", "Route", "Way", "open_team"]

_T = TypeVar("_T")

_PROBE_HOLDS_S = 30.0
_UNASKED = (
    "whether the site lets its key write in others' names was not asked: this command sends "
    "nothing but GET"
)
_EXPERTS = (Kind.TAG, Verb.SET, Field.EXPERTS)
_ROLE_LACKS = Ability(
    able=False,
    reason="only moderators and administrators may name experts, and the token's user is neither",
    source=Source.PROBE,
    remedy="Plan and apply with the token of one who may.",
)
_OF_EXPERTS = (
    " (the token's user may not name experts: let a moderator or an admin of the team apply this, "
    "or do it on the site)"
)
_KEY_ALONE = "no access token was given: the API key alone reads, and an apply asks for a token"
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
class Way:
    """An API of the team: "" or why it can't be used, and what is left of its limits, as told.

    `remedy` says what may open it.
    """

    name: str
    why_not: str
    remedy: str
    quota: Quota | None
    calls_left: int | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The API that `--api` leaves out: what it could do, and how one asks for it."""

    ability: Callable[[Kind, Verb, Field | None, Site], Ability]
    remedy: str


_ELSEWHERE: Mapping[str, Elsewhere] = {
    "2.3": Elsewhere(v3_ability, "Use --api auto or --api 3, where the team has API v3."),
    "3": Elsewhere(v2_ability, "Or use --api auto: API v2.3 can do it."),
}


class LiveTeam:
    """A team over HTTP; implements the ports TeamReader and Team.

    `note` says what a person should know of the way to it (a proxy, an address read otherwise).
    """

    def __init__(
        self,
        dialects: Sequence[Dialect],
        endpoint: Endpoint,
        *,
        mode: Mode,
        clock: Clock,
        note: str,
        authoring: Ability,
        deputies: Deputies | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.note = note
        self._authoring = authoring
        self._deputies = deputies
        self._elsewhere = elsewhere
        self._me: UserId | None = None
        self._doors = 1
        self._dialects = tuple(dialects)
        self._lost: dict[str, ImporterError] = {}
        self._role = ""
        self._endpoint = endpoint
        self._mode = mode
        self._clock = clock
        self._may_write: set[str] = set()
        self._may_write_until: dict[str, float] = {}

    @property
    def site(self) -> Site:
        """The team's web address."""
        return self._endpoint.site

    @property
    def team(self) -> str:
        """The team's slug."""
        return self._endpoint.team

    @property
    def origin(self) -> str:
        """The API's scheme, host and port."""
        return str(self._endpoint.origin)

    @property
    def requests(self) -> int:
        """How many requests were sent, repeated ones and probes included."""
        return self.counts.get("requests", 0)

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests by verb, and by what they showed (`throttled`: a limit was met)."""
        total: dict[str, int] = {}
        transports = [it.transport for it in self._dialects]
        if self._deputies is not None and self._deputies.office not in transports:
            transports.append(self._deputies.office)
        for transport in transports:
            for name, number in transport.counts.items():
                total[name] = total.get(name, 0) + number
        return total

    @property
    def rates(self) -> Rates:
        """The documented pace: of the API that most goes over, and of each kind's own."""
        slow = {
            kind: gap_s
            for kind in Kind
            if (gap_s := self._writer(kind).rates.between_creates.get(kind, 0.0))
        }
        return replace(self._main.rates, between_creates=slow, doors=self._doors)

    async def check(self, need: Need) -> Access:
        """Check token and team; one call, and up to three probes where writing is asked for.

        With both APIs, the second is looked at only for what the first can't do, or does slowly.
        That it can't be used then is no error here: it shows in what `ability` says. Where the
        first is gone, or opens to nobody (the vendor is phasing it out), the second does it all.
        """
        if need.write and self._endpoint.by_key_alone:
            raise _token_missing(key_alone=True)
        main = self._main
        others = [it for it in self._usable if it is not main]
        try:
            access = await self._check(main, need)
        except (ApiMissing, KeyMissing, TeamForeign) as error:
            if not others:
                raise
            access = await self._checked_instead(others[0], need, error)
            self._lost[main.name] = error
        writers = {self._writer(kind).name: self._writer(kind) for kind in need.kinds}
        further = [it for it in writers.values() if it is not self._main]
        self._doors = 1 + len(further)
        for other in further:
            try:
                await self._check(other, need)
            except (AccessError, ServiceError) as error:
                self._lost[other.name] = error
        self._me = access.me
        lost = (f"without {name}: {why.message}" for name, why in self._lost.items())
        notes = [access.note, *lost]
        if self._endpoint.by_key_alone:
            notes.append(_KEY_ALONE)
        authoring = self._authoring
        if self._deputies is not None:
            if self._mode is Mode.READ:
                notes.append(_UNASKED)
            elif need.write:
                authoring = await self._deputies.authoring()
        return replace(
            access,
            note="; ".join(filter(None, notes)),
            can_author=authoring.able,
            why_not_author=authoring.reason,
            how_to_author=authoring.remedy,
        )

    async def _checked_instead(
        self, dialect: Dialect, need: Need, refused: ApiMissing | KeyMissing | TeamForeign
    ) -> Access:
        """Ask *dialect* as well; a token that it takes no more than the first did is *refused*."""
        try:
            return await self._check(dialect, need)
        except (TokenInvalid, ServiceError):
            if isinstance(refused, TeamForeign):
                raise refused from None
            raise

    async def _check(self, dialect: Dialect, need: Need) -> Access:
        access = await check(
            dialect.transport,
            dialect.door,
            need,
            mode=self._mode,
            site=self.site,
            clock=self._clock,
        )
        if access.write_proven is True:
            self._may_write.add(dialect.name)
        self._role = access.role or self._role
        return access

    @property
    def _main(self) -> Dialect:
        return self._usable[0]

    @property
    def _usable(self) -> Sequence[Dialect]:
        usable = [it for it in self._dialects if it.name not in self._lost]
        return usable or self._dialects

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether this can be done; a reason fit for a Blocked line when not."""
        found = [it.ability(kind, verb, field) for it in self._usable]
        able = next((it for it in found if it.able), None)
        if able is not None:
            is_experts = (kind, verb, field) == _EXPERTS
            return _ROLE_LACKS if is_experts and names_no_experts(self._role) else able
        last = next((it for it in found if it.source is Source.SWAGGER), found[-1])
        lost = [it for it in self._dialects if it not in self._usable]
        could = [it.name for it in lost if it.ability(kind, verb, field).able]
        if could:
            why = "; ".join(f"{name} can't be used: {self._lost[name].message}" for name in could)
            remedy = f"What may open {could[0]} again is in `teams-importer doctor`."
            reason = f"{last.reason}; {why}"
            return replace(last, reason=reason, source=Source.PROBE, remedy=remedy)
        if self._elsewhere and self._elsewhere.ability(kind, verb, field, self.site).able:
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
            by = self._writer(kind, verb, field)
            source = by.ability(kind, verb, field).source
            rows.append(Route(kind, verb, field, by.name, "", source))
        return tuple(rows)

    def ways(self) -> tuple[Way, ...]:
        """Return the APIs of this team, as the checks so far have found them."""
        return tuple(
            Way(
                it.name,
                lost.message if (lost := self._lost.get(it.name)) else "",
                lost.remedy if lost else "",
                it.transport.quota,
                it.transport.calls_left,
            )
            for it in self._dialects
        )

    def keeps_history(self, kind: Kind) -> bool:
        """Tell whether what others wrote in between can be seen afterwards."""
        return any(kind in it.histories for it in self._usable)

    def _writer(self, kind: Kind, verb: Verb = Verb.CREATE, field: Field | None = None) -> Dialect:
        """Return who writes *kind*: the able one that is made to wait least between two."""
        if kind is Kind.TAG:
            verb, field = Verb.SET, field or Field.EXPERTS
        able = [it for it in self._usable if it.ability(kind, verb, field).able]
        if not able:
            return self._main
        return min(able, key=lambda it: it.rates.between_creates.get(kind, 0.0))

    def _lister(self, kind: Kind, *, permissions: bool) -> Dialect:
        """Return who lists *kind*: the first that can, and tells what is asked for."""
        if permissions and kind is Kind.ARTICLE:
            return self._writer(kind)
        return next((it for it in self._usable if it.reads(kind)), self._main)

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield canonical items, each ref once; raises rather than end early."""
        return self._read(self._split(scope))

    async def _read(self, parts: Sequence[tuple[Dialect, Scope]]) -> AsyncGenerator[Read, None]:
        for dialect, scope in parts:
            async for item in dialect.read(scope):
                yield item

    def _split(self, scope: Scope) -> list[tuple[Dialect, Scope]]:
        """Return which API reads which part of *scope*."""
        match scope:
            case Everything(kinds):
                lister = partial(self._lister, permissions=scope.permissions)
                return [(it, replace(scope, kinds=some)) for it, some in _shared(kinds, lister)]
            case Refs(refs):
                shares = _shared(refs, lambda ref: self._looker(ref.kind))
                return [(it, replace(scope, refs=some)) for it, some in shares]
            case Newest(kinds=those):
                shares_ = _shared(sorted(those), self._looker)
                return [(it, replace(scope, kinds=frozenset(some))) for it, some in shares_]
            case Tags() | People():
                return [(self._writer(Kind.TAG), scope)]
            case Revisions() | Under() | Since():
                return [(self._main, scope)]
        assert_never(scope)

    def _looker(self, kind: Kind) -> Dialect:
        """Return who looks at single posts of *kind*: who writes them, as a write rests on it."""
        return (
            self._main
            if self._main.reads(kind) and kind is not Kind.ARTICLE
            else self._writer(kind)
        )

    def server_time(self) -> datetime | None:
        """Return the server's present time as its Date headers tell it; monotonic in between."""
        told = (it.transport.server_time_s() for it in self._usable)
        server_s = next((it for it in told if it is not None), None)
        return None if server_s is None else datetime.fromtimestamp(server_s, UTC)

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `write` by which its last byte is sent, or it never is."""
        return max(it.transport.write_within_s for it in self._usable)

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        """Send one write and say what became of it."""
        dialect = self._way_of(write)
        try:
            request, echo = await dialect.prepare(write)
        except ImporterError as error:
            return not_begun(error)
        if write.author not in (None, self._me):
            if self._deputies is None:
                why = self._authoring.reason
                return NotApplied(f"nothing was sent as user {write.author}: {why}")
            return await self._deputies.write(write.author, dialect, request, echo, hold)
        ended = await dialect.transport.send(request, hold)
        outcome = classify(ended, echo, uploads=request.file is not None)
        if isinstance(outcome, Done):
            self._may_write.add(dialect.name)
        if (
            isinstance(outcome, Rejected)
            and outcome.stops_run
            and await self._is_about_item(dialect, ended)
        ):
            hint = _OF_EXPERTS if write.kind is Kind.TAG else ""
            return Rejected(outcome.code, f"{outcome.message}{hint}")
        return outcome

    def _way_of(self, write: Write) -> Dialect:
        field = next(iter(write.fields)) if write.verb is Verb.SET else None
        chosen = self._writer(write.kind, write.verb, field)
        if not chosen.transport.is_spent:
            return chosen
        others = (it for it in self._usable if not it.transport.is_spent)
        able = (it for it in others if it.ability(write.kind, write.verb, field).able)
        return next(able, chosen)

    async def _is_about_item(self, dialect: Dialect, ended: Ended) -> bool:
        """Tell whether a denial is about this post alone: the token could write and still may."""
        name, door = dialect.name, dialect.door
        if not (isinstance(ended, Reply) and door.is_refused(ended) and name in self._may_write):
            return False
        now = asyncio.get_running_loop().time()
        if now >= self._may_write_until.get(name, 0.0):
            if not await may_still_write(dialect.transport, door):
                return False
            self._may_write_until[name] = now + _PROBE_HOLDS_S
        return True


def _shared(
    things: Iterable[_T], by: Callable[[_T], Dialect]
) -> list[tuple[Dialect, tuple[_T, ...]]]:
    """Return who does which of *things*, as *by* says."""
    shares: dict[str, tuple[Dialect, list[_T]]] = {}
    for thing in things:
        dialect = by(thing)
        shares.setdefault(dialect.name, (dialect, []))[1].append(thing)
    return [(dialect, tuple(some)) for dialect, some in shares.values()]


def _token_missing(*, key_alone: bool) -> TokenMissing:
    remedy = (
        "Put a personal access token into a file that only you can read and name it with "
        "--token-file, or set TEAMS_IMPORTER_TOKEN."
    )
    if key_alone:
        text = "an API key alone only reads, a service key too: writing takes an access token"
        remedy = remedy.replace("a personal access", "a read-write access")
        return TokenMissing(text, remedy=remedy)
    return TokenMissing("no access token was given", remedy=remedy)


def _wires(connection: Connection, endpoint: Endpoint) -> list[Wire]:
    """Return the ways in, API v2.3's first; it makes the tokens of others for API v3, too."""
    if connection.api == "2.3":
        return [v2_wire(endpoint)]
    if connection.api == "3" and not connection.impersonate:
        return [v3_wire(endpoint)]
    return [v2_wire(endpoint), v3_wire(endpoint)]


@asynccontextmanager
async def open_team(
    connection: Connection,
    *,
    mode: Mode,
    clock: Clock,
    app: App | None = None,
    on_wait: OnWait | None = None,
    announce: Callable[[str], None] | None = None,
    client_transport: ClientTransport | None = None,
    random: Random | None = None,
) -> AsyncIterator[LiveTeam]:
    """Open the way to a team; nothing is sent yet.

    With *app*, the team is that ASGI application in this process, whatever `connection.url` says.
    *on_wait* is told why and for how many seconds nothing goes, *announce* what a long reading
    costs before it begins. *client_transport* takes the place of the network or the app, *random*
    spreads retries: both for tests. An Enterprise site's API key is enough to read.

    Raises UsageError, TokenMissing, TokenInvalid, TeamMissing or TeamUnknown for what can be seen
    from here.
    """
    if connection.token is None and connection.api_key is None:
        raise _token_missing(key_alone=False)
    endpoint = find_endpoint(connection, in_process=app is not None)
    if connection.token is None:
        key_alone = endpoint.is_enterprise
        if not key_alone or mode is Mode.WRITE:
            raise _token_missing(key_alone=key_alone)
        endpoint = replace(endpoint, by_key_alone=True)
    async with open_wires(
        connection,
        endpoint,
        _wires(connection, endpoint),
        token=connection.token,
        mode=mode,
        app=app,
        client_transport=client_transport,
        random=random,
        on_wait=on_wait,
    ) as (transports, note):
        say = announce or (lambda _: None)
        dialects: list[Dialect] = []
        if connection.api != "3":
            dialects.append(V2(transports[0], endpoint, clock))
        if connection.api != "2.3":
            dialects.append(V3(transports[-1], endpoint, clock, say, connection.contract))
        notes = (endpoint.note, note)
        authoring = authoring_of(connection, endpoint)
        deputies = Deputies(transports[0], endpoint, clock) if authoring.able else None
        yield LiveTeam(
            dialects,
            endpoint,
            mode=mode,
            clock=clock,
            note="; ".join(filter(None, notes)),
            authoring=authoring,
            deputies=deputies,
            elsewhere=_ELSEWHERE.get(connection.api),
        )
