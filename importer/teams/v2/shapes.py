"""The objects of API v2.3 that we read, and the canonical items they become.

Fields that are not named here are ignored. One that is needed and missing, or of another type, is
Misshapen: it is never taken for an empty one. Source of names and types: the vendor's API v2.3
reference (documented); that absent values are missing keys, never null, is observed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, UserId
from importer.model.live import Facts, LiveItem, Revision, Synonym
from importer.model.site import Site
from importer.teams.dressing import pictures_in, undress
from importer.teams.objects import Raw, misshapen, text_of
from importer.teams.outcome import Misshapen
from importer.text.canonical import canonical_line, canonical_names
from importer.text.digests import digest_of

__all__ = [
    "FILTER",
    "Question",
    "answer_item",
    "article_item",
    "question_of",
    "revision_of",
    "synonym_of",
    "tag_item",
    "tag_name",
    "user_of",
]

_WRAPPER = ("items", "has_more", "total", "backoff", "quota_max", "quota_remaining")
_ENGAGEMENT = ("score", "up_vote_count", "down_vote_count", "comment_count")
_POST = (
    *("body_markdown", "creation_date", "last_edit_date", "last_editor", "locked_date", "owner"),
    *_ENGAGEMENT,
)
_QUESTION = ("question_id", "title", "tags", "answers", "answer_count")
_ARTICLE = ("article_id", "title", "tags", "article_type")
_ARTICLE_POST = (
    *("body_markdown", "creation_date", "last_edit_date", "last_editor", "owner"),
    *("score", "comment_count"),
)
_ANSWER = ("answer_id", "question_id", "is_accepted")
FILTER: Sequence[str] = (
    *(f".{name}" for name in _WRAPPER),
    *(f"question.{name}" for name in (*_POST, *_QUESTION)),
    *(f"answer.{name}" for name in (*_POST, *_ANSWER)),
    *(f"article.{name}" for name in (*_ARTICLE_POST, *_ARTICLE)),
    *(f"revision.{name}" for name in ("post_id", "revision_number", "creation_date", "user")),
    "shallow_user.user_id",
    "shallow_user.display_name",
    "tag.name",
    "tag_synonym.from_tag",
    "tag_synonym.to_tag",
)
"""What our one filter includes: what is read here and nothing else."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the answers that came with it. `is_whole`: all of its answers did."""

    item: LiveItem
    answers: tuple[LiveItem, ...]
    is_whole: bool


def question_of(raw: Raw, site: Site, masters: Mapping[str, str]) -> Question:
    """Read a question. `masters` maps tag synonyms to their masters."""
    ref = Ref(Kind.QUESTION, _id(raw, "question", "question_id"))
    title = canonical_line(text_of(raw, "question", "title"))
    tags = canonical_names(_names(raw, "question", "tags"), masters)
    answers = tuple(answer_item(it, site) for it in _nested(raw, "question", "answers"))
    if any(answer.parent != ref for answer in answers):
        text = f"question.answers of {ref} holds another question's"
        raise Misshapen(text)
    whole = _number(raw, "question", "answer_count") == len(answers)
    author = _author(raw)
    others = not whole or any(it.facts.author != author or author is None for it in answers)
    fields: Fields = {Field.TITLE: title, Field.TAGS: tags}
    item = _post(raw, "question", ref, None, site, fields, engaged=others, told=whole)
    return Question(item, answers, whole)


def answer_item(raw: Raw, site: Site) -> LiveItem:
    """Read an answer."""
    ref = Ref(Kind.ANSWER, _id(raw, "answer", "answer_id"))
    parent = Ref(Kind.QUESTION, _id(raw, "answer", "question_id"))
    accepted = raw.get("is_accepted")
    if not isinstance(accepted, bool):
        text = "answer.is_accepted is missing or no boolean"
        raise Misshapen(text)
    return _post(raw, "answer", ref, parent, site, {Field.ACCEPTED: accepted}, engaged=False)


def article_item(raw: Raw, site: Site, masters: Mapping[str, str]) -> LiveItem:
    """Read an article; API v2.3 tells nothing of who may edit it."""
    ref = Ref(Kind.ARTICLE, _id(raw, "article", "article_id"))
    fields: Fields = {
        Field.TITLE: canonical_line(text_of(raw, "article", "title")),
        Field.TAGS: canonical_names(_names(raw, "article", "tags"), masters),
        Field.TYPE: text_of(raw, "article", "article_type"),
    }
    return _post(raw, "article", ref, None, site, fields, engaged=False)


