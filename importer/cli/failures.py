"""What a command prints as JSON when it leaves no result.

It has a module of its own: what it needs is loaded when something fails, and not before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.rendering import ProblemDocument

__all__ = ["ErrorDocument", "FailureDocument"]


@dataclass(frozen=True, slots=True)
class FailureDocument:
    """Why a command left no result. `kind` names the error, `remedy` is the next step."""

    exit_code: int
    kind: str
    message: str
    remedy: str
    problems: Sequence[ProblemDocument] = ()


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What a command prints with `--format json` in the place of a result that there isn't."""

    error: FailureDocument
