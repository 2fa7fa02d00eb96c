"""Shows plans and problems in the forms that CI services read, with places in the repository."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from importer.cli.console import Console
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions
from importer.cli.places import drift_from_folder, from_here
from importer.cli.repository import path_in_repository, repository_of
from importer.errors import Problem, Span, UsageError
from importer.manifests import MANIFEST_NAME
from importer.manifests.rules import RULES
from importer.model.drift import DriftReport
from importer.model.plan import Plan
from importer.rendering import (
    CHECK_FORMATS,
    Checked,
    Format,
    drift_checked,
    plan_checked,
    problems_checked,
    render_checked,
    render_counts,
    render_drift,
    render_plan,
    render_problems,
)
from importer.text.lengths import MOST_CHARACTERS

__all__ = ["COUNTS", "PLAN_FORMATS", "PROBLEM_FORMATS", "show_drift", "show_plan", "show_problems"]

COUNTS, HTML = "counts", "html"
PROBLEM_FORMATS = ("text", "json", "markdown", *CHECK_FORMATS)
PLAN_FORMATS = (*PROBLEM_FORMATS, HTML, COUNTS)


def show_problems(
    problems: Sequence[Problem],
    files: Iterable[Path],
    manifest: Path,
    console: Console,
    output: OutputOptions,
) -> None:
    """Print *problems* of *manifest*; *files* are all that were read, as seen from here."""
    if output.format not in CHECK_FORMATS:
        form = Format(output.format)
        most = output.max_chars or (None if output.verbose else MOST_CHARACTERS)
        text = render_problems(problems, form, color=console.is_coloured, max_chars=most)
        console.result(text)
        return
    root = repository_of(manifest.parent)
    placed = [replace(it, span=_in(root, it.span)) for it in problems]
    read = [path_in_repository(str(it), root) for it in files]
    rules = {name: (it.text, it.remedy) for name, it in RULES.items()}
    console.result(render_checked(problems_checked(placed, read, rules), output.format))


def show_plan(plan: Plan, manifest: Path | None, console: Console, output: OutputOptions) -> None:
    """Print *plan*, whose places are as seen from the folder of *manifest*; None: it isn't here.

    As JSON it is the plan as it is, whoever reads it.
    """
    if output.format == COUNTS:
        _refuse_template(output)
        console.result(render_counts(plan))
        return
    shown = plan if console.as_json or manifest is None else from_here(plan, manifest.parent)
    if output.format not in CHECK_FORMATS:
        console.result(render_plan(shown, **looks_of(console, output)))
        return
    _refuse_template(output)
    file = manifest or Path(MANIFEST_NAME)
    _show_checked(plan_checked(shown, Span(str(file), 1, 1)), file, console, output)


def show_drift(
    report: DriftReport, manifest: Path, console: Console, output: OutputOptions
) -> None:
    """Print *report*, whose places are as seen from here; as JSON from the folder of *manifest*."""
    if output.format in (COUNTS, HTML):
        message = f"a drift report can't be written as {output.format}"
        raise UsageError(message, remedy="Leave out --drift, or choose another format.")
    if output.format in CHECK_FORMATS:
        _refuse_template(output)
        _show_checked(drift_checked(report), manifest, console, output)
        return
    told = drift_from_folder(report, manifest.parent) if console.as_json else report
    console.result(render_drift(told, **looks_of(console, output)))


def _show_checked(
    checked: Checked, manifest: Path, console: Console, output: OutputOptions
) -> None:
    root = repository_of(manifest.parent)
    placed = tuple(replace(it, span=_in(root, it.span)) for it in checked.findings)
    console.result(render_checked(replace(checked, findings=placed), output.format))


def _in(root: Path, span: Span) -> Span:
    return replace(span, path=path_in_repository(span.path, root))


def _refuse_template(output: OutputOptions) -> None:
    if output.template is not None:
        message = f"a template has no part in --format {output.format}"
        raise UsageError(message, remedy="Leave out --template, or choose text or markdown.")
