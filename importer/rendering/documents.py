"""The face of this room: a plan, a report, losses or problems as a document in a format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Unpack

from importer.errors import UsageError
from importer.model.adoption import AdoptedReport, AdoptionReport
from importer.model.drift import DriftReport
from importer.model.exporting import ExportReport
from importer.model.plan import Plan
from importer.model.pulling import PullReport
from importer.model.report import Report
from importer.planning.plan_file import canonical_json, plan_bytes
from importer.rendering.adoption_view import adopted_view, adoption_view
from importer.rendering.drift_view import drift_view
from importer.rendering.export_view import export_view
from importer.rendering.fidelity_view import fidelity_view
from importer.rendering.look import Format, Look, Looks
from importer.rendering.loss_view import loss_view
from importer.rendering.page_view import page_view
from importer.rendering.plan_view import plan_view
from importer.rendering.pull_view import pull_view
from importer.rendering.report_view import ReportCounts, report_counts, report_view

__all__ = [
    "ReportDocument",
    "render_adopted",
    "render_adoption",
    "render_drift",
    "render_export",
    "render_fidelity",
    "render_losses",
    "render_plan",
    "render_pull",
    "render_report",
]

_FORMAT_VERSION = 1
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A report in JSON; `counts` are of changes by how they ended."""

    report: Report
    counts: ReportCounts
    format_version: int = _FORMAT_VERSION


def render_plan(plan: Plan, **looks: Unpack[Looks]) -> str:
    """Return *plan* as a document; as JSON it is the plan file's own JSON of the plan.

    Raises UsageError for a user's template that fails.
    """
    look = _look(looks)
    if look.format is Format.JSON:
        return plan_bytes(plan).decode()
    if look.format is Format.HTML:
        return _filled("plan", page_view(plan), look)
    return _filled("plan", plan_view(plan, verbose=look.verbose, utf8=look.utf8), look)


def render_drift(report: DriftReport, **looks: Unpack[Looks]) -> str:
    """Return the drift report as a document; its JSON is described by `drift_schema`.

    Raises UsageError for a user's template that fails.
    """
    look = _look(looks)
    if look.format is Format.JSON:
        return canonical_json(report, indent=2) + "\n"
    return _filled("drift", drift_view(report, verbose=look.verbose, utf8=look.utf8), look)


def render_report(report: Report, **looks: Unpack[Looks]) -> str:
    """Return *report* as a document. Raises UsageError for a user's template that fails."""
    look = _look(looks)
    if look.format is Format.JSON:
        document = ReportDocument(report, report_counts(report))
        return canonical_json(document, indent=2) + "\n"
    whole = look.verbose or look.format is Format.HTML
    return _filled("report", report_view(report, verbose=whole, utf8=look.utf8), look)


def render_export(report: ExportReport, **looks: Unpack[Looks]) -> str:
    """Return the account of an export as a document."""
    look = _look(looks)
    if look.format is Format.JSON:
        return canonical_json(report, indent=2) + "\n"
    return _filled("export", export_view(report, verbose=look.verbose, utf8=look.utf8), look)


def render_losses(
    losses: Sequence[Mapping[str, object]],
    tally: Mapping[str, int] = _NOTHING,
    pages: Sequence[Mapping[str, object]] = (),
    fidelity: Mapping[str, object] | None = None,
    renewal: Mapping[str, object] | None = None,
    **looks: Unpack[Looks],
) -> str:
    """Return what a conversion lost as a document; `loss_view` says what a loss and a tally hold.

    *pages* are their accounts: all of them in JSON and HTML, else those that need a person.
    *fidelity* and the *renewal* of an earlier conversion are in JSON only. Raises UsageError for a
    user's template that fails.
    """
    look = _look(looks)
    if look.format is Format.JSON:
        more = {"fidelity": fidelity, "renewal": renewal}
        told = {name: it for name, it in more.items() if it is not None}
        return _json({"losses": list(losses), "tally": tally, "pages": list(pages), **told})
    whole = look.format is Format.HTML
    view = loss_view(
        losses, tally, pages, verbose=look.verbose or whole, utf8=look.utf8, table=whole
    )
    return _filled("losses", view, look)


def render_fidelity(
    fidelity: Mapping[str, object], show: Sequence[str] = (), **looks: Unpack[Looks]
) -> str:
    """Return how much of a wiki survived; `fidelity_view` says what *fidelity* and *show* hold.

    The user's template is for the losses: it has no part here.
    """
    look = replace(_look(looks), template=None)
    if look.format is Format.JSON:
        return _json({"fidelity": fidelity})
    view = fidelity_view(fidelity, show=show, verbose=look.verbose, utf8=look.utf8)
    return _filled("fidelity", view, look)


def render_adoption(report: AdoptionReport, **looks: Unpack[Looks]) -> str:
    """Return suggestions as a document; its JSON is described by `adoption_schema`."""
    look = _look(looks)
    if look.format is Format.JSON:
        return canonical_json(report, indent=2) + "\n"
    view = adoption_view(report.adoption, verbose=look.verbose, utf8=look.utf8)
    return _filled("adoption", view, look)


def render_adopted(report: AdoptedReport, **looks: Unpack[Looks]) -> str:
    """Return what became of a person's rows; its JSON is described by `adoption_schema`."""
    look = _look(looks)
    if look.format is Format.JSON:
        return canonical_json(report, indent=2) + "\n"
    view = adopted_view(report, verbose=look.verbose, utf8=look.utf8)
    return _filled("adoption", view, look)


def render_pull(report: PullReport, **looks: Unpack[Looks]) -> str:
    """Return what a pull made of edits on the site; its JSON is described by `pull_schema`.

    Raises UsageError for a user's template that fails.
    """
    look = _look(looks)
    if look.format is Format.JSON:
        return canonical_json(report, indent=2) + "\n"
    return _filled("pull", pull_view(report, verbose=look.verbose), look)


def _filled(template: str, view: Mapping[str, Any], look: Look) -> str:
    # What fills templates takes longer to import than many a command runs that fills none.
    from importer.rendering.engine import fill_template

    return fill_template(template, view, look)


def _look(looks: Looks) -> Look:
    look = Look(**looks)
    if look.format is Format.JSON and look.template:
        message = "a template has no part in --format json"
        raise UsageError(message, remedy="Leave out --template, or choose text or markdown.")
    return look


def _json(document: Mapping[str, Any]) -> str:
    return canonical_json({"format_version": _FORMAT_VERSION, **document}, indent=2) + "\n"
