"""What authors write of single items: posts, collections and tags, and nothing but their shape.

`extra="forbid"`: a mistyped key is a finding, never ignored.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from importer.manifests.scalars import Flag, Id, Key, Line, OldKeys, OldNames, ShortDigest, Text
from importer.model.manifest import OnDrift

__all__ = [
    "AnswerEntry",
    "ArticleEntry",
    "CollectionEntry",
    "EntryModel",
    "ExpertsEntry",
    "PermissionsEntry",
    "PostEntry",
    "QuestionEntry",
    "TagEntry",
]

_Tags = Annotated[
    tuple[Line, ...] | None, Field(description="1 to 5 tags; without them those of `defaults`.")
]
_Body = Annotated[
    Text | None, Field(description="The Markdown text; this or `body_file` is needed.")
]
_BodyFile = Annotated[
    Line | None, Field(description="A file with the Markdown text, relative to this one.")
]


class EntryModel(BaseModel):
    """A mapping of a manifest."""

    # Inputs are hidden: somebody may have written a token in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PostEntry(EntryModel):
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
    body_file: _BodyFile = None
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
    tags: _Tags = None
    body: _Body = None
    body_file: _BodyFile = None
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


class PermissionsEntry(EntryModel):
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
    tags: _Tags = None
    body: _Body = None
    body_file: _BodyFile = None
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


class ExpertsEntry(EntryModel):
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


class TagEntry(EntryModel):
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
