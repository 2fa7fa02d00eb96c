"""Live posts to drafts: what a manifest would have to say for the next plan to be empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.model.draft import Draft, DraftAnswer, DraftCollection, DraftTag, Place
from importer.model.fields import Value, rides_with_post, word_of
from importer.model.ids import (
    Field,
    Key,
    Ref,
    image_digest,
    key_of_target,
)
from importer.model.live import LiveItem, Snapshot
from importer.planning.baseline import digest_field
from importer.planning.keying import keyed_item
from importer.planning.matching import marked_fields
from importer.planning.naming_posts import marked_key
from importer.text.digests import agree, shorten
from importer.text.links import Text, fill

__all__ = ["ARTICLE_TYPES", "Exporter", "Links"]

ARTICLE_TYPES = frozenset({"knowledge-article", "announcement", "how-to-guide", "policy"})
"""Those that a manifest can name."""

Links = Mapping[str, str]
"""How links name posts that are exported, or there already: `question/12` to `key:...`."""

_OPEN = frozenset({"everyone", "owner-only"})


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes drafts of *snapshot*'s posts, which have these *keys*.

    With *ids*, what is bound by nothing else is bound by its id, and people are named by theirs;
    without, the drafts are for another team.
    """

    snapshot: Snapshot
    namespace: str
    keys: Mapping[Ref, Key]
    ids: bool

    def draft(self, live: LiveItem, answers: Iterable[LiveItem], links: Links) -> Draft:
        """Return the draft of a question or article; *links* names the posts to link by key."""
        fields = live.fields
        typed = str(fields.get(Field.TYPE, ""))
        return Draft(
            key=self.keys[live.ref],
            title=str(fields[Field.TITLE]),
            tags=_names(fields.get(Field.TAGS)),
            body=self.markdown(live, links),
            answers=tuple(self._answer(it, links) for it in answers),
            place=Place(str(live.ref), 1),
            kind=live.ref.kind,
            type=typed if typed in ARTICLE_TYPES else "",
            id=self._id(live),
            permissions=self._permissions(_names(fields.get(Field.PERMISSIONS))),
            seen=self._seen(live, links),
        )

    def _answer(self, live: LiveItem, links: Links) -> DraftAnswer:
        key = self.keys[live.ref].partition("#")[2]
        accepted = live.fields.get(Field.ACCEPTED) is True
        seen = self._seen(live, links)
        return DraftAnswer(key, self.markdown(live, links), accepted, self._id(live), seen)

    def collection(self, live: LiveItem, links: Links) -> DraftCollection:
        """Return the draft of a collection; its list is the site's where *links* lacks a post."""
        held = _names(live.fields.get(Field.ITEMS))
        exported = tuple(self.keys[Ref.parse(it)] for it in held if it in links)
        return DraftCollection(
            self.keys[live.ref],
            str(live.fields[Field.TITLE]),
            self.markdown(live, links),
            exported,
            self._id(live),
            self._seen(live, links),
            owns_items=len(exported) == len(held),
        )

    def tags(self, used: Iterable[str]) -> list[DraftTag]:
        """Return the tags of these names, with what is known of them."""
        found = ((it, self.snapshot.declared.get(it)) for it in sorted(set(used)))
        return [
            DraftTag(
                name,
                str(live.fields.get(Field.DESCRIPTION, "")) if live else "",
                _names(live.fields.get(Field.EXPERTS)) if live and self.ids else (),
            )
            for name, live in found
        ]

    def markdown(self, live: LiveItem, links: Links) -> str:
        """Return a post's text; what its links lead to is called by key, or by address."""
        text = live.fields.get(Field.BODY)
        if not isinstance(text, Text):
            return ""

        def destination_of(target: str) -> str:
            key = key_of_target(target)
            digest = image_digest(key) if key else None
            if key is not None and digest is not None:
                return self.snapshot.site.picture(live.pictures[key], digest)
            return links.get(target) or self.snapshot.site.address(Ref.parse(target))

        return fill(text, destination_of)

    def _is_marked(self, live: LiveItem) -> bool:
        return marked_key(live, self.namespace) == self.keys[live.ref]

    def _id(self, live: LiveItem) -> int | None:
        return live.ref.id if self.ids and not self._is_marked(live) else None

    def _seen(self, live: LiveItem, links: Links) -> Mapping[str, str]:
        """Return the digests of what the post says, but for what its marker says of it as well.

        They are what the next edit starts from, where no journal knows that.
        """
        if not self.ids:
            return {}
        kind, fields = live.ref.kind, keyed_item(live, links).fields
        marks = marked_fields(live) if self._is_marked(live) else {}
        digests = {
            row.field: digest_field(kind, row.field, fields[row.field])
            for row in rides_with_post(kind)
            if row.field in fields
        }
        return {
            word_of(kind, field): shorten(digest)
            for field, digest in digests.items()
            if field not in marks or not agree(marks[field], digest)
        }

    def _permissions(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.ids or set(names) <= _OPEN else ()


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
