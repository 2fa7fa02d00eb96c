"""Builds the ports: from options and environment to a connection, a journal and a clock."""

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.connecting import ConnectionOptions
from importer.cli.console import Console
from importer.cli.options import RunOptions
from importer.errors import (
    AccessError,
    JournalError,
    LockHeld,
    TeamUnknown,
    TokenInvalid,
    TokenMissing,
    UsageError,
)
from importer.execution import OnUnknown
from importer.execution import RunOptions as Running
from importer.journal import GitRef, Place, open_journal
from importer.model.site import Site
from importer.planning.identity import lineage_of
from importer.ports import Journal
from importer.teams import (
    VENDOR_API,
    App,
    Connection,
    Contract,
    OnWait,
    Secret,
    read_contract,
)
from importer.teams.origin import find_endpoint
from importer.text.digests import digest_of, shorten

if TYPE_CHECKING:
    from importer.sandbox import Tier, World
    from importer.sandbox.values import Team

__all__ = [
    "FOLDER",
    "SANDBOX",
    "SystemClock",
    "Target",
    "beside",
    "find_journal",
    "journal_of",
    "open_world_at",
    "reach",
    "running",
    "target_in",
]

SANDBOX = "sandbox:"
_SANDBOX_TEAM = "acme"
FOLDER = ".teams-importer"
_MOST_BYTES = 65_536
_MOST_SWAGGER_BYTES = 20_000_000
_OTHERS = 0o077
_HOW_TO_GIVE = (
    "Put a personal access token into a file that only you can read and name it with --token-file, "
    "or set TEAMS_IMPORTER_TOKEN."
)


class SystemClock:
    """The machine's clock; implements the port Clock."""

    def now(self) -> datetime:
        """Return the aware time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """A team and the way to it.

    `origin` is what lineages are made of, `host` what people and file names call it. `team` is
    empty for the main site of an Enterprise, `site` its address on the web. With `app` the team is
    in this process, and its writes show at once. `keeps` is false for a team that ends with the
    process, whose journal does too. `key_reads`: the API key alone is enough to read.
    """

    connection: Connection
    team: str
    site: Site
    origin: str
    host: str
    token_source: str
    app: App | None = None
    keeps: bool = True
    key_reads: bool = False

    @property
    def name(self) -> str:
        """What people call it in messages."""
        return f"{self.team} at {self.host}" if self.team else f"the main site at {self.host}"

    def label(self, namespace: str) -> str:
        """Return the name of a journal's team for messages."""
        return f"{namespace} in {self.name}"


@contextmanager
def reach(
    options: ConnectionOptions,
    console: Console,
    *,
    create: bool = False,
    max_wait_s: float | None = None,
) -> Iterator[Target]:
    """Yield the team that the options and the environment name. Nothing is sent.

    With *create*, a sandbox file that isn't there yet is made; without, a team in memory stands in
    for it. Raises UsageError, TokenInvalid, TeamMissing and TeamUnknown; that a token is missing
    shows when the way is opened.
    """
    url = options.url or VENDOR_API
    if url.startswith(SANDBOX):
        with _in_process(url.removeprefix(SANDBOX), options, console, create=create) as target:
            yield target
        return
    console.protect("the file of a secret", *_secret_files(options))
    token, source = _token(options)
    api_key = _api_key(options)
    for secret in (token, api_key):
        if secret is not None:
            console.mask(secret.redact)
    connection = Connection(
        url=url,
        team=options.team or "",
        token=token,
        api=options.api,
        ca_bundle=_ca_bundle(options.ca_bundle),
        api_key=api_key,
        impersonate=options.impersonate,
        contract=_contract(options.swagger, console),
    )
    if max_wait_s is not None:
        connection = replace(connection, max_wait_s=max_wait_s)
    endpoint = find_endpoint(connection)
    origin = str(endpoint.origin)
    host = origin.partition("//")[2]
    yield Target(
        connection,
        endpoint.team,
        endpoint.site,
        origin,
        host,
        source,
        key_reads=endpoint.is_enterprise and api_key is not None,
    )


