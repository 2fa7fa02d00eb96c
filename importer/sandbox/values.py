"""The sandbox's own nouns: teams, people and what they wrote. Dates are Unix seconds, UTC."""

from dataclasses import dataclass
from typing import Literal

Tier = Literal["free", "basic", "business", "enterprise"]
Role = Literal["member", "moderator", "admin"]
Kind = Literal["question", "answer", "article"]
ArticleType = Literal["knowledge-article", "announcement", "how-to-guide", "policy"]
Ballot = Literal["up", "down", "favorite"]
EditableBy = Literal["ownerOnly", "specificEditors", "everyone"]
KeySort = Literal["read", "service"]

ARTICLE_TYPES: tuple[ArticleType, ...] = (
    "knowledge-article",
    "announcement",
    "how-to-guide",
    "policy",
)
TIERS: tuple[Tier, ...] = ("free", "basic", "business", "enterprise")
EDITABLE_BY: tuple[EditableBy, ...] = ("ownerOnly", "specificEditors", "everyone")
COMMUNITY = -1
"""User id and account id of the site itself, which owns an Enterprise site's service keys."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team and what its owner pays for: free has no API, basic reads, business writes.

    An Enterprise site is a team too: the main site. Its private teams bear the main site's id.
    """

    id: int
    slug: str
    name: str
    tier: Tier
    main_id: int | None = None

    @property
    def writes(self) -> bool:
        """Whether the API may write to it."""
        return self.tier in ("business", "enterprise")

    @property
    def is_main(self) -> bool:
        """Whether it is an Enterprise site's main site, which needs no name in an address."""
        return self.tier == "enterprise" and self.main_id is None

    @property
    def path(self) -> str:
        """Where its pages are, as its members see them. Inferred from addresses in answers."""
        return "" if self.is_main else f"/c/{self.slug}"


@dataclass(frozen=True, slots=True)
class User:
    """A member of one team."""

    id: int
    team_id: int
    account_id: int
    name: str
    role: Role
    reputation: int
    about: str
    created: int
    email: str | None = None
    department: str | None = None
    job_title: str | None = None
    external_id: str | None = None

    @property
    def moderates(self) -> bool:
        """Whether the member may do what only moderators and admins may."""
        return self.role != "member"

    @property
    def administers(self) -> bool:
        """Whether the member may do what only admins may."""
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class Post:
    """A question, an answer or an article, as stored."""

    id: int
    team_id: int
    kind: Kind
    parent_id: int | None
    title: str | None
    body: str
    tags: tuple[str, ...]
    owner_id: int
    created: int
    activity: int
    edited: int | None
    editor_id: int | None
    up: int
    down: int
    score: int
    views: int
    accepted_id: int | None
    closed: int | None
    closed_reason: str | None
    closed_by: int | None
    locked: int | None
    article_type: ArticleType | None
    deleted: int | None

    @property
    def question_id(self) -> int:
        """The page the post stands on: its own id, or its question's."""
        return self.parent_id or self.id


@dataclass(frozen=True, slots=True)
class Shares:
    """Members and groups, by id, ascending: those who may edit, or those who know."""

    user_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Permissions:
    """Who may edit an article besides its owner and moderators; editors count when specific."""

    editable_by: EditableBy = "ownerOnly"
    editors: Shares = Shares()


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; members by id, ascending, without those who left the team."""

    id: int
    team_id: int
    name: str
    description: str | None
    created: int
    member_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Questions and articles in the order that somebody gave them; the description is Markdown.

    `content_ids` may name posts that were deleted since; `tags` are those of the ones that live.
    """

    id: int
    team_id: int
    title: str
    description: str
    owner_id: int
    created: int
    edited: int
    deleted: int | None
    content_ids: tuple[int, ...]
    editors: Shares
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """An uploaded image; `id` is a GUID, its bytes are read apart."""

    id: str
    team_id: int
    owner_id: int
    media_type: str
    size: int
    created: int

    @property
    def file_name(self) -> str:
        """The last part of its address."""
        return f"{self.id}.{IMAGE_TYPES[self.media_type]}"

    @property
    def path(self) -> str:
        """Where it is below its team's pages; the form is observed on Enterprise sites."""
        return f"/images/a/{self.file_name}"


IMAGE_TYPES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
}
"""The media types of images, and how their addresses end."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under a post."""

    id: int
    post_id: int
    owner_id: int
    body: str
    created: int
    edited: int | None
    score: int
    deleted: int | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `count` is the number of live posts that use it, `activity` the latest of theirs."""

    id: int
    team_id: int
    name: str
    created: int
    excerpt: str | None
    excerpt_edited: int | None
    excerpt_editor: int | None
    wiki: str | None
    wiki_edited: int | None
    wiki_editor: int | None
    count: int
    activity: int | None


@dataclass(frozen=True, slots=True)
class Synonym:
    """Two names for one tag; the site turns the first into the second."""

    source: str
    target: str
    created: int
    applied: int
    last_applied: int | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a post, in the order they were made; `number` starts at 1."""

    guid: str
    post_id: int
    number: int
    user_id: int
    created: int
    comment: str
    title: str | None
    body: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A personal access token; it never acts beyond its user's rights."""

    secret: str
    user_id: int
    write: bool
    expires: int | None
    compromised: bool = False

    def __repr__(self) -> str:
        """Show everything but the secret."""
        shown = ("user_id", "write", "expires", "compromised")
        return f"Token({', '.join(f'{name}={getattr(self, name)}' for name in shown)})"


@dataclass(frozen=True, slots=True)
class Key:
    """An Enterprise site's API key: enough to read. A service key may also make tokens."""

    key: str
    team_id: int
    sort: KeySort

    def __repr__(self) -> str:
        """Show everything but the secret."""
        return f"Key(team_id={self.team_id}, sort={self.sort})"


@dataclass(frozen=True, slots=True)
class Keys:
    """One key of each sort for an Enterprise site."""

    read: str
    service: str

    def __repr__(self) -> str:
        """Keep the secrets out of logs and tracebacks."""
        return "Keys(...)"


@dataclass(frozen=True, slots=True)
class Tokens:
    """One token of each sort for a team; `foreign` belongs to another team."""

    read_write: str
    read_only: str
    expired: str
    foreign: str

    def __repr__(self) -> str:
        """Keep the secrets out of logs and tracebacks."""
        return "Tokens(...)"
