"""The objects of API v3 that we read, and the canonical items they become.

Members that are not named here are ignored. One that is needed and missing, or of another type, is
Misshapen. Source of names and types: the vendor's contract (documented). Dates come with and
without a zone, with up to seven decimals (observed). Lists bear no Markdown (documented): what they
show is a Glimpse, whose stamp tells whether the Markdown that was read once is still the same.
"""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, UserId, image_ref
from importer.model.live import Facts, LiveItem, Synonym
from importer.model.site import Site
from importer.teams.dressing import pictures_in, undress
from importer.teams.objects import Raw
from importer.teams.outcome import Misshapen
from importer.text.canonical import canonical_line, canonical_names
from importer.text.digests import digest_of
from importer.text.marker import is_encoded_marker, shows_marker

__all__ = [
    "ARTICLE_TYPES",
    "EDITABLE_BY",
    "Glimpse",
    "answer_item",
    "article_item",
    "collection_item",
    "created_at",
    "experts_of",
    "glimpse_of",
    "ids_of",
    "image_item",
    "question_item",
    "synonyms_of",
    "tag_item",
    "tag_of",
    "user_of",
    "with_accepted",
]

ARTICLE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "knowledge-article": "knowledgeArticle",
        "announcement": "announcement",
        "policy": "policy",
        "how-to-guide": "howToGuide",
    }
)
EDITABLE_BY: Mapping[str, str] = MappingProxyType(
    {
        "owner-only": "ownerOnly",
        "specific-editors": "specificEditors",
        "everyone": "everyone",
    }
)
_TYPES = {theirs: ours for ours, theirs in ARTICLE_TYPES.items()}
_EDITABLE = {theirs: ours for ours, theirs in EDITABLE_BY.items()}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?")
_STAMP = "v3:"
_IMAGE_URL = re.compile(r"https?://[^\s<>()#]{1,500}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a list shows of a post. `looks` is the digest of all that is shown of its content.

    `comments`: how many there are; None in builds that don't tell (observed in newer ones only).
    `is_marked`: it shows a marker, as far as the HTML of a post shows any.
    `active_at` is when something last happened to it, of a question also to its answers.
    """

    ref: Ref
    looks: str
    active_at: datetime
    answers: int
    author: UserId | None
    editor: UserId | None
    title: str
    tags: tuple[str, ...]
    deleted: bool
    comments: int | None
    is_marked: bool

    @property
    def stamp(self) -> str:
        """The stamp of the post that looks so."""
        return f"{_STAMP}{self.looks}"


def glimpse_of(raw: Raw, kind: Kind) -> Glimpse:
    """Read what a list, or a single answer, shows of a post."""
    named = "" if kind is Kind.ANSWER else _text(raw, kind, "title")
    tags = () if kind in (Kind.ANSWER, Kind.COLLECTION) else _tags(raw, kind)
    shown = [named, *sorted(tags), _shown(raw, kind)]
    if kind is Kind.ARTICLE:
        shown.append(_text(raw, kind, "type"))
    if kind is Kind.ANSWER and (edited_at := _date_or(raw, "lastEditDate")):
        # An edit of Markdown that the HTML doesn't show; whole seconds, as echoes tell more.
        shown.append(f"{edited_at.timestamp():.0f}")
    return Glimpse(
        ref=Ref(kind, _id(raw, kind)),
        looks=digest_of(kind, shown),
        active_at=_date_or(raw, "lastActivityDate") or created_at(raw, kind),
        answers=_count(raw.get("answerCount")),
        author=_person(raw.get("owner")),
        editor=_person(raw.get("lastEditor")),
        title=canonical_line(named),
        tags=tuple(tags),
        deleted=raw.get("isDeleted") is True,
        comments=_count_or_none(raw.get("commentCount")),
        is_marked=shows_marker(_shown(raw, kind)),
    )


def _shown(raw: Raw, kind: Kind) -> str:
    return _text(raw, kind, "description" if kind is Kind.COLLECTION else "body")


def question_item(
    raw: Raw,
    site: Site,
    masters: Mapping[str, str],
    *,
    comments: int | None = None,
    answerers: Collection[UserId | None] | None = None,
    strangers: int | None = None,
) -> LiveItem:
    """Read a single question, which doesn't tell its *comments*; None: nothing is known of them.

    *answerers* wrote its answers; None: that wasn't looked at. So many of the answers are
    *strangers*, none of ours: the stamp keeps their number.
    """
    fields: Fields = {
        Field.TITLE: canonical_line(_text(raw, Kind.QUESTION, "title")),
        Field.TAGS: canonical_names(_tags(raw, Kind.QUESTION), masters),
    }
    owner = _person(raw.get("owner"))
    number = _count(raw.get("answerCount"))
    engaged = number > 0
    if answerers is not None:
        engaged = any(it is None or it != owner for it in answerers)
    told = answerers is not None and len(answerers) >= number
    if strangers is None and _count_or_none(raw.get("answerCount")) == 0:
        strangers = 0
    live = _post(
        raw,
        Kind.QUESTION,
        None,
        site,
        fields,
        engaged=engaged,
        guessed=engaged and answerers is None,
        told=told,
        comments=comments,
    )
    return live if strangers is None else replace(live, stamp=f"{live.stamp}+{strangers}")


def answer_item(raw: Raw, site: Site) -> LiveItem:
    """Read a single answer."""
    parent = Ref(Kind.QUESTION, _number(raw, Kind.ANSWER, "questionId"))
    fields: Fields = {Field.ACCEPTED: _flag(raw, Kind.ANSWER, "isAccepted")}
    return _post(raw, Kind.ANSWER, parent, site, fields)


def article_item(
    raw: Raw, site: Site, masters: Mapping[str, str], *, comments: int | None = None
) -> LiveItem:
    """Read a single article; without permissions where the server tells none (inferred).

    It doesn't tell its *comments*; None: nothing is known of them.
    """
    theirs = _text(raw, Kind.ARTICLE, "type")
    fields: dict[Field, object] = {
        Field.TITLE: canonical_line(_text(raw, Kind.ARTICLE, "title")),
        Field.TAGS: canonical_names(_tags(raw, Kind.ARTICLE), masters),
        Field.TYPE: _TYPES.get(theirs, theirs),
    }
    permissions = raw.get("permissions")
    if isinstance(permissions, dict):
        fields[Field.PERMISSIONS] = _permissions(permissions)
    return _post(raw, Kind.ARTICLE, None, site, fields, comments=comments)  # type: ignore[arg-type]


def _permissions(raw: Raw) -> tuple[str, ...]:
    theirs = _text(raw, Kind.ARTICLE, "editableBy")
    who = _EDITABLE.get(theirs, theirs)
    if who != "specific-editors":
        return (who,)
    users = _ids(raw, Kind.ARTICLE, "editorUsers", "user")
    groups = _ids(raw, Kind.ARTICLE, "editorUserGroups", "group")
    return canonical_names((who, *users, *groups), {})


def collection_item(raw: Raw, site: Site) -> LiveItem:
    """Read a single collection; its items are named as links are: `question/12`."""
    ref = Ref(Kind.COLLECTION, _id(raw, Kind.COLLECTION))
    described = raw.get("description")
    markdown = _plain(described) if isinstance(described, str) else ""
    body, marker = undress(markdown, site)
    content = raw.get("content")
    if not isinstance(content, list) or not all(isinstance(it, dict) for it in content):
        text = "collection.content is no list of objects"
        raise Misshapen(text)
    kind = Kind.COLLECTION
    items = tuple(f"{_content_kind(it)}/{_id(it, kind)}" for it in content)
    return LiveItem(
        ref=ref,
        parent=None,
        url=site.address(ref),
        fields={
            Field.TITLE: canonical_line(_text(raw, Kind.COLLECTION, "title")),
            Field.BODY: body,
            Field.ITEMS: items,
        },
        marker=marker,
        facts=Facts(
            author=_person(raw.get("owner")),
            created_at=created_at(raw, Kind.COLLECTION),
        ),
        # A list shows no items: nothing tells whether they are the same.
        stamp="",
        pictures=pictures_in(markdown, site),
    )


def _content_kind(raw: Raw) -> Kind:
    """Read what a collection holds; `unknown`, what was deleted since, goes by a question's name.

    Questions and articles share one sequence of ids (observed): sent back, the id says it all.
    """
    theirs = _text(raw, Kind.COLLECTION, "type")
    return Kind.ARTICLE if theirs == Kind.ARTICLE else Kind.QUESTION


def image_item(raw: Raw) -> LiveItem:
    """Read the answer to an upload. Its id is a GUID (observed); the address carries the truth."""
    url = raw.get("url")
    if not isinstance(url, str) or not _IMAGE_URL.fullmatch(url):
        raise _misshapen(Kind.IMAGE, "url", "is missing or no address")
    if not isinstance(raw.get("id"), (str, int)):
        raise _misshapen(Kind.IMAGE, "id", "is missing or no name")
    return LiveItem(image_ref(url), None, url, {})


def with_accepted(live: LiveItem, *, accepted: bool) -> LiveItem:
    """Return an answer as it is once its mark is set or taken off."""
    return replace(live, fields={**live.fields, Field.ACCEPTED: accepted})


def tag_of(raw: Raw) -> tuple[int, str]:
    """Read a tag's id and canonical name."""
    return _id(raw, Kind.TAG), canonical_line(_text(raw, Kind.TAG, "name")).lower()


def tag_item(raw: Raw, site: Site) -> LiveItem:
    """Read a tag: its name, its description, and its experts where a single tag is told."""
    number, name = tag_of(raw)
    fields: dict[Field, str | tuple[str, ...]] = {Field.TITLE: name}
    described = raw.get("description")
    if isinstance(described, str):
        fields[Field.DESCRIPTION] = canonical_line(described)
    experts = raw.get("subjectMatterExperts")
    # Null where the feature is off.
    if isinstance(experts, dict) and raw.get("subjectMatterExpertCount") is not None:
        fields[Field.EXPERTS] = experts_of(experts)
    url = f"{site.base}/questions/tagged/{quote(name, safe='')}"
    return LiveItem(Ref(Kind.TAG, number), None, url, fields)


def experts_of(raw: Raw) -> tuple[str, ...]:
    """Read who is an expert of a tag, as `user:12` and `group:4`."""
    users = _ids(raw, Kind.TAG, "users", "user")
    return canonical_names((*users, *_ids(raw, Kind.TAG, "userGroups", "group")), {})


def synonyms_of(items: Sequence[Raw], master: str) -> list[Synonym]:
    """Read the other names of a tag."""
    names = (canonical_line(_text(it, Kind.TAG, "name")).lower() for it in items)
    return [Synonym(name, master) for name in names if name != master]


def user_of(raw: Raw) -> tuple[UserId, str]:
    """Read a user's id and name."""
    name = raw.get("name")
    number = raw.get("id")
    if type(number) is not int:
        text = "user.id is missing or no number"
        raise Misshapen(text)
    return UserId(number), name if isinstance(name, str) else ""


def created_at(raw: Raw, kind: Kind) -> datetime:
    """Read when a post was created."""
    found = _date_or(raw, "creationDate")
    if found is None:
        raise _misshapen(kind, "creationDate", "is missing or no date")
    return found


def _post(
    raw: Raw,
    kind: Kind,
    parent: Ref | None,
    site: Site,
    fields: Fields,
    *,
    engaged: bool = False,
    guessed: bool = False,
    told: bool = False,
    comments: int | None = None,
) -> LiveItem:
    seen = glimpse_of(raw, kind)
    markdown = _plain(_text(raw, kind, "bodyMarkdown"))
    body, marker = undress(markdown, site)
    # A missing count says nothing: better to take a post for one that others have engaged in.
    counts = (raw.get("score"), seen.comments if comments is None else comments)
    more = any(it != 0 or it is False for it in counts)
    return LiveItem(
        ref=seen.ref,
        parent=parent,
        url=site.address(seen.ref),
        fields={**fields, Field.BODY: body},
        marker=marker,
        facts=Facts(
            author=seen.author,
            locked=raw.get("lockedDate") is not None,
            engaged_by_others=engaged or more,
            sure_of_engagement=any(counts) or (not guessed and (engaged or None not in counts)),
            only_answered=engaged and told and not more,
            created_at=created_at(raw, kind),
            edited_at=_date_or(raw, "lastEditDate"),
            editor=_person(raw.get("lastEditor")),
            editor_name=_name(raw.get("lastEditor")),
        ),
        stamp=f"{seen.stamp}@{seen.active_at.timestamp():.6f}",
        pictures=pictures_in(markdown, site),
    )


def _plain(markdown: str) -> str:
    """Return *markdown* as it was sent: some sites may give it with HTML entities (inferred).

    The marker tells: it is the last line of every text of ours.
    """
    last = markdown.rstrip().rpartition("\n")[2]
    return html.unescape(markdown) if is_encoded_marker(last) else markdown


def _misshapen(kind: Kind, name: str, defect: str) -> Misshapen:
    return Misshapen(f"{kind}.{name} {defect}")


def _person(raw: object) -> UserId | None:
    """Return the person's id; a removed one is null (observed)."""
    number = raw.get("id") if isinstance(raw, dict) else None
    return UserId(number) if type(number) is int else None


def _name(person: object) -> str:
    """Return what the site calls a person; empty where it doesn't say."""
    name = person.get("name") if isinstance(person, dict) else None
    return canonical_line(name) if isinstance(name, str) else ""


def _ids(raw: Raw, kind: Kind, name: str, what: str) -> list[str]:
    return [f"{what}:{it}" for it in ids_of(raw, kind, name)]


def ids_of(raw: Raw, kind: Kind, name: str) -> list[int]:
    """Read the ids of people or groups: a list that is missing is not taken for an empty one."""
    value = raw.get(name)
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise _misshapen(kind, name, "is missing or no list of objects")
    return [_id(it, kind) for it in value]


def _text(raw: Raw, kind: Kind, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise _misshapen(kind, name, "is missing or no text")
    return value


def _number(raw: Raw, kind: Kind, name: str) -> int:
    value = raw.get(name)
    if type(value) is not int or value <= 0:
        raise _misshapen(kind, name, "is missing or no id")
    return value


def _id(raw: Raw, kind: Kind) -> int:
    return _number(raw, kind, "id")


def _count_or_none(value: object) -> int | None:
    return value if type(value) is int else None


def _count(value: object) -> int:
    return value if type(value) is int else 0


def _flag(raw: Raw, kind: Kind, name: str) -> bool:
    value = raw.get(name)
    if not isinstance(value, bool):
        raise _misshapen(kind, name, "is missing or no boolean")
    return value


def _tags(raw: Raw, kind: Kind) -> list[str]:
    value = raw.get("tags")
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise _misshapen(kind, "tags", "is missing or no list of tags")
    return [_text(it, Kind.TAG, "name") for it in value]


def _date_or(raw: Raw, name: str) -> datetime | None:
    """Return the moment; one without a zone is UTC (inferred). None: none, or a bad one."""
    value = raw.get(name)
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    seconds, fraction, zone = match.groups()
    whole = f"{seconds}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone in (None, 'Z') else zone}"
    try:
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
