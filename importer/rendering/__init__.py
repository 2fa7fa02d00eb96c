"""Plans, reports and losses as text for people; must not decide, nor read team or journal."""

from importer.rendering.checks import CHECK_FORMATS, render_checked, render_counts
from importer.rendering.documents import (
    ReportDocument,
    render_adopted,
    render_adoption,
    render_drift,
    render_export,
    render_fidelity,
    render_losses,
    render_plan,
    render_pull,
    render_report,
)
from importer.rendering.drift_findings import drift_checked
from importer.rendering.findings import Checked, problems_checked
from importer.rendering.look import Format
from importer.rendering.loss_view import MOST_LISTED
from importer.rendering.plan_findings import plan_checked
from importer.rendering.problems import ProblemDocument, problem_documents, render_problems

__all__ = [
    "CHECK_FORMATS",
    "MOST_LISTED",
    "Checked",
    "Format",
    "ProblemDocument",
    "ReportDocument",
    "drift_checked",
    "plan_checked",
    "problem_documents",
    "problems_checked",
    "render_adopted",
    "render_adoption",
    "render_checked",
    "render_counts",
    "render_drift",
    "render_export",
    "render_fidelity",
    "render_losses",
    "render_plan",
    "render_problems",
    "render_pull",
    "render_report",
]
