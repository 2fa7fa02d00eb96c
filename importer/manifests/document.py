"""What authors write: the documents of manifest version 1, and nothing but their shape.

Scalars arrive as their literal text; the types here say what they stand for. `extra="forbid"`: a
mistyped key is a finding, never ignored. An error's type is the id of a rule.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from importer.model import ids
from importer.model.manifest import Fate, NewTags, OnDrift

__all__ = [
    "AnswerEntry",
    "ArticleEntry",
    "CollectionEntry",
    "ExpertsEntry",
    "IncludeDocument",
    "ManifestDocument",
    "MarkersEntry",
    "PostEntry",
    "QuestionEntry",
    "RemovedEntry",
    "TagEntry",
]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_TEAM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]{}\"'`\\&@#*]{1,300}")
_DIGEST = re.compile(r"[a-z2-7]{8}")
_SEGMENT = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_KEY = f"{_SEGMENT}(?:/{_SEGMENT})*"


def _wrong(*, rule: str, **facts: object) -> PydanticCustomError:
    return PydanticCustomError(rule, "{why}", {"why": rule, **facts})


def _flag(value: object) -> object:
    if value in ("true", "false"):
        return value == "true"
    raise _wrong(rule="not-a-flag")


def _number(low: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and _NUMBER.fullmatch(value) and int(value) >= low:
            return int(value)
        raise _wrong(rule="not-a-number", bounds=f" of at least {low}")

    return read


def _version(value: object) -> object:
    if isinstance(value, str) and value != "1":
        raise _wrong(rule="newer-version", version=value)
    return 1 if value == "1" else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _line(value: str) -> str:
    if "\n" in value.strip() or "\t" in value:
        raise _wrong(rule="not-one-line")
    return value


def _key(value: str) -> str:
    if not ids.is_key(value):
        raise _wrong(rule="key-grammar", key=value)
    return value


def _post_key(value: str) -> str:
    """Check a key of a question, article or collection, or an answer's `question#answer`."""
    if not all(ids.is_key(part) for part in value.split("#", 1)):
        raise _wrong(rule="key-grammar", key=value)
    return value


def _old_key(value: str) -> str:
    namespace, colon, key = value.rpartition(":")
    if (colon and not ids.is_key(namespace)) or not all(
        ids.is_key(part) for part in key.split("#", 1)
    ):
        raise _wrong(rule="old-key-grammar", key=value)
    return value


def _team(value: str) -> str:
    if not _TEAM.fullmatch(value):
        raise _wrong(rule="team-grammar", team=value)
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise _wrong(rule="footer-address", address=value)
    return value


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise _wrong(rule="digest-grammar")
    return value


# Editors read `title: 007` as a number; it is the text that stands there.
_LITERAL: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_OLD = {"type": "string", "examples": ["old/key", "other-namespace:old/key"]}

