"""`redirects`: from the old addresses of moved pages to their live posts."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.drawing import Wish, draw
from importer.cli.files import write_private
from importer.cli.history import look_of
from importer.cli.options import OutputOptions, output_options, progress_option
from importer.cli.reading import Loaded, read_manifest
from importer.cli.wiring import find_journal, reach
from importer.errors import ExitCode, TeamMissing, UsageError
from importer.journal import Place
from importer.model.ids import Key
from importer.model.plan import BlockedCode
from importer.planning.redirecting import Redirects, redirects
from importer.ports import Journal
from importer.rendering.phrasing import counted
from importer.rendering.redirect_formats import (
    SERVERS,
    STUBS,
    Stub,
    addresses,
    as_csv,
    distinct,
    mediawiki_import,
    stubs,
)

_MOST_LINES = 10
# Also after `convert --address`: some sources say no more of a page than its file's name.
_UNADDRESSED = (
    "no whole old address, only a file's name; write the address under `origin:`, "
    "or name what stood before these names with --address"
)


@make_command(
    examples={
        "teams-importer redirects --team acme > redirects.csv": "a table",
        "teams-importer redirects --format nginx --output redirects.conf": "for the old server",
        "teams-importer redirects --format mediawiki --output stubs.xml": "for Special:Import",
        "teams-importer redirects --format confluence --out stubs/": "a file for each page",
    },
    json="redirects: old, new, kind, key, title; waiting (no post yet) and unaddressed: key, kind, "
    "title, old; conflicts: old, claims (key, new).",
    prints=("redirects",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@click.option("--live", is_flag=True, help="Read the team's markers, also where a journal is.")
@click.option(
    "--address", metavar="URL", default="", help="Where the source stood, if `origin:` has no URLs."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="For stubs: a file for each old page, in a new or empty folder.",
)
@progress_option
@output_options("csv", "json", *SERVERS, *STUBS)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    live: bool,  # noqa: FBT001 - click names it
    address: str,
    out: Path | None,
    output: OutputOptions,
) -> ExitCode:
    """Print where the old addresses of the manifest's items (`origin:`) lead now.

    The live addresses come from the journal, which needs no token; where there is none, from the
    team. Exits with 11 when an item has no post yet, has no whole address, or shares one.
    """
    _require(output.format, address, out)
    loaded = read_manifest(path, console)
    urls = {} if live else _remembered(loaded, connection, journal, console)
    if not urls:
        urls = _read(loaded, connection, journal, console)
    found = redirects(loaded.manifest, urls, address)
    _print(found, output.format, address, out, console)
    _say(found, console)
    return ExitCode.DONE if found.is_whole else ExitCode.DECISION


def _require(form: str, address: str, out: Path | None) -> None:
    if address and not address.startswith(("https://", "http://")):
        message = f"the address {address!r} is no URL"
        raise UsageError(message, remedy="For example: https://wiki.example.com/display/OPS")
    if out is not None and form not in STUBS:
        message = f"--out is for stubs ({', '.join(STUBS)}), not for {form}"
        raise UsageError(message, remedy="Use --output FILE, or send standard output to a file.")
    if form in STUBS and form != "mediawiki" and out is None:
        message = f"{form} takes a file for each page"
        raise UsageError(message, remedy="Name a new folder with --out DIR.")
    if out is not None and out.is_dir() and any(out.iterdir()):
        message = f"{out} is not empty"
        raise UsageError(message, remedy="Name a new or empty folder.")


def _remembered(
    loaded: Loaded, connection: ConnectionOptions, journal: Place | None, console: Console
) -> Mapping[Key, str]:
    """Return the addresses that the journal knows; none where there is no journal."""

    async def look(journal: Journal) -> Mapping[Key, str]:
        bindings = (await journal.ledger()).bindings
        return {key: it.url for key, it in bindings.items() if it.url}

    # Where no team is named, the only journal of the manifest tells.
    with suppress(TeamMissing), reach(connection, console) as target:
        place = find_journal(journal, target, loaded.folder, loaded.manifest.namespace)
        if place is None or (isinstance(place, Path) and not place.exists()):
            return {}
    return look_of(loaded, connection, journal, console, look)


def _read(
    loaded: Loaded, connection: ConnectionOptions, journal: Place | None, console: Console
) -> Mapping[Key, str]:
    """Return the addresses of the posts that the team has for our items."""
    with reach(connection, console) as target:
        place = find_journal(journal, target, loaded.folder, loaded.manifest.namespace)
        wish = Wish(loaded.manifest, loaded.folder)
        plan, _ = asyncio.run(draw(wish, loaded.manifest, target, place, console))
    gone = {it.key for it in plan.blocked if it.code is BlockedCode.GONE}
    return {it.key: it.url for it in plan.bindings if it.url and it.key not in gone}


def _print(found: Redirects, form: str, address: str, out: Path | None, console: Console) -> None:
    if form == "json":
        console.document(found)
    elif form == "csv":
        console.result(as_csv(found.redirects))
    elif form in SERVERS:
        fine, others = addresses(found.redirects)
        console.result(SERVERS[form](fine))
        if others:
            what = counted(len(others), "address", "addresses")
            console.say(f"note: {what} no server can redirect (`#` or control characters):")
            console.say(*(f"  {it.old}" for it in others[:_MOST_LINES]))
    elif out is None:
        unique, doubled = distinct(stubs(form, found.redirects, address))
        console.result("".join(mediawiki_import(unique)))
        if doubled:
            what = counted(len(doubled), "old page")
            console.say(f"note: {what} left out: no wiki has two pages of one title.")
            console.say("Name what stands before the titles in its addresses with --address:")
            console.say(*(f"  {it.title}: {it.old}" for it in doubled[:_MOST_LINES]))
    else:
        _write(out, stubs(form, found.redirects, address))
        console.say(f"written: {counted(len(found.redirects), 'stub')} below {out}")


def _write(folder: Path, found: Iterable[Stub]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stub in found:
        path = folder / stub.file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, stub.text.encode("utf-8", "replace"))


def _say(found: Redirects, console: Console) -> None:
    known = len(found.redirects)
    verb = "leads to its post" if known == 1 else "lead to posts"
    console.say(f"{counted(known, 'old address', 'old addresses')} {verb}")
    for pending, what in (
        (found.waiting, "no post yet; apply first"),
        (found.unaddressed, _UNADDRESSED),
    ):
        if pending:
            console.say(f"{counted(len(pending), 'item')}: {what}")
            console.say(*(f"  {it.key}: {', '.join(it.old)}" for it in pending[:_MOST_LINES]))
            if len(pending) > _MOST_LINES:
                console.say(f"  and {len(pending) - _MOST_LINES} more; --format json lists them")
    for conflict in found.conflicts[:_MOST_LINES]:
        claims = ", ".join(it.key for it in conflict.claims)
        console.say(f"conflict: {conflict.old} is claimed by {claims}; it is left out")
