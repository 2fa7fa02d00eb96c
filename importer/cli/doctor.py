"""`doctor`: everything an apply would stumble over, in one table. Sends nothing with an effect."""

import asyncio
import importlib.util
import os
import platform
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import click

from importer import __version__
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.expiring import Expiry, expiry_options
from importer.cli.options import OutputOptions, output_options, progress_option
from importer.cli.progress import Meter
from importer.cli.reading import Loaded
from importer.cli.tables import table
from importer.cli.wiring import SystemClock, Target, find_journal, journal_of, reach
from importer.errors import (
    ExitCode,
    ImporterError,
    TokenMissing,
    TokenReadOnly,
    UsageError,
    worst,
)
from importer.execution import check_pin
from importer.journal import GitRef, Place, export_lines, obstacle, require_push
from importer.manifests import find_manifest, load_manifest
from importer.model.ids import Kind
from importer.model.live import Access, Need, Source
from importer.rendering.phrasing import counted
from importer.teams import LiveTeam, Mode, Route, Way, open_team

_ALL = frozenset(Kind)
# Posts are looked for from two minutes before they were sent.
_CLOCK_S = 60.0
_QUOTA_LOW = 0.1
_KNOWN_FROM = {
    Source.TABLE: "table of calls",
    Source.PROBE: "asked at the door",
    Source.SWAGGER: "your Swagger file",
}
# The checks of what an apply needs and a plan doesn't.
_FOR_WRITING = ("writing", "journal's folder", "journal's ref")
# Of each extra a module that it alone brings, and what it is for.
_EXTRAS = {
    "sandbox": ("starlette", "teams on this machine"),
    "convert": ("lxml", "wikis and exports"),
    "adopt": ("rapidfuzz", "similar titles and texts"),
    "postgres": ("psycopg", "a journal in PostgreSQL"),
    "tls": ("cryptography", "HTTPS of the sandbox"),
}


