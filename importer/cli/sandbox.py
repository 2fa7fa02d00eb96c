"""`sandbox serve`: a team on this machine, with the server's rules and a web page."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.commands import OneOf, make_command, make_group
from importer.cli.console import Console
from importer.cli.documents import SandboxKeys, SandboxLine, SandboxTokens
from importer.cli.options import OutputOptions, output_options
from importer.cli.wiring import open_world_at
from importer.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from importer.sandbox import Keys, ProfileName, Tier, Tokens, World
    from importer.sandbox.certifying import Certified
    from importer.sandbox.values import Role

_TEAM = "acme"

command = make_group("Run a team on this machine.")


@make_command(
    command,
    examples={
        "teams-importer sandbox serve": "an empty team, gone when it ends",
        "teams-importer sandbox serve --db team.db --port 8080": "one that stays",
        "teams-importer sandbox serve --profile storm --seed 7": "rehearse an import under faults",
        "teams-importer sandbox serve --tier enterprise --tls": "a site of one's own, with keys",
        "teams-importer sandbox serve --format json": "one line for a script, before it serves",
    },
    json='One line, before the first request is served: {"url", "team", "tokens": {"read_write", '
    '"read_only", "expired", "foreign"}}; with --tls also "ca_bundle", a file\'s name; for an '
    'Enterprise site also "keys": {"read", "service"}.',
    prints=("sandbox-serve",),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="N",
    help="Port to listen on; a free one by default.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the team in a file; `--url sandbox:FILE` is the same team.",
)
@click.option(
    "--tier",
    type=OneOf(["free", "basic", "business", "enterprise"]),
    default="business",
    show_default=True,
    help="What the team's owner pays for: basic can't be written to, free has no API, enterprise "
    "is a site of its own, with API keys and private teams.",
)
@click.option(
    "--role",
    type=OneOf(["member", "moderator", "admin"]),
    help="What the tokens' user is; only moderators and admins change experts and user groups. A "
    "member in a new team.",
)
@click.option(
    "--impersonation",
    is_flag=True,
    help="Let an Enterprise site's service key make tokens that act as somebody else; sites have "
    "that switched off.",
)
@click.option(
    "--tls",
    is_flag=True,
    help="Serve over HTTPS, with a certificate made on the spot. The authority to trust is in a "
    "file that is there while it serves: give it to --ca-bundle. Needs the extra `tls`.",
)
@click.option(
    "--profile",
    type=OneOf(["calm", "storm", "swarm"]),
    help="Let faults loose: calm, a few; storm, many, with late lists and lagging replicas; swarm, "
    "those that the seed switches on.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Which faults meet which requests; the same ones for the same N. 1 by default.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for each request: method, path, query, status, fault; no secret.",
)
@output_options("text", "json")
@click.pass_obj
def serve(
    console: Console,
    *,
    host: str,
    port: int,
    db: Path | None,
    tier: "Tier",
    role: "Role | None",
    impersonation: bool,
    tls: bool,
    profile: "ProfileName | None",
    seed: int | None,
    log: Path | None,
    output: OutputOptions,
) -> ExitCode:
    """Serve a team with the API's rules and faults until Ctrl-C.

    The page at its address shows the team as a reader would see it. The tokens are the sandbox's
    own and open nothing else.

    With --profile it rehearses a bad day: errors before and after a write took effect, a proxy's
    pages, throttling, bodies cut off or slow, connections dropped, writes delivered twice or late,
    new posts listed late. An importer that looks before it repeats gets through: no more than two
    requests in a row meet a fault, and what was written shows within 2.5 seconds, so that `apply
    --settle 3` is enough. The log names each fault.
    """
    if seed is not None and profile is None:
        message = "--seed decides nothing without --profile"
        raise UsageError(message, remedy="Add --profile calm, storm or swarm.")
    with open_world_at(db, tier=tier) as world, _certificate(host, wanted=tls) as made:
        from importer.sandbox import Faults, SandboxError, profile_of
        from importer.sandbox.serving import serve as listen

        if role is not None:
            world.change_user(world.users(_TEAM)[0], role=role)
        if impersonation:
            if world.main_site() is None:
                message = "--impersonation decides nothing for a team that is no Enterprise site"
                raise UsageError(message, remedy="Add --tier enterprise, with a new --db if any.")
            world.behaviour = replace(world.behaviour, impersonation=True)
        chosen = 1 if seed is None else seed
        faults = Faults(profile_of(profile, chosen), chosen) if profile else None

        def ready(url: str) -> None:
            weather = f"Faults: profile {profile}, seed {chosen}.\n\n" if profile else ""
            console.show_own(_secrets_of(world))
            opened = _opened(world, url, made)
            if output.format == "json":
                console.line(_line(opened))
            else:
                console.result(_greeting(opened, weather))

        listening = listen(
            world,
            host=host,
            port=port,
            log=log,
            ready=ready,
            certificate=made.certificate if made else None,
            key=made.key if made else None,
            faults=faults,
        )
        try:
            asyncio.run(listening)
        except SandboxError as error:
            message = f"the sandbox can't be served: {error}"
            remedy = "Choose another --port or --host, or end what is there."
            raise UsageError(message, remedy=remedy) from error
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a client needs to know."""

    url: str
    tokens: "Tokens"
    keys: "Keys | None"
    authority: Path | None


