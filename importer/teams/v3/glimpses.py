"""What API v3's lists show of posts: all but the Markdown (documented).

Its digest tells whether the Markdown that was read once is still the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, UserId
from importer.model.live import Facts, LiveItem
from importer.model.site import Site
from importer.teams.objects import Raw, text_of
from importer.teams.v3.members import (
    count_of,
    created_at,
    date_of,
    id_of,
    person_of,
    tags_of,
)
from importer.text.canonical import canonical_line, canonical_names
from importer.text.digests import digest_of
from importer.text.marker import shows_marker

__all__ = ["Glimpse", "glimpse_of", "glimpsed_item"]


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


def glimpse_of(raw: Raw, kind: Kind) -> Glimpse:
    """Read what a list, or a single answer, shows of a post."""
    named = "" if kind is Kind.ANSWER else text_of(raw, kind, "title")
    tags = () if kind in (Kind.ANSWER, Kind.COLLECTION) else tags_of(raw, kind)
    content = text_of(raw, kind, "description" if kind is Kind.COLLECTION else "body")
    shown = [named, *sorted(tags), content]
    if kind is Kind.ARTICLE:
        shown.append(text_of(raw, kind, "type"))
    if kind is Kind.ANSWER and (edited_at := date_of(raw, "lastEditDate")):
        # An edit of Markdown that the HTML doesn't show; whole seconds, as echoes tell more.
        shown.append(f"{edited_at.timestamp():.0f}")
    return Glimpse(
        ref=Ref(kind, id_of(raw, kind)),
        looks=digest_of(kind, shown),
        active_at=date_of(raw, "lastActivityDate") or created_at(raw, kind),
        answers=count_of(raw, "answerCount") or 0,
        author=person_of(raw, "owner"),
        editor=person_of(raw, "lastEditor"),
        title=canonical_line(named),
        tags=tuple(tags),
        deleted=raw.get("isDeleted") is True,
        comments=count_of(raw, "commentCount"),
        is_marked=shows_marker(content),
    )


def glimpsed_item(
    seen: Glimpse,
    site: Site,
    masters: Mapping[str, str],
    parent: Ref | None = None,
    *,
    accepted: bool = False,
) -> LiveItem:
    """Return a post by what a list shows of it; of an answer, whether it is *accepted*."""
    fields: Fields
    match seen.ref.kind:
        case Kind.ANSWER:
            fields = {Field.ACCEPTED: accepted}
        case Kind.COLLECTION:
            fields = {Field.TITLE: seen.title}
        case _:
            tags = canonical_names(seen.tags, masters)
            fields = {Field.TITLE: seen.title, Field.TAGS: tags}
    facts = Facts(author=seen.author, engaged_by_others=True, sure_of_engagement=False)
    return LiveItem(seen.ref, parent, site.address(seen.ref), fields, facts=facts)
