"""What can go wrong, as values: the error tree, the exit codes, and a Problem in a file.

This room knows no other. Every leaf has an exit code and a message of three parts: what, where,
what to do next.

    ImporterError                 (anything else is our bug: 1; wrong use: 64; signals: 130, 143)
      ManifestError 3             many Problems, each with file:line:column, rule, remedy
      PlanRefused 4               PlanStale, PlanConsumed, PlanForeign, PlanAltered,
                                  PlanUnreviewed, GuardTripped, NotConfirmed
      PartlyApplied 5             some changes failed or were skipped
      AccessError 6               TokenMissing, TokenInvalid, TokenExpired, TokenReadOnly,
                                  KeyMissing, TeamMissing, TeamUnknown, TeamForeign
      OutcomeUnknown 7            sent, answer unknown, not resolved; or a duplicate was found
      LockHeld 8
      JournalError 9              damaged, foreign, newer format, disk
      BudgetExhausted 10          quota or rate budget; resumable
      NeedsDecision 11            done as far as possible; blocked items wait for a person
      ServiceError 5              the live team could not be read; nothing was decided
      UsageError 64               wrong use of the command line
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

__all__ = [
    "AccessError",
    "BudgetExhausted",
    "ExitCode",
    "GuardTripped",
    "ImporterError",
    "JournalError",
    "KeyMissing",
    "LockHeld",
    "ManifestError",
    "NeedsDecision",
    "NotConfirmed",
    "OutcomeUnknown",
    "PartlyApplied",
    "PlanAltered",
    "PlanConsumed",
    "PlanForeign",
    "PlanRefused",
    "PlanStale",
    "PlanUnreviewed",
    "Problem",
    "ServiceError",
    "Severity",
    "Span",
    "TeamForeign",
    "TeamMissing",
    "TeamUnknown",
    "TokenExpired",
    "TokenInvalid",
    "TokenMissing",
    "TokenReadOnly",
    "UsageError",
    "worst",
]


class ExitCode(IntEnum):
    """The exit codes; a contract with every CI job that branches on them."""

    DONE = 0
    BUG = 1
    CHANGES = 2
    MANIFEST = 3
    REFUSED = 4
    PARTLY = 5
    ACCESS = 6
    UNKNOWN = 7
    LOCKED = 8
    JOURNAL = 9
    BUDGET = 10
    DECISION = 11
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


# When several hold, the first of these is the one to exit with.
_PRECEDENCE = (
    ExitCode.JOURNAL,
    ExitCode.UNKNOWN,
    ExitCode.ACCESS,
    ExitCode.BUDGET,
    ExitCode.LOCKED,
    ExitCode.MANIFEST,
    ExitCode.PARTLY,
    ExitCode.REFUSED,
    ExitCode.DECISION,
    ExitCode.CHANGES,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code to exit with when all of *codes* hold; DONE when none does."""
    held = set(codes)
    return next((code for code in _PRECEDENCE if code in held), ExitCode.DONE)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file the author wrote: path as shown to them, line and column from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Severity(StrEnum):
    """Errors stop a command, warnings don't."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about the author's files. `rule` is a stable id, `remedy` says what to do."""

    rule: str
    message: str
    span: Span
    remedy: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.span}: {self.severity}: {self.message} [{self.rule}]\n    {self.remedy}"


class ImporterError(Exception):
    """Base of everything we raise on purpose; `remedy` is the next step."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(ImporterError):
    """The command line asks for something that makes no sense."""

    exit_code = ExitCode.USAGE


class ManifestError(ImporterError):
    """The manifest is invalid; `problems` holds every finding of all files, sorted by place.

    So may be another file that a person wrote for us: *of* says which, *remedy* what then.
    """

    exit_code = ExitCode.MANIFEST

    def __init__(
        self,
        problems: Iterable[Problem],
        *,
        of: str = "the manifest has",
        remedy: str = "Mend the places named above and validate again.",
    ) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.span, problem.rule)))
        errors = sum(problem.severity is Severity.ERROR for problem in self.problems)
        super().__init__(f"{of} {errors} {'error' if errors == 1 else 'errors'}", remedy=remedy)


class PlanRefused(ImporterError):
    """The plan is not carried out; nothing was written."""

    exit_code = ExitCode.REFUSED


class PlanStale(PlanRefused):
    """Nothing of the saved plan still fits the live team."""


class PlanConsumed(PlanRefused):
    """The saved plan was applied before; a plan is single-use."""


class PlanForeign(PlanRefused):
    """The saved plan was made for another team or namespace."""


class PlanAltered(PlanRefused):
    """The saved plan's bytes don't fit its digest, or aren't a plan at all."""


class PlanUnreviewed(PlanRefused):
    """The plan wants something that the reviewed one didn't."""


class GuardTripped(PlanRefused):
    """The plan would change more than its guards allow."""


class NotConfirmed(PlanRefused):
    """A person said no, or there was nobody to ask and no --yes."""


class PartlyApplied(ImporterError):
    """Some changes failed or were skipped; the same command goes on."""

    exit_code = ExitCode.PARTLY


class ServiceError(ImporterError):
    """The live team could not be read, so nothing was decided. The same command goes on later."""

    exit_code = ExitCode.PARTLY


class ApiMissing(ServiceError):
    """There is no such API at this address, or no longer."""


class AccessError(ImporterError):
    """The token, its permission or the team stands in the way; nothing was written."""

    exit_code = ExitCode.ACCESS


class TokenMissing(AccessError):
    """No PAT was given."""


class KeyMissing(AccessError):
    """The server asks for an API key, and none was given."""


class TokenInvalid(AccessError):
    """The PAT is malformed, or the server doesn't know it."""


class TokenExpired(AccessError):
    """The PAT has expired or was revoked."""


class TokenReadOnly(AccessError):
    """The PAT may read and not write (or the team's tier allows no writes)."""


class TeamMissing(AccessError):
    """No team slug was given."""


class TeamUnknown(AccessError):
    """The server knows no such team."""


class TeamForeign(AccessError):
    """The PAT belongs to another team, or the manifest is pinned to another one."""


class OutcomeUnknown(ImporterError):
    """A write was sent and its outcome could not be found out, or a duplicate was found."""

    exit_code = ExitCode.UNKNOWN


class LockHeld(ImporterError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED


class JournalError(ImporterError):
    """The journal is damaged, foreign, of a newer format, or can't be written."""

    exit_code = ExitCode.JOURNAL


class BudgetExhausted(ImporterError):
    """The quota or rate budget is used up; `resume_after_s` seconds from now it goes on."""

    exit_code = ExitCode.BUDGET

    def __init__(
        self, message: str, *, remedy: str = "", resume_after_s: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.resume_after_s = resume_after_s

    def told_at(self, now: datetime) -> "BudgetExhausted":
        """Return the error with a remedy that says when to go on; *now* is aware, in UTC."""
        after_s = self.resume_after_s
        if after_s is None:
            return self
        at = now + timedelta(seconds=after_s)
        remedy = f"The same command goes on by {at:%Y-%m-%d %H:%M:%S} UTC, in {after_s:.0f} s."
        return BudgetExhausted(self.message, remedy=remedy, resume_after_s=after_s)


class NeedsDecision(ImporterError):
    """Everything that could be done is done; blocked items wait for a person."""

    exit_code = ExitCode.DECISION
