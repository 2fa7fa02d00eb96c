"""A post on either side of a change, beside each other, as readers of the site would see them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import quote, unquote

from markupsafe import Markup

from importer.model.fields import Value, word_of
from importer.model.ids import Field, Key, Kind, Ref, Verb, key_of_target
from importer.model.plan import Blocked, Change, Drift, Plan
from importer.model.site import Site
from importer.rendering.entries import PaneView, detail
from importer.rendering.site_html import site_blocks
from importer.text.links import HOLE, Text
from importer.text.sealed import Sealed

__all__ = ["Panes", "anchor_of", "panes_of"]

_HERE, _SITE = "In the manifest", "On the site"


@dataclass(frozen=True, slots=True)
class Panes:
    """What all panes of a plan share: where links lead.

    `anchors` are the keys that have an entry in the page, `urls` the posts of others, `files` where
    images are that are uploaded.
    """

    site: str
    anchors: frozenset[Key]
    urls: Mapping[Key, str]
    files: Mapping[Key, str]

    def of_change(self, it: Change) -> list[PaneView]:
        """Return what a change makes of a post; none where its headline says all."""
        if it.kind is Kind.IMAGE or all(each.field is Field.ACCEPTED for each in it.fields):
            return []
        before = self._side("before", [(each.field, each.before) for each in it.fields])
        after = self._side("after", [(each.field, each.after) for each in it.fields])
        match it.verb:
            case Verb.CREATE:
                return [_pane("New", it.kind, after)]
            case Verb.DELETE:
                return [_pane("On the site, to be deleted", it.kind, before)]
            case Verb.UPDATE | Verb.SET:
                return [
                    _pane("On the site now", it.kind, before, after),
                    _pane("Afterwards", it.kind, after, before),
                ]

    def of_blocked(self, it: Blocked) -> list[PaneView]:
        """Return all sides of a conflict: what was last written, and what both made of it."""
        if not it.sides:
            return []
        known = [side for side in it.sides if side.base is not None]
        base = self._side("base", [(side.field, side.base) for side in known])
        here = self._side("here", [(side.field, side.ours) for side in it.sides])
        there = self._side("site", [(side.field, side.live) for side in it.sides])
        first = _pane("Last written, known to both", it.kind, base)
        if not known:
            first["missing"] = "What both sides started from isn't known here."
        return [
            first,
            _pane(_HERE, it.kind, here, base if known else there),
            _pane(_SITE, it.kind, there, base if known else here),
        ]

    def of_drift(self, it: Drift) -> list[PaneView]:
        """Return what the manifest says and what the site says."""
        here, there = (
            self._side("here", [(it.field, it.ours)]),
            self._side("site", [(it.field, it.live)]),
        )
        return [_pane(_HERE, it.kind, here, there), _pane(f"{_SITE}, kept", it.kind, there, here)]

    def _side(self, tone: str, fields: Iterable[tuple[Field, Value | None]]) -> "_Side":
        said = {name: value for name, value in fields if value is not None}
        body = said.get(Field.BODY)
        return _Side(tone, said, self._blocks(body) if isinstance(body, Text) else [])

    def _blocks(self, text: Text) -> list[Markup]:
        pieces = text.holed.split(HOLE)
        names = [self._destination(it) for it in text.targets]
        filled = [word for pair in zip_longest(pieces, names[: len(pieces) - 1]) for word in pair]
        return site_blocks("".join(filter(None, filled)), self._address, self.site)

    def _destination(self, target: str) -> str:
        """Return what stands in a hole; a link leads on through `_address`."""
        key = key_of_target(target)
        if key is not None:
            return f"file:{quote(self.files[key])}" if key in self.files else f"key:{quote(key)}"
        try:
            return Site(self.site).address(Ref.parse(target)) if self.site else ""
        except ValueError:
            return ""

    def _address(self, destination: str) -> str:
        key = Key(unquote(destination.removeprefix("key:")))
        return f"#{anchor_of(key)}" if key in self.anchors else self.urls.get(key, "")


@dataclass(frozen=True, slots=True)
class _Side:
    """What one side says, its body in blocks of HTML."""

    tone: str
    said: Mapping[Field, Value]
    blocks: Sequence[Markup]


def panes_of(plan: Plan) -> Panes:
    """Return the panes of *plan*'s posts."""
    changed, drifted = (it.key for it in plan.changes), (it.key for it in plan.drift)
    keys = {*changed, *drifted, *(it.key for it in plan.blocked if it.key)}
    urls = {it.key: it.url for it in plan.bindings if it.url.startswith(("http://", "https://"))}
    files = {it.key: it.picture.path for it in plan.changes if it.picture}
    return Panes(plan.site, frozenset(keys), urls, files)


def anchor_of(key: str) -> str:
    """Return the id in the page of the first entry with *key*: the same one in an address."""
    return f"at-{quote(key, safe='')}"


def _pane(label: str, kind: Kind | None, side: "_Side", other: "_Side | None" = None) -> PaneView:
    """Return a side as a pane; what differs from the *other*'s is marked."""
    said = dict(side.said)
    title, tags, body = (said.pop(it, None) for it in (Field.TITLE, Field.TAGS, Field.BODY))
    facts = [
        each
        for name, value in said.items()
        for each in detail(word_of(kind, name) if kind else str(name), _words(value))
    ]
    return PaneView(
        label=label,
        tone=side.tone,
        title=title if isinstance(title, str) else "",
        tags=list(tags) if isinstance(tags, tuple) else [],
        body=_marked(side.blocks, other.blocks if other else side.blocks),
        facts=facts,
        missing="" if title or tags or body or facts else "Nothing here.",
    )


def _marked(blocks: Sequence[Markup], others: Sequence[Markup]) -> Markup:
    same = set(others)
    differs = Markup('<div class="differs">{}</div>')
    # Side by side with nothing in common, all would be marked, which says nothing.
    if not others or same.isdisjoint(blocks):
        return Markup().join(blocks)
    return Markup().join(it if it in same else differs.format(it) for it in blocks)


def _words(value: Value) -> str:
    match value:
        case Text():
            return value.holed.replace(HOLE, "")
        case Sealed():
            return "not in the snapshot"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case tuple():
            return ", ".join(it.removeprefix("key:") for it in value)
