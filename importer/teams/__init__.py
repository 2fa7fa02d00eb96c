"""The live team over HTTP; must not let status codes, paging or API spelling out of the room."""

from importer.teams.gateway import LiveTeam, open_team
from importer.teams.origin import VENDOR_API, Connection
from importer.teams.secret import Secret
from importer.teams.transport import App, Breach, ClientTransport, Mode, OnWait

__all__ = [
    "VENDOR_API",
    "App",
    "Breach",
    "ClientTransport",
    "Connection",
    "LiveTeam",
    "Mode",
    "OnWait",
    "Secret",
    "open_team",
]
