"""Progress for programs: lines of JSON on standard error, each with a message for people as well.

`schemas/progress.schema.json` describes a line. The first one names the format's version; a reader
skips types that it doesn't know.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from importer import __version__
from importer.model.ids import Kind, Verb
from importer.model.ledger import Operation, State
from importer.planning.plan_file import canonical_json
from importer.rendering.phrasing import duration

__all__ = [
    "Event",
    "line_of_end",
    "line_of_message",
    "line_of_operation",
    "line_of_phase",
    "line_of_version",
    "line_of_wait",
    "progress_schema",
]


class _Told(TypedDict):
    """What each line has: when it was said (UTC), and the whole of it in words for people."""

    at: str
    message: str


class VersionEvent(_Told):
    """The first line."""

    type: Literal["version"]
    format_version: Literal[1]
    program: str


class PhaseEvent(_Told):
    """Something begins that takes a while; `total` is its number of changes, where known."""

    type: Literal["phase"]
    phase: str
    total: int | None


class OperationEvent(_Told):
    """A write began or ended. `done` of `total` changes have; `eta_s` is what is left, in s."""

    type: Literal["operation"]
    run: str
    change: str
    key: str
    kind: Kind
    verb: Verb
    state: State
    attempt: int
    ref: str | None
    done: int
    total: int | None
    eta_s: float | None


class WaitEvent(_Told):
    """Nothing goes for so many seconds."""

    type: Literal["wait"]
    seconds: float
    why: str


class MessageEvent(_Told):
    """What else is said on standard error: notes, warnings, errors."""

    type: Literal["message"]


class EndEvent(_Told):
    """The last line; `exit_code` is the program's."""

    type: Literal["end"]
    exit_code: int


Event = Annotated[
    VersionEvent | PhaseEvent | OperationEvent | WaitEvent | MessageEvent | EndEvent,
    Field(discriminator="type"),
]


def line_of_version() -> str:
    """Return the first line."""
    program = f"teams-importer {__version__}"
    return _line(type="version", format_version=1, program=program, message=program)


def line_of_phase(phase: str, total: int | None) -> str:
    """Return the line of a phase that begins."""
    message = phase if total is None else f"{phase}: 0 of {total:,}"
    return _line(type="phase", phase=phase, total=total, message=message)


def line_of_operation(it: Operation, done: int, total: int | None, eta_s: float | None) -> str:
    """Return the line of an operation that began or ended."""
    of = "" if total is None else f" ({done:,} of {total:,})"
    return _line(
        type="operation",
        run=it.run,
        change=it.change,
        key=it.key,
        kind=it.kind,
        verb=it.verb,
        state=it.state,
        attempt=it.attempt,
        ref=str(it.ref) if it.ref else None,
        done=done,
        total=total,
        eta_s=eta_s,
        message=f"{it.verb} {it.kind} {it.key}: {it.state}{of}",
    )


def line_of_wait(why: str, seconds: float) -> str:
    """Return the line of a pause."""
    message = f"waiting {duration(seconds)}: {why}"
    return _line(type="wait", seconds=seconds, why=why, message=message)


def line_of_message(text: str) -> str:
    """Return the line of what was said for a person."""
    return _line(type="message", message=text)


def line_of_end(exit_code: int) -> str:
    """Return the last line."""
    return _line(type="end", exit_code=exit_code, message=f"exit code {exit_code}")


def progress_schema() -> dict[str, object]:
    """Return the JSON schema of one line."""
    schema = TypeAdapter[Event](Event).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _line(**members: object) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return canonical_json({"at": now, **members}) + "\n"
