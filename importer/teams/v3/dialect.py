"""API v3 as the gateway knows it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Rates, Scope, Source
from importer.model.writing import Write
from importer.ports import Clock, Read
from importer.teams.access import Door, nobody
from importer.teams.bucket import Bucket
from importer.teams.contract import Contract
from importer.teams.exchange import Request
from importer.teams.limiter import Limiter
from importer.teams.origin import Endpoint
from importer.teams.outcome import Echo
from importer.teams.transport import Transport
from importer.teams.v3 import door
from importer.teams.v3.activity import Activity
from importer.teams.v3.calls import RATES, ability, call_of, calls_for
from importer.teams.v3.client import Client
from importer.teams.v3.errors import demand, listen
from importer.teams.v3.full_reading import FullReading
from importer.teams.v3.posts import Posts
from importer.teams.v3.reading import Reader
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.threads import Threads
from importer.teams.v3.writing import Writer
from importer.teams.wire import Wire

__all__ = ["V3", "wire_of"]

_BURST, _BURST_S = 50, 2.0


def wire_of(endpoint: Endpoint) -> Wire:
    """Return how API v3 is spoken at *endpoint*."""
    scope = f"/teams/{endpoint.team}" if endpoint.team else ""
    return Wire(
        prefix=f"{endpoint.base}/v3{scope}",
        token_header="Authorization",  # noqa: S106 - the header's name
        token_prefix="Bearer ",  # noqa: S106 - what stands before it
        listen=listen,
        knock=door.me_request(by_key_alone=endpoint.by_key_alone),
        probes=door.probes().all(),
        limiter=_limiter,
        each_token=True,
    )


def _limiter() -> Limiter:
    return Limiter(places=_BURST, window_s=_BURST_S, spaced=False, bucket=Bucket())


class V3:
    """Implements Dialect. *announce* is told what a long reading costs before it begins.

    *contract* is what this very instance says it has.
    """

    name = "API v3"
    rates: Rates = RATES
    histories: frozenset[Kind] = frozenset()

    def __init__(
        self,
        transport: Transport,
        endpoint: Endpoint,
        clock: Clock,
        announce: Callable[[str], None],
        contract: Contract | None = None,
    ) -> None:
        self.transport = transport
        self._contract = contract
        self.door = Door(
            me=door.me_request(by_key_alone=endpoint.by_key_alone),
            probes=door.probes(),
            demand=partial(
                demand, team=endpoint.team, at_door=True, key_alone=endpoint.by_key_alone
            ),
            who=nobody if endpoint.by_key_alone else door.who,
            is_refused=door.is_refused,
            told_apart=door.told_apart,
            role=door.role,
        )
        self._site = endpoint.site
        client = Client(transport, team=endpoint.team, clock=clock)
        tags = TagIndex(client)
        posts = Posts(client, tags, endpoint.site)
        threads = Threads(posts, tags, endpoint.site)
        full = FullReading(client, tags, posts, threads, site=endpoint.site, announce=announce)
        activity = Activity(client, tags, posts, threads)
        self._reader = Reader(client, tags, posts, threads, full, activity)
        self._writer = Writer(tags, posts, threads, endpoint.site)

    def ability(self, kind: Kind, verb: Verb, field: Field | None) -> Ability:
        """Tell what the table of calls holds, less what the instance says it lacks."""
        found = ability(kind, verb, field, self._site)
        if not found.able or self._contract is None:
            return found
        lacking = [it for it in calls_for(kind, verb, field) if not self._contract.has(*it)]
        if not lacking:
            return replace(found, source=Source.SWAGGER)
        name, (method, route) = self._contract.name, lacking[0]
        reason = f"API v3 of this site has no {method} /{route}, says {name}"
        remedy = f"If the site has it by now, fetch {name} anew."
        return Ability(able=False, reason=reason, source=Source.SWAGGER, remedy=remedy)

    def reads(self, kind: Kind) -> bool:
        """Tell whether posts of *kind* can be read."""
        return kind is not Kind.IMAGE

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names, each ref once; raises rather than end early."""
        return self._reader.read(scope)

    async def prepare(self, write: Write) -> tuple[Request, Echo]:
        """Return the request for *write*, and how to read its answer; may read before."""
        call_of(write)
        return await self._writer.prepare(write)
