"""`convert`: a wiki or an export becomes a manifest, with an account of every page."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.files import write_private
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions, output_options
from importer.errors import ExitCode, UsageError
from importer.manifests import write_manifest
from importer.manifests.writing import SCHEMA
from importer.model.draft import Draft
from importer.model.ids import is_key
from importer.rendering import Format, render_losses
from importer.sources import (
    READERS,
    Account,
    Loss,
    Options,
    Reader,
    Tally,
    read_rules,
    shape,
    tally,
)

_REPORT = "conversion-report.md"
_AUTO = "auto"
# Converting needs neither; a program it starts has no business to see them.
_SECRETS = ("TEAMS_IMPORTER_TOKEN", "TEAMS_IMPORTER_API_KEY")


@make_command(
    examples={
        "teams-importer convert faq FAQ.md --out docs --namespace faq": "one Markdown file",
        "teams-importer convert auto wiki/ --out docs --namespace wiki": "whatever it looks like",
        "teams-importer convert --list": "the readers there are",
    },
    json="losses: kind, path, line, what, why; tally: pages, migrated, split, merged, skipped; "
    "pages: path, line, title, fate, why, keys, kind, tags, owner, edited, revision, parent, size. "
    "With --list: reader name to what it reads.",
)
@click.argument("source", required=False)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the manifest goes: a new or empty folder.",
)
@click.option("--namespace", metavar="NS", help="The new manifest's namespace.")
@click.option("--team", multiple=True, metavar="SLUG", help="Pin the manifest to this team.")
@click.option(
    "--tag", multiple=True, metavar="TAG", help="Tag for pages that have none; repeatable."
)
@click.option("--encoding", metavar="NAME", help="Tried where a file is not UTF-8.")
@click.option(
    "--address", metavar="URL", default="", help="Where the source stood; links to it are led on."
)
@click.option(
    "--macros",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="What becomes of Confluence's macros: lines such as `decision: quote`.",
)
@click.option("--list", "listing", is_flag=True, help="List the readers and exit.")
@output_options("text", "json", "markdown", with_template=True)
@click.pass_obj
def command(
    console: Console,
    source: str | None,
    path: Path | None,
    out: Path | None,
    namespace: str | None,
    team: tuple[str, ...],
    tag: tuple[str, ...],
    encoding: str | None,
    address: str,
    macros: Path | None,
    listing: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Turn what is at PATH into a manifest below DIR. SOURCE is a reader's name, or auto.

    Every page is accounted for: migrated, split, merged with its double, or skipped with a reason.
    What a page loses on its way is listed, here and in conversion-report.md in the new folder.
    """
    for name in _SECRETS:
        os.environ.pop(name, None)
    if listing:
        return _list(console, output)
    if source is None or path is None or out is None or namespace is None:
        needed = {"SOURCE": source, "PATH": path, "--out DIR": out, "--namespace NS": namespace}
        missing = [name for name, value in needed.items() if value is None]
        message = f"convert needs {' and '.join(missing)} as well"
        if len(missing) == len(needed):
            message = "convert needs SOURCE, PATH, --out DIR and --namespace NS"
        raise UsageError(message, remedy="teams-importer convert --help shows examples.")
    if not is_key(namespace):
        message = f"the namespace {namespace!r} is not lower case letters, digits, `.`, `_`, `-`"
        raise UsageError(message, remedy="For example: handbook.")
    reader = _reader(source, path)
    console.protect("the source", path)
    if address and not address.startswith(("https://", "http://")):
        message = f"the address {address!r} is no URL"
        raise UsageError(message, remedy="For example: https://wiki.example.com/display/OPS")
    rules = read_rules(macros.read_text(encoding="utf-8"), str(macros)) if macros else {}
    options = Options(tag or Options().tags, encoding, address, rules)
    results = list(shape(lambda: reader.read(path, options), options))
    drafts = [it for it in results if isinstance(it, Draft)]
    losses = [_loss(it) for it in results if isinstance(it, Loss)]
    pages = [_page(it) for it in results if isinstance(it, Account)]
    account = tally(results)
    schema = _schema_for(out)
    write_manifest(out, drafts, namespace=namespace, team=team, schema=schema)
    _keep_report(out, losses, account, console, output)
    console.say(_summary(account, reader, out))
    if not schema:
        place = shlex.quote(str(out.parent / "schemas"))
        console.say(
            f"for an editor: `teams-importer schema --write {place}`, and the manifest's first "
            f"line `# yaml-language-server: $schema={SCHEMA}`"
        )
    looks = looks_of(console, output)
    # A file has room for all of them.
    looks["verbose"] = output.verbose or console.output is not None
    console.result(render_losses(losses, asdict(account), pages, **looks))
    return ExitCode.DONE


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
        raise UsageError(message, remedy=f"Readers: {names}; or `{_AUTO}`, which guesses one.")
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


def _schema_for(folder: Path) -> str:
    """Return where the schema lies, as seen from the new manifest; "" when it doesn't."""
    # Not resolved by the system: the new folder isn't there yet.
    return SCHEMA if Path(os.path.normpath(folder.absolute() / SCHEMA)).is_file() else ""


def _loss(loss: Loss) -> dict[str, object]:
    return {
        "kind": loss.kind,
        "path": loss.where.path,
        "line": loss.where.line,
        "what": loss.what,
        "why": loss.why,
    }


def _page(page: Account) -> dict[str, object]:
    return {
        "path": page.place.path,
        "line": page.place.line,
        "title": page.title,
        "fate": page.fate,
        "why": page.why,
        "keys": page.keys,
        "kind": page.kind,
        "tags": page.tags,
        "owner": page.owner,
        "edited": page.edited.isoformat() if page.edited else None,
        "revision": page.revision,
        "parent": page.parent,
        "size": page.size,
    }


def _keep_report(
    folder: Path,
    losses: Sequence[Mapping[str, object]],
    account: Tally,
    console: Console,
    output: OutputOptions,
) -> None:
    whole = OutputOptions("markdown", verbose=True, template=None)
    looks = looks_of(console, whole)
    looks["utf8"] = True
    text = render_losses(losses, asdict(account), **looks)
    write_private(folder / _REPORT, text.encode())
    if output.format != Format.MARKDOWN:
        console.say(f"report: {folder / _REPORT}")


def _summary(account: Tally, reader: Reader, folder: Path) -> str:
    return (
        f"{reader.name}: {account.pages} pages in, {account.migrated} migrated, {account.split} "
        f"split, {account.merged} merged, {account.skipped} skipped; the manifest is in {folder}"
    )