def tag_name(raw: Raw) -> str:
    """Read a tag's name, canonical."""
    return canonical_line(text_of(raw, "tag", "name")).lower()


def tag_item(name: str, number: int, site: Site) -> LiveItem:
    """Return the tag of that name; the service has no ids for tags, so it gets a running number."""
    url = f"{site.base}/questions/tagged/{quote(name, safe='')}"
    return LiveItem(Ref(Kind.TAG, number), None, url, {Field.TITLE: name}, stamp=f"v2:{name}")


def synonym_of(raw: Raw) -> Synonym:
    """Read a tag synonym, in lower case."""
    source, target = (text_of(raw, "tag_synonym", name) for name in ("from_tag", "to_tag"))
    return Synonym(canonical_line(source).lower(), canonical_line(target).lower())


def revision_of(raw: Raw) -> Revision | None:
    """Read a revision; None for a vote, which is no state of the text."""
    number = raw.get("revision_number")
    if type(number) is not int:
        return None
    made = _date(raw, "revision", "creation_date")
    return Revision(_id(raw, "revision", "post_id"), number, _author(raw, "user"), made)


def user_of(raw: Raw) -> tuple[UserId, str]:
    """Read a user's id and name."""
    return UserId(_id(raw, "user", "user_id")), _name(raw)


def _post(
    raw: Raw,
    kind: str,
    ref: Ref,
    parent: Ref | None,
    site: Site,
    fields: Fields,
    *,
    engaged: bool,
    told: bool = False,
) -> LiveItem:
    markdown = text_of(raw, kind, "body_markdown")
    body, marker = undress(markdown, site)
    created = _date(raw, kind, "creation_date")
    # A missing count says nothing: better to take a post for one that others have engaged in.
    asked = ("score", "comment_count") if ref.kind is Kind.ARTICLE else _ENGAGEMENT
    more = any(count != 0 or count is False for count in (raw.get(name) for name in asked))
    facts = Facts(
        author=_author(raw),
        locked="locked_date" in raw,
        engaged_by_others=engaged or more,
        only_answered=engaged and told and not more,
        created_at=created,
        edited_at=_date(raw, kind, "last_edit_date") if "last_edit_date" in raw else None,
        editor=_author(raw, "last_editor"),
        editor_name=_name(raw.get("last_editor")),
    )
    edited = raw.get("last_edit_date", 0)
    said = [str(edited), markdown, *(f"{name}={value}" for name, value in fields.items())]
    return LiveItem(
        ref=ref,
        parent=parent,
        url=site.address(ref),
        fields={**fields, Field.BODY: body},
        marker=marker,
        facts=facts,
        # The content too: an author's quick second edit may not move the date (inferred).
        stamp=f"v2:{digest_of(kind, said)}",
        pictures=pictures_in(markdown, site),
    )


def _author(raw: Raw, name: str = "owner") -> UserId | None:
    """Return the owner's id; a removed user has none."""
    owner = raw.get(name)
    number = owner.get("user_id") if isinstance(owner, dict) else None
    return UserId(number) if type(number) is int else None


def _name(person: object) -> str:
    """Return what the site calls a person; empty where it doesn't say."""
    name = person.get("display_name") if isinstance(person, dict) else None
    return canonical_line(name) if isinstance(name, str) else ""


def _number(raw: Raw, kind: str, name: str) -> int:
    value = raw.get(name)
    if type(value) is not int:
        raise misshapen(kind, name, "is missing or no number")
    return value


def _id(raw: Raw, kind: str, name: str) -> int:
    value = _number(raw, kind, name)
    if value <= 0:
        raise misshapen(kind, name, f"is {value}, which is no id")
    return value


def _date(raw: Raw, kind: str, name: str) -> datetime:
    value = _number(raw, kind, name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise misshapen(kind, name, "is no date") from None


def _names(raw: Raw, kind: str, name: str) -> list[str]:
    value = raw.get(name)
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
        raise misshapen(kind, name, "is missing or no list of names")
    return value


def _nested(raw: Raw, kind: str, name: str) -> list[Raw]:
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise misshapen(kind, name, "is no list of objects")
    return value
