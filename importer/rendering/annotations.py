"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a file.

GitHub shows ten annotations of a kind for a step and fifty for a job, and drops the rest without a
word (observed; not in its reference). So a kind has ten here, the last of which counts what has
none; the log has every finding.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from importer.rendering.escaping import quiet
from importer.rendering.findings import Checked, Finding, Level, ranked
from importer.rendering.phrasing import counted
from importer.text.visible import visible

__all__ = ["MOST_OF_A_KIND", "render_annotations"]

MOST_OF_A_KIND = 10

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_BREAK = "%0A"


def render_annotations(checked: Checked) -> str:
    """Return a command for each finding that GitHub shows, then the others as plain lines."""
    rest: list[Finding] = []
    commands: list[str] = []
    for level in Level:
        findings = [it for it in ranked(checked.findings) if it.level is level]
        shown, left = _split(findings)
        commands += map(_annotation, shown)
        if left:
            commands.append(_more(level, len(left), checked.command))
        rest += left
    ends = filter(None, [_summary(checked), checked.total])
    return "".join(f"{line}\n" for line in [*commands, *_plain(rest), *ends])


def _split(findings: Sequence[Finding]) -> tuple[Sequence[Finding], Sequence[Finding]]:
    if len(findings) <= MOST_OF_A_KIND:
        return findings, ()
    return findings[: MOST_OF_A_KIND - 1], findings[MOST_OF_A_KIND - 1 :]


def _annotation(it: Finding) -> str:
    facts = {
        "file": it.span.path,
        "line": str(it.span.line),
        "col": str(it.span.column),
        "title": f"teams-importer: {it.rule}",
    }
    # The log shows the message alone: the place is in it once more.
    lines = [f"{it.span}: {it.message}", *([it.remedy] if it.remedy else [])]
    return _command(it.level, facts, lines)


def _more(level: Level, number: int, command: str) -> str:
    what = counted(number, f"more {level}")
    lines = [f"GitHub shows no more than ten; the log of this step lists {what}."]
    return _command(level, {"title": f"teams-importer {command}: {what}"}, lines)


def _command(level: Level, facts: Mapping[str, str], lines: Iterable[str]) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in facts.items())
    return f"::{_COMMANDS[level]} {properties}::{_BREAK.join(map(_data, lines))}"


def _data(text: str) -> str:
    """Return *text* as a command's message: `visible` has left no line end in it."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(findings: Iterable[Finding]) -> Iterator[str]:
    for it in findings:
        line = f"{it.span}: {it.level}: {it.message} [{it.rule}]"
        yield quiet(visible(line))


def _summary(checked: Checked) -> str:
    counts = [
        counted(number, level)
        for level in Level
        if (number := sum(it.level is level for it in checked.findings))
    ]
    return f"{checked.command}: {', '.join(counts) or 'no findings'}"