Text: TypeAlias = Annotated[str, WithJsonSchema(_LITERAL)]
Line: TypeAlias = Annotated[str, AfterValidator(_line), WithJsonSchema(_LITERAL)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Id: TypeAlias = Annotated[
    int, BeforeValidator(_number(1)), WithJsonSchema({"type": "integer", "minimum": 1})
]
Count: TypeAlias = Annotated[
    int, BeforeValidator(_number(0)), WithJsonSchema({"type": "integer", "minimum": 0})
]
Key: TypeAlias = Annotated[
    str,
    AfterValidator(_key),
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^{_KEY}$", "maxLength": 100}),
]
PostKey: TypeAlias = Annotated[
    str,
    AfterValidator(_post_key),
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^{_KEY}(?:#{_KEY})?$"}),
]
Address: TypeAlias = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]
Team: TypeAlias = Annotated[
    str, AfterValidator(_team), WithJsonSchema({"type": ["string", "number"]})
]
ShortDigest: TypeAlias = Annotated[
    str,
    AfterValidator(_digest),
    WithJsonSchema({"type": ["string", "number"], "pattern": "^[a-z2-7]{8}$"}),
]
OldKeys: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_old_key)], ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_OLD, {"type": "array", "items": _OLD}]}),
]
OldNames: TypeAlias = Annotated[
    tuple[Line, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Teams: TypeAlias = Annotated[
    tuple[Team, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class _Entry(BaseModel):
    # Inputs are hidden: somebody may have written a token in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PostEntry(_Entry):
    """What every item that becomes a post, or a collection, can say."""

    key: Key = Field(
        description="Your name for it, never the title. Stable: it finds the post again.",
        examples=["oncall/freeze"],
    )
    on_drift: OnDrift | None = Field(
        default=None, description="What becomes of an edit made on the site; over the policy."
    )
    protect: Flag = Field(
        default=False,
        description="Refuse deletion, also after the item is gone from the manifest.",
    )
    id: Id | None = Field(
        default=None, description="Binds a post that is already there.", examples=[4711]
    )
    was: OldKeys = Field(
        default=(), description="Old keys: renames or takes over a post without a new one."
    )
    author: Id | None = Field(default=None, description="User id to write as, where allowed.")
    origin: tuple[Line, ...] = Field(
        default=(), description="Old addresses of the page; never sent, used for redirects."
    )


class AnswerEntry(PostEntry):
    """One answer; its key is local to the question."""

    body: Text | None = Field(default=None, description="The Markdown text.")
    body_file: Line | None = Field(
        default=None, description="A file with the Markdown text, relative to this one."
    )
    accepted: Flag = Field(default=False, description="Mark it as the accepted answer.")
    manage: tuple[Literal["body", "accepted"], ...] | None = Field(
        default=None, description="Fields that the manifest decides; the others are the site's."
    )
    seen: dict[Literal["body", "accepted"], ShortDigest] = Field(
        default={}, description="Digests of the live version you know of; `pull` writes them."
    )


class QuestionEntry(PostEntry):
    """One question with its answers."""

    title: Line = Field(
        description="15 to 150 characters.", examples=["How do I roll back a production deploy?"]
    )
    tags: tuple[Line, ...] | None = Field(
        default=None, description="1 to 5 tags; without them those of `defaults`."
    )
    body: Text | None = Field(
        default=None, description="The Markdown text; this or `body_file` is needed."
    )
    body_file: Line | None = Field(
        default=None, description="A file with the Markdown text, relative to this one."
    )
    answers: tuple[AnswerEntry, ...] = Field(default=(), description="In the order of creation.")
    answer: Text | None = Field(
        default=None, description="Short for one answer with the key `answer`."
    )
    manage: tuple[Literal["title", "tags", "body"], ...] | None = Field(
        default=None, description="Fields that the manifest decides; the others are the site's."
    )
    seen: dict[Literal["title", "tags", "body"], ShortDigest] = Field(
        default={}, description="Digests of the live version you know of; `pull` writes them."
    )


class PermissionsEntry(_Entry):
    """Who may edit an article."""

    editable_by: Literal["owner-only", "specific-editors", "everyone"] = Field(
        description="`specific-editors` are those of `users` and `groups`."
    )
    users: tuple[Id, ...] = Field(default=(), description="User ids.")
    groups: tuple[Id, ...] = Field(default=(), description="Ids of user groups.")


class ArticleEntry(PostEntry):
    """One article."""

    title: Line = Field(description="15 to 150 characters.", examples=["Parental leave"])
    type: Literal["knowledge-article", "announcement", "how-to-guide", "policy"] | None = Field(
        default=None,
        description="The kind of article; without it, a new one is a `knowledge-article`.",
    )
    tags: tuple[Line, ...] | None = Field(
        default=None, description="1 to 5 tags; without them those of `defaults`."
    )
    body: Text | None = Field(
        default=None, description="The Markdown text; this or `body_file` is needed."
    )
    body_file: Line | None = Field(
        default=None, description="A file with the Markdown text, relative to this one."
    )
    permissions: PermissionsEntry | None = Field(
        default=None, description="Who may edit it; without it, that is the site's."
    )
    manage: tuple[Literal["title", "tags", "body", "type", "permissions"], ...] | None = Field(
        default=None, description="Fields that the manifest decides; the others are the site's."
    )
    seen: dict[Literal["title", "tags", "body", "type", "permissions"], ShortDigest] = Field(
        default={}, description="Digests of the live version you know of; `pull` writes them."
    )


class CollectionEntry(PostEntry):
    """An ordered list of questions and articles."""

    title: Line = Field(description="The collection's name.", examples=["Start here"])
    description: Text | None = Field(
        default=None, description="Markdown above the list; without it, that is the site's."
    )
    items: tuple[Key, ...] = Field(description="Keys of questions and articles, in order.")
    manage: tuple[Literal["title", "description", "items"], ...] | None = Field(
        default=None, description="Fields that the manifest decides; the others are the site's."
    )
    seen: dict[Literal["title", "description", "items"], ShortDigest] = Field(
        default={}, description="Digests of the live version you know of; `pull` writes them."
    )


class ExpertsEntry(_Entry):
    """A tag's subject matter experts."""

    users: tuple[Id, ...] = Field(default=(), description="User ids.")
    groups: tuple[Id, ...] = Field(default=(), description="Ids of user groups.")
    emails: tuple[Line, ...] = Field(
        default=(), description="Users by mail address; only administrators can look them up."
    )
    exact: Flag = Field(
        default=False,
        description="Nobody else; without it, experts are added and none taken away.",
    )


class TagEntry(_Entry):
    """A tag that is meant to be; neither API can write one by itself."""

    name: Line = Field(description="At most 35 of a-z 0-9 + # - .", examples=["deploys"])
    was: OldNames = Field(default=(), description="Old names.")
    description: Line | None = Field(default=None, description="What it is for, in one line.")
    experts: ExpertsEntry | None = Field(
        default=None, description="Who knows; the site may add others by itself."
    )
    on_drift: OnDrift | None = Field(
        default=None, description="What becomes of an edit made on the site; over the policy."
    )


class RemovedEntry(_Entry):
    """The reviewed end of an item."""

    key: PostKey = Field(description="The key it had; of an answer `question#answer`.")
    live: Fate = Field(description="`delete` the post, or `keep` it and let it go its own way.")


class DefaultsEntry(_Entry):
    """Used where an item states none."""

    tags: tuple[Line, ...] | None = Field(default=None, description="Tags of items without any.")


class PolicyEntry(_Entry):
    """What to do where nobody said otherwise."""

    on_drift: OnDrift = Field(
        default=OnDrift.KEEP, description="Keep edits made on the site, or overwrite them."
    )
    new_tags: NewTags = Field(
        default=NewTags.REVIEW,
        description="`review` blocks a new tag that is close to another; `declared` each one.",
    )
    prune: Flag = Field(
        default=False, description="Delete posts of ours that no item names any more."
    )


class MarkersEntry(_Entry):
    """A footer in place of a hidden comment."""

    footer: Address = Field(
        description="What it leads to: where the content is kept, or a page that says how to help.",
        examples=["https://git.example.org/handbook"],
    )
    everywhere: Flag = Field(
        default=False,
        description="API v3 reads no post in full that others wrote and that shows no footer.",
    )


def _markers(value: object) -> object:
    if value == "comment":
        return None
    if value == "footer":
        # It leads to the team's own pages, which only the connection knows.
        return MarkersEntry.model_construct(footer="")
    if isinstance(value, str):
        raise _wrong(rule="not-one-of", expected="'comment' or 'footer'")
    return value


Markers: TypeAlias = Annotated[
    MarkersEntry | None,
    BeforeValidator(_markers, json_schema_input_type=Literal["comment", "footer"] | MarkersEntry),
]


class Bound(_Entry):
    """A limit in characters, or in tags."""

    min: Count | None = Field(default=None, description="At least.")
    max: Count | None = Field(default=None, description="At most.")


class QuestionLimits(_Entry):
    """Limits of questions."""

    title: Bound | None = None
    body: Bound | None = None
    tags: Bound | None = None


class AnswerLimits(_Entry):
    """Limits of answers."""

    body: Bound | None = None


class ArticleLimits(_Entry):
    """Limits of articles."""

    title: Bound | None = None
    body: Bound | None = None
    tags: Bound | None = None


class TagLimits(_Entry):
    """Limits of a tag's name."""

    name: Bound | None = None


class LimitsEntry(_Entry):
    """Limits of your site, where they are not the usual ones."""

    question: QuestionLimits = QuestionLimits()
    answer: AnswerLimits = AnswerLimits()
    article: ArticleLimits = ArticleLimits()
    tag: TagLimits = TagLimits()


class IncludeDocument(_Entry):
    """A YAML file that a manifest includes: items only."""

    tags: tuple[TagEntry, ...] = Field(default=(), description="Tags with what belongs to them.")
    questions: tuple[QuestionEntry, ...] = Field(
        default=(), description="Questions, in the order of creation."
    )
    articles: tuple[ArticleEntry, ...] = Field(
        default=(), description="Articles, in the order of creation."
    )
    collections: tuple[CollectionEntry, ...] = Field(
        default=(), description="Ordered lists of questions and articles."
    )
    removed: tuple[RemovedEntry, ...] = Field(
        default=(), description="Items that were here, and what becomes of their posts."
    )


class ManifestDocument(IncludeDocument):
    """What a team should hold: the file `teams-importer.yaml`."""

    version: Annotated[Literal[1], BeforeValidator(_version), WithJsonSchema({"const": 1})] = Field(
        description="The version of this format."
    )
    namespace: Key = Field(
        description="Names this manifest within the team; two repositories must not share one.",
        examples=["handbook"],
    )
    team: Teams = Field(default=(), description="Refuse to run against any other team.")
    defaults: DefaultsEntry = Field(
        default=DefaultsEntry(), description="Used where an item states none."
    )
    policy: PolicyEntry = Field(default=PolicyEntry(), description="What to do in general.")
    markers: Markers = Field(
        default=None,
        description="How a post says whose it is: a hidden comment, or a small visible footer.",
        json_schema_extra={"default": "comment"},
    )
    publishers: tuple[Id, ...] = Field(
        default=(), description="Ids of users whose marked posts are ours."
    )
    include: tuple[Line, ...] = Field(
        default=(),
        description="Patterns of further files, Markdown or YAML, below this folder.",
        examples=[["content/**/*.md", "faq/*.yaml"]],
    )
    limits: LimitsEntry = Field(
        default=LimitsEntry(), description="Limits of your site where they differ."
    )