@contextmanager
def _in_process(
    file: str, options: ConnectionOptions, console: Console, *, create: bool
) -> Iterator[Target]:
    place = Path(file).expanduser().resolve()
    path = place if file else None
    console.protect("the sandbox's team", *beside(path))
    if path is not None and not create and not path.exists():
        console.say(f"there is no {path} yet: an empty team in memory stands in for it")
        path = None
    name = f"{place.stem}-{shorten(digest_of('sandbox', [str(place)]))}" if file else "memory"
    with open_world_at(path) as world:
        yield target_in(world, options, console, name=name, keeps=path is not None)


def target_in(
    world: "World", options: ConnectionOptions, console: Console, *, name: str, keeps: bool = False
) -> Target:
    """Return a team of *world*, which is in this process and goes by *name*.

    Raises TeamUnknown when there is no such team in it.
    """
    from importer.sandbox import create_app

    team = options.team or _SANDBOX_TEAM
    found = world.find_team(team)
    if found is None:
        known = ", ".join(it.slug for it in world.teams())
        message = f"the sandbox has no team {team!r}"
        raise TeamUnknown(message, remedy=f"It has {known}.")
    token = Secret(world.tokens(team).read_write)
    key = _sandbox_key(world, found)
    for secret in filter(None, (token, key)):
        console.mask(secret.redact)
    connection = Connection(
        url="http://sandbox.localhost",
        team="" if found.is_main else team,
        token=token,
        api=options.api,
        api_key=key,
        impersonate=options.impersonate,
        contract=_contract(options.swagger, console),
    )
    endpoint = find_endpoint(connection, in_process=True)
    return Target(
        connection,
        endpoint.team,
        endpoint.site,
        origin=f"{SANDBOX}{name}",
        host=f"sandbox-{name}",
        token_source="the sandbox",  # noqa: S106 - says where it came from
        app=create_app(world),
        keeps=keeps,
    )


def _sandbox_key(world: "World", team: "Team") -> Secret | None:
    """Return the key that opens *team*, where the sandbox plays an Enterprise site."""
    main = next((it for it in world.teams() if it.is_main), None)
    if main is None or main.id not in (team.id, team.main_id):
        return None
    return Secret(world.keys(main.slug).service)


@contextmanager
def open_world_at(path: Path | None, *, tier: "Tier" = "business") -> "Iterator[World]":
    """Open the sandbox's world in a file, or one in memory.

    Raises LockHeld when another process has the file, JournalError for the disk's faults, and
    UsageError when it is something else than a sandbox's.
    """
    try:
        from importer.sandbox import SandboxBusyError, SandboxDiskError, SandboxError, open_world
    except ModuleNotFoundError as error:
        message = f"the sandbox is not installed ({error.name} is missing)"
        raise UsageError(message, remedy="pip install 'teams-importer[sandbox]'") from error
    try:
        world = open_world(path, tier=tier)
    except SandboxBusyError as error:
        message = f"another process plays the sandbox in {path}, or serves it"
        remedy = "End it (Ctrl-C ends `sandbox serve`), or give the URL it serves at with --url."
        raise LockHeld(message, remedy=remedy) from error
    except SandboxDiskError as error:
        message = f"the sandbox can't be opened: {error}"
        raise JournalError(message, remedy="Make room, or name a file that is yours.") from error
    except SandboxError as error:
        message = f"the sandbox can't be opened: {error}"
        raise UsageError(
            message, remedy="Name a sandbox's file, or one that is not there."
        ) from error
    try:
        yield world
    finally:
        world.close()


def _secret_files(options: ConnectionOptions) -> list[Path]:
    files = (options.token_file, options.api_key_file)
    return [Path(file) for file in files if file and file != "-"]


def beside(path: Path | None) -> list[Path]:
    """Return *path*, a database, and the files that its users keep beside it."""
    ends = ("", "-wal", "-shm", ".lock")
    return [path.with_name(f"{path.name}{end}") for end in ends] if path and path.name else []


