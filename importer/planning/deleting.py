"""Deletions: only what was asked for, only where nothing speaks against it.

asked for by      speaks against it
removed: delete   posts were not read completely          blocked: unread
--prune           protect, now or when last written       blocked: protected
                  a newer importer wrote it               blocked: newer-marker
                  several posts carry its marker          blocked: ambiguous
                  somebody else wrote it                  blocked: engaged (--delete-engaged)
                  others voted, answered, commented,
                  or edited it since, as far as is known  blocked: engaged (--delete-engaged)
                  a collection of ours may list it that   blocked: unread
                  can't be read, so not written either

Ours is what bears our marker, or bore it when it was last looked at, and whose author is one in
whose name we write: under `publishers:`, else of the journal's runs, else whose token this is; or
under an item's `author:`. A marker alone proves nothing, it may be a copy; nor does a binding, it
may be of an `id:`.

A question takes its answers along: what speaks against theirs speaks against its own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from importer.model.fields import Value, fields_of, rides_with_post
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Ref,
    UserId,
    Verb,
    change_id,
    parent_key,
    split_full_key,
)
from importer.model.ledger import Base, Binding, Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Fate, Item, Manifest
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Comparison,
    Decisions,
    FieldChange,
    Orphan,
    Reason,
)
from importer.planning.baseline import base_of, digest_field, digest_of_ours
from importer.text.digests import agree
from importer.text.links import Text
from importer.text.marker import VERSION

__all__ = ["Deletions", "edited_since", "plan_deletions", "says_nothing"]


@dataclass(frozen=True, slots=True)
class Deletions:
    """`kept` are orphans that stay and are listed; `released` are keys to forget.

    `taken_along` maps the keys to forget once their question is deleted to that question's post.
    """

    changes: tuple[Change, ...]
    blocked: tuple[Blocked, ...]
    kept: tuple[Orphan, ...]
    released: tuple[Key, ...]
    taken_along: Mapping[Key, Ref]


def plan_deletions(
    manifest: Manifest,
    comparison: Comparison,
    snapshot: Snapshot,
    decisions: Decisions,
    ledger: Ledger,
) -> Deletions:
    """Return what is deleted, what that waits for, and what is let go."""
    return _Deleting(manifest, comparison, snapshot, decisions, ledger).run()


_ENGAGED = "Allow it with --delete-engaged, or use `live: keep`."
_STRANGE = (
    "Delete it on the site, or use `live: keep`; if its author publishes from here, name them "
    "under `publishers:`. --delete-engaged deletes it as it is."
)
_BOUND = "Delete it on the site, or use `live: keep`. --delete-engaged deletes it as it is."
_Objection = tuple[BlockedCode, str, str]
_UNREAD: _Objection = (
    BlockedCode.UNREAD,
    "the team was not read completely",
    "Plan again later.",
)
_LISTED = frozenset({Kind.QUESTION, Kind.ARTICLE})
_NEVER_DELETED = frozenset({Kind.TAG, Kind.IMAGE})
_Found = tuple[Orphan, LiveItem, Binding | None]


class _Deleting:
    def __init__(
        self,
        manifest: Manifest,
        comparison: Comparison,
        snapshot: Snapshot,
        decisions: Decisions,
        ledger: Ledger,
    ) -> None:
        self.manifest = manifest
        self.comparison = comparison
        self.snapshot = snapshot
        self.decisions = decisions
        self.bindings = ledger.bindings
        stated = {it.author for it in manifest.items if it.author is not None}
        self.authors = stated | {*(manifest.publishers or ledger.authors or (snapshot.me,))}
        self.fates = {it.key: it.fate for it in manifest.removed}
        self.spans = {it.key: it.span for it in manifest.removed}
        self.named = {item.key for item in manifest.items}
        self.prune = manifest.policy.prune or decisions.prune
        self.by_key: dict[Key, list[_Found]] = defaultdict(list)
        self.under: dict[Ref | None, list[_Found]] = defaultdict(list)
        for found in comparison.orphans:
            self.by_key[found[0].key].append(found)
            self.under[found[1].parent].append(found)
        self.answers: dict[Ref | None, list[LiveItem]] = defaultdict(list)
        for _, live in sorted(snapshot.items.items()):
            if isinstance(live, LiveItem) and not live.facts.deleted:
                self.answers[live.parent].append(live)

    def run(self) -> Deletions:
        going = [found for found in self.comparison.orphans if self._is_going(found)]
        objections = {found[0].ref: self._objection(found) for found in going}
        deleted = {ref for ref, objection in objections.items() if objection is None}
        changes: list[Change] = []
        blocked: list[Blocked] = []
        kept: list[Orphan] = []
        for orphan, live, _ in self.comparison.orphans:
            if live.parent in deleted:
                continue  # It goes with its question.
            if orphan.ref in deleted:
                changes.append(self._deletion(orphan, live))
            elif (objection := objections.get(orphan.ref)) is not None:
                blocked.append(self._blocked(orphan, objection))
            elif self.fates.get(orphan.key) is not Fate.KEEP:
                kept.append(replace(orphan, double_of=orphan.double_of or self._original(orphan)))
        blocked += self._unseen()
        return Deletions(
            _answers_first(changes),
            tuple(blocked),
            tuple(kept),
            tuple(sorted(self._released())),
            dict(self._taken_along(deleted)),
        )

    def _unseen(self) -> Iterator[Blocked]:
        """Yield what is to go and is known from the journal alone: its kind could not be read."""
        used = self._used_keys()
        for key, binding in sorted(self.bindings.items()):
            ref = binding.ref
            is_unread = ref.kind not in self.snapshot.covered and ref not in self.snapshot.items
            if is_unread and ref.kind not in _NEVER_DELETED and key not in used:
                orphan = Orphan(key, ref, binding.url, title="")
                if self._is_wanted_gone(key):
                    yield self._blocked(orphan, _UNREAD)

    def _is_going(self, found: _Found) -> bool:
        return not self._is_copy(found) and self._is_wanted_gone(found[0].key)

    def _is_wanted_gone(self, key: Key) -> bool:
        if key in self.fates:
            return self.fates[key] is Fate.DELETE
        return self.prune and key not in self.named

    def _is_copy(self, found: _Found) -> bool:
        """Tell whether another post with the same key is the item's: the bound one, or by rule."""
        return self._original(found[0]) is not None

    def _original(self, orphan: Orphan) -> Ref | None:
        """Return the post of the orphan's key, where another one is it."""
        same = self.by_key[orphan.key]
        bound = [it for it in same if it[2] is not None]
        if not bound and not self.manifest.publishers:
            return None
        first = (bound or same)[0][0].ref
        return None if first == orphan.ref else first

    def _objection(self, found: _Found) -> _Objection | None:
        orphan, live, binding = found
        if len(self.by_key[orphan.key]) > 1 and binding is None and not self.manifest.publishers:
            return (
                BlockedCode.AMBIGUOUS,
                "several live posts carry its marker",
                "Delete the copies on the site.",
            )
        own = self._own_objection(live, binding) or self._answers_objection(live)
        return own or self._lists_objection(live)

    def _lists_objection(self, live: LiveItem) -> _Objection | None:
        """Object where a collection of ours may list the post, and nobody can look or take it out.

        The server drops a deleted post from the list: later, that looks like somebody's edit.
        """
        unseen = next(self._unseen_lists(), None) if live.ref.kind in _LISTED else None
        if unseen is None:
            return None
        why = f"the collection {unseen} may list it, and can't be read or written now"
        return BlockedCode.UNREAD, why, "Plan again once API v3 answers (--api auto)."

    def _unseen_lists(self) -> Iterator[Key]:
        """Yield the collections that were not read and are to list other posts than last time."""
        if Kind.COLLECTION in self.snapshot.covered:
            return
        items = {it.key: it for it in self.manifest.items}
        for key, binding in sorted(self.bindings.items()):
            if binding.ref.kind is not Kind.COLLECTION:
                continue
            item, base = items.get(key), binding.base.get(Field.ITEMS)
            if item is None or (Field.ITEMS in item.fields and not _lists_the_same(item, base)):
                yield key

    def _answers_objection(self, question: LiveItem) -> _Objection | None:
        for orphan, live, binding in self.under[question.ref]:
            if self.fates.get(orphan.key) is Fate.KEEP:
                remedy = "Delete its answers with it, or use `live: keep` for it, too."
                return BlockedCode.NEEDS, f"its answer {orphan.key} is to be kept", remedy
            if (objection := self._own_objection(live, binding)) is not None:
                code, why, remedy = objection
                return code, f"its answer {orphan.key}: {why}", remedy
        return self._items_objection(question)

    def _items_objection(self, question: LiveItem) -> _Objection | None:
        """Object where an item of the manifest means an answer of *question*."""
        orphans = {orphan.ref for orphan, _, _ in self.under[question.ref]}
        for live in self.answers[question.ref]:
            owner = live.marker.key if live.marker else ""
            if live.ref not in orphans and owner.startswith(f"{self.manifest.namespace}:"):
                why = f"its answer {live.ref} is meant by an item of the manifest ({owner})"
                return BlockedCode.NEEDS, why, "See to that item first."
        return None

    def _own_objection(self, live: LiveItem, binding: Binding | None) -> _Objection | None:
        if not _taken_with(live.ref.kind) <= self.snapshot.covered:
            return _UNREAD
        if binding is not None and binding.protected:
            return (
                BlockedCode.PROTECTED,
                "it was written with `protect: true`",
                "Put the item back without `protect:`, apply, then remove it.",
            )
        if live.marker is not None and live.marker.version > VERSION:
            return (
                BlockedCode.NEWER_MARKER,
                "it was written by a newer importer",
                "Use that version of the importer.",
            )
        if self.decisions.delete_engaged:
            return None
        if not self._wrote(live, binding):
            why = f"its author{_named(live.facts.author)} is not known to publish from here"
            return BlockedCode.ENGAGED, why, _STRANGE
        if live.marker is None and not (binding and binding.marked):
            why = "it bears no marker: it was only bound with `id:`, or that was taken off"
            return BlockedCode.ENGAGED, why, _BOUND
        if live.facts.engaged_by_others:
            return BlockedCode.ENGAGED, "others have answered, commented or voted on it", _ENGAGED
        if why := edited_since(live, binding):
            return BlockedCode.ENGAGED, why, _ENGAGED
        return None

    def _wrote(self, live: LiveItem, binding: Binding | None) -> bool:
        """Tell whether the post is by somebody in whose name we write."""
        author = live.facts.author
        as_bound = binding is None or binding.author in (None, author)
        return author is not None and author in self.authors and as_bound

    def _blocked(self, orphan: Orphan, objection: _Objection) -> Blocked:
        code, why, remedy = objection
        return Blocked(
            code,
            orphan.key,
            orphan.ref.kind,
            f"it is not deleted: {why}",
            remedy,
            url=orphan.url,
            span=self.spans.get(orphan.key),
        )

    def _deletion(self, orphan: Orphan, live: LiveItem) -> Change:
        return Change(
            id=change_id(orphan.key, Verb.DELETE),
            key=orphan.key,
            kind=orphan.ref.kind,
            verb=Verb.DELETE,
            reason=Reason.REMOVED if orphan.key in self.fates else Reason.PRUNED,
            title=orphan.title or _first_words(live),
            ref=orphan.ref,
            parent_ref=live.parent,
            fields=tuple(
                FieldChange(row.field, live.fields[row.field], None)
                for row in fields_of(orphan.ref.kind)
                if row.field in live.fields
            ),
            unless_engaged=not self.decisions.delete_engaged,
            url=orphan.url,
            span=self.spans.get(orphan.key),
        )

    def _released(self) -> Iterator[Key]:
        """Yield the keys to forget: let go by `live: keep`, or gone anyway.

        A protected post that is still there is remembered: nothing else knows that it is.
        """
        used = self._used_keys()
        for key, binding in self.bindings.items():
            if binding.ref not in self.snapshot.items:
                if key not in used and binding.ref.kind in self.snapshot.covered:
                    yield key
            elif self.fates.get(key) is Fate.KEEP and not binding.protected:
                yield key

    def _taken_along(self, deleted: Collection[Ref]) -> Iterator[tuple[Key, Ref]]:
        for key, binding in sorted(self.bindings.items()):
            live = self.snapshot.items.get(binding.ref)
            question = live.parent if isinstance(live, LiveItem) else None
            if question in deleted and question is not None:
                yield key, question

    def _used_keys(self) -> set[Key]:
        """Return the keys whose bindings items go by, former ones included."""
        used = self.named | {it.binding.key for it in self.comparison.gone}
        used |= {it.binding.key for it in self.comparison.pairs if it.binding}
        former = {split_full_key(name)[1] for item in self.manifest.items for name in item.was}
        return used | {key for key in self.bindings if former & {key, parent_key(key)}}


