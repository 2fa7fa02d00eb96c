"""The JSON schemas there are: of files that people write, and of all that commands print."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from importer.cli.commands import schema_file
from importer.cli.conversion import ConversionDocument
from importer.cli.doctor import DoctorDocument
from importer.cli.documents import (
    Completion,
    Demonstration,
    ItemInJournal,
    PreviewLine,
    ReaderList,
    RunsDocument,
    SandboxLine,
    SchemaDocument,
    Started,
)
from importer.cli.events import progress_schema
from importer.cli.failures import ErrorDocument
from importer.journal import line_schema
from importer.manifests import SCHEMAS as MANIFESTS
from importer.model.exporting import ExportReport
from importer.planning.adoption_file import adoption_schema
from importer.planning.drifting import drift_schema
from importer.planning.plan_file import plan_schema
from importer.planning.pulling import pull_schema
from importer.planning.redirecting import redirects_schema
from importer.planning.snapshot_file import snapshot_schema
from importer.rendering import ProblemDocument, ReportDocument
from importer.sources import pages_schema

__all__ = ["SCHEMAS", "Schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: what it `describes`, and what gives its file's text."""

    describes: str
    text: Callable[[], str]


def _made(describes: str, make: Callable[[], Mapping[str, object]]) -> Schema:
    def text() -> str:
        document = {"$schema": _DRAFT, **make()}
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    return Schema(describes, text)


def _of(kind: Any, describes: str) -> Schema:
    """Return the schema of a document that is printed as the value it is, so all members are."""
    return _made(describes, lambda: TypeAdapter(kind).json_schema(mode="serialization"))


def _manifest(name: str, describes: str) -> Schema:
    return Schema(describes, MANIFESTS[schema_file(name)])


SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {
        "adoption": _made("posts that items may mean, and what became of rows", adoption_schema),
        "completion": _of(Completion, "a script for a shell"),
        "convert": _of(ConversionDocument, "what a wiki lost on its way, page by page"),
        "demo": _of(Demonstration, "what the demonstration did"),
        "doctor": _of(DoctorDocument, "checks, and what can be written over which API"),
        "drift": _made("edits made on the site", drift_schema),
        "error": _of(ErrorDocument, "why a command left no result"),
        "export": _of(ExportReport, "what became of a team's posts in a manifest"),
        "include": _manifest("include", "a file that a manifest includes"),
        "init": _of(Started, "the files of a new repository"),
        "journal-export": _made("a line of the journal; as JSON, a list of them", line_schema),
        "journal-show": _of(ItemInJournal, "what the journal knows of an item"),
        "manifest": _manifest("manifest", "a manifest"),
        "markdown": _manifest("markdown", "the front matter of a Markdown file"),
        "pages": Schema("pages for `convert json`", pages_schema),
        "plan": _made("a file of `plan --out`; its part Plan: a plan as printed", plan_schema),
        "preview": _of(PreviewLine, "where the preview is, one line"),
        "problems": _of(list[ProblemDocument], "problems of a manifest"),
        "progress": _made("a line of `--progress json`", progress_schema),
        "pull": _made("edits on the site, taken into files", pull_schema),
        "readers": _of(ReaderList, "the readers of `convert`"),
        "redirects": _made("old addresses and their posts", redirects_schema),
        "report": _of(ReportDocument, "what a run did"),
        "runs": _of(RunsDocument, "runs that changed something"),
        "sandbox-serve": _of(SandboxLine, "the sandbox's address and tokens, one line"),
        "schema": _of(SchemaDocument, "schemas, or their files"),
        "snapshot": _made("a file of `plan --snapshot-out`", snapshot_schema),
    }
)
"""Name to schema, sorted."""
