"""Compares items with the live team: per field, who moved since the base (`baseline`).

It says what is, never what to do.

Where the manifest only adds (`adds`, of a tag's experts), all of ours being there counts as equal;
with something missing, ours has moved unless it is what was last written (then live has). What was
only added says nothing of whoever else is there: it is no base for the same names and nobody else
(`exact`). Without a base, two differences are ours alone: experts that the site lacks while it has
none but ours, and tags that a tag's `was:` explains. Where live has moved only in that a post it
leads to is gone, it counts as still (`relinking`): ours alone has to be written.

Digests are of canonical values whose links lead to items by key where the post is an item's, so a
new title or a new address of what is linked moves nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.model.fields import (
    FieldRule,
    Fields,
    Value,
    canonical,
    fields_of,
    rule,
)
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Ref,
    UserId,
    image_key,
    key_of_target,
    split_full_key,
    tag_name,
    target_of_key,
)
from importer.model.ledger import Base, Binding, Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Item, Manifest, publishers_of
from importer.model.plan import Comparison, How, LastEdit, Moved, Orphan, Pair
from importer.planning.baseline import (
    base_of,
    digest_field,
    digest_of_added,
    names_of,
    or_seen,
    who_moved,
)
from importer.planning.keying import keyed, keyed_item
from importer.planning.look_alikes import equal_titles
from importer.planning.matching import Match, Matches, match_items
from importer.planning.recognising import recognised
from importer.planning.relinking import as_written
from importer.text.canonical import canonical_names
from importer.text.digests import Digest, agree
from importer.text.links import Text, dig_deeper
from importer.text.sealed import Sealed, holds

__all__ = ["compare", "pairs_as_if", "renames_of"]


_PARTLY = frozenset({Kind.ANSWER})


def compare(manifest: Manifest, snapshot: Snapshot, ledger: Ledger) -> Comparison:
    """Return how the manifest and the live team differ."""
    matches = match_items(manifest, snapshot, ledger)
    targets = matches.targets()
    settling = _settling(manifest, snapshot, ledger, matches, targets)
    pairs = _pairs(matches.matches, settling)
    return Comparison(
        pairs,
        orphans=_orphans(manifest, matches, ledger, targets),
        gone=matches.gone,
        equal_titles=equal_titles(pairs, snapshot, targets),
        blocked=matches.blocked,
        pictures=matches.pictures,
        targets=targets,
    )


def pairs_as_if(
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    posts: Sequence[tuple[Item, LiveItem]],
) -> tuple[Pair, ...]:
    """Return how each item would differ from the post beside it, if it had that one.

    An item may be there several times, once for each post that it may mean: what leads to any of
    them counts as leading to the item.
    """
    matches = match_items(manifest, snapshot, ledger)
    targets = {**matches.targets(), **{str(it.ref): target_of_key(item.key) for item, it in posts}}
    settling = _settling(manifest, snapshot, ledger, matches, targets)
    return _pairs([Match(item, live, None, How.ID) for item, live in posts], settling)


def _settling(
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    matches: Matches,
    targets: Mapping[str, str],
) -> "_Settling":
    pictures = {*matches.pictures, *(it.key for it in manifest.items if it.kind is Kind.IMAGE)}
    writers = {*ledger.authors, *publishers_of(manifest), snapshot.me}
    return _Settling(
        snapshot,
        targets,
        renames_of(manifest),
        frozenset(pictures),
        frozenset(it for it in writers if it is not None),
        # Of strangers' questions a list is enough then, which shows no answers.
        _PARTLY if manifest.publishers or manifest.footer else frozenset(),
    )


@dataclass(frozen=True, slots=True)
class _Settling:
    """What the manifest's values are read by: the team, how links name items, tags' old names.

    `writers` are those who write from here. Posts of kinds that are `partly` told may be there, and
    not be known.
    """

    snapshot: Snapshot
    targets: Mapping[str, str]
    renames: Mapping[str, str]
    pictures: frozenset[Key]
    writers: frozenset[UserId]
    partly: frozenset[Kind]

    def is_gone(self, target: str) -> bool:
        """Tell whether *target* is a post that is surely not there any more."""
        if key_of_target(target) is not None:
            return False
        ref = Ref.parse(target)
        if ref.kind not in self.snapshot.covered - self.partly or ref in self.snapshot.unread:
            return False
        post = self.snapshot.items.get(ref)
        return post is None or (isinstance(post, LiveItem) and post.facts.deleted)

    def found(self, url: str) -> str | None:
        """Return what an address leads to, where it is a post's or an image's that is known."""
        site = self.snapshot.site
        if (picture := site.find_picture(url)) is not None:
            key = image_key(picture[1])
            return target_of_key(key) if key in self.pictures else None
        ref = site.find(url)
        return str(ref) if ref else None

    def tags(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return *names* by their masters, old names by the new ones."""
        masters = self.snapshot.synonyms
        return canonical_names(canonical_names(names, masters), {**masters, **self.renames})

    def people(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return *names* with each mail address that is known by its user."""
        ids = {f"email:{email}": who for email, who in self.snapshot.people.items()}
        found = (f"user:{ids[it]}" if ids.get(it) is not None else it for it in names)
        return canonical_names(found, {})


def renames_of(manifest: Manifest) -> Mapping[str, str]:
    """Return the new name of each tag that one declared under `tags:` takes the place of."""
    return {
        tag_name(split_full_key(old)[1]): tag_name(item.key)
        for item in manifest.items
        if item.kind is Kind.TAG
        for old in item.was
    }


def _pairs(matches: Iterable[Match], settling: _Settling) -> tuple[Pair, ...]:
    pairs = [
        Pair(
            _settled(it.item, settling),
            keyed_item(it.live, settling.targets) if it.live else None,
            it.binding,
            it.how,
        )
        for it in matches
    ]
    known = recognised([(it.item, it.live) for it in pairs if it.live])
    return tuple(_compared(it, known, settling) for it in pairs)


def _compared(pair: Pair, sure: Collection[Ref], settling: _Settling) -> Pair:
    """Return *pair* with who moved; without a base, what was seen counts of known posts alone."""
    live = pair.live
    if live is None:
        return pair
    is_known = live.ref in sure
    moved = {it: _moved(pair, live, it, settling, is_known=is_known) for it in pair.item.fields}
    known = {field: who for field, who in moved.items() if who is not None}
    return replace(pair, moved=known, edit=_last_edit(live, settling))


def _last_edit(live: LiveItem, settling: _Settling) -> LastEdit | None:
    """Return the last edit; None where one of those made it who write from here."""
    facts = live.facts
    if facts.editor is None or facts.editor in settling.writers:
        return None
    return LastEdit(facts.editor, facts.editor_name, facts.edited_at)


def _moved(
    pair: Pair, live: LiveItem, field: Field, settling: _Settling, *, is_known: bool
) -> Moved | None:
    """Return who moved *field*; None where the live post has no such field."""
    if field not in live.fields:
        return None
    item = pair.item
    ours, theirs = item.fields[field], live.fields[field]
    if ours == theirs or _is_sealed(ours, theirs):
        return Moved.EQUAL
    digest = digest_field(item.kind, field, ours)
    added = digest_of_added(ours)
    base = base_of(rule(item.kind, field), live, pair.binding, digest)
    if field in item.adds:
        return _who_lacks((added, digest), base, is_whole=names_of(ours) <= names_of(theirs))
    if base is not None and agree(added, base.ours):
        base = None
    shown, seen = digest_field(item.kind, field, theirs), item.seen.get(field)
    if base or is_known:
        base = or_seen(base, digest, shown, seen)
    who = who_moved(digest, shown, base, seen)
    is_edited = who in {Moved.LIVE, Moved.BOTH}
    if is_edited and base and _lost_its_target(live, field, ours, base, settling):
        return Moved.OURS
    if who is Moved.NO_BASE and _is_explained(field, ours, theirs, settling):
        return Moved.OURS
    return who


def _is_sealed(ours: Value, theirs: Value) -> bool:
    """Tell whether *theirs* is *ours*, as far as its words are kept from us."""
    return isinstance(theirs, Sealed) and isinstance(ours, Text) and holds(theirs, ours)


def _lost_its_target(
    live: LiveItem, field: Field, ours: Value, base: Base, settling: _Settling
) -> bool:
    """Tell whether all that differs from the base is that a post it leads to is gone."""
    if live.facts.editor is not None and live.facts.editor not in settling.writers:
        return False
    kind = live.ref.kind
    found = as_written(live.fields[field], ours, settling.is_gone)
    return any(agree(digest_field(kind, field, it), base.ours) for it in found)


def _who_lacks(ours: Iterable[Digest], base: Base | None, *, is_whole: bool) -> Moved:
    """Tell who moved what is only added; *ours* are the names as added, and as all there are."""
    if is_whole:
        return Moved.EQUAL
    is_written = base is not None and any(agree(it, base.ours) for it in ours)
    return Moved.LIVE if is_written else Moved.OURS


def _is_explained(field: Field, ours: Value, theirs: Value, settling: _Settling) -> bool:
    """Tell whether nobody but the manifest's author can have made *ours* of *theirs*."""
    if field is Field.EXPERTS:
        return names_of(theirs) <= names_of(ours)
    if field is Field.TAGS and isinstance(theirs, tuple):
        return settling.tags(theirs) == ours
    return False


def _settled(item: Item, settling: _Settling) -> Item:
    """Return *item* with its addresses of the team's posts dug and its tags by their masters.

    Its fields come in the table's order, however the manifest has them: so do the plan's lines.
    """

    def settled(fields: Fields) -> Fields:
        return {
            row.field: _settled_value(row, fields[row.field], settling)
            for row in fields_of(item.kind)
            if row.field in fields
        }

    return replace(item, fields=settled(item.fields), initial=settled(item.initial))


def _settled_value(row: FieldRule, value: Value, settling: _Settling) -> Value:
    if row.field is Field.TAGS and isinstance(value, tuple):
        return settling.tags(value)
    if row.field is Field.EXPERTS and isinstance(value, tuple):
        return settling.people(value)
    if not isinstance(value, Text):
        return canonical(row.shape, value, {})
    if settling.snapshot.site.is_named_in(value.holed):
        value = dig_deeper(value, settling.found)
    return keyed(value, settling.targets)


def _orphans(
    manifest: Manifest, matches: Matches, ledger: Ledger, targets: Mapping[str, str]
) -> tuple[tuple[Orphan, LiveItem, Binding | None], ...]:
    """Return our live posts that no item names, with what is remembered of them."""
    by_ref = {binding.ref: binding for binding in ledger.bindings.values()}
    removed = {it.key for it in manifest.removed}
    taken = {it.item.key: it.live.ref for it in matches.matches if it.live}
    found = []
    for key, live in matches.leftovers:
        binding = by_ref.get(live.ref)
        title = live.fields.get(Field.TITLE, "")
        orphan = Orphan(
            key,
            live.ref,
            live.url,
            str(title),
            removed=key in removed,
            double_of=taken.get(key),
        )
        found.append((orphan, keyed_item(live, targets), binding))
    return tuple(found)
