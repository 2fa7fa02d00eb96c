"""`sandbox serve`: a team on this machine, with the server's rules and a web page."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.console import Console
from importer.cli.options import OutputOptions, make_command, make_group, output_options
from importer.cli.wiring import open_world_at
from importer.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from importer.sandbox import ProfileName, Tier, Tokens

_TEAM = "acme"

command = make_group("Run a team on this machine.")


@make_command(
    command,
    examples={
        "teams-importer sandbox serve": "an empty team, gone when it ends",
        "teams-importer sandbox serve --db team.db --port 8080": "one that stays",
        "teams-importer sandbox serve --profile storm --seed 7": "rehearse an import under faults",
        "teams-importer sandbox serve --format json": "one line for a script, before it serves",
    },
    json='One line, before the first request is served: {"url", "team", "tokens": {"read_write", '
    '"read_only", "expired", "foreign"}}.',
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
    type=click.Choice(["free", "basic", "business"]),
    default="business",
    show_default=True,
    help="What the team's owner pays for: basic can't be written to, free has no API.",
)
@click.option(
    "--profile",
    type=click.Choice(["calm", "storm", "swarm"]),
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
    host: str,
    port: int,
    db: Path | None,
    tier: "Tier",
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
    with open_world_at(db, tier=tier) as world:
        from importer.sandbox import Faults, SandboxError, profile_of
        from importer.sandbox.serving import serve as listen

        tokens = world.tokens(_TEAM)
        chosen = 1 if seed is None else seed
        faults = Faults(profile_of(profile, chosen), chosen) if profile else None

        def ready(url: str) -> None:
            weather = f"Faults: profile {profile}, seed {chosen}.\n\n" if profile else ""
            console.result(_greeting(url, tokens, output, weather))

        try:
            asyncio.run(listen(world, host=host, port=port, log=log, ready=ready, faults=faults))
        except SandboxError as error:
            message = f"the sandbox can't be served: {error}"
            remedy = "Choose another --port or --host, or end what is there."
            raise UsageError(message, remedy=remedy) from error
    return ExitCode.DONE


def _greeting(url: str, tokens: "Tokens", output: OutputOptions, weather: str) -> str:
    if output.format == "json":
        return json.dumps({"url": url, "team": _TEAM, "tokens": asdict(tokens)}) + "\n"
    sorts = "".join(f"  {name:12}{token}\n" for name, token in asdict(tokens).items())
    return (
        f"The team {_TEAM} is at {url}\n\n{weather}Tokens, of this sandbox alone:\n{sorts}\nTry:\n"
        f"  TEAMS_IMPORTER_TOKEN={tokens.read_write} teams-importer plan --url {url} --team "
        f"{_TEAM}\n\nLook at it: {url}/c/{_TEAM}\nCtrl-C ends it.\n"
    )
