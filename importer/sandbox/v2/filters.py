"""Filters: which fields of which types an answer holds, and whether its strings are encoded."""

import hashlib
import json
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from importer.sandbox.store import Store
from importer.sandbox.v2.errors import ApiError
from importer.sandbox.v2.fields import DEFAULT_FIELDS, ELSEWHERE, FIELDS

__all__ = ["Filter", "create_filter", "find_filter"]

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Filter:
    """An immutable choice of fields, each as `type.field`, wrapper fields as `.field`.

    Answers through a *safe* filter can be put into HTML as they are; *unsafe* ones hold the
    original text.
    """

    id: str
    safe: bool
    fields: frozenset[str]

    @cached_property
    def by_type(self) -> Mapping[str, frozenset[str]]:
        """The fields of each type."""
        found: dict[str, set[str]] = {}
        for field in self.fields:
            kind, _, name = field.partition(".")
            found.setdefault(kind, set()).add(name)
        return {kind: frozenset(names) for kind, names in found.items()}

    def of(self, kind: str) -> frozenset[str]:
        """Give the fields of one type; the wrapper's name is empty."""
        return self.by_type.get(kind, frozenset())

    def __hash__(self) -> int:
        """Hash by id: equal ids mean equal fields."""
        return hash(self.id)


def _expand(text: str) -> frozenset[str]:
    """Read `type.{a,b}` groups."""
    found: set[str] = set()
    for group in text.split():
        kind, _, names = group.partition(".")
        found.update(f"{kind}.{name}" for name in names.strip("{}").split(","))
    return frozenset(found)


_DEFAULT = frozenset(f"{kind}.{name}" for kind, names in DEFAULT_FIELDS.items() for name in names)
_BODIES = frozenset(f"{kind}.body" for kind, names in FIELDS.items() if "body" in names)

# Ids that clients of the real service carry in their code; what they hold is inferred from what
# those clients read.
_PUBLISHED = {
    "!nOedRLbqzB": _expand("post.{body_markdown,title}"),
    "!6WPIommaBqvsI": _expand(
        "user.{about_me,answer_count,down_vote_count,question_count,up_vote_count}"
    ),
    "!X9DEEiFwy0OeSWoJzb.QMqab2wPSk.X2opZDa2L": _expand(
        "answer.{body,body_markdown,comment_count,comments,down_vote_count,last_editor,link,"
        "share_link,up_vote_count} comment.{body,body_markdown,link} question.{answers,body,"
        "body_markdown,comment_count,comments,down_vote_count,favorite_count,last_editor,notice,"
        "share_link,up_vote_count}"
    ),
    "!*Mg4Pjg9LXr9d_(v": _expand(
        "article.{body,body_markdown,comment_count,comments,last_editor}"
        " comment.{body,body_markdown,link}"
    ),
    "!nNPvSNMp-i": _expand("tag.{last_activity_date,synonyms}"),
}

_KNOWN = {
    "default": Filter("default", safe=True, fields=_DEFAULT),
    "withbody": Filter("withbody", safe=True, fields=_DEFAULT | _BODIES),
    "none": Filter("none", safe=True, fields=frozenset()),
    "total": Filter("total", safe=True, fields=frozenset({".total"})),
} | {name: Filter(name, safe=True, fields=_DEFAULT | more) for name, more in _PUBLISHED.items()}


def find_filter(store: Store, name: str) -> Filter | None:
    """Find a built-in, published or created filter."""
    if name in _KNOWN:
        return _KNOWN[name]
    row = store.one("SELECT id, safe, fields FROM filters WHERE id = ?", (name,))
    if row is None:
        return None
    return _stored(*row)


@lru_cache(maxsize=256)
def _stored(name: str, safe: int, fields: str) -> Filter:
    return Filter(name, safe=bool(safe), fields=frozenset(json.loads(fields)))


def create_filter(
    store: Store, *, base: str, include: Iterable[str], exclude: Iterable[str], unsafe: bool
) -> Filter:
    """Make a filter, or find the one that equal input made; raises `ApiError`."""
    ground = find_filter(store, base or "default")
    if ground is None:
        raise ApiError.bad(parameter="base")
    added, dropped = _checked(include, "include"), _checked(exclude, "exclude")
    fields = (ground.fields | added) - dropped
    made = Filter(_name(fields, unsafe=unsafe), safe=not unsafe, fields=fields)
    with store.transaction():
        sql = "INSERT OR IGNORE INTO filters VALUES (?, ?, ?)"
        store.run(sql, (made.id, made.safe, json.dumps(sorted(fields))))
    return made


def _checked(fields: Iterable[str], parameter: str) -> frozenset[str]:
    found = frozenset(fields)
    for field in found:
        kind, dot, name = field.partition(".")
        known = name in FIELDS.get(kind, ()) or kind in ELSEWHERE
        if not dot or not name or not known:
            raise ApiError.bad(parameter)
    return found


def _name(fields: frozenset[str], *, unsafe: bool) -> str:
    """Name a filter after what it holds; safe ones begin with `!`, as observed."""
    digest = hashlib.blake2b(json.dumps([unsafe, sorted(fields)]).encode()).digest()
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:22])
    return letters if unsafe else "!" + letters
