"""Plans, reports and losses as text for people; must not decide, nor read team or journal."""

from importer.rendering.documents import (
    render_adopted,
    render_adoption,
    render_drift,
    render_fidelity,
    render_losses,
    render_plan,
    render_pull,
    render_report,
)
from importer.rendering.look import Format
from importer.rendering.loss_view import MOST_LISTED
from importer.rendering.problems import render_problems

__all__ = [
    "MOST_LISTED",
    "Format",
    "render_adopted",
    "render_adoption",
    "render_drift",
    "render_fidelity",
    "render_losses",
    "render_plan",
    "render_problems",
    "render_pull",
    "render_report",
]
