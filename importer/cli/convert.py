"""`convert`: a wiki or an export becomes a manifest, with an account of every page."""

import os
import shlex
from dataclasses import asdict
from pathlib import Path

import click

from importer.cli.candidates import complete_list
from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.converting import REPORT, Conversion, Purpose, convert
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions, output_options, progress_option
from importer.cli.places import schema_for
from importer.cli.progress import Meter
from importer.cli.recalling import note_differences, recalled, renewal_document, say_renewal
from importer.cli.suggesting import did_you_mean
from importer.cli.verifying import VerifyOptions, fidelity_document, unshown, verify_options
from importer.cli.wanted import WantedOptions, wanted_options
from importer.errors import ExitCode, UsageError, worst
from importer.manifests.memory import Memory
from importer.manifests.recalling import recall
from importer.manifests.writing import SCHEMA
from importer.model.ids import is_key
from importer.rendering import Format, render_fidelity, render_losses
from importer.sources import READERS, Images, Reader, Shelf, Tally
from importer.sources.verify import Watch, need_verifier

_AUTO = "auto"
# Converting needs neither; a program it starts has no business to see them.
_SECRETS = ("TEAMS_IMPORTER_TOKEN", "TEAMS_IMPORTER_API_KEY")


@make_command(
    examples={
        "teams-importer convert faq FAQ.md --out docs --namespace faq": "one Markdown file",
        "teams-importer convert auto wiki/ --out docs --namespace wiki": "whatever it looks like",
        "teams-importer convert auto wiki/ --verify --show 'guides/*'": "what would survive",
        "teams-importer convert auto wiki/ --out docs --dry-run": "again, later: what would change",
        "teams-importer convert auto wiki/ --out docs": "again: keeps what was edited by hand",
        "teams-importer convert --list": "the readers there are",
    },
    json="losses: kind, path, line, what, why; tally: pages, migrated, split, merged, skipped; "
    "pages: page, path, line, title, fate, why, keys, kind, tags, owner, edited, revision, parent, "
    "size, losses, effort, images: found, copied, remote, missing, too_large, unfit. "
    "With --verify also fidelity: pages, texts, identical, left_out, constructs (construct, kept, "
    "changed, reported, unreported), differing (path, line, title, keys, differences: construct, "
    "outcome, what, instead, why, count). "
    "Again also renewal: counts by change, files (change, file, key, why) but the unchanged. "
    "With --list: reader name to what it reads.",
    prints=("convert", "readers"),
)
@click.argument("source", required=False, shell_complete=complete_list([_AUTO, *sorted(READERS)]))
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the manifest goes: a new or empty folder, or one that was converted into before.",
)
@click.option("--namespace", metavar="NS", help="The new manifest's namespace.")
@click.option("--team", multiple=True, metavar="SLUG", help="Pin the manifest to this team.")
@wanted_options
@verify_options
@click.option(
    "--delete-gone",
    is_flag=True,
    help="Again: delete the files of pages that are gone, where nobody changed them here.",
)
@click.option("--dry-run", is_flag=True, help="Say what would become of it, and write nothing.")
@click.option(
    "--check", is_flag=True, help="As --dry-run; exit with 2 when the folder is not up to date."
)
@click.option("--list", "listing", is_flag=True, help="List the readers and exit.")
@progress_option
@output_options("text", "json", "markdown", "html", with_template=True)
@click.pass_obj
def command(
    console: Console,
    source: str | None,
    path: Path | None,
    out: Path | None,
    namespace: str | None,
    team: tuple[str, ...],
    wanted: WantedOptions,
    verifying: VerifyOptions,
    delete_gone: bool,  # noqa: FBT001 - click names it
    dry_run: bool,  # noqa: FBT001 - click names it
    check: bool,  # noqa: FBT001 - click names it
    listing: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Turn what is at PATH into a manifest below DIR. SOURCE is a reader's name, or auto.

    Every page is accounted for: migrated, split, merged with its double, or skipped with a reason.
    What a page loses on its way is listed, here and in conversion-report.md in the new folder.
    Images of the source that pages show are copied to assets/ in it, from where `apply` uploads
    them; those elsewhere stay there, for nothing is ever fetched.

    Into a folder that was converted into before, only what changed in the wiki is renewed, and
    options not given are those of last time. What was changed here stays; what was changed on both
    sides is merged where git knows the version between, else laid beside as FILE.new (exit 11).
    """
    for name in _SECRETS:
        os.environ.pop(name, None)
    if listing:
        return _list(console, output)
    verifying.require_sense()
    only_looks = verifying.verify and out is None and not (delete_gone or dry_run or check)
    if source is None or path is None or (out is None and not only_looks):
        needed = {"SOURCE": source, "PATH": path, "--out DIR": out}
        missing = [name for name, value in needed.items() if value is None]
        message = f"convert needs {' and '.join(missing)} as well"
        if len(missing) == len(needed):
            message = "convert needs SOURCE, PATH, --out DIR and --namespace NS"
        raise UsageError(message, remedy="teams-importer convert --help shows examples.")
    _require_key(namespace)
    base = out or Path()
    given = {"namespace": namespace or "", "team": list(team), **wanted.given(base)}
    reader = _reader(source, path)
    if out is not None and path.is_dir() and path.resolve() == out.resolve():
        message = f"{out} is the source itself: what is written would be read the next time"
        raise UsageError(message, remedy="Name a new folder with --out, within it or elsewhere.")
    console.protect("the source", path)
    if verifying.verify:
        need_verifier()
    with Memory() as memory, Shelf() as shelf:
        if out is not None:
            recall(out, memory)
        held = recalled(given, memory.head)
        if not held["namespace"] and not only_looks:
            message = "convert needs --namespace NS as well"
            raise UsageError(message, remedy="teams-importer convert --help shows examples.")
        note_differences(reader.name, held, memory.head, console)
        purpose = Purpose(
            out,
            str(held["namespace"]),
            tuple(held["team"]),
            schema_for(base),
            reader.name,
            held,
            delete_gone=delete_gone,
            dry=dry_run or check,
        )
        pages, options = wanted.stage(console, reader, path, held, base)
        watch = Watch(lambda: reader.read(path, options)) if verifying.verify else None
        with Meter(console) as meter:
            meter.phase(f"converting {path}")
            made = convert(
                pages, options, purpose, memory=memory, shelf=shelf, console=console, watch=watch
            )
        _tell(made, purpose, console, output, again=memory.exists)
        wanted.write_reports(console, made.accounts, made.losses, asdict(made.tally), made.pages)
        _show(made, watch, verifying, console, output, again=memory.exists, only=only_looks)
    codes = [ExitCode.DECISION] if made.renewal.waits or (watch and watch.fidelity.lost) else []
    if check and made.renewal.writes:
        codes.append(ExitCode.CHANGES)
    return worst(codes)


def _require_key(namespace: str | None) -> None:
    if namespace is not None and not is_key(namespace):
        message = f"the namespace {namespace!r} is not lower case letters, digits, `.`, `_`, `-`"
        raise UsageError(message, remedy="For example: handbook.")


def _tell(
    made: Conversion, purpose: Purpose, console: Console, output: OutputOptions, *, again: bool
) -> None:
    folder = purpose.folder
    if folder is None:
        return
    console.say(_summary(made.tally, purpose.reader, folder, dry=purpose.dry))
    if made.images.found:
        console.say(_of_images(made.images))
    if again:
        say_renewal(made.renewal, folder, console, dry=purpose.dry)
    if purpose.dry:
        return
    if output.format != Format.MARKDOWN:
        console.say(f"report: {folder / REPORT}")
    if not purpose.schema and not again:
        place = shlex.quote(str(folder.parent / "schemas"))
        console.say(
            f"for an editor: `teams-importer schema --write {place}`, and the manifest's first "
            f"line `# yaml-language-server: $schema={SCHEMA}`"
        )


def _show(
    made: Conversion,
    watch: Watch | None,
    verifying: VerifyOptions,
    console: Console,
    output: OutputOptions,
    *,
    again: bool,
    only: bool,
) -> None:
    """Print what was lost, and what survived where that was asked for."""
    looks = looks_of(console, output)
    # A file has room for all of them.
    looks["verbose"] = output.verbose or console.output is not None
    fidelity = fidelity_document(watch.fidelity) if watch else None
    survived = ""
    if fidelity is not None and output.format in (Format.TEXT, Format.MARKDOWN):
        survived = render_fidelity(fidelity, verifying.show, **looks)
    if not (only and survived):
        renewal = renewal_document(made.renewal) if again else None
        lost = render_losses(
            made.losses, asdict(made.tally), made.pages, fidelity, renewal, **looks
        )
        survived = f"{lost}\n{survived}" if survived else lost
    for name in unshown(watch.fidelity, verifying.show) if watch else ():
        console.say(f"--show {name}: no page of that path, title or key differs")
    console.result(survived)


def _list(console: Console, output: OutputOptions) -> ExitCode:
    if output.format == "json":
        console.document({name: reader.summary for name, reader in READERS.items()})
        return ExitCode.DONE
    width = max(map(len, READERS)) + 2
    rows = (f"{name:{width}}{reader.summary}\n" for name, reader in sorted(READERS.items()))
    console.result("".join(rows))
    return ExitCode.DONE


def _reader(source: str, path: Path) -> Reader:
    if not path.exists():
        message = f"there is nothing at {path}"
        raise UsageError(message, remedy="Name a file or folder.")
    if source in READERS:
        return READERS[source]
    names = ", ".join(sorted(READERS))
    if source != _AUTO:
        message = f"there is no reader {source!r}"
        hint = did_you_mean(source, [_AUTO, *READERS])
        remedy = f"{hint} Readers: {names}; or `{_AUTO}`, which guesses one.".strip()
        raise UsageError(message, remedy=remedy)
    guesses = {name: reader.guess(path) for name, reader in READERS.items()}
    best = max(guesses.values())
    fitting = [READERS[name] for name, guess in guesses.items() if guess and guess is best]
    match fitting:
        case [reader]:
            return reader
        case []:
            message = f"{path} looks like nothing that is known"
        case _:
            found = ", ".join(sorted(it.name for it in fitting))
            message = f"{path} looks like several things: {found}"
    raise UsageError(message, remedy=f"Name the reader: {names}.")


def _summary(account: Tally, reader: str, folder: Path, *, dry: bool) -> str:
    end = f"nothing was written to {folder}" if dry else f"the manifest is in {folder}"
    return (
        f"{reader}: {account.pages} pages in, {account.migrated} migrated, {account.split} "
        f"split, {account.merged} merged, {account.skipped} skipped; {end}"
    )


def _of_images(images: Images) -> str:
    named = {
        "copied": images.copied,
        "elsewhere": images.remote,
        "missing": images.missing,
        "too large": images.too_large,
        "of no type that can be uploaded": images.unfit,
    }
    parts = (f"{count} {name}" for name, count in named.items() if count)
    return f"images: {images.found} shown, {', '.join(parts)}"
