"""What a manifest's check or a plan found, one value for every form that CI services read."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from importer.errors import Problem, Severity, Span
from importer.text.digests import digest_of
from importer.text.visible import visible

__all__ = ["Checked", "Finding", "Level", "fingerprints", "problems_checked", "ranked"]

_NUMBER = re.compile(r"\d+")


class Level(StrEnum):
    """How bad a finding is: an error waits for somebody, a note is for their information."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at, at a place in a file.

    `rule` is a stable id. `case` is what was looked at: a file, or an item's key. `identity` tells
    findings of one rule and file apart, and stays when lines move. `detail` is more text to read,
    such as a difference.
    """

    rule: str
    level: Level
    case: str
    identity: str
    message: str
    remedy: str
    span: Span
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Message and remedy on one harmless line; never empty, for the services refuse that."""
        return visible(". ".join(it for it in (self.message, self.remedy) if it)) or self.rule


@dataclass(frozen=True, slots=True)
class Checked:
    """What `command` looked at: its findings, and the cases without any.

    `rules` maps a rule's id to what it is about and what to do. `total` sums up what it looked at.
    """

    command: str
    findings: tuple[Finding, ...]
    passed: tuple[str, ...] = ()
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    total: str = ""


def problems_checked(
    problems: Sequence[Problem],
    files: Iterable[str],
    rules: Mapping[str, tuple[str, str]],
) -> Checked:
    """Return what `validate` found; *files* are all that were read, as the spans name them."""
    findings = tuple(_of_problem(it) for it in sorted(problems, key=_place))
    broken = {it.case for it in findings if it.level is Level.ERROR}
    return Checked("validate", findings, tuple(sorted({*files} - broken)), rules)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return *findings*, the most severe first, and among equals the first of every file first."""
    order = list(Level)
    seen: Counter[tuple[Level, str]] = Counter()
    placed: list[tuple[int, int, Span, Finding]] = []
    for it in sorted(findings, key=lambda it: (it.span, it.rule)):
        placed.append((order.index(it.level), seen[it.level, it.span.path], it.span, it))
        seen[it.level, it.span.path] += 1
    return [it for *_, it in sorted(placed, key=lambda row: row[:3])]


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Return a name for each of *findings* that stays while lines move; no two are the same."""
    seen: Counter[tuple[str, ...]] = Counter()
    names: list[str] = []
    for it in findings:
        parts = (it.span.path, it.rule, it.identity)
        names.append(digest_of("finding", [*parts, str(seen[parts])]))
        seen[parts] += 1
    return names


def _place(problem: Problem) -> tuple[Span, str, str]:
    return problem.span, problem.rule, problem.message


def _of_problem(it: Problem) -> Finding:
    level = Level.ERROR if it.severity is Severity.ERROR else Level.WARNING
    # Numbers in a message are lengths and lines: they change while the finding stays the same.
    identity = _NUMBER.sub("#", it.message)
    return Finding(it.rule, level, it.span.path, identity, it.message, it.remedy, it.span)
