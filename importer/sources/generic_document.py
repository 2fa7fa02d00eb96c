"""The generic JSON format, which docs/generic-json.md tells: its model and its schema.

Unknown members are refused: a mistyped one would be a loss that nobody sees.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

__all__ = [
    "VERSION",
    "AnswerRecord",
    "PageRecord",
    "TextRecord",
    "pages_schema",
    "read_page",
    "without_bad",
]

VERSION = 1
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_MOST_FAULTS = 3


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


_When = Annotated[datetime, AfterValidator(_aware)]
_URL = r"https?://\S+"
_Url = Annotated[str, Field(pattern=f"^{_URL}$")]


class TextRecord(BaseModel):
    """A text and who wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    body: str = Field("", description="The text, in the language that `format` names.")
    format: Literal["markdown", "html", "mediawiki", "confluence"] = Field(
        "markdown", description="The language of the body; `confluence` is its storage format."
    )
    author: str = Field("", description="The name of who wrote it.")
    author_address: _Url | Literal[""] = Field("", description="A page about the author.")
    edited: _When | None = Field(
        None, description="When it was edited last: ISO 8601, or seconds since 1970."
    )
    licence: str = Field(
        "", description="For example `CC BY-SA 4.0`. With it, the author is named below the text."
    )
    addresses: tuple[_Url, ...] = Field(
        (), description="Where it stood: links to it are led on, redirects are made of them."
    )
    aliases: tuple[str, ...] = Field((), description="What else links in the texts call it.")


class AnswerRecord(TextRecord):
    """An answer to a question."""

    key: str = Field("", description="Its name within the question; links say `key:PAGE#ANSWER`.")
    accepted: bool = Field(False, description="The accepted one; at most one of a question's.")  # noqa: FBT003 - pydantic's form


class PageRecord(TextRecord):
    """A page: a question with its answers, or an article."""

    title: str = Field(min_length=1, description="Plain text.")
    kind: Literal["question", "article"] | None = Field(
        None, description="A question when it has answers, else an article."
    )
    key: str = Field("", description="Its name, with `/` for folders; links say `key:NAME`.")
    type: Literal["", "knowledge-article", "announcement", "how-to-guide", "policy"] = Field(
        "", description="An article's type."
    )
    answers: tuple[AnswerRecord, ...] = ()
    tags: tuple[str, ...] = ()
    parent: str = Field("", description="The title of the page above it.")
    space: str = Field("", description="The part of the wiki that it stands in, for rules.")
    revision: str = Field("", description="Which version of the page this is, for the report.")
    attachments: tuple[str, ...] = Field(
        (), description="Files that belong to it: paths, seen from this file."
    )
    restricted: bool | str = Field(
        False,  # noqa: FBT003 - pydantic's form
        description="Not everybody may see it, and why: it is listed, never moved.",
    )
    draft: bool = Field(False, description="Not finished: it is listed, never moved.")  # noqa: FBT003 - pydantic's form
    redirect: str = Field(
        "", description="It only leads to another page: one of that page's names or addresses."
    )

    @model_validator(mode="after")
    def _require_single(self) -> Self:
        if sum(it.accepted for it in self.answers) > 1:
            message = "more than one answer is accepted"
            raise ValueError(message)
        keys = [it.key for it in self.answers if it.key]
        if len(set(keys)) < len(keys):
            message = "two answers have the same key"
            raise ValueError(message)
        return self


class PagesDocument(BaseModel):
    """A file of pages. A bare list of pages will do, and so will a page on each line."""

    model_config = ConfigDict(extra="forbid", title="Pages for `convert json`")

    json_schema: str = Field("", alias="$schema")
    version: Literal[1] = 1
    pages: tuple[PageRecord, ...]


def without_bad(raw: object) -> tuple[object, list[str]]:
    """Return an item without the old addresses that are none, its own and its answers', and these.

    A page is worth more than an address of it.
    """
    if not isinstance(raw, Mapping):
        return raw, []
    clean, bad = _without_bad(raw)
    if isinstance(answers := raw.get("answers"), list):
        clean["answers"] = []
        for answer in answers:
            own, found = _without_bad(answer) if isinstance(answer, Mapping) else (answer, [])
            clean["answers"].append(own)
            bad += found
    return clean, bad


def _without_bad(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    found = raw.get("addresses")
    if not isinstance(found, list):
        return dict(raw), []
    bad = [it for it in found if isinstance(it, str) and not re.fullmatch(_URL, it)]
    return {**raw, "addresses": [it for it in found if it not in bad]}, bad


def read_page(raw: object) -> PageRecord | str:
    """Return an item as a page, or what is wrong with it."""
    if not isinstance(raw, Mapping):
        return "no object"
    try:
        return PageRecord.model_validate(raw)
    except ValidationError as error:
        found = [_fault(it) for it in error.errors(include_url=False)]
        more = f"; and {len(found) - _MOST_FAULTS} more" if len(found) > _MOST_FAULTS else ""
        return "; ".join(found[:_MOST_FAULTS]) + more


def _fault(error: Mapping[str, Any]) -> str:
    where = ".".join(str(it + 1) if isinstance(it, int) else str(it) for it in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"no member is called `{where}`"
        case "missing":
            return f"`{where}` is missing"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            said = str(error["msg"])
            return f"`{where}`: {said[:1].lower()}{said[1:]}"


def pages_schema() -> str:
    """Return the JSON schema of such a file, as text."""
    document = {"$schema": _DRAFT, **PagesDocument.model_json_schema()}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
