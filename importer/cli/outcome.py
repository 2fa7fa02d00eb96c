"""From a plan or a report to an exit code."""

from importer.errors import ExitCode, worst
from importer.model.drift import DriftReport
from importer.model.plan import Plan

__all__ = ["drift_code", "failed_on", "plan_code"]


def plan_code(plan: Plan, *, detailed: bool, fail_on: frozenset[str]) -> ExitCode:
    """Return what `plan` exits with: 0, unless more detail is asked for."""
    codes = [failed_on(plan, fail_on)]
    if detailed and not plan.is_idle:
        codes.append(ExitCode.CHANGES)
    if detailed and plan.blocked:
        codes.append(ExitCode.DECISION)
    return worst(codes)


def drift_code(report: DriftReport, *, detailed: bool, fail_on: frozenset[str]) -> ExitCode:
    """Return what `plan --drift` exits with: 0, unless more detail is asked for."""
    codes = [ExitCode.DONE]
    if "drift" in fail_on and report.items:
        codes.append(ExitCode.DECISION)
    if detailed and report.items:
        codes.append(ExitCode.DECISION if report.waiting else ExitCode.CHANGES)
    return worst(codes)


def failed_on(plan: Plan, fail_on: frozenset[str]) -> ExitCode:
    """Return DECISION when *plan* holds what `--fail-on` names: drift, manual steps."""
    found = {"drift": plan.drift, "manual": plan.manual}
    return ExitCode.DECISION if any(found[name] for name in fail_on) else ExitCode.DONE
