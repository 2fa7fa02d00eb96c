"""What of a plan somebody has to look at: blocked items, drift, doubles, steps by hand."""

from collections.abc import Iterator, Sequence

from importer.errors import Span
from importer.model.plan import Blocked, Double, Drift, ManualStep, Plan
from importer.rendering.blocked_rules import BLOCKED_RULES
from importer.rendering.entries import FieldView
from importer.rendering.field_view import Manner, value_view
from importer.rendering.findings import Checked, Finding, Level
from importer.rendering.plan_totals import count_plan, summary_of
from importer.rendering.plan_view import side_views

__all__ = ["difference", "plan_checked"]

_RULES = {
    **{f"blocked/{code}": rule for code, rule in BLOCKED_RULES.items()},
    "drift": (
        "A field was edited on the site since the manifest last wrote it. The edit is kept.",
        "Take the edit into the manifest with `teams-importer pull`, or let `--on-drift overwrite`"
        " undo it.",
    ),
    "double": (
        "Another post bears the marker of this item.",
        "Take over what somebody wrote there, then delete it on the site.",
    ),
    "manual": (
        "No API can carry this wish out.",
        "Do it by hand on the page that is named.",
    ),
}


def plan_checked(plan: Plan, manifest: Span) -> Checked:
    """Return what *plan* found; what has no place of its own is at *manifest*.

    Cases are keys. Those that are in sync are not in a plan: it only counts them.
    """
    manner = Manner(plan.site, verbose=True, utf8=True)
    findings = (
        *(_blocked(it, manifest, manner) for it in plan.blocked),
        *(_drift(it, manifest, manner) for it in plan.drift),
        *(_double(it, manifest) for it in plan.doubles if it.stays),
        *(_manual(it, manifest) for it in plan.manual),
    )
    found = {it.case for it in findings}
    passed = dict.fromkeys(str(it.key) for it in plan.changes if it.key not in found)
    rules = {it.rule: _RULES.get(it.rule) or _RULES["drift"] for it in findings}
    return Checked("plan", findings, tuple(passed), rules, summary_of(count_plan(plan)))


def _blocked(it: Blocked, manifest: Span, manner: Manner) -> Finding:
    case = it.key or str(it.code)
    views = [view for side in it.sides for view in side_views(it.kind, side, manner)]
    message = f"{case} is blocked: {it.why}" if it.key else it.why
    return Finding(
        f"blocked/{it.code}",
        Level.ERROR,
        case,
        case,
        message,
        it.remedy,
        it.span or manifest,
        difference(views),
    )


def _drift(it: Drift, manifest: Span, manner: Manner) -> Finding:
    view = value_view(it.kind, it.field, it.ours, it.live, manner)
    message = f"{it.key}: its {view['name']} was edited on the site, and is kept: {it.url}"
    return Finding(
        f"drift/{it.field}",
        Level.WARNING,
        it.key,
        it.key,
        message,
        _RULES["drift"][1],
        it.span or manifest,
        difference([view]),
    )


def _double(it: Double, manifest: Span) -> Finding:
    message = f"{it.key}: {it.url} bears its marker too; {it.counts} counts ({it.stays})"
    remedy = _RULES["double"][1]
    return Finding("double", Level.WARNING, it.key, str(it.ref), message, remedy, manifest)


def _manual(it: ManualStep, manifest: Span) -> Finding:
    message = f"{it.key}: {it.what}"
    return Finding(
        "manual", Level.NOTE, it.key, message, message, f"On {it.page}", it.span or manifest
    )


def difference(views: Sequence[FieldView]) -> str:
    """Return *views* as lines: of each field what stands on its own line, then its text's."""
    return "\n".join(line for view in views for line in _lines(view))


def _lines(view: FieldView) -> Iterator[str]:
    yield f"{view['name']}: {''.join(it['text'] for it in view['spans'])}".rstrip(": ")
    for line in view["lines"]:
        yield f"{line['sign']} {''.join(it['text'] for it in line['spans'])}".rstrip()
