"""What an apply did."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from importer.model.ids import ChangeId, Key, Kind, Ref, RunId, Verb
from importer.model.incident import Incident
from importer.model.plan import Blocked, ManualStep

__all__ = ["Incident", "Report", "Result", "ResultState"]


class ResultState(StrEnum):
    """What became of a change. FOUND: an earlier attempt had done it."""

    DONE = "done"
    FOUND = "found"
    STALE = "stale"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change; `why` for whatever isn't done.

    `goes_again`: it was refused, and the next run tries it again all the same.
    """

    change: ChangeId
    key: Key
    kind: Kind
    verb: Verb
    state: ResultState
    title: str = ""
    ref: Ref | None = None
    url: str = ""
    why: str = ""
    goes_again: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a run. `stopped_by` is empty when it went through; `resume` is how to go on.

    `condition` says what the results rest on: outcomes that were found out by looking, and edits
    of which no history tells what they went over.
    `audited`: all that this run and earlier ones wrote was looked at afterwards. `blocked` and
    `manual` are what the plan left to a person; what each side says is in the plan alone.
    """

    run: RunId
    results: tuple[Result, ...]
    incidents: tuple[Incident, ...] = ()
    stopped_by: str = ""
    exit_code: int = 0
    resume: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    requests: int = 0
    condition: str = ""
    audited: bool = False
    command: str = "apply"
    blocked: tuple[Blocked, ...] = ()
    manual: tuple[ManualStep, ...] = ()
