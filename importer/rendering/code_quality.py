"""Findings as GitLab's code quality report, which a merge request shows beside its lines."""

from importer.planning.plan_file import canonical_json
from importer.rendering.findings import Checked, Level, fingerprints

__all__ = ["render_code_quality"]

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def render_code_quality(checked: Checked) -> str:
    """Return a JSON list; GitLab tells findings apart, and old from new, by their fingerprints."""
    rows = [
        {
            "description": it.sentence,
            "check_name": f"teams-importer/{it.rule}",
            "fingerprint": name,
            "severity": _SEVERITIES[it.level],
            "location": {"path": it.span.path, "lines": {"begin": it.span.line}},
        }
        for it, name in zip(checked.findings, fingerprints(checked.findings), strict=True)
    ]
    return canonical_json(rows, indent=2) + "\n"
