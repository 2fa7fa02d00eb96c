"""The live team behind the ports: one endpoint, one mode, one API generation or both."""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from importer.errors import (
    AccessError,
    ApiMissing,
    ImporterError,
    KeyMissing,
    ServiceError,
    TeamForeign,
    TokenInvalid,
)
from importer.model.ids import Field, Kind, UserId, Verb
from importer.model.live import Ability, Access, Need, Rates, Scope
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Write
from importer.ports import Clock, Hold, Read
from importer.teams.access import check, token_missing
from importer.teams.capabilities import Capabilities, Elsewhere, Route
from importer.teams.deputies import Deputies
from importer.teams.dialect import Dialect
from importer.teams.mode import Mode
from importer.teams.origin import Endpoint
from importer.teams.outcome import classify, not_begun
from importer.teams.rights import Rights
from importer.teams.routing import Routing, Way

__all__ = ["LiveTeam"]

_UNASKED = (
    "whether the site lets its key write in others' names was not asked: this command sends "
    "nothing but GET"
)
_OF_EXPERTS = (
    " (the token's user may not name experts: let a moderator or an admin of the team apply this, "
    "or do it on the site)"
)
_KEY_ALONE = "no access token was given: the API key alone reads, and an apply asks for a token"


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
        self._me: UserId | None = None
        self._doors = 1
        self._routing = Routing(dialects)
        self._capabilities = Capabilities(self._routing, endpoint.site, elsewhere)
        self._rights = Rights()
        self._endpoint = endpoint
        self._mode = mode
        self._clock = clock

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
        transports = [it.transport for it in self._routing.dialects]
        if self._deputies is not None and self._deputies.office not in transports:
            transports.append(self._deputies.office)
        return sum((it.counts for it in transports), Counter[str]())

    @property
    def rates(self) -> Rates:
        """The documented pace: of the API that most goes over, and of each kind's own."""
        return replace(self._routing.rates, doors=self._doors)

    async def check(self, need: Need) -> Access:
        """Check token and team; one call, and up to three probes where writing is asked for.

        With both APIs, the second is looked at only for what the first can't do, or does slowly.
        That it can't be used then is no error here: it shows in what `ability` says. Where the
        first is gone, or opens to nobody (the vendor is phasing it out), the second does it all.
        """
        if need.write and self._endpoint.by_key_alone:
            raise token_missing(key_alone=True)
        main, *others = self._routing.usable
        try:
            access = await self._check(main, need)
        except (ApiMissing, KeyMissing, TeamForeign) as error:
            if not others:
                raise
            access = await self._checked_instead(others[0], need, error)
            self._routing.lose(main, error)
        further = self._routing.further(need.kinds)
        self._doors = 1 + len(further)
        for other in further:
            try:
                await self._check(other, need)
            except (AccessError, ServiceError) as error:
                self._routing.lose(other, error)
        self._me = access.me
        lost = (f"without {name}: {why.message}" for name, why in self._routing.lost.items())
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
            self._rights.prove(dialect)
        self._capabilities.role = access.role or self._capabilities.role
        return access

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether this can be done; a reason fit for a Blocked line when not."""
        return self._capabilities.ability(kind, verb, field)

    def routes(self) -> tuple[Route, ...]:
        """Return the capability table: each row of what can be written, and which API does it."""
        return self._capabilities.routes()

    def ways(self) -> tuple[Way, ...]:
        """Return the APIs of this team, as the checks so far have found them."""
        return self._routing.ways()

    def keeps_history(self, kind: Kind) -> bool:
        """Tell whether what others wrote in between can be seen afterwards."""
        return any(kind in it.histories for it in self._routing.usable)

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield canonical items, each ref once; raises rather than end early."""
        return self._read(self._routing.split(scope))

    async def _read(self, parts: Sequence[tuple[Dialect, Scope]]) -> AsyncGenerator[Read, None]:
        for dialect, scope in parts:
            async for item in dialect.read(scope):
                yield item

    def server_time(self) -> datetime | None:
        """Return the server's present time as its Date headers tell it; monotonic in between."""
        told = (it.transport.server_time_s() for it in self._routing.usable)
        server_s = next((it for it in told if it is not None), None)
        return None if server_s is None else datetime.fromtimestamp(server_s, UTC)

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `write` by which its last byte is sent, or it never is."""
        return max(it.transport.write_within_s for it in self._routing.usable)

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        """Send one write and say what became of it."""
        dialect = self._routing.way_of(write)
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
            self._rights.prove(dialect)
        if (
            isinstance(outcome, Rejected)
            and outcome.stops_run
            and await self._rights.is_about_item(dialect, ended)
        ):
            hint = _OF_EXPERTS if write.kind is Kind.TAG else ""
            return Rejected(outcome.code, f"{outcome.message}{hint}")
        return outcome