class Sign(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table; `exit_code` is what a failure would end an apply with."""

    name: str
    sign: Sign
    found: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class DoctorDocument:
    """What `doctor` prints: its checks, what can be written over which API, the worst code."""

    checks: Sequence[Check]
    abilities: Sequence[Route]
    exit_code: ExitCode


@make_command(
    examples={
        "teams-importer doctor --team acme": "can I plan and apply from here?",
        "teams-importer doctor --write": "fail where only a plan could be made",
        "teams-importer doctor --token-expires 2027-01-31": "exit 11 from three weeks before on",
        "teams-importer doctor --url sandbox:": "what a healthy one looks like",
        "teams-importer doctor --format json": "for a CI job",
    },
    json="checks: name, sign (ok, warn, fail), found, remedy, exit_code; abilities: kind, verb, "
    "field (null: the post itself), by (which API; empty: none), why_not, source (table, probe, "
    "swagger); exit_code: the worst.",
    prints=("doctor",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@expiry_options
@click.option(
    "--write", is_flag=True, help="Fail where a plan could be made, but no apply carried out."
)
@progress_option
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    expiry: Expiry,
    write: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Check versions, manifest, token, team, rights, limits, clock and journal.

    Asks the server who the token belongs to and probes whether it may write, with requests that
    can't take effect, over both APIs. Then it lists what can be written, over which API, and where
    that is known from. The token is never shown. Exits with the code of the worst finding; what
    only an apply needs is a warning, or with --write a failure. No API tells when a token ends:
    with --token-expires the exit code is 11 when that is soon, and 6 afterwards.
    """
    routes: list[Route] = []
    checks = [*_checked(path, connection, journal, console, routes), *_expiry(expiry)]
    only_reads = any(check.name in _FOR_WRITING and check.exit_code for check in checks)
    if only_reads and not write:
        checks = [_warned(check) if check.name in _FOR_WRITING else check for check in checks]
    codes = [check.exit_code for check in checks]
    if only_reads and not any(codes):
        console.say("note: can plan, not apply; with --write that is a failure")
    # A broken manifest has no rank among the codes: an apply ends with it before there are others.
    code = worst(codes) or max(codes)
    if output.format == "json":
        console.document(DoctorDocument(checks, routes, code))
    else:
        console.result(_text(checks) + _table_of(routes))
    return code


def _warned(check: Check) -> Check:
    """Return *check* as it counts for somebody who only plans."""
    sign = Sign.WARN if check.sign is Sign.FAIL else check.sign
    return replace(check, sign=sign, exit_code=ExitCode.DONE)


def _checked(
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    console: Console,
    routes: list[Route],
) -> Iterator[Check]:
    yield Check("importer", Sign.OK, f"teams-importer {__version__}")
    yield Check("python", Sign.OK, f"{platform.python_version()} on {platform.platform()}")
    yield from _extras()
    loaded, check = _manifest(path)
    yield check
    try:
        with reach(connection, console) as target:
            yield Check("team", Sign.OK, target.name)
            if loaded is not None:
                yield from _pin(loaded, target)
            yield _token(target)
            with Meter(console) as meter:
                asked = asyncio.run(_asked(target, routes, meter))
            yield from asked
            if loaded is not None:
                yield asyncio.run(_journal(loaded, target, journal, console))
                namespace = loaded.manifest.namespace
                place = find_journal(journal, target, loaded.folder, namespace)
                yield from _ref(place) if isinstance(place, GitRef) else _folder(place)
    except UsageError:
        raise
    except ImporterError as error:
        yield _failed("team", error)


def _extras() -> Iterator[Check]:
    for extra, (module, purpose) in _EXTRAS.items():
        if importlib.util.find_spec(module):
            yield Check(f"extra {extra}", Sign.OK, f"installed ({purpose})")
        else:
            remedy = (
                f"pip install 'teams-importer[{extra}]', or '.[{extra}]' in a checkout, if you "
                "need it."
            )
            yield Check(f"extra {extra}", Sign.OK, f"not installed ({purpose})", remedy)


def _manifest(path: Path) -> tuple[Loaded | None, Check]:
    try:
        found = find_manifest(path)
    except UsageError as error:
        return None, Check("manifest", Sign.WARN, error.message, error.remedy)
    try:
        manifest, warnings = load_manifest(found)
    except ImporterError as error:
        remedy = "`teams-importer validate` lists its problems."
        return None, replace(_failed("manifest", error), remedy=remedy)
    items = counted(len(manifest.items), "item")
    what = f"{found}: {manifest.namespace}, {items}, {counted(len(warnings), 'warning')}"
    return Loaded(manifest, found), Check("manifest", Sign.OK, what)


def _pin(loaded: Loaded, target: Target) -> Iterator[Check]:
    try:
        check_pin(loaded.manifest, target.team, target.site)
    except ImporterError as error:
        yield _failed("pin", error)


def _token(target: Target) -> Check:
    if target.connection.token is None and target.key_reads:
        return Check("token", Sign.OK, "none was given: the API key alone reads")
    if target.connection.token is None:
        remedy = "Give one with --token-file, or in TEAMS_IMPORTER_TOKEN."
        return Check("token", Sign.FAIL, "none was given", remedy, ExitCode.ACCESS)
    return Check("token", Sign.OK, f"from {target.token_source}")


def _expiry(expiry: Expiry) -> Iterator[Check]:
    left = expiry.days_left(SystemClock().now())
    if left is None:
        return
    remedy = "Make a new one on the site, and put it where the old one is."
    if left < 0:
        found = f"the access token ended on {expiry.day}"
        yield Check("token's end", Sign.FAIL, found, remedy, ExitCode.ACCESS)
        return
    found = f"{expiry.day}, in {counted(left, 'day')}" if left else f"{expiry.day}, today"
    if left > expiry.expires_soon:
        yield Check("token's end", Sign.OK, found)
    else:
        yield Check("token's end", Sign.WARN, found, remedy, ExitCode.DECISION)


async def _asked(target: Target, routes: list[Route], meter: Meter) -> list[Check]:
    """Ask the server: first whether the token reads, then whether it writes; note what it can."""
    if target.connection.token is None and not target.key_reads:
        return []
    checks: list[Check] = []
    with _noted(checks, "connection"):
        meter.phase("asking the team")
        async with open_team(
            target.connection,
            mode=Mode.PROBE,
            app=target.app,
            clock=SystemClock(),
            on_wait=meter.wait,
        ) as team:
            if team.note:
                checks.append(Check("connection", Sign.OK, team.note))
            checks += [check async for check in _answers(team, target)]
            closed = _why_closed(checks, target)
            routes += [_closed(it, closed) if closed else it for it in team.routes()]
    return checks


def _why_closed(checks: list[Check], target: Target) -> str:
    """Return why nothing can be written, whatever the APIs could; "" where something can."""
    failed = {it.name for it in checks if it.sign is Sign.FAIL}
    if "reading" in failed:
        return "the team does not open"
    if "writing" not in failed:
        return ""
    return "this token may not write" if target.connection.token else "a key alone only reads"


def _closed(route: Route, why: str) -> Route:
    if not route.by:
        return route
    return replace(route, by="", why_not=f"{why}; {route.by} could", source=Source.PROBE)


async def _answers(team: LiveTeam, target: Target) -> AsyncIterator[Check]:
    try:
        access = await team.check(Need(write=False, kinds=_ALL))
    except ImporterError as error:
        yield _failed("reading", error)
        return
    user = f" (user {access.me})" if access.me is not None else ""
    yield Check("reading", Sign.OK, f"as {access.name}{user}")
    try:
        access = await team.check(Need(write=True, kinds=_ALL))
    except ImporterError as error:
        # Anything else than a refused token stands in a plan's way too.
        is_refused = isinstance(error, TokenReadOnly | TokenMissing)
        yield _failed("writing" if is_refused else "connection", error)
    else:
        proven = access.write_proven is True
        found = "; ".join(filter(None, ("the token may write" if proven else "", access.note)))
        yield Check("writing", Sign.OK if proven else Sign.WARN, found)
        if target.connection.impersonate:
            yield _authors(access)
    for way in team.ways():
        yield _way(way)
    yield _quota(access)
    yield _clock(access)


def _authors(access: Access) -> Check:
    if access.can_author:
        return Check("authors", Sign.OK, "the site lends its key tokens that act for others")
    remedy = f"Items with an `author:` are blocked. {access.how_to_author}"
    return Check("authors", Sign.WARN, access.why_not_author, remedy)


def _way(way: Way) -> Check:
    """Check one API's door; what it still lets through, as it told."""
    if way.why_not:
        goes_on = "What only this API can do is blocked, by name; the rest goes on without it."
        return Check(way.name, Sign.WARN, way.why_not, f"{way.remedy} {goes_on}".strip())
    if way.calls_left is not None:
        found = f"open; {way.calls_left:,} calls left just now, and 100 more each minute"
        return Check(way.name, Sign.OK, found)
    return Check(way.name, Sign.OK, "open")


def _quota(access: Access) -> Check:
    if access.quota_max is None or access.quota_remaining is None:
        return Check("quota", Sign.OK, "the server didn't say")
    found = f"{access.quota_remaining:,} of {access.quota_max:,} requests left today"
    if access.quota_remaining > _QUOTA_LOW * access.quota_max:
        return Check("quota", Sign.OK, found)
    remedy = "A large apply may have to go on tomorrow, with the same command."
    return Check("quota", Sign.WARN, found, remedy)


def _clock(access: Access) -> Check:
    offset_s = access.clock_offset_s
    if offset_s is None:
        return Check("clock", Sign.OK, "the server didn't say what time it is")
    found = f"{abs(offset_s):.0f} s {'behind' if offset_s > 0 else 'ahead of'} the server's"
    if abs(offset_s) <= _CLOCK_S:
        return Check("clock", Sign.OK, found)
    return Check("clock", Sign.WARN, found, "Set this machine's clock; posts are found by time.")


def _table_of(routes: list[Route]) -> str:
    """Return what can be written, by which API, and where that is known from."""
    rows = [("", "can be written", "known from", "by")] if routes else []
    for it in routes:
        what = f"{it.verb} {it.kind}{f': {it.field}' if it.field else ''}"
        rows.append(("ok" if it.by else "no", what, _KNOWN_FROM[it.source], it.by or it.why_not))
    return f"\n{table(rows)}" if rows else ""


async def _journal(loaded: Loaded, target: Target, chosen: Place | None, console: Console) -> Check:
    namespace = loaded.manifest.namespace
    place = find_journal(chosen, target, loaded.folder, namespace)
    if place is None:
        return Check("journal", Sign.OK, "in memory, as the team is")
    checks: list[Check] = []
    with _noted(checks, "journal"):
        if isinstance(place, Path) and (found := obstacle(place)) is not None:
            raise found
        journal = journal_of(place, target, namespace, console, create=False)
        try:
            ledger = await journal.ledger()
            # A row is checked when it is read: an apply that needs it years later would meet it.
            rows = [1 async for _ in export_lines(journal)]
        finally:
            await journal.close()
        known = counted(len(ledger.bindings), "post")
        told = f"{place}: {known} known, {counted(len(rows), 'row')} read, all whole"
        if isinstance(place, Path) and not place.exists():
            return Check("journal", Sign.OK, f"none yet at {place}; the first apply makes it")
        if ledger.under_way:
            what = f"{told}; the run {ledger.under_way} is under way"
            return Check("journal", Sign.WARN, what, "`apply --wait` waits until it has ended.")
        if ledger.open:
            what = f"{told}, {counted(len(ledger.open), 'write')} without a known outcome"
            return Check("journal", Sign.WARN, what, "`apply` looks them up before anything else.")
        return Check("journal", Sign.OK, told)
    return checks[0]


def _ref(place: GitRef) -> Iterator[Check]:
    """Check whether the journal could be pushed to."""
    name = _FOR_WRITING[2]
    checks: list[Check] = []
    with _noted(checks, name):
        asyncio.run(require_push(place))
        checks.append(Check(name, Sign.OK, "can be pushed to"))
    yield from checks


def _folder(place: Place | None) -> Iterator[Check]:
    """Check whether the journal could be written; a file by mode bits and the file system's."""
    if not isinstance(place, Path):
        return
    there = next(it for it in (place, *place.absolute().parents) if it.exists())
    if os.access(there, os.W_OK) and os.access(there.parent if there == place else there, os.W_OK):
        return
    remedy = "Make it writable for you, or name another place with --journal."
    what = f"{there} may not be written: no apply can keep its journal"
    yield Check(_FOR_WRITING[1], Sign.FAIL, what, remedy, ExitCode.JOURNAL)


@contextmanager
def _noted(checks: list[Check], name: str) -> Iterator[None]:
    """Make a failed check of what the block raises."""
    try:
        yield
    except ImporterError as error:
        checks.append(_failed(name, error))


def _failed(name: str, error: ImporterError) -> Check:
    return Check(name, Sign.FAIL, error.message, error.remedy, error.exit_code)


def _text(checks: list[Check]) -> str:
    rows: list[tuple[str, str, str]] = []
    for check in checks:
        rows.append((check.sign, check.name, check.found))
        if check.remedy:
            rows.append(("", "", f"-> {check.remedy}"))
    return table(rows)
