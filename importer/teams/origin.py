"""Where the team is: the API's address, checked and pinned, and the team's web address.

Source of the vendor's hosts, of the path `/2.3`, and of an Enterprise site's `/api/2.3` and
`/api/v3` on `NAME.stackenterprise.co` or a domain of its own: its API documentation (documented).
That a team's pages stand under `/c/TEAM` is observed in links of recorded answers.
"""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from importer.errors import TeamMissing, TeamUnknown, UsageError
from importer.model.site import Site
from importer.teams.contract import Contract
from importer.teams.secret import Secret

__all__ = ["VENDOR_API", "Connection", "Endpoint", "Origin", "find_endpoint"]

VENDOR_API = "https://api.stackoverflowteams.com"
_VENDOR_SITE = "https://stackoverflowteams.com"
_VERSIONS = re.compile(r"/(2\.3|v3)(/teams/[^/]+)?$")
_ENTERPRISE = ".stackenterprise.co"
_BELOW = "/api"
_APIS = ("auto", "2.3", "3")

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]{1,60}){0,6}")
_TEAM_PAGE = re.compile(r"/c/([^/]+)(/.*)?")
_SITE_PAGE = re.compile(r"/(questions|articles|collections|tags|users|q|a)(/.*)?")
_TOKEN_LIKE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~]{18,}")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Connection:
    """What a person says about the team to talk to. `api_key` is asked for by Enterprise sites.

    `impersonate`: posts may be written in their authors' names, where the site lets one. `contract`
    is what the instance says of its own API v3.

    `deadline_s` bounds one request from the connect to the last byte; `max_wait_s` what one request
    may wait for throttles before the run gives up and can be resumed.
    """

    url: str
    team: str
    token: Secret | None
    api: str = "auto"
    ca_bundle: Path | None = None
    deadline_s: float = 60.0
    connect_s: float = 10.0
    max_wait_s: float = 900.0
    api_key: Secret | None = None
    impersonate: bool = False
    contract: Contract | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port that every request of a run goes to."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The APIs of one team, or of an Enterprise site by itself: then `team` is empty.

    `base` is what stands before the version in paths; `local` is this machine or this process.
    `note` says how the given address was read, where it wasn't the API's. `by_key_alone`: no token
    is sent, and so only read.
    """

    origin: Origin
    base: str
    team: str
    site: Site
    local: bool
    note: str = ""
    by_key_alone: bool = False

    @property
    def is_enterprise(self) -> bool:
        """Whether this is a site of its own: its APIs are below /api (documented)."""
        return bool(self.base)


def find_endpoint(connection: Connection, *, in_process: bool = False) -> Endpoint:
    """Return the endpoint that *connection* names; with *in_process*, the sandbox's.

    Raises UsageError, TeamMissing and TeamUnknown; no message repeats the address.
    """
    if connection.api not in _APIS:
        text = f"API {connection.api!r} is not available yet"
        raise UsageError(text, remedy=f"Use --api {' or '.join(_APIS)}.")
    if in_process:
        base = _BELOW if connection.api_key else ""
        return _endpoint(Origin("http", "sandbox.localhost", 80), base, connection.team)
    parts = _split(connection)
    origin, path = _origin(parts), parts.path.rstrip("/")
    page = _TEAM_PAGE.fullmatch(path)
    if str(origin) == _VENDOR_SITE:
        if page:
            return _of_team_page(page[1], connection.team)
        _refuse("--url is the address of the vendor's pages, not of its API", f"Use {VENDOR_API}.")
    stated = _VERSIONS.sub("", path)
    if path and not page and not _SITE_PAGE.fullmatch(path):
        return _endpoint(origin, stated, connection.team)
    base, note = _guessed(origin, connection)
    team = connection.team
    if path:
        team = _agreed(page[1], team) if page else team
        note = f"--url is a page of the site; its API is taken to be at {origin}{base}"
    return _endpoint(origin, base, team, note)


def _guessed(origin: Origin, connection: Connection) -> tuple[str, str]:
    """Return what stands before the version of an address without a path, and what was assumed.

    The vendor's own API has one host. Keys are asked for by Enterprise sites alone (documented),
    and who serves this API under another name is one; on this machine it is a sandbox.
    """
    if str(origin) == VENDOR_API:
        return "", ""
    if origin.host.endswith(_ENTERPRISE):
        return _BELOW, ""
    if connection.api_key is not None:
        why = f"with an API key, {origin.host} is taken for an Enterprise site"
        return _BELOW, f"{why}: its API is below {_BELOW}"
    if _is_loopback(origin.host):
        return "", ""
    why = f"{origin.host}, not being the vendor's, is taken for an Enterprise site"
    return _BELOW, f"{why}: its API is below {_BELOW} (--url {origin}/2.3 would say otherwise)"


def _split(connection: Connection) -> SplitResult:
    url = connection.url.strip()
    remedy = f"Give scheme and host alone, as in {VENDOR_API}."
    if connection.token and connection.token.redact(url) != url:
        _refuse("--url contains the access token", remedy)
    # urlsplit takes line ends and tabs out, and with them what was meant.
    if not connection.url.strip(" ").isprintable():
        _refuse("--url holds a line end or another control character", remedy)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        _refuse("--url is not an address", remedy)
    if parts.username is not None or parts.password is not None:
        _refuse("--url contains a user name or password", remedy)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        _refuse("--url contains a query or fragment", remedy)
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or ".." in path:
        _refuse("--url has a path that no API has", remedy)
    if any(_TOKEN_LIKE.fullmatch(part) for part in path.split("/")):
        _refuse("--url contains something that looks like a token", remedy)
    return parts


def _origin(parts: SplitResult) -> Origin:
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) and not _address(host):
        _refuse("--url has no host, or one that is not plain ASCII", f"Use {VENDOR_API}.")
    if parts.scheme not in _PORTS:
        _refuse("--url must begin with https://", f"Use {VENDOR_API}.")
    if parts.scheme == "http" and not _is_loopback(host):
        _refuse("--url would send the token unencrypted", "Use https; http is for this machine.")
    return Origin(parts.scheme, host, parts.port or _PORTS[parts.scheme])


def _agreed(slug: str, team: str) -> str:
    if team and team != slug:
        _refuse(f"--url leads to the team {slug!r}, but --team says {team!r}", "Leave one out.")
    return slug


def _of_team_page(slug: str, team: str) -> Endpoint:
    _agreed(slug, team)
    vendor = Origin("https", VENDOR_API.removeprefix("https://"), 443)
    note = f"--url is the team's web page; the API is {VENDOR_API}, the team {slug!r}"
    return _endpoint(vendor, "", slug, note)


def _endpoint(origin: Origin, base: str, team: str, note: str = "") -> Endpoint:
    slug = _slug(team) if team.strip() or not base else ""
    local = _is_loopback(origin.host)
    pages = _VENDOR_SITE if str(origin) == VENDOR_API else str(origin)
    site = Site(f"{pages}/c/{slug}" if slug else pages, local=local)
    return Endpoint(origin, base, slug, site, local, note)


def _slug(team: str) -> str:
    slug = team.strip()
    if not slug:
        text = "no team was named"
        raise TeamMissing(
            text,
            remedy="Name it with --team, or in TEAMS_IMPORTER_TEAM: the part after /c/ in its "
            "address. The main site of an Enterprise has none: give --url its API's address, which "
            f"ends in {_BELOW}.",
        )
    if not _SLUG.fullmatch(slug):
        text = f"{slug[:100]!r} is not the name of a team"
        remedy = "Give the part after /c/ of the team's address alone, as in `acme`."
        raise TeamUnknown(text, remedy=remedy)
    return slug


def _is_loopback(host: str) -> bool:
    address = _address(host)
    if address:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse(message: str, remedy: str) -> NoReturn:
    raise UsageError(message, remedy=remedy) from None
