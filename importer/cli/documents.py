"""JSON documents of commands whose parts are values of ours already, as schemas."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from importer.model.report import Report

__all__ = ["problems_schema", "report_schema"]

_DRAFT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """What `apply` and `undo` print; `counts` are of changes by how they ended."""

    format_version: int
    report: Report
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class ProblemDocument:
    """One of what `validate` prints."""

    rule: str
    severity: str
    message: str
    remedy: str
    path: str
    line: int
    column: int


def report_schema() -> dict[str, object]:
    """Return the JSON schema of what `apply` and `undo` print."""
    return {**_DRAFT, **TypeAdapter(ReportDocument).json_schema()}


def problems_schema() -> dict[str, object]:
    """Return the JSON schema of what `validate` prints."""
    return {**_DRAFT, **TypeAdapter(list[ProblemDocument]).json_schema()}
