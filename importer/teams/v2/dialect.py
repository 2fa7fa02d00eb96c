"""API v2.3 as the gateway knows it."""

from collections.abc import AsyncGenerator
from functools import partial

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Rates, Scope
from importer.model.writing import Write
from importer.ports import Clock, Read
from importer.teams.access import Door, nobody
from importer.teams.exchange import Request
from importer.teams.limiter import Limiter
from importer.teams.origin import Endpoint
from importer.teams.outcome import Echo
from importer.teams.transport import Transport
from importer.teams.v2 import door
from importer.teams.v2.calls import RATES, ability, call_of, request_of
from importer.teams.v2.echoes import echo_of
from importer.teams.v2.errors import demand, listen
from importer.teams.v2.impersonation import probe
from importer.teams.v2.reading import Reader
from importer.teams.wire import Wire

__all__ = ["V2", "wire_of"]

_READ = frozenset({Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE, Kind.TAG})


def wire_of(endpoint: Endpoint) -> Wire:
    """Return how API v2.3 is spoken at *endpoint*."""
    return Wire(
        prefix=f"{endpoint.base}/2.3",
        token_header="X-API-Access-Token",  # noqa: S106 - the header's name
        token_prefix="",
        listen=listen,
        knock=door.me_request(endpoint.team, by_key_alone=endpoint.by_key_alone),
        probes=door.probes(endpoint.team).all() | {probe()},
        limiter=Limiter,
    )


class V2:
    """Implements Dialect."""

    name = "API v2.3"
    rates: Rates = RATES
    histories = frozenset({Kind.QUESTION, Kind.ANSWER})

    def __init__(self, transport: Transport, endpoint: Endpoint, clock: Clock) -> None:
        self.transport = transport
        self.door = Door(
            me=door.me_request(endpoint.team, by_key_alone=endpoint.by_key_alone),
            probes=door.probes(endpoint.team),
            demand=partial(
                demand, team=endpoint.team, at_door=True, key_alone=endpoint.by_key_alone
            ),
            who=nobody if endpoint.by_key_alone else door.who,
            is_refused=door.is_refused,
            told_apart=door.told_apart,
        )
        self._site = endpoint.site
        self._team = endpoint.team
        self._reader = Reader(transport, team=endpoint.team, site=endpoint.site, clock=clock)

    def ability(self, kind: Kind, verb: Verb, field: Field | None) -> Ability:
        """Tell what the table of calls holds; a reason where it doesn't."""
        return ability(kind, verb, field, self._site)

    def reads(self, kind: Kind) -> bool:
        """Tell whether posts of *kind* can be read."""
        return kind in _READ

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names, each ref once; raises rather than end early."""
        return self._reader.read(scope)

    async def prepare(self, write: Write) -> tuple[Request, Echo]:
        """Return the request for *write*, and how to read its answer."""
        call_of(write)
        filter_id = await self._reader.filter_id()
        request = request_of(write, self._site, self._team, filter_id)
        return request, partial(echo_of, write, site=self._site, masters=self._reader.masters)
