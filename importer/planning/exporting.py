"""Live posts to drafts: what a manifest would have to say for the next plan to be empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.model.draft import Draft, DraftAnswer, DraftCollection, DraftTag, Place
from importer.model.fields import Value
from importer.model.ids import (
    Field,
    Key,
    Ref,
    image_digest,
    key_of_target,
    target_of_key,
)
from importer.model.live import LiveItem, Snapshot
from importer.planning.naming_posts import marked_key
from importer.text.links import Text, fill

__all__ = ["ARTICLE_TYPES", "Exporter"]

ARTICLE_TYPES = frozenset({"knowledge-article", "announcement", "how-to-guide", "policy"})
"""Those that a manifest can name."""

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

    def draft(self, live: LiveItem, answers: Iterable[LiveItem], among: frozenset[Ref]) -> Draft:
        """Return the draft of a question or article; links lead by key to posts *among* those."""
        fields = live.fields
        typed = str(fields.get(Field.TYPE, ""))
        return Draft(
            key=self.keys[live.ref],
            title=str(fields[Field.TITLE]),
            tags=_names(fields.get(Field.TAGS)),
            body=self.markdown(live, among),
            answers=tuple(self._answer(it, among) for it in answers),
            place=Place(str(live.ref), 1),
            kind=live.ref.kind,
            type=typed if typed in ARTICLE_TYPES else "",
            id=self._id(live),
            permissions=self._permissions(_names(fields.get(Field.PERMISSIONS))),
        )

    def _answer(self, live: LiveItem, among: frozenset[Ref]) -> DraftAnswer:
        key = self.keys[live.ref].partition("#")[2]
        accepted = live.fields.get(Field.ACCEPTED) is True
        return DraftAnswer(key, self.markdown(live, among), accepted, self._id(live))

    def collection(self, live: LiveItem, among: frozenset[Ref]) -> DraftCollection:
        """Return the draft of a collection; its list is the site's where not all are *among*."""
        held = [Ref.parse(it) for it in _names(live.fields.get(Field.ITEMS))]
        exported = tuple(self.keys[it] for it in held if it in among)
        return DraftCollection(
            self.keys[live.ref],
            str(live.fields[Field.TITLE]),
            self.markdown(live, among),
            exported,
            self._id(live),
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

    def markdown(self, live: LiveItem, among: frozenset[Ref]) -> str:
        """Return a post's text; what its links lead to is called by key, or by address."""
        text = live.fields.get(Field.BODY)
        if not isinstance(text, Text):
            return ""

        def destination_of(target: str) -> str:
            key = key_of_target(target)
            digest = image_digest(key) if key else None
            if key is not None and digest is not None:
                return self.snapshot.site.picture(live.pictures[key], digest)
            ref = Ref.parse(target)
            named = ref in among
            return target_of_key(self.keys[ref]) if named else self.snapshot.site.address(ref)

        return fill(text, destination_of)

    def _id(self, live: LiveItem) -> int | None:
        is_marked = marked_key(live, self.namespace) == self.keys[live.ref]
        return live.ref.id if self.ids and not is_marked else None

    def _permissions(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.ids or set(names) <= _OPEN else ()


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
