"""Problems of the author's files, as lines that editors and CI services can follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from importer.errors import Problem, Severity
from importer.planning.plan_file import canonical_json
from importer.rendering.escaping import html, prose_html, quiet
from importer.rendering.look import Format
from importer.rendering.phrasing import counted, joined
from importer.rendering.terminal import paint
from importer.text.lengths import characters_in
from importer.text.visible import visible

__all__ = ["ProblemDocument", "problem_documents", "render_problems"]

_TONES = {Severity.ERROR: "blocked", Severity.WARNING: "update"}
# For what stands around a table's rows.
_FRAME = 300


@dataclass(frozen=True, slots=True)
class ProblemDocument:
    """A problem in JSON: `rule` is a stable id; line and column count from 1."""

    rule: str
    severity: Severity
    message: str
    remedy: str
    path: str
    line: int
    column: int


def problem_documents(problems: Sequence[Problem]) -> list[ProblemDocument]:
    """Return *problems* as they are in JSON, by file and place."""
    return [_document(it) for it in _ordered(problems)]


def render_problems(
    problems: Sequence[Problem],
    format: Format,  # noqa: A002 - named as the option
    *,
    color: bool = False,
    max_chars: int | None = None,
) -> str:
    """Return *problems* by file and place: lines, a JSON list, or a Markdown table.

    A table takes *max_chars* characters at most; None: as many as it needs.
    """
    if format is Format.JSON:
        return canonical_json(problem_documents(problems), indent=2) + "\n"
    ordered = _ordered(problems)
    is_table = format is Format.MARKDOWN
    rows = _table(ordered, max_chars) if is_table else _lines(ordered, color=color)
    return quiet("\n".join([*rows, _summary(ordered)]) + "\n")


def _lines(problems: Sequence[Problem], *, color: bool) -> Iterator[str]:
    for _, group in groupby(problems, key=lambda it: it.span.path):
        for it in group:
            severity = paint(it.severity, _TONES[it.severity], color=color)
            yield f"{visible(str(it.span))}: {severity}: {visible(it.message)} [{visible(it.rule)}]"
            if it.remedy:
                yield f"    {visible(it.remedy)}"
        yield ""


def _table(problems: Sequence[Problem], most: int | None) -> Iterator[str]:
    """Yield the lines of a table in *most* characters, and how many rows are left out."""
    if not problems:
        return
    yield "| where | what | rule | to do |"
    yield "|---|---|---|---|"
    used = _FRAME
    for at, it in enumerate(problems):
        what = f"{prose_html(it.severity)}: {prose_html(it.message)}"
        row = f"| {html(it.span)} | {what} | {html(it.rule)} | {prose_html(it.remedy)} |"
        used += characters_in(row) + 1
        if most is not None and used > most:
            yield ""
            yield f"{counted(len(problems) - at, 'more problem')}, shown with --verbose"
            break
        yield row
    yield ""


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda it: (it.span, it.rule, it.message))


def _document(it: Problem) -> ProblemDocument:
    where = it.span
    return ProblemDocument(
        it.rule, it.severity, it.message, it.remedy, where.path, where.line, where.column
    )


def _summary(problems: Sequence[Problem]) -> str:
    if not problems:
        return "No problems."
    counts = [
        counted(number, severity)
        for severity in Severity
        if (number := sum(it.severity is severity for it in problems))
    ]
    files = len({it.span.path for it in problems})
    return f"{joined(counts)} in {counted(files, 'file')}."
