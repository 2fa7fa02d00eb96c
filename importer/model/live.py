"""What was read of the live team, and how far the reading went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importer.model.fields import Fields
from importer.model.ids import Key, Kind, Ref, UserId
from importer.model.site import Site
from importer.text.marker import Marker

__all__ = [
    "Ability",
    "Access",
    "Covered",
    "Denied",
    "Everything",
    "Facts",
    "Known",
    "LiveItem",
    "Need",
    "Newest",
    "People",
    "Person",
    "Rates",
    "Refs",
    "Revision",
    "Revisions",
    "Same",
    "Scope",
    "Since",
    "Snapshot",
    "Source",
    "Synonym",
    "Tags",
    "Under",
]


WHY_NOT_AUTHOR = "only Enterprise sites can write as somebody else, and only when asked for"
HOW_TO_AUTHOR = "Take `author:` out: then it is by whose token this is."


@dataclass(frozen=True, slots=True)
class Facts:
    """What no manifest says: `engaged_by_others` when others voted, answered or commented.

    Others are all but the post's author; what isn't told counts as there, and then it is not
    `sure_of_engagement`. `only_answered`: its answers, all of which were told, are all there is of
    that. `edited_at` and `editor` are None until the first edit; `editor_name` is what the site
    calls the editor, on one line, empty where that isn't told.
    """

    author: UserId | None = None
    deleted: bool = False
    locked: bool = False
    engaged_by_others: bool = False
    sure_of_engagement: bool = True
    only_answered: bool = False
    created_at: datetime | None = None
    edited_at: datetime | None = None
    editor: UserId | None = None
    editor_name: str = ""


@dataclass(frozen=True, slots=True)
class LiveItem:
    """A post as it stands, in canonical form: marker off, links into the team dug by ref.

    A tag is one too: its name is `fields[TITLE]`. A field that the dialect doesn't know is absent:
    an article's PERMISSIONS over v2.3. ITEMS of a collection are targets, as a text's holes are:
    `question/12`. `stamp` is opaque: unchanged if equal. `pictures` are the addresses of images in
    it that bear the digest of their bytes.
    """

    ref: Ref
    parent: Ref | None
    url: str
    fields: Fields
    marker: Marker | None = None
    facts: Facts = Facts()
    stamp: str = ""
    pictures: Mapping[Key, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Synonym:
    """Said of tags: `name` is another name of `master`."""

    name: str
    master: str


@dataclass(frozen=True, slots=True)
class Same:
    """Read, and its stamp is the one we knew."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Person:
    """Who a mail address belongs to; `id` is None where nobody has it."""

    email: str
    id: UserId | None


@dataclass(frozen=True, slots=True)
class Denied:
    """What the token may not look at: a mail address, a tag's experts; and why, for a reader."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Covered:
    """Said by a reading at its end, or it isn't so: all posts of *kind* up to *until* were seen."""

    kind: Kind
    until: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen of a post before: where nothing moved since, its content need not be read."""

    stamp: str
    parent: Ref | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Everything:
    """All posts of these kinds.

    Where a dialect's lists bear no content, `known` spares what didn't move: Same is read then.
    With `authors`, posts that are theirs or `bound` are read whole, of others what a list shows.
    `permissions`: who may edit articles is asked for. With `footers`, so is what a list shows
    without a marker, unless its author or last editor is one of `authors` or `own`, or isn't told.
    """

    kinds: tuple[Kind, ...]
    known: Mapping[Ref, Known] = field(default_factory=dict)
    authors: frozenset[UserId] = frozenset()
    bound: frozenset[Ref] = frozenset()
    permissions: bool = False
    footers: bool = False
    own: frozenset[UserId] = frozenset()


@dataclass(frozen=True, slots=True)
class Since:
    """What moved since the watermark."""

    watermark: datetime


@dataclass(frozen=True, slots=True)
class Refs:
    """These posts; what isn't there any more is left out.

    `parents` says under which questions answers stand: API v3 finds an answer by both only.
    `engagement`: whether others have engaged in them is asked for, where that costs a request.
    """

    refs: tuple[Ref, ...]
    parents: Mapping[Ref, Ref] = field(default_factory=dict)
    engagement: bool = False


@dataclass(frozen=True, slots=True)
class Newest:
    """The author's posts of these kinds created since then, newest first.

    `known` are posts that were seen, with their questions: where lists bear no content, Same is
    read of them.
    """

    author: UserId
    since: datetime
    kinds: frozenset[Kind] = frozenset({Kind.QUESTION, Kind.ANSWER})
    known: Mapping[Ref, Ref | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Under:
    """The answers of these questions."""

    parents: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Revisions:
    """The history of these posts: who edited them when."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the post *post_id*, made at `made_at` (whole seconds); numbers go up from 1."""

    post_id: int
    number: int
    author: UserId | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of these names, one LiveItem for each that there is.

    TITLE is the name; DESCRIPTION and EXPERTS (`user:12`, `group:4`) are there as far as the
    dialect knows them: absent is unknown.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Whose these mail addresses are: a Person for each, or Denied where that isn't told."""

    emails: tuple[str, ...]