def _token(options: ConnectionOptions) -> tuple[Secret | None, str]:
    """Return the access token and where it came from; its file goes before the environment."""
    if options.token_file:
        return Secret(_read_secret(options.token_file)), _source(options.token_file)
    value = os.environ.get("TEAMS_IMPORTER_TOKEN")
    return (Secret(value), "TEAMS_IMPORTER_TOKEN") if value else (None, "")


def _api_key(options: ConnectionOptions) -> Secret | None:
    if options.api_key_file:
        if options.api_key_file == options.token_file == "-":
            message = "standard input can't hold both the token and the API key"
            raise UsageError(message, remedy="Put one of them into a file.")
        value: str | None = _read_secret(options.api_key_file)
    else:
        value = os.environ.get("TEAMS_IMPORTER_API_KEY")
    try:
        return Secret(value) if value else None
    except AccessError as error:
        message = error.message.replace("access token", "API key")
        raise TokenInvalid(message, remedy="Give the key whole, as the site shows it.") from None


def _source(file: str) -> str:
    return "standard input" if file == "-" else file


def _read_secret(file: str) -> str:
    """Return what *file* holds; UsageError when others can read it too."""
    if file == "-":
        return sys.stdin.read(_MOST_BYTES)
    try:
        with Path(file).open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if stat.S_ISREG(mode) and stat.S_IMODE(mode) & _OTHERS:
                message = f"{file} holds a secret and can be read by others"
                raise UsageError(message, remedy=f"chmod 600 {shlex.quote(file)}")
            return opened.read(_MOST_BYTES).decode()
    except OSError as error:
        # Without its name: somebody may have given the token itself.
        message = f"the file for the token or key can't be read: {error.strerror}"
        raise TokenMissing(message, remedy=_HOW_TO_GIVE) from None
    except UnicodeDecodeError:
        message = f"{file} does not hold a token: it isn't text"
        raise TokenInvalid(message, remedy=_HOW_TO_GIVE) from None


def _ca_bundle(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        message = f"there is no file {path} of certificates"
        remedy = "Name a file of PEM certificates with --ca-bundle, or in TEAMS_IMPORTER_CA_BUNDLE."
        raise UsageError(message, remedy=remedy)
    return path


def _contract(path: Path | None, console: Console) -> Contract | None:
    if path is None:
        return None
    console.protect("the Swagger file", path)
    try:
        with path.open("rb") as opened:
            return read_contract(str(path), opened.read(_MOST_SWAGGER_BYTES))
    except OSError as error:
        message = f"the Swagger file {path} can't be read: {error.strerror}"
        raise UsageError(message, remedy="Name the JSON file with --swagger.") from error


def find_journal(
    chosen: Place | None, target: Target, folder: Path, namespace: str
) -> Place | None:
    """Return where the journal is: as chosen, or beside the manifest; None: in memory."""
    if not target.keeps:
        return None
    if isinstance(chosen, GitRef):
        return chosen.of(folder, namespace, target.team or target.host)
    names = (target.host, target.team, namespace)
    name = "-".join(re.sub(r"[^A-Za-z0-9.]+", "_", it) for it in names if it)
    return chosen or folder / FOLDER / f"{name}.db"


def journal_of(
    place: Place | None, target: Target, namespace: str, console: Console, *, create: bool
) -> Journal:
    """Open the journal at *place*; with *create* it may be written, else nothing is."""
    if isinstance(place, Path):
        console.protect("the journal", *beside(place))
    journal = open_journal(
        place,
        lineage=lineage_of(target.origin, target.team, namespace),
        label=target.label(namespace),
        clock=SystemClock(),
        create=create or place is None,
    )
    if isinstance(place, Path) and place.parent.is_dir():
        console.journal_folder = place.parent
    return journal


def running(options: RunOptions, target: Target, on_wait: OnWait) -> Running:
    """Return how the executor is to behave; a team in this process needs no settling."""
    settle_s = options.settle
    if settle_s is None:
        settle_s = 0.0 if target.app is not None else None
    return Running(
        parallelism=options.parallelism,
        fail_fast=options.fail_fast,
        settle_s=settle_s,
        on_unknown=OnUnknown(options.on_unknown),
        on_wait=on_wait,
    )
