"""What a person wants of a conversion: rules, map files, and reports of it by their suffix."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from importer.cli.console import Console
from importer.cli.files import is_same_file, write_private
from importer.cli.options import gather_options
from importer.cli.resources import resource
from importer.errors import ExitCode, UsageError
from importer.rendering import Format, render_losses
from importer.rendering.look import Looks
from importer.sources import (
    Account,
    Options,
    PageMap,
    Reader,
    Rules,
    Stage,
    map_lines,
    read_map,
    read_rule_file,
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


@dataclass(frozen=True, slots=True)
class WantedOptions:
    """The files that say what a page is to be, and those that say what became of it."""

    rules: Path | None
    maps: tuple[Path, ...]
    reports: tuple[Path, ...]

    def stage(
        self, console: Console, reader: Reader, path: Path, options: Options, *, tags: Sequence[str]
    ) -> tuple[Stage, Options]:
        """Return what reads the source by rules and maps, and the options for shaping it.

        Raises ManifestError for faults in these files; *tags* of the command line go before theirs.
        """
        console.protect("the rules", self.rules)
        console.protect("a map", *self.maps)
        for report in self.reports:
            _check_report(report, [it for it in (path, self.rules, *self.maps) if it])
        rules = Rules(version="1")
        if self.rules:
            rules = read_rule_file(_text(self.rules), str(self.rules))
        rows = [
            row
            for it in self.maps
            for row in read_map(_bytes(it, _LARGEST_MAP), str(it), options.encoding)
        ]
        page_map = PageMap(rows)
        own = rules.tags.default if rules.tags and not tags else ()
        shaped = replace(options, tags=own or options.tags)
        stage = Stage(lambda: reader.read(path, shaped), rules, page_map)
        return stage, replace(shaped, reserved=stage.keys())

    def write_reports(
        self,
        console: Console,
        accounts: Iterable[Account],
        losses: Sequence[Mapping[str, object]],
        tally: Mapping[str, int],
        pages: Sequence[Mapping[str, object]],
    ) -> None:
        """Write each report in the form that its suffix names; the terminal's own is another."""
        known = list(accounts) if any(map(_is_table, self.reports)) else []
        for report in self.reports:
            if _is_table(report):
                text = "".join(map_lines(known))
            else:
                text = render_losses(losses, tally, pages, **_looks(report))
            write_private(report, console.redacted(text).encode("utf-8", "replace"))
            console.say(f"report: {report}")


def wanted_options(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add `--rules`, `--map` and `--report`."""
    return gather_options("wanted", WantedOptions, _OPTIONS)(function)


_OPTIONS = [
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
