"""What authors write: the documents of manifest version 1, and nothing but their shape."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from importer.manifests.posts import (
    ArticleEntry,
    CollectionEntry,
    EntryModel,
    QuestionEntry,
    TagEntry,
)
from importer.manifests.scalars import Address, Count, Flag, Id, Key, Line, PostKey, Teams, wrong
from importer.model.manifest import Fate, NewTags, OnDrift

__all__ = [
    "Bound",
    "DefaultsEntry",
    "IncludeDocument",
    "LimitsEntry",
    "ManifestDocument",
    "MarkersEntry",
    "PolicyEntry",
    "RemovedEntry",
]


class RemovedEntry(EntryModel):
    """The reviewed end of an item."""

    key: PostKey = Field(description="The key it had; of an answer `question#answer`.")
    live: Fate = Field(description="`delete` the post, or `keep` it and let it go its own way.")


class DefaultsEntry(EntryModel):
    """Used where an item states none."""

    tags: tuple[Line, ...] | None = Field(default=None, description="Tags of items without any.")


class PolicyEntry(EntryModel):
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


class MarkersEntry(EntryModel):
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
        raise wrong(rule="not-one-of", expected="'comment' or 'footer'")
    return value


Markers: TypeAlias = Annotated[
    MarkersEntry | None,
    BeforeValidator(_markers, json_schema_input_type=Literal["comment", "footer"] | MarkersEntry),
]


class Bound(EntryModel):
    """A limit in characters, or in tags."""

    min: Count | None = Field(default=None, description="At least.")
    max: Count | None = Field(default=None, description="At most.")


class QuestionLimits(EntryModel):
    """Limits of questions."""

    title: Bound | None = None
    body: Bound | None = None
    tags: Bound | None = None


class AnswerLimits(EntryModel):
    """Limits of answers."""

    body: Bound | None = None


class ArticleLimits(EntryModel):
    """Limits of articles."""

    title: Bound | None = None
    body: Bound | None = None
    tags: Bound | None = None


class TagLimits(EntryModel):
    """Limits of a tag's name."""

    name: Bound | None = None


class LimitsEntry(EntryModel):
    """Limits of your site, where they are not the usual ones."""

    question: QuestionLimits = QuestionLimits()
    answer: AnswerLimits = AnswerLimits()
    article: ArticleLimits = ArticleLimits()
    tag: TagLimits = TagLimits()


def _version(value: object) -> object:
    if isinstance(value, str) and value != "1":
        raise wrong(rule="newer-version", version=value)
    return 1 if value == "1" else value


class IncludeDocument(EntryModel):
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