Scope = Everything | Since | Refs | Newest | Under | Revisions | Tags | People


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a reading gave. `covered` names the kinds read completely; `tags` all tag names known.

    `synonyms` maps a synonym to its master. `declared` are the tags asked for by name, as far as
    they are there; `people` maps mail addresses to users (None: nobody has it). `denied` says of a
    tag's name or a mail address why it isn't told. `unread` are posts that look as they did.
    """

    site: Site
    me: UserId | None
    items: Mapping[Ref, LiveItem | Same]
    covered: frozenset[Kind] = frozenset()
    tags: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None
    declared: Mapping[str, LiveItem] = field(default_factory=dict)
    people: Mapping[str, UserId | None] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[Ref] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """What a command asks of the token: reading, or writing as well; and of which kinds."""

    write: bool
    kinds: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What the check found. `write_proven` is None where the server's answers leave it open.

    `can_author` tells whether posts can be written in somebody else's name; `why_not_author` why
    not, `how_to_author` what to do then. Quota numbers are requests per day; None when the server
    didn't say. `role` is what the server calls the user's; empty where it doesn't say.
    """

    me: UserId | None
    name: str
    site: Site
    write_proven: bool | None
    note: str = ""
    quota_max: int | None = None
    quota_remaining: int | None = None
    clock_offset_s: float | None = None
    can_author: bool = False
    why_not_author: str = WHY_NOT_AUTHOR
    role: str = ""
    how_to_author: str = HOW_TO_AUTHOR

    @property
    def authoring(self) -> "Ability":
        """Whether posts can be written in somebody else's name."""
        return Ability(self.can_author, self.why_not_author, remedy=self.how_to_author)


class Source(StrEnum):
    """Where it is known from that something can be done, or can't."""

    TABLE = "table"
    """The table of calls: the vendor's documentation, and what working clients send."""
    PROBE = "probe"
    """Asked at the door: the API that could do it can't be used with this token."""
    SWAGGER = "swagger"
    """The instance's own Swagger file."""


@dataclass(frozen=True, slots=True)
class Ability:
    """Whether a dialect can do something; if not, the reason, and the page to do it by hand.

    `remedy` is a sentence on how it could be done, where there is a way.
    """

    able: bool
    reason: str = ""
    page: str = ""
    source: Source = Source.TABLE
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """A dialect's documented pace: requests per second, requests per day, per page of posts.

    `between_creates` maps a kind to the least seconds between two creates of it. `singly`: lists
    bear no content, so that each post that isn't known is read by a request of its own, and looked
    at by one before it is edited. A `bucket` of calls, where there is one, gets `refill_per_s`.
    `opening` requests tell who the token is and what it may do; `doors` is how many APIs are asked
    at before anything else.
    """

    per_second: float
    per_day: int
    page_size: int
    between_creates: Mapping[Kind, float] = field(default_factory=dict)
    singly: bool = False
    bucket: int = 0
    refill_per_s: float = 0.0
    opening: int = 5
    doors: int = 1
