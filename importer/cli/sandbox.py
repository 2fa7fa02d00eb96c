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
from importer.errors import ExitCode, ServiceError

if TYPE_CHECKING:
    from importer.sandbox import Tier, Tokens

_TEAM = "acme"

command = make_group("Run a team on this machine.")


@make_command(
    command,
    examples={
        "teams-importer sandbox serve": "an empty team, gone when it ends",
        "teams-importer sandbox serve --db team.db --port 8080": "one that stays",
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
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for each request: method, path, query, status; no secret.",
)
@output_options("text", "json")
@click.pass_obj
def serve(
    console: Console,
    host: str,
    port: int,
    db: Path | None,
    tier: "Tier",
    log: Path | None,
    output: OutputOptions,
) -> ExitCode:
    """Serve a team with the API's rules and faults until Ctrl-C.

    The page at its address shows the team as a reader would see it. The tokens are the sandbox's
    own and open nothing else.
    """
    with open_world_at(db, tier=tier) as world:
        from importer.sandbox import SandboxError
        from importer.sandbox.serving import serve as listen

        tokens = world.tokens(_TEAM)

        def ready(url: str) -> None:
            console.result(_greeting(url, tokens, output))

        try:
            asyncio.run(listen(world, host=host, port=port, log=log, ready=ready))
        except SandboxError as error:
            message = f"the sandbox can't be served: {error}"
            remedy = "Choose another --port or --host, or end what is there."
            raise ServiceError(message, remedy=remedy) from error
    return ExitCode.DONE


def _greeting(url: str, tokens: "Tokens", output: OutputOptions) -> str:
    if output.format == "json":
        return json.dumps({"url": url, "team": _TEAM, "tokens": asdict(tokens)}) + "\n"
    sorts = "".join(f"  {name:12}{token}\n" for name, token in asdict(tokens).items())
    return (
        f"The team {_TEAM} is at {url}\n\nTokens, of this sandbox alone:\n{sorts}\nTry:\n"
        f"  TEAMS_IMPORTER_TOKEN={tokens.read_write} teams-importer plan --url {url} --team "
        f"{_TEAM}\n\nLook at it: {url}/c/{_TEAM}\nCtrl-C ends it.\n"
    )