def _taken_with(kind: Kind) -> frozenset[Kind]:
    """Return the kinds of posts that go when one of *kind* is deleted, itself among them."""
    return frozenset({kind, Kind.ANSWER} if kind is Kind.QUESTION else {kind})


def _lists_the_same(item: Item, base: Base | None) -> bool:
    return base is not None and agree(digest_of_ours(item, Field.ITEMS), base.ours)


def _named(author: UserId | None) -> str:
    return "" if author is None else f" (user {author})"


def edited_since(live: LiveItem, binding: Binding | None) -> str:
    """Return what says that somebody may have edited the post; empty: nothing does."""
    for row in rides_with_post(live.ref.kind):
        if row.field not in live.fields:
            continue
        base = base_of(row, live, binding)
        if base is None and says_nothing(row.field, live.fields[row.field]):
            continue
        if base is None:
            return f"what was last written as its {row.field} is not known"
        digest = digest_field(live.ref.kind, row.field, live.fields[row.field])
        if not agree(digest, base.ours) and not agree(digest, base.served):
            return "it was edited on the site since it was written"
    return ""


def says_nothing(field: Field, value: Value) -> bool:
    """Tell whether *value* is no word of anybody: a setting of the site's own, or an empty text."""
    return field in (Field.TYPE, Field.PERMISSIONS) or value == Text("")


def _first_words(live: LiveItem) -> str:
    body = live.fields.get(Field.BODY)
    return getattr(body, "holed", "")[:60].partition("\n")[0]


def _answers_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda it: (it.kind is not Kind.ANSWER, it.key)))
