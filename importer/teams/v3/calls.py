"""What API v3 can write, as one table. Its keys are the capabilities, so the list can't lie.

Source: the vendor's contract (documented): PUT replaces a whole object, an answer stands below its
question, tags have no writing method but their experts do, an image is uploaded as a form.

Experts are replaced as a whole, or added by a list of users or groups, or removed one by one
(documented). A replacement takes away whom somebody named since the look before it, so it is sent
only where no other call says it all. What adding an expert twice does, or removing one who is none,
is not documented: nothing rests on it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from importer.model.fields import Fields, rides_with_post
from importer.model.ids import Field, Key, Kind, Ref, Verb, key_of_target
from importer.model.live import Ability, Rates
from importer.model.site import Site
from importer.model.writing import Write
from importer.teams.dressing import dress
from importer.teams.exchange import Part, Request
from importer.teams.v3.shapes import ARTICLE_TYPES, EDITABLE_BY
from importer.text.links import Text

__all__ = [
    "CALLS",
    "RATES",
    "Aside",
    "Call",
    "ability",
    "call_of",
    "calls_for",
    "is_removal",
    "request_of",
]

RATES = Rates(
    per_second=25.0,
    per_day=0,
    page_size=100,
    singly=True,
    bucket=5_000,
    refill_per_s=100 / 60,
    opening=4,
)
"""Documented as defaults: 50 requests in 2 seconds, a bucket of 5,000 that gets 100 a minute."""

_Payload = Mapping[str, object] | list[int]


@dataclass(frozen=True, slots=True)
class Aside:
    """What a full replacement needs besides: live permissions and editors, a tag's id."""

    tag_id: int = 0
    editor_users: tuple[int, ...] = ()
    editor_groups: tuple[int, ...] = ()
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One writing method. `route` has holes for the post, its parent and its tag.

    `undo` is the verb that takes a flag back. `file` makes the part of a call that takes a form.
    """

    verb: str
    route: str
    payload: Callable[[Write, Site, Aside], _Payload | None]
    undo: str = ""
    file: Callable[[Write], Part] | None = None


def _nothing(_: Write, __: Site, ___: Aside) -> None:
    return None


def _picture(write: Write) -> Part:
    """Name it by the digest: the author's own name is nobody's business, and needs quoting."""
    kept = write.picture
    if kept is None:
        text = "an upload lacks its picture"
        raise ValueError(text)
    name = f"{kept.digest}.{kept.media_type.partition('/')[2]}"
    return Part("file", name, kept.media_type, write.content)


def _question(write: Write, site: Site, _: Aside) -> Mapping[str, object]:
    tags = list(_names(write.fields, Field.TAGS))
    return {"title": _line(write.fields, Field.TITLE), "body": _body(write, site), "tags": tags}


def _answer(write: Write, site: Site, _: Aside) -> _Payload:
    return {"body": _body(write, site)}


def _article(write: Write, site: Site, aside: Aside) -> _Payload:
    """All five are required. A new article nobody said otherwise of is its owner's to edit: the
    default of a third-party client (observed). An old one's permissions, where the server tells
    none, are left out, as a client of the vendor does (observed): made up, they would take away
    what somebody granted.
    """
    stated = _names(write.fields, Field.PERMISSIONS) or aside.permissions
    theirs = _line(write.fields, Field.TYPE)
    payload = {**_question(write, site, aside), "type": ARTICLE_TYPES.get(theirs, theirs)}
    if not stated and write.verb is Verb.UPDATE:
        return payload
    stated = stated or ("owner-only",)
    who = next((it for it in stated if it in EDITABLE_BY), "specific-editors")
    permissions = {
        "editableBy": EDITABLE_BY[who],
        "editorUserIds": _numbers(stated, "user:"),
        "editorUserGroupIds": _numbers(stated, "group:"),
    }
    return {**payload, "permissions": permissions}


def _collection(write: Write, site: Site, aside: Aside) -> _Payload:
    body = write.fields.get(Field.BODY, Text("", ()))
    if not isinstance(body, Text):
        text = "a description is not a Text"
        raise TypeError(text)
    return {
        "title": _line(write.fields, Field.TITLE),
        "description": dress(body, write.links, site, write.marker, write.images),
        "contentIds": [_post_of(it, write.links).id for it in _names(write.fields, Field.ITEMS)],
        "editorUserIds": list(aside.editor_users),
        "editorUserGroupIds": list(aside.editor_groups),
    }


def _experts(write: Write, _: Site, __: Aside) -> _Payload:
    names = _names(write.fields, Field.EXPERTS)
    return {"userIds": _numbers(names, "user:"), "userGroupIds": _numbers(names, "group:")}


def _added(write: Write, _: Site, __: Aside) -> _Payload:
    return [_number(it) for it in _difference(write)[0]]


def _difference(write: Write) -> tuple[list[str], list[str]]:
    """Return who is to be an expert besides those seen, and who no longer."""
    wanted, seen = (_names(it, Field.EXPERTS) for it in (write.fields, write.before))
    added = [it for it in wanted if it not in seen]
    return added, [it for it in seen if it not in wanted]


def _removed(write: Write) -> int:
    removed = _difference(write)[1]
    return _number(removed[0]) if len(removed) == 1 else 0


def _body(write: Write, site: Site) -> str:
    body = write.fields[Field.BODY]
    if not isinstance(body, Text):
        text = "a body is not a Text"
        raise TypeError(text)
    return dress(body, write.links, site, write.marker, write.images)


def _line(fields: Fields, field: Field) -> str:
    value = fields[field]
    if not isinstance(value, str):
        text = f"the {field} is no line"
        raise TypeError(text)
    return value


def _names(fields: Fields, field: Field) -> tuple[str, ...]:
    value = fields.get(field, ())
    if not isinstance(value, tuple):
        text = f"the {field} are no names"
        raise TypeError(text)
    return value


def _numbers(names: Iterable[str], prefix: str) -> list[int]:
    return [_number(it) for it in names if it.startswith(prefix)]


def _number(name: str) -> int:
    return int(name.partition(":")[2])


def _post_of(target: str, links: Mapping[Key, Ref]) -> Ref:
    key = key_of_target(target)
    if key is None:
        return Ref.parse(target)
    if key not in links:
        text = f"nothing is known of the post of {key!r} yet"
        raise ValueError(text)
    return links[key]


_EXPERTS = "tags/{tag}/subject-matter-experts"
_ADDING: Mapping[str, Call] = MappingProxyType(
    {
        "user": Call("POST", f"{_EXPERTS}/users", _added),
        "group": Call("POST", f"{_EXPERTS}/user-groups", _added),
    }
)
_REMOVING: Mapping[str, Call] = MappingProxyType(
    {
        "user": Call("DELETE", f"{_EXPERTS}/users/{{expert}}", _nothing),
        "group": Call("DELETE", f"{_EXPERTS}/user-groups/{{expert}}", _nothing),
    }
)

_Row = tuple[Kind, Verb, Field | None]

CALLS: Mapping[_Row, Call] = MappingProxyType(
    {
        (Kind.QUESTION, Verb.CREATE, None): Call("POST", "questions", _question),
        (Kind.QUESTION, Verb.UPDATE, None): Call("PUT", "questions/{id}", _question),
        (Kind.QUESTION, Verb.DELETE, None): Call("DELETE", "questions/{id}", _nothing),
        (Kind.ANSWER, Verb.CREATE, None): Call("POST", "questions/{parent}/answers", _answer),
        (Kind.ANSWER, Verb.UPDATE, None): Call("PUT", "questions/{parent}/answers/{id}", _answer),
        (Kind.ANSWER, Verb.DELETE, None): Call(
            "DELETE", "questions/{parent}/answers/{id}", _nothing
        ),
        (Kind.ANSWER, Verb.SET, Field.ACCEPTED): Call(
            "POST", "questions/{parent}/answers/{id}/accept", _nothing, undo="DELETE"
        ),
        (Kind.ARTICLE, Verb.CREATE, None): Call("POST", "articles", _article),
        (Kind.ARTICLE, Verb.UPDATE, None): Call("PUT", "articles/{id}", _article),
        (Kind.ARTICLE, Verb.DELETE, None): Call("DELETE", "articles/{id}", _nothing),
        (Kind.COLLECTION, Verb.CREATE, None): Call("POST", "collections", _collection),
        (Kind.COLLECTION, Verb.UPDATE, None): Call("PUT", "collections/{id}", _collection),
        (Kind.COLLECTION, Verb.DELETE, None): Call("DELETE", "collections/{id}", _nothing),
        (Kind.IMAGE, Verb.CREATE, None): Call("POST", "images/upload", _nothing, file=_picture),
        (Kind.TAG, Verb.SET, Field.EXPERTS): Call("PUT", _EXPERTS, _experts),
    }
)


def ability(kind: Kind, verb: Verb, field: Field | None, site: Site) -> Ability:
    """Tell what the table holds; for what a person can do on the site instead, with the page."""
    if (kind, verb, field) in CALLS:
        return Ability(able=True)
    riding = {row.field for row in rides_with_post(kind)}
    if verb in {Verb.CREATE, Verb.UPDATE} and field in riding and (kind, verb, None) in CALLS:
        return Ability(able=True)
    if kind is Kind.TAG and field is Field.DESCRIPTION:
        reason = "no API can write descriptions of tags"
        return Ability(able=False, reason=reason, page=f"{site.base}/tags")
    if kind is Kind.TAG:
        reason = "no API can write tags: one is born with the first post that uses it"
        return Ability(able=False, reason=reason)
    if kind is Kind.IMAGE:
        return Ability(able=False, reason="no API can change or delete an image")
    what = f"the {field} of {kind.one}" if field else kind.one
    return Ability(able=False, reason=f"API v3 cannot {verb} {what}")


def calls_for(kind: Kind, verb: Verb, field: Field | None) -> list[tuple[str, str]]:
    """Return the methods and routes that an able row takes: a flag's undoing is one, too."""
    calls = [CALLS.get((kind, verb, field)) or CALLS[kind, verb, None]]
    if kind is Kind.TAG:
        calls += [*_ADDING.values(), *_REMOVING.values()]
    return [(it, call.route) for call in calls for it in (call.verb, call.undo) if it]


