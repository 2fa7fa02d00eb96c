"""What of a drift report somebody has to look at: every item in it, at its place."""

from importer.model.drift import Drifted, DriftedField, DriftReport, Fate
from importer.rendering.entries import FieldView
from importer.rendering.field_view import Manner, value_view
from importer.rendering.findings import Checked, Finding, Level
from importer.rendering.phrasing import joined
from importer.rendering.plan_findings import difference

__all__ = ["drift_checked"]

_DECIDE = "Decide with `teams-importer pull`: --take-site, or --keep-ours."
_TAKE = "`teams-importer pull` takes it over."
_TELLS = {
    Fate.CONFLICT: ("both sides changed it", _DECIDE),
    Fate.NO_BASE: ("nobody knows which side changed it", _DECIDE),
    Fate.GONE: (
        "its post was deleted on the site",
        "Take it out of the manifest, or bring it back.",
    ),
    Fate.OVERWRITTEN: (
        "the next apply undoes the edit",
        "Before that, `teams-importer pull --take-site KEY` takes it over.",
    ),
    Fate.MERGED: ("the next apply merges the edit", _TAKE),
    Fate.KEPT: ("the edit is kept", _TAKE),
}
_LEVELS = {
    Fate.CONFLICT: Level.ERROR,
    Fate.NO_BASE: Level.ERROR,
    Fate.GONE: Level.ERROR,
    Fate.OVERWRITTEN: Level.WARNING,
    Fate.MERGED: Level.NOTE,
    Fate.KEPT: Level.WARNING,
}


def drift_checked(report: DriftReport) -> Checked:
    """Return what *report* found, at the place of each item. Cases are keys."""
    manner = Manner(report.site, verbose=True, utf8=True)
    findings = tuple(_finding(it, manner) for it in report.items)
    rules = {
        f"drift/{fate}": (f"Edited on the site: {what}.", to_do)
        for fate, (what, to_do) in _TELLS.items()
    }
    return Checked("drift", findings, (), rules)


def _finding(it: Drifted, manner: Manner) -> Finding:
    what, remedy = _TELLS[it.fate]
    views = [_view(it, field, manner) for field in it.fields]
    names = joined(view["name"] for view in views)
    return Finding(
        f"drift/{it.fate}",
        _LEVELS[it.fate],
        it.key,
        f"{it.key} {names}",
        f"{it.key}{f' ({names})' if names else ''}: {what}: {it.url}",
        remedy,
        it.span,
        difference(views),
    )


def _view(it: Drifted, field: DriftedField, manner: Manner) -> FieldView:
    return value_view(it.kind, field.field, field.ours, field.live, manner)
