"""The live team behind the ports: one endpoint, one dialect, one mode.

Opened by `open_team`. Today there is one dialect, so every route leads through v2.3.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random

from importer.errors import BudgetExhausted, ImporterError, TokenMissing
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Access, Need, Rates, Scope
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Write
from importer.ports import Clock, Hold, Read
from importer.teams.access import Door, check, may_still_write
from importer.teams.exchange import Ended, Reply
from importer.teams.origin import Connection, Endpoint, find_endpoint
from importer.teams.outcome import classify
from importer.teams.transport import (
    App,
    ClientTransport,
    Mode,
    OnWait,
    Transport,
    open_transport,
)
from importer.teams.v2 import door as v2_door
from importer.teams.v2.calls import RATES, ability, call_of, request_of
from importer.teams.v2.echoes import echo_of
from importer.teams.v2.errors import demand, listen
from importer.teams.v2.reading import Reader

__all__ = ["LiveTeam", "open_team"]

_PROBE_HOLDS_S = 30.0


class LiveTeam:
    """A team over HTTP; implements the ports TeamReader and Team.

    `note` says what a person should know of the way to it (a proxy, an address read otherwise).
    """

    def __init__(
        self, transport: Transport, endpoint: Endpoint, *, mode: Mode, clock: Clock, note: str
    ) -> None:
        self.note = note
        self._transport = transport
        self._endpoint = endpoint
        self._mode = mode
        self._clock = clock
        self._door = _door(endpoint.team)
        self._reader = Reader(transport, team=endpoint.team, site=endpoint.site, clock=clock)
        self._may_write = False
        self._may_write_until = 0.0

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
        return self._transport.counts["requests"]

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests by verb, and by what they showed (`throttled`: a limit was met)."""
        return dict(self._transport.counts)

    @property
    def rates(self) -> Rates:
        """The documented pace."""
        return RATES

    async def check(self, need: Need) -> Access:
        """Check token and team; one call, and up to three probes where writing is asked for."""
        access = await check(
            self._transport,
            self._door,
            need,
            mode=self._mode,
            site=self.site,
            clock=self._clock,
        )
        self._may_write = access.write_proven is True
        return access

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether API v2.3 can do this; a reason fit for a Blocked line when not."""
        return ability(kind, verb, field, self.site)

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield canonical items, each ref once; raises rather than end early."""
        return self._reader.read(scope)

    def server_time(self) -> datetime | None:
        """Return the server's present time as its Date headers tell it; monotonic in between."""
        server_s = self._transport.server_time_s()
        return None if server_s is None else datetime.fromtimestamp(server_s, UTC)

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `write` by which its last byte is sent, or it never is."""
        return self._transport.write_within_s

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        """Send one write and say what became of it."""
        call_of(write)
        try:
            filter_id = await self._reader.filter_id()
        except ImporterError as error:
            return _not_begun(error)
        request = request_of(write, self.site, self.team, filter_id)
        ended = await self._transport.send(request, hold)
        echo = partial(echo_of, write, site=self.site, masters=self._reader.masters)
        outcome = classify(ended, echo)
        if isinstance(outcome, Done):
            self._may_write = True
        if isinstance(outcome, Rejected) and outcome.stops_run and await self._is_about_item(ended):
            return Rejected(outcome.code, outcome.message)
        return outcome

    async def _is_about_item(self, ended: Ended) -> bool:
        """Tell whether a denial is about this post alone: the token could write and still may."""
        if not (isinstance(ended, Reply) and self._door.is_refused(ended) and self._may_write):
            return False
        now = asyncio.get_running_loop().time()
        if now >= self._may_write_until:
            if not await may_still_write(self._transport, self._door):
                return False
            self._may_write_until = now + _PROBE_HOLDS_S
        return True


def _not_begun(error: ImporterError) -> NotApplied:
    after_s = error.resume_after_s if isinstance(error, BudgetExhausted) else None
    return NotApplied(f"nothing was sent: {error}", after_s)


def _door(team: str) -> Door:
    return Door(
        me=v2_door.me_request(team),
        probes=v2_door.probes(team),
        demand=partial(demand, team=team, at_door=True),
        who=v2_door.who,
        is_refused=v2_door.is_refused,
        told_apart=v2_door.told_apart,
    )


@asynccontextmanager
async def open_team(
    connection: Connection,
    *,
    mode: Mode,
    clock: Clock,
    app: App | None = None,
    on_wait: OnWait | None = None,
    client_transport: ClientTransport | None = None,
    random: Random | None = None,
) -> AsyncIterator[LiveTeam]:
    """Open the way to a team; nothing is sent yet.

    With *app*, the team is that ASGI application in this process, whatever `connection.url` says.
    *on_wait* is told why and for how many seconds nothing goes. *client_transport* takes the place
    of the network or the app, *random* spreads retries: both for tests. Raises UsageError,
    TokenMissing, TokenInvalid, TeamMissing or TeamUnknown for what can be seen from here.
    """
    if connection.token is None:
        text = "no access token was given"
        remedy = (
            "Put a personal access token into a file that only you can read and name it with "
            "--token-file, or set TEAMS_IMPORTER_TOKEN."
        )
        raise TokenMissing(text, remedy=remedy)
    endpoint = find_endpoint(connection, in_process=app is not None)
    door = _door(endpoint.team)
    async with open_transport(
        connection,
        endpoint,
        token=connection.token,
        mode=mode,
        listen=listen,
        knock=door.me,
        probes=door.probes.all(),
        app=app,
        client_transport=client_transport,
        random=random,
        on_wait=on_wait,
    ) as transport:
        notes = (endpoint.note, transport.note)
        note = "; ".join(filter(None, notes))
        yield LiveTeam(transport, endpoint, mode=mode, clock=clock, note=note)
