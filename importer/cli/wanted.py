"""What a person wants of a conversion: how to read, rules, map files, and reports of it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from importer.cli.commands import OneOf, gathered, text_encoding
from importer.cli.console import Console
from importer.cli.files import is_same_file, write_private
from importer.cli.resources import resource
from importer.errors import ExitCode, UsageError
from importer.rendering import Format, render_losses
from importer.rendering.look import Looks
from importer.sources import (
    Account,
    Attachments,
    Options,
    PageMap,
    Reader,
    Rules,
    Stage,
    map_lines,
    read_map,
    read_rule_file,
    read_rules,
)

__all__ = ["WantedOptions", "wanted_options"]

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FORMATS = {
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".json": Format.JSON,
    ".md": Format.MARKDOWN,
    ".txt": Format.TEXT,
}
_LARGEST_RULES = 2**20
_LARGEST_MAP = 2**28
_SAID = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True, slots=True)
class WantedOptions:
    """How to read a source, the files that say what a page is to be, and those that tell it."""

    tag: tuple[str, ...]
    encoding: str | None
    address: str
    macros: Path | None
    attachments: str | None
    from_html: bool | None
    rules: Path | None
    maps: tuple[Path, ...]
    reports: tuple[Path, ...]

    def given(self, base: Path) -> dict[str, Any]:
        """Return what a next conversion is to remember; files as they are seen from *base*."""
        if self.address and not self.address.startswith(("https://", "http://")):
            message = f"the address {self.address!r} is no URL"
            raise UsageError(message, remedy="For example: https://wiki.example.com/display/OPS")
        return {
            "tag": list(self.tag),
            "encoding": self.encoding or "",
            "address": self.address,
            "macros": _from(base, self.macros) if self.macros else "",
            "attachments": self.attachments or "",
            "from_html": _SAID[self.from_html],
            "rules": _from(base, self.rules) if self.rules else "",
            "map": [_from(base, it) for it in self.maps],
        }

    def stage(
        self, console: Console, reader: Reader, path: Path, held: Mapping[str, Any], base: Path
    ) -> tuple[Stage, Options]:
        """Return what reads the source by rules and maps, and the options for shaping it.

        *held* is what holds, be it `given` or remembered. Raises ManifestError for faults in these
        files.
        """
        rule_file = _there(base, held["rules"], "--rules")
        maps = [it for name in held["map"] if (it := _there(base, name, "--map"))]
        console.protect("the rules", rule_file)
        console.protect("a map", *maps)
        for report in self.reports:
            _check_report(report, [it for it in (path, rule_file, *maps) if it])
        options = _options(base, held)
        rules = Rules(version="1")
        if rule_file:
            rules = read_rule_file(_text(rule_file), str(rule_file))
        rows = [
            row
            for it in maps
            for row in read_map(_bytes(it, _LARGEST_MAP), str(it), options.encoding)
        ]
        page_map = PageMap(rows)
        own = rules.tags.default if rules.tags and not held["tag"] else ()
        shaped = replace(options, tags=own or options.tags)
        stage = Stage(lambda: reader.read(path, shaped), rules, page_map)
        reserved = stage.keys()
        return stage, replace(shaped, reserved=reserved, given=reserved & page_map.given())

    def write_reports(
        self,
        console: Console,
        accounts: Iterable[Account],
        losses: Sequence[Mapping[str, object]],
        tally: Mapping[str, int],
        pages: Sequence[Mapping[str, object]],
    ) -> None:
        """Write each report in the form that its suffix names; the terminal's own is another."""
        for report in self.reports:
            if _is_table(report):
                text = "".join(map_lines(accounts))
            else:
                text = render_losses(losses, tally, pages, **_looks(report))
            write_private(report, console.redacted(text).encode("utf-8", "replace"))
            console.say(f"report: {report}")


