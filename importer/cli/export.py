"""`export`: a live team becomes a manifest. Gets a transport that cannot write."""

import asyncio
import os
import shlex
from pathlib import Path

import click

from importer.cli.candidates import complete_list
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.export_reading import export
from importer.cli.exporting import Purpose
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions, output_options, progress_option
from importer.cli.places import schema_for
from importer.cli.reading import read_manifest
from importer.cli.suggesting import suggested
from importer.cli.wiring import find_journal, reach
from importer.errors import ExitCode, UsageError
from importer.journal import Place
from importer.manifests import MANIFEST_NAME
from importer.manifests.pages import FOLDER
from importer.model.exporting import ExportTotals
from importer.model.ids import Kind, is_key
from importer.model.manifest import Manifest
from importer.planning.fates import Asked
from importer.rendering import render_export

_KINDS = {
    "questions": Kind.QUESTION,
    "articles": Kind.ARTICLE,
    "collections": Kind.COLLECTION,
    "tags": Kind.TAG,
}
_OURS = (FOLDER, MANIFEST_NAME)


def _kinds(_ctx: click.Context, param: click.Parameter, value: str) -> frozenset[Kind]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = sorted(set(names) - _KINDS.keys())
    if unknown or not names:
        message = f"{', '.join(unknown) or 'nothing'} is not among {', '.join(_KINDS)}."
        raise click.BadParameter(f"{message} {suggested(unknown, _KINDS)}".strip(), param=param)
    return frozenset(_KINDS[name] for name in names)


@make_command(
    examples={
        "teams-importer export --team acme --out handbook --namespace handbook": "all of a team",
        "teams-importer export --out handbook --tagged onboarding": "what is new, into the same",
        "teams-importer export --out runbooks --namespace runbooks --kinds questions": "a part",
        "teams-importer export --out copy --namespace docs --no-ids": "to apply to another team",
    },
    json="team, namespace, folder, ids; totals: found, exported, known, unasked, left_out, and the "
    "same by kind under kinds; posts: kind, id, url, title, fate, key, file, why; tags: those "
    "declared; limits: those stated; notes: what, why.",
    prints=("export",),
)
@connection_options
@journal_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    required=True,
    help="Where the manifest goes: a new or empty folder, or one of a manifest, which what is new "
    "is added to.",
)
@click.option("--namespace", metavar="NS", help="The new manifest's namespace.")
@click.option(
    "--tagged",
    multiple=True,
    metavar="TAG",
    help="Only questions and articles with this tag; repeatable: with one of them.",
)
@click.option(
    "--kinds",
    default=",".join(_KINDS),
    show_default=True,
    callback=_kinds,
    shell_complete=complete_list(_KINDS),
    metavar="KIND,...",
    help="Only these kinds; answers come with their questions.",
)
@click.option(
    "--no-ids",
    is_flag=True,
    help="For another team: posts and people are not named by the ids they have in this one, and "
    "the manifest is not pinned to it.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be exported, and write nothing.")
@progress_option
@output_options("text", "json", "markdown")
@click.pass_obj
def command(
    console: Console,
    connection: ConnectionOptions,
    journal: Place | None,
    out: Path,
    namespace: str | None,
    tagged: tuple[str, ...],
    kinds: frozenset[Kind],
    no_ids: bool,  # noqa: FBT001 - click names it
    dry_run: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Write a live team down as a manifest, so that the next plan is empty.

    Every post is accounted for: exported, in the manifest already, not asked for, or left out with
    the reason. What was written has been read back and planned before anybody sees it. A post that
    no marker names is bound by its `id:`; links between exported posts lead by key.

    In a folder that holds a manifest, files stay as they are, and posts that it doesn't have get
    files of their own. Texts that were edited on the site are not looked at: `plan` shows them.
    """
    base = _base(out, namespace, console)
    tags = frozenset(it.strip().lower() for it in tagged)
    with reach(connection, console) as target:
        name = base.namespace if base else namespace or ""
        purpose = Purpose(
            out,
            name,
            target.team or target.site.host,
            schema_for(out),
            Asked(kinds, tags),
            ids=not no_ids,
            base=base,
            dry=dry_run,
        )
        place = find_journal(journal, target, out, name)
        account = asyncio.run(export(purpose, target, place, console))
    console.say(_summary(account.totals, purpose))
    if base is None and not dry_run:
        _say_next(purpose, console)
    looks = looks_of(console, output)
    looks["verbose"] = output.verbose or console.output is not None
    console.result(render_export(account, **looks))
    return ExitCode.DONE


def _base(out: Path, namespace: str | None, console: Console) -> Manifest | None:
    """Return the manifest that is in *out* already. UsageError for a folder of anything else."""
    if (out / MANIFEST_NAME).is_file():
        base = read_manifest(out / MANIFEST_NAME, console).manifest
        if namespace not in (None, base.namespace):
            message = f"the manifest in {out} has the namespace {base.namespace!r}"
            raise UsageError(message, remedy="Leave --namespace out, or name another folder.")
        return base
    if namespace is None:
        message = f"export needs --namespace NS for a new manifest in {out}"
        raise UsageError(message, remedy="For example: --namespace handbook.")
    if not is_key(namespace):
        message = f"the namespace {namespace!r} is not lower case letters, digits, `.`, `_`, `-`"
        raise UsageError(message, remedy="For example: handbook.")
    others = sorted(it.name for it in out.iterdir() if it.name not in _OURS) if out.is_dir() else []
    strange = [it for it in others if not it.endswith(".tmp")]
    if strange:
        message = f"{out} is not empty: {', '.join(strange[:3])}"
        remedy = "Name a new or empty folder, or one with a manifest of this tool's."
        raise UsageError(message, remedy=remedy)
    return None


def _summary(totals: ExportTotals, purpose: Purpose) -> str:
    end = f"nothing was written to {purpose.folder}"
    if not purpose.dry:
        end = f"the manifest is in {purpose.folder}"
    known = f"{totals.known} there already, " if purpose.base else ""
    unasked = f"{totals.unasked} not asked for, " if totals.unasked else ""
    return (
        f"{totals.found} posts found, {totals.exported} exported, {known}{unasked}"
        f"{totals.left_out} left out; {end}"
    )


def _say_next(purpose: Purpose, console: Console) -> None:
    folder = shlex.quote(os.fspath(purpose.folder))
    then = "with the same connection shows no changes"
    if not purpose.ids:
        then = "with another team's connection shows what that would get"
    console.say(f"next: `teams-importer plan {folder}` {then}")
