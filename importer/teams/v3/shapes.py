"""The posts of API v3 that we read, and the canonical items they become.

Members that are not named here are ignored.
"""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, UserId, image_ref
from importer.model.live import Facts, LiveItem
from importer.model.site import Site
from importer.teams.dressing import pictures_in, undress
from importer.teams.objects import Raw, misshapen, text_of
from importer.teams.outcome import Misshapen
from importer.teams.v3.glimpses import glimpse_of
from importer.teams.v3.members import (
    count_of,
    created_at,
    date_of,
    flag_of,
    id_of,
    ids_of,
    number_of,
    person_name,
    person_of,
    tags_of,
)
from importer.teams.v3.stamps import Stamp
from importer.text.canonical import canonical_line, canonical_names
from importer.text.marker import is_encoded_marker

__all__ = [
    "ARTICLE_TYPES",
    "EDITABLE_BY",
    "answer_item",
    "article_item",
    "collection_item",
    "image_item",
    "question_item",
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
_IMAGE_URL = re.compile(r"https?://[^\s<>()#]{1,500}", re.ASCII)


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
        Field.TITLE: canonical_line(text_of(raw, Kind.QUESTION, "title")),
        Field.TAGS: canonical_names(tags_of(raw, Kind.QUESTION), masters),
    }
    owner = person_of(raw, "owner")
    number = count_of(raw, "answerCount")
    engaged = bool(number and number > 0)
    if answerers is not None:
        engaged = any(it is None or it != owner for it in answerers)
    told = answerers is not None and len(answerers) >= (number or 0)
    return _post(
        raw,
        Kind.QUESTION,
        None,
        site,
        fields,
        engaged=engaged,
        guessed=engaged and answerers is None,
        told=told,
        comments=comments,
        strangers=0 if number == 0 and strangers is None else strangers,
    )


def answer_item(raw: Raw, site: Site) -> LiveItem:
    """Read a single answer."""
    parent = Ref(Kind.QUESTION, number_of(raw, Kind.ANSWER, "questionId"))
    fields: Fields = {Field.ACCEPTED: flag_of(raw, Kind.ANSWER, "isAccepted")}
    return _post(raw, Kind.ANSWER, parent, site, fields)


def article_item(
    raw: Raw, site: Site, masters: Mapping[str, str], *, comments: int | None = None
) -> LiveItem:
    """Read a single article; without permissions where the server tells none (inferred).

    It doesn't tell its *comments*; None: nothing is known of them.
    """
    theirs = text_of(raw, Kind.ARTICLE, "type")
    fields: dict[Field, object] = {
        Field.TITLE: canonical_line(text_of(raw, Kind.ARTICLE, "title")),
        Field.TAGS: canonical_names(tags_of(raw, Kind.ARTICLE), masters),
        Field.TYPE: _TYPES.get(theirs, theirs),
    }
    permissions = raw.get("permissions")
    if isinstance(permissions, dict):
        fields[Field.PERMISSIONS] = _permissions(permissions)
    return _post(raw, Kind.ARTICLE, None, site, fields, comments=comments)  # type: ignore[arg-type]


def _permissions(raw: Raw) -> tuple[str, ...]:
    theirs = text_of(raw, Kind.ARTICLE, "editableBy")
    who = _EDITABLE.get(theirs, theirs)
    if who != "specific-editors":
        return (who,)
    users = [f"user:{it}" for it in ids_of(raw, Kind.ARTICLE, "editorUsers")]
    groups = [f"group:{it}" for it in ids_of(raw, Kind.ARTICLE, "editorUserGroups")]
    return canonical_names((who, *users, *groups), {})


def collection_item(raw: Raw, site: Site) -> LiveItem:
    """Read a single collection; its items are named as links are: `question/12`."""
    ref = Ref(Kind.COLLECTION, id_of(raw, Kind.COLLECTION))
    described = raw.get("description")
    markdown = _plain(described) if isinstance(described, str) else ""
    body, marker = undress(markdown, site)
    content = raw.get("content")
    if not isinstance(content, list) or not all(isinstance(it, dict) for it in content):
        text = "collection.content is no list of objects"
        raise Misshapen(text)
    kind = Kind.COLLECTION
    items = tuple(f"{_content_kind(it)}/{id_of(it, kind)}" for it in content)
    return LiveItem(
        ref=ref,
        parent=None,
        url=site.address(ref),
        fields={
            Field.TITLE: canonical_line(text_of(raw, Kind.COLLECTION, "title")),
            Field.BODY: body,
            Field.ITEMS: items,
        },
        marker=marker,
        facts=Facts(
            author=person_of(raw, "owner"),
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
    theirs = text_of(raw, Kind.COLLECTION, "type")
    return Kind.ARTICLE if theirs == Kind.ARTICLE else Kind.QUESTION


def image_item(raw: Raw) -> LiveItem:
    """Read the answer to an upload. Its id is a GUID (observed); the address carries the truth."""
    url = raw.get("url")
    if not isinstance(url, str) or not _IMAGE_URL.fullmatch(url):
        raise misshapen(Kind.IMAGE, "url", "is missing or no address")
    if not isinstance(raw.get("id"), (str, int)):
        raise misshapen(Kind.IMAGE, "id", "is missing or no name")
    return LiveItem(image_ref(url), None, url, {})


def with_accepted(live: LiveItem, *, accepted: bool) -> LiveItem:
    """Return an answer as it is once its mark is set or taken off."""
    return replace(live, fields={**live.fields, Field.ACCEPTED: accepted})


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
    strangers: int | None = None,
) -> LiveItem:
    seen = glimpse_of(raw, kind)
    markdown = _plain(text_of(raw, kind, "bodyMarkdown"))
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
            edited_at=date_of(raw, "lastEditDate"),
            editor=person_of(raw, "lastEditor"),
            editor_name=person_name(raw, "lastEditor"),
        ),
        stamp=str(Stamp(seen.looks, seen.active_at, strangers)),
        pictures=pictures_in(markdown, site),
    )


def _plain(markdown: str) -> str:
    """Return *markdown* as it was sent: some sites may give it with HTML entities (inferred).

    The marker tells: it is the last line of every text of ours.
    """
    last = markdown.rstrip().rpartition("\n")[2]
    return html.unescape(markdown) if is_encoded_marker(last) else markdown
