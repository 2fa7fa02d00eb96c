"""Opens a team: which APIs are spoken, by which token, and in whose names."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

from importer.ports import Clock
from importer.teams.access import token_missing
from importer.teams.capabilities import Elsewhere
from importer.teams.deputies import Deputies, authoring_of
from importer.teams.dialect import Dialect
from importer.teams.gateway import LiveTeam
from importer.teams.http import ClientTransport
from importer.teams.mode import Mode
from importer.teams.network import App, open_wires
from importer.teams.origin import Connection, Endpoint, find_endpoint
from importer.teams.turns import OnWait
from importer.teams.v2.calls import ability as v2_ability
from importer.teams.v2.dialect import V2
from importer.teams.v2.dialect import wire_of as v2_wire
from importer.teams.v3.calls import ability as v3_ability
from importer.teams.v3.dialect import V3
from importer.teams.v3.dialect import wire_of as v3_wire
from importer.teams.wire import Wire

__all__ = ["open_team"]

_ELSEWHERE: Mapping[str, Elsewhere] = {
    "2.3": Elsewhere(v3_ability, "Use --api auto or --api 3, where the team has API v3."),
    "3": Elsewhere(v2_ability, "Or use --api auto: API v2.3 can do it."),
}


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
        raise token_missing(key_alone=False)
    endpoint = find_endpoint(connection, in_process=app is not None)
    if connection.token is None:
        key_alone = endpoint.is_enterprise
        if not key_alone or mode is Mode.WRITE:
            raise token_missing(key_alone=key_alone)
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


def _wires(connection: Connection, endpoint: Endpoint) -> list[Wire]:
    """Return the ways in, API v2.3's first; it makes the tokens of others for API v3, too."""
    if connection.api == "2.3":
        return [v2_wire(endpoint)]
    if connection.api == "3" and not connection.impersonate:
        return [v3_wire(endpoint)]
    return [v2_wire(endpoint), v3_wire(endpoint)]
