"""JSON schemas of what authors write, generated from the documents' models, for editors."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from importer.manifests.document import IncludeDocument, ManifestDocument
from importer.manifests.posts import ArticleEntry, QuestionEntry

__all__ = ["BELOW", "SCHEMAS"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
# What stands below the front matter, or as a marker line, in a Markdown file.
BELOW = ("body", "body_file", "answer", "answers", "accepted")


def _manifest() -> str:
    return _written(ManifestDocument.model_json_schema())


def _include() -> str:
    return _written(IncludeDocument.model_json_schema())


def _markdown() -> str:
    question = _front_matter(QuestionEntry, "question")
    article = _front_matter(ArticleEntry, "article")
    article["required"] = sorted({*article["required"], "kind"})
    definitions = {**question.pop("$defs", {}), **article.pop("$defs", {})}
    return _written(
        {
            "$defs": {**definitions, "Question": question, "Article": article},
            "title": "Front matter of a Markdown file",
            "anyOf": [{"$ref": "#/$defs/Question"}, {"$ref": "#/$defs/Article"}],
        }
    )


def _front_matter(entry: type[BaseModel], kind: str) -> dict[str, Any]:
    schema = entry.model_json_schema()
    above = {name: it for name, it in schema["properties"].items() if name not in BELOW}
    sort = {"const": kind, "description": "What the file is; a question by default."}
    schema["properties"] = {"kind": sort, **above}
    if "AnswerEntry" in schema["$defs"]:
        schema["properties"]["answers"] = _more_of_answers(schema["$defs"]["AnswerEntry"])
    schema["required"] = [name for name in schema.get("required", []) if name not in BELOW]
    return schema


def _more_of_answers(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what front matter says of answers; *entry* is made that of one."""
    properties = entry["properties"]
    entry["properties"] = {it: properties[it] for it in properties if it not in ("key", *BELOW)}
    entry["required"] = []
    return {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/AnswerEntry"},
        "description": "What else is to be said of the answers below, by their keys.",
        "examples": [{"cli": {"id": 4711}}],
    }


def _written(schema: Mapping[str, Any]) -> str:
    document = {"$schema": _DRAFT, **schema}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


SCHEMAS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "manifest.schema.json": _manifest,
        "include.schema.json": _include,
        "markdown.schema.json": _markdown,
    }
)
"""File name to a function that gives the schema's text."""
