"""What API v2.3 can write, as one table. Its keys are the capabilities, so the list can't lie.

Source: routes and parameters as working clients send them (observed); that there is no method that
writes tags, collections, experts, images, nor who may edit an article (documented); that an edit
needs all of title, body and tags (every known client sends them; a partial edit is unproven).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from importer.model.fields import rides_with_post
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Rates
from importer.model.site import Site
from importer.model.writing import Write
from importer.teams.dressing import dress
from importer.teams.exchange import Request
from importer.text.links import Text

__all__ = ["CALLS", "RATES", "Call", "ability", "call_of", "request_of", "scope_of"]

_Pairs: TypeAlias = tuple[tuple[str, str], ...]

_ARTICLES_S = 61.0
"""Between two articles: one a minute, as the vendor's own importer keeps it (observed)."""

RATES = Rates(
    per_second=30.0,
    per_day=10_000,
    page_size=100,
    between_creates=MappingProxyType({Kind.ARTICLE: _ARTICLES_S}),
)
"""Documented for the public service: 30 requests a second and address, 10,000 a day, pages of 100.
For teams the daily number is unpublished; the answers say it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One writing method. `route` has holes for the post and its parent; `undo` takes a flag back.

    Writes of one `family` keep `gap_s` between them: pauses are documented to exist, and learned.
    """

    route: str
    payload: Callable[[Write, Site], _Pairs]
    undo: str = ""
    family: str = "write"
    gap_s: float = 0.0


def _nothing(_: Write, __: Site) -> _Pairs:
    return ()


def _question(write: Write, site: Site) -> _Pairs:
    tags = write.fields[Field.TAGS]
    if not isinstance(tags, tuple):
        text = "tags are not a tuple of names"
        raise TypeError(text)
    title = str(write.fields[Field.TITLE])
    return ("title", title), *_body(write, site), ("tags", ";".join(tags))


def _article(write: Write, site: Site) -> _Pairs:
    return *_question(write, site), ("article_type", str(write.fields[Field.TYPE]))


def _body(write: Write, site: Site) -> _Pairs:
    body = write.fields[Field.BODY]
    if not isinstance(body, Text):
        text = "a body is not a Text"
        raise TypeError(text)
    return (("body", dress(body, write.links, site, write.marker, write.images)),)


CALLS: Mapping[tuple[Kind, Verb, Field | None], Call] = MappingProxyType(
    {
        (Kind.QUESTION, Verb.CREATE, None): Call("questions/add", _question),
        (Kind.QUESTION, Verb.UPDATE, None): Call("questions/{id}/edit", _question),
        (Kind.QUESTION, Verb.DELETE, None): Call("questions/{id}/delete", _nothing),
        (Kind.ANSWER, Verb.CREATE, None): Call("questions/{parent}/answers/add", _body),
        (Kind.ANSWER, Verb.UPDATE, None): Call("answers/{id}/edit", _body),
        (Kind.ANSWER, Verb.DELETE, None): Call("answers/{id}/delete", _nothing),
        (Kind.ANSWER, Verb.SET, Field.ACCEPTED): Call(
            "answers/{id}/accept", _nothing, undo="answers/{id}/accept/undo"
        ),
        (Kind.ARTICLE, Verb.CREATE, None): Call(
            "articles/add", _article, family="article", gap_s=_ARTICLES_S
        ),
        (Kind.ARTICLE, Verb.UPDATE, None): Call("articles/{id}/edit", _article),
        (Kind.ARTICLE, Verb.DELETE, None): Call("articles/{id}/delete", _nothing),
    }
)

_WHY_NOT: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.TAG: "API v2.3 cannot write tags: one is born with the first post that uses it",
        Kind.COLLECTION: "API v2.3 cannot write collections",
        Kind.IMAGE: "API v2.3 cannot upload images",
    }
)


def ability(kind: Kind, verb: Verb, field: Field | None, site: Site) -> Ability:
    """Tell what the table holds; for what a person can do on the site instead, with the page."""
    if (kind, verb, field) in CALLS:
        return Ability(able=True)
    riding = {row.field for row in rides_with_post(kind)}
    if kind is Kind.ARTICLE and field is Field.PERMISSIONS:
        return Ability(able=False, reason="API v2.3 cannot write who may edit an article")
    if verb in {Verb.CREATE, Verb.UPDATE} and field in riding and (kind, verb, None) in CALLS:
        return Ability(able=True)
    if kind is Kind.TAG and field is Field.DESCRIPTION:
        reason = "API v2.3 cannot write descriptions of tags"
        return Ability(able=False, reason=reason, page=f"{site.base}/tags")
    if kind is Kind.TAG and field is Field.EXPERTS:
        return Ability(able=False, reason="API v2.3 cannot write experts of tags")
    what = f"the {field} of {kind.one}" if field else kind.one
    reason = _WHY_NOT.get(kind, f"API v2.3 cannot {verb} {what}")
    return Ability(able=False, reason=reason)


def scope_of(team: str) -> tuple[tuple[str, str], ...]:
    """Return the parameter that names the team; an Enterprise site by itself needs none."""
    return (("team", team),) if team else ()


def call_of(write: Write) -> Call:
    """Return the row for *write*; KeyError for one that `ability` would have refused."""
    field = next(iter(write.fields)) if write.verb is Verb.SET else None
    return CALLS[write.kind, write.verb, field]


def request_of(write: Write, site: Site, team: str, filter_id: str) -> Request:
    """Return the request that carries out *write*."""
    call = call_of(write)
    route = call.route
    if call.undo and not next(iter(write.fields.values())):
        route = call.undo
    numbers = {
        "id": write.ref.id if write.ref else 0,
        "parent": write.parent.id if write.parent else 0,
    }
    if any(f"{{{name}}}" in route and not number for name, number in numbers.items()):
        text = f"{route} lacks the post it is about"
        raise ValueError(text)
    return Request(
        verb="POST",
        method=route,
        path=route.format_map(numbers),
        query=scope_of(team),
        form=(
            *call.payload(write, site),
            ("filter", filter_id),
            ("request_id", write.request_id),
        ),
        family=call.family,
        gap_s=call.gap_s,
    )