def call_of(write: Write) -> Call:
    """Return the row for *write*; KeyError for one that `ability` would have refused."""
    field = next(iter(write.fields)) if write.verb is Verb.SET else None
    call = CALLS[write.kind, write.verb, field]
    return (_call_for_difference(write) or call) if field is Field.EXPERTS else call


def _call_for_difference(write: Write) -> Call | None:
    """Return the call that says how experts change and nothing else; None: it takes several."""
    if Field.EXPERTS not in write.before:
        return None
    added, removed = _difference(write)
    sorts = {it.partition(":")[0] for it in (*added, *removed)}
    if len(sorts) != 1 or len(removed) > 1 or (added and removed):
        return None
    return (_REMOVING if removed else _ADDING).get(sorts.pop())


def is_removal(write: Write) -> bool:
    """Tell whether *write* goes by a call that removes one expert, and answers nothing."""
    return call_of(write) in _REMOVING.values()


def request_of(write: Write, site: Site, aside: Aside) -> Request:
    """Return the request that carries out *write*."""
    call = call_of(write)
    verb = call.verb
    if call.undo and not next(iter(write.fields.values())):
        verb = call.undo
    numbers = {
        "id": write.ref.id if write.ref else 0,
        "parent": write.parent.id if write.parent else 0,
        "tag": aside.tag_id,
        "expert": _removed(write),
    }
    if any(f"{{{name}}}" in call.route and not number for name, number in numbers.items()):
        text = f"{call.route} lacks the post it is about"
        raise ValueError(text)
    payload = call.payload(write, site, aside)
    return Request(
        verb=verb,
        method=call.route,
        path=call.route.format_map(numbers),
        json=None if payload is None else json.dumps(payload, ensure_ascii=False),
        file=call.file(write) if call.file else None,
        family="write",
    )
