"""The live team over HTTP; must not let status codes, paging or API spelling out of the room."""

from importer.teams.capabilities import Route
from importer.teams.contract import Contract, read_contract
from importer.teams.gateway import LiveTeam
from importer.teams.http import ClientTransport
from importer.teams.mode import Breach, Mode
from importer.teams.network import App
from importer.teams.opening import open_team
from importer.teams.origin import VENDOR_API, Connection
from importer.teams.routing import Way
from importer.teams.secret import Secret
from importer.teams.turns import OnWait

__all__ = [
    "VENDOR_API",
    "App",
    "Breach",
    "ClientTransport",
    "Connection",
    "Contract",
    "LiveTeam",
    "Mode",
    "OnWait",
    "Route",
    "Secret",
    "Way",
    "open_team",
    "read_contract",
]
