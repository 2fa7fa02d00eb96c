"""The sandbox's own nouns: teams, people and what they wrote. Dates are Unix seconds, UTC."""

from dataclasses import dataclass
from typing import Literal

Tier = Literal["free", "basic", "business"]
Role = Literal["member", "moderator", "admin"]
Kind = Literal["question", "answer", "article"]
ArticleType = Literal["knowledge-article", "announcement", "how-to-guide", "policy"]
Ballot = Literal["up", "down", "favorite"]

ARTICLE_TYPES: tuple[ArticleType, ...] = (
    "knowledge-article",
    "announcement",
    "how-to-guide",
    "policy",
)
TIERS: tuple[Tier, ...] = ("free", "basic", "business")


@dataclass(frozen=True, slots=True)
class Team:
    """A team and what its owner pays for: free has no API, basic reads, business writes."""

    id: int
    slug: str
    name: str
    tier: Tier


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

    @property
    def moderates(self) -> bool:
        """Whether the member may do what only moderators and admins may."""
        return self.role != "member"


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
class Tokens:
    """One token of each sort for a team; `foreign` belongs to another team."""

    read_write: str
    read_only: str
    expired: str
    foreign: str

    def __repr__(self) -> str:
        """Keep the secrets out of logs and tracebacks."""
        return "Tokens(...)"