def wanted_options(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add what says how a source is read and what is wanted of it."""
    return gathered("wanted", WantedOptions, _OPTIONS)(function)


_OPTIONS = [
    click.option(
        "--tag", multiple=True, metavar="TAG", help="Tag for pages that have none; repeatable."
    ),
    click.option(
        "--encoding",
        callback=text_encoding,
        metavar="NAME",
        help="Tried where a file is not UTF-8.",
    ),
    click.option(
        "--address",
        metavar="URL",
        default="",
        help="Where the source stood; links to it are led on.",
    ),
    click.option(
        "--macros",
        type=_FILE,
        metavar="FILE",
        help="What becomes of Confluence's macros: lines such as `decision: quote`.",
    ),
    click.option(
        "--attachments",
        type=OneOf([it.value for it in Attachments]),
        help="Files that are no images: list them with their digests, or copy them to assets/ as "
        "well.  [default: list]",
    ),
    click.option(
        "--from-html/--no-from-html",
        default=None,
        help="Convert rendered HTML also where the source has the author's Markdown.",
    ),
    click.option(
        "--rules",
        type=_FILE,
        metavar="FILE",
        help="What becomes of which page, of tags and footers: YAML such as examples/rules.yaml.",
    ),
    click.option(
        "--map",
        "maps",
        type=_FILE,
        multiple=True,
        metavar="FILE",
        help="A report in CSV that people filled in; repeatable.",
    ),
    click.option(
        "--report",
        "reports",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        metavar="FILE",
        help="Write a report too, in the form of its suffix: .csv, .html, .json, .md or .txt. The "
        "CSV is what --map reads. Repeatable.",
    ),
]


def _from(base: Path, path: Path) -> str:
    """Return where *path* is as seen from *base*, which says the same on every machine."""
    return Path(os.path.relpath(path, base)).as_posix()


def _there(base: Path, name: str, option: str) -> Path | None:
    """Return the file that is called *name* as seen from *base*; None without a name."""
    if not name:
        return None
    path = Path(os.path.normpath(base / name))
    if not path.is_file():
        message = f"{path}, which {option} named the last time, is not there"
        raise UsageError(message, remedy=f"Name it with {option} FILE.")
    return path


def _options(base: Path, held: Mapping[str, Any]) -> Options:
    macros = _there(base, held["macros"], "--macros")
    return Options(
        tuple(held["tag"]) or Options().tags,
        held["encoding"] or None,
        held["address"],
        read_rules(_text(macros), str(macros)) if macros else {},
        Attachments(held["attachments"] or Attachments.LIST),
        held["from_html"] == "yes",
    )


def _check_report(report: Path, sources: Sequence[Path]) -> None:
    if any(is_same_file(report, it) for it in sources):
        message = f"--report {report} would write over what is read"
        raise UsageError(message, remedy="Name another file.")
    if not _is_table(report) and report.suffix.lower() not in _FORMATS:
        message = f"no report has the suffix of {report}"
        raise UsageError(message, remedy="Name it .csv, .html, .json, .md or .txt.")
    if not report.parent.is_dir():
        message = f"there is no folder {report.parent}"
        raise UsageError(message, remedy="Make it, or name a file in another one.")


def _is_table(report: Path) -> bool:
    return report.suffix.lower() == ".csv"


def _looks(report: Path) -> Looks:
    return Looks(
        format=_FORMATS[report.suffix.lower()],
        templates=resource("plan-templates"),
        verbose=True,
    )


def _text(path: Path) -> str:
    try:
        return _bytes(path, _LARGEST_RULES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8, at byte {error.start}"
        raise UsageError(message, remedy="Save the file as UTF-8.") from error


def _bytes(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            message = f"{path} is larger than {most:,} bytes"
            raise UsageError(message, remedy="Name the right file.")
        return path.read_bytes()
    except OSError as error:
        message = f"{path} can't be read: {error.strerror or error}"
        raise UsageError(message, remedy="Name a file that you may read.") from error
