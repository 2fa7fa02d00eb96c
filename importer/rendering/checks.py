"""The forms that CI services read of what a check or a plan found."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from importer.model.plan import Plan
from importer.planning.plan_file import canonical_json
from importer.rendering.annotations import render_annotations
from importer.rendering.code_quality import render_code_quality
from importer.rendering.findings import Checked
from importer.rendering.junit import render_junit
from importer.rendering.plan_totals import count_plan
from importer.rendering.sarif import render_sarif

__all__ = ["CHECK_FORMATS", "render_checked", "render_counts"]

CHECK_FORMATS: Mapping[str, Callable[[Checked], str]] = MappingProxyType(
    {
        "github": render_annotations,
        "gitlab": render_code_quality,
        "sarif": render_sarif,
        "junit": render_junit,
    }
)


def render_checked(checked: Checked, form: str) -> str:
    """Return *checked* in one of `CHECK_FORMATS`."""
    return CHECK_FORMATS[form](checked)


def render_counts(plan: Plan) -> str:
    """Return the numbers of a plan's changes as one line of JSON: GitLab's `terraform` report."""
    counts = count_plan(plan)
    numbers = {"create": "creates", "update": "updates", "delete": "deletes"}
    row = {name: counts[it] for name, it in numbers.items()}  # type: ignore[literal-required]
    return canonical_json(row) + "\n"
