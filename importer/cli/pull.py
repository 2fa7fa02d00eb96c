"""`pull`: edits made on the site become edits of the manifest's files."""

import asyncio
import difflib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

import click

from importer.cli.candidates import complete_keys
from importer.cli.commands import OneOf, make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.looks import looks_of
from importer.cli.naming import require_edited, require_items
from importer.cli.options import OutputOptions, only_option, output_options, progress_option
from importer.cli.pulling import Outcome, take_in
from importer.cli.reading import Loaded, read_manifest, refuse_secret_in
from importer.cli.visiting import looking
from importer.cli.wiring import Target, find_journal, reach
from importer.errors import ExitCode, PlanStale, UsageError, worst
from importer.execution import Sighting, look_at_team
from importer.journal import Place
from importer.manifests import FileEdit, shown_folder
from importer.model.fields import Value
from importer.model.ids import Key, Kind, Ref
from importer.model.pulling import PulledField, PulledFile, PulledPost, PullReport, Taken
from importer.planning.pulling import Choice, Intake, Pulled, pull
from importer.rendering import render_pull
from importer.text.links import Text, fill
from importer.text.sealed import Sealed


@make_command(
    examples={
        "teams-importer pull --team acme": "take in what people edited on the site",
        "teams-importer pull --check --format markdown": "only show it; exit 2 with edits",
        "teams-importer pull --keep-ours 'oncall/*'": "the manifest's version goes over theirs",
        "teams-importer pull --conflicts markers": "conflicts into the text, as git marks them",
    },
    json="What was taken in: fields (how: taken, merged, kept, marked, conflict or left), refused, "
    "gone, orphans, files with their differences, notes, written.",
    prints=("pull",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@only_option
@click.option(
    "--keep-ours",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_keys,
    help="Decide for the manifest's version: `seen:` notes which live version you saw. Repeatable.",
)
@click.option(
    "--take-site",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_keys,
    help="Take the site's version, whatever the manifest says. An answer is named by itself, as "
    "KEY#ANSWER. Repeatable.",
)
@click.option(
    "--conflicts",
    type=OneOf(["list", "markers"]),
    default="list",
    show_default=True,
    help="List conflicts and write nothing for these items, or write both versions between "
    "markers: `validate` refuses the file until they are settled.",
)
@click.option(
    "--check",
    "--dry-run",
    "check",
    is_flag=True,
    help="Write nothing and show the differences; exit with 2 when there are some.",
)
@progress_option
@output_options("text", "json", "markdown", with_template=True)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    only: tuple[str, ...],
    keep_ours: tuple[str, ...],
    take_site: tuple[str, ...],
    conflicts: str,
    check: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Bring edits made on the site into the manifest's files, as small edits of their lines.

    PATH is a manifest, or a folder or Markdown file in or below its folder. What both sides edited
    is merged where the edits are apart and the journal knows what both started from; else it is a
    conflict, and the exit code is 11. Nothing is written but these files: no post, no journal, no
    lock.
    """
    choice = Choice(only, keep_ours, take_site, marks=conflicts == "markers")
    loaded = read_manifest(path, console)
    decided = {"--keep-ours": keep_ours, "--take-site": take_site}
    require_items(loaded.manifest, {"--only": only, **decided}, console)
    with reach(connection, console) as target:
        refuse_secret_in(loaded.manifest, target.connection)
        place = find_journal(journal, target, loaded.folder, loaded.manifest.namespace)
        sighting = asyncio.run(_look(loaded, target, place, console))
    manifest = loaded.manifest
    pulled = pull(sighting.comparison, sighting.texts, choice, manifest.policy, sighting.unresolved)
    edited = {it.item.key for it in pulled.intakes}
    require_edited(decided, edited, console)
    _require_one_side(choice, edited)
    outcome = take_in(loaded.path, pulled, sighting)
    if outcome.editor.manifest.digest != manifest.digest:
        message = "the manifest changed while the team was read; nothing was written"
        raise PlanStale(message, remedy="Run the same command again.")
    edits = outcome.edited.files
    if edits and not check:
        outcome.editor.write(outcome.edited)
    report = _report(loaded, target, pulled, outcome, sighting, written=bool(edits) and not check)
    console.result(render_pull(report, **looks_of(console, output)))
    waits = pulled.of(Taken.CONFLICT, Taken.MARKED) or outcome.refused
    return worst(
        [
            ExitCode.CHANGES if check and edits else ExitCode.DONE,
            ExitCode.DECISION if waits else ExitCode.DONE,
        ]
    )


def _require_one_side(choice: Choice, edited: Collection[Key]) -> None:
    torn = sorted(filter(choice.is_torn, edited))
    if torn:
        message = f"--keep-ours and --take-site both fit {', '.join(torn[:5])}; nothing was written"
        remedy = "Decide for one. A key by itself goes before a glob, as in --keep-ours KEY."
        raise UsageError(message, remedy=remedy)


async def _look(loaded: Loaded, target: Target, place: Place | None, console: Console) -> Sighting:
    """Return what is seen of the team, by a transport that cannot write."""
    manifest = loaded.manifest
    kinds = frozenset(it.kind for it in manifest.items if it.kind is not Kind.TAG or it.fields)
    async with looking(target, place, manifest.namespace, kinds, console) as (
        team,
        access,
        journal,
    ):
        return await look_at_team(manifest, team, journal, access, team=target.team)


def _report(
    loaded: Loaded,
    target: Target,
    pulled: Pulled,
    outcome: Outcome,
    sighting: Sighting,
    *,
    written: bool,
) -> PullReport:
    refused = {it.key for it in outcome.refused}
    site = sighting.snapshot.site
    words = _words(lambda it: site.address(Ref.parse(it)))
    taken = (it for it in pulled.intakes if it.item.key not in refused)
    comparison = sighting.comparison
    return PullReport(
        namespace=loaded.manifest.namespace,
        team=target.team,
        site=site.base,
        manifest=str(loaded.path),
        written=written,
        fields=tuple(_field(it, outcome, words) for it in taken),
        refused=tuple(
            PulledPost(it.key, it.why, it.span.path, it.span.line) for it in outcome.refused
        ),
        gone=tuple(PulledPost(it.item.key, url=it.binding.url) for it in comparison.gone),
        orphans=tuple(
            PulledPost(it.key, it.title, url=it.url)
            for it, _, _ in comparison.orphans
            if not it.removed
        ),
        files=tuple(_file(it, loaded.folder) for it in outcome.edited.files),
        notes=tuple(_notes(pulled, sighting)),
    )


def _notes(pulled: Pulled, sighting: Sighting) -> Iterator[str]:
    if sighting.ledger.under_way:
        yield "a run is under way: some of what it writes may not be seen yet"
    if not sighting.ledger.exists and pulled.of(Taken.CONFLICT, Taken.MARKED):
        yield "there is no journal here: what both sides edited can't be merged"


def _words(address: Callable[[str], str]) -> Callable[[Value | None], str]:
    def words(value: Value | None) -> str:
        match value:
            case None:
                return ""
            case Text():
                return fill(value, lambda it: it if it.startswith("key:") else address(it))
            case tuple():
                return ", ".join(value)
            case bool():
                return "yes" if value else "no"
            case Sealed():
                return ""
            case _:
                return value

    return words


def _field(it: Intake, outcome: Outcome, words: Callable[[Value | None], str]) -> PulledField:
    span = outcome.editor.place_of(it.item.key, it.word)
    told = PulledField(
        it.item.key,
        it.item.kind,
        it.word,
        it.how,
        span.path,
        span.line,
        it.live.url,
        it.edit,
        it.why,
    )
    if it.how not in (Taken.CONFLICT, Taken.MARKED):
        return told
    ours, live = it.item.fields.get(it.field), it.live.fields.get(it.field)
    return replace(
        told, ours=words(ours), live=words(live), base=words(it.base), conflict=words(it.shown)
    )


def _file(edit: FileEdit, folder: Path) -> PulledFile:
    shown = shown_folder(folder)
    old, new = (_lines(it) for it in (edit.before, edit.after))
    diff = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    return PulledFile(f"{shown}/{edit.path}" if shown else edit.path, tuple(diff))


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