def _opened(world: "World", url: str, made: "Certified | None") -> _Opened:
    keys = world.keys(_TEAM) if world.team(_TEAM).is_main else None
    return _Opened(url, world.tokens(_TEAM), keys, made.authority if made else None)


def _secrets_of(world: "World") -> list[str]:
    keys = world.keys(_TEAM) if world.team(_TEAM).is_main else None
    told = [asdict(world.tokens(_TEAM)), asdict(keys) if keys else {}]
    return [secret for secrets in told for secret in secrets.values()]


@contextmanager
def _certificate(host: str, *, wanted: bool) -> "Iterator[Certified | None]":
    if not wanted:
        yield None
        return
    try:
        from importer.sandbox.certifying import certified
    except ModuleNotFoundError as error:
        message = f"--tls needs the extra `tls` ({error.name} is missing)"
        raise UsageError(message, remedy="pip install 'teams-importer[tls]'") from error
    with certified(host) as made:
        yield made


def _line(opened: _Opened) -> SandboxLine:
    told, keys = opened.tokens, opened.keys
    tokens = SandboxTokens(
        read_write=told.read_write,
        read_only=told.read_only,
        expired=told.expired,
        foreign=told.foreign,
    )
    line = SandboxLine(url=opened.url, team=_TEAM, tokens=tokens)
    if keys is not None:
        line["keys"] = SandboxKeys(read=keys.read, service=keys.service)
    if opened.authority is not None:
        line["ca_bundle"] = str(opened.authority)
    return line


def _greeting(opened: _Opened, weather: str) -> str:
    keys, look = "", f"{opened.url}/c/{_TEAM}"
    if opened.keys is not None:
        keys = f"\nKeys of this Enterprise site:\n{_listed(asdict(opened.keys))}"
        look = f"{opened.url}/questions"
    return (
        f"The team {_TEAM} is at {opened.url}\n\n{weather}Tokens, of this sandbox alone:\n"
        f"{_listed(asdict(opened.tokens))}{keys}\nTry:\n  {_trial(opened)}\n\n"
        f"Look at it: {look}\nCtrl-C ends it.\n"
    )


def _trial(opened: _Opened) -> str:
    """Give a command that shows it works."""
    trusting = f" --ca-bundle {shlex.quote(str(opened.authority))}" if opened.authority else ""
    token = f"TEAMS_IMPORTER_TOKEN={opened.tokens.read_write}"
    if opened.keys is not None:
        key = f"TEAMS_IMPORTER_API_KEY={opened.keys.service}"
        return f"{token} {key} teams-importer plan --url {opened.url}/api{trusting}"
    return f"{token} teams-importer plan --url {opened.url} --team {_TEAM}{trusting}"


def _listed(secrets: dict[str, str]) -> str:
    return "".join(f"  {name:12}{secret}\n" for name, secret in secrets.items())
