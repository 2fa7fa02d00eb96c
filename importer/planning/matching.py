"""Finds each item's post: by journal binding, then marker, then `id:`. A title never binds.

binding   marker               then
live      ours, or none        the bound post
live      a former key's       the bound post, when no item goes by that key and the marker is the
                               one that was there when the journal renamed the binding
live      of another item      blocked: misfit (somebody took the post over)
missing   on one of its author that post (the bound one was deleted, or the journal is old)
missing   -, or on a copy      gone, when the kind was read completely; else blocked: unread
-         on one post          that post, if kind and parent fit; else blocked: misfit
-         on a stranger's      blocked: ambiguous (where the journal knows who published)
-         on several           the publishers' with the lowest id; else blocked: ambiguous
-         -                    `id:`, if there is one; else none: it is to be created

An image is where the journal says, or a post of ours shows it. A tag is found by its name alone. An
answer whose question is blocked waits with it. A post that is read as deleted is not there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.model.fields import rides_with_post
from importer.model.ids import (
    Field,
    FullKey,
    Key,
    Kind,
    Ref,
    full_key,
    image_digest,
    image_ref,
    split_full_key,
    tag_name,
    target_of_key,
)
from importer.model.ledger import Binding, Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Item, Manifest, publishers_of
from importer.model.plan import Blocked, BlockedCode, Gone, How
from importer.text.digests import Digest
from importer.text.marker import VERSION

__all__ = ["Match", "Matches", "marked_fields", "match_items"]


@dataclass(frozen=True, slots=True)
class Match:
    """An item and the post it found, if any."""

    item: Item
    live: LiveItem | None
    binding: Binding | None
    how: How


@dataclass(frozen=True, slots=True)
class Matches:
    """What matching found. `leftovers` are live posts of ours that no item has, by their keys.

    `waiting` maps the posts that a blocked item is bound to or marked on to its key; `bound` maps
    all posts that the journal knows. `pictures` are the addresses of images that are on the site.
    """

    matches: tuple[Match, ...]
    gone: tuple[Gone, ...]
    blocked: tuple[Blocked, ...]
    leftovers: tuple[tuple[Key, LiveItem], ...]
    waiting: Mapping[Ref, Key]
    bound: Mapping[Ref, Key]
    pictures: Mapping[Key, str]

    def targets(self) -> Mapping[str, str]:
        """Return, for each post of ours, how links name its item.

        Posts of gone, blocked and removed items count, too: a page that leads there has not moved.
        """
        found = [*self.bound.items(), *((live.ref, key) for key, live in self.leftovers)]
        found += self.waiting.items()
        found += [(gone.binding.ref, gone.item.key) for gone in self.gone]
        found += [(it.live.ref, it.item.key) for it in self.matches if it.live]
        return {str(ref): target_of_key(key) for ref, key in found}


def match_items(manifest: Manifest, snapshot: Snapshot, ledger: Ledger) -> Matches:
    """Return each item with its post. Items come and go in the manifest's order."""
    return _Matcher(manifest, snapshot, ledger).run()


def marked_fields(live: LiveItem) -> dict[Field, Digest]:
    """Return the digests of the post's marker by field."""
    digests = live.marker.digests if live.marker else {}
    return {
        row.field: digests[row.letter]
        for row in rides_with_post(live.ref.kind)
        if row.letter is not None and row.letter in digests
    }


class _Matcher:
    def __init__(self, manifest: Manifest, snapshot: Snapshot, ledger: Ledger) -> None:
        self.manifest = manifest
        self.publishers = frozenset(publishers_of(manifest))
        self.snapshot = snapshot
        self.ledger = ledger
        self.posts = {
            ref: it
            for ref, it in sorted(snapshot.items.items())
            if isinstance(it, LiveItem) and not it.facts.deleted
        }
        self.items = {item.key: item for item in manifest.items}
        self.marked = _by_marker(self.posts.values())
        self.found: dict[Key, LiveItem] = {}
        self.matches: list[Match] = []
        self.gone: list[Gone] = []
        self.blocked: list[Blocked] = []
        self.claimed: set[Ref] = set()
        self.disputed: set[Ref] = set()
        self.waiting: set[Key] = set()
        self.meant: dict[Ref, Key] = {}
        self.claims = {name for item in manifest.items for name in self._names_of(item)}
        self.bound = {binding.ref: binding.key for binding in ledger.bindings.values()}
        self.pictures = self._pictures()

    def run(self) -> Matches:
        for item in self.manifest.items:
            if item.kind is Kind.TAG:
                self._match_tag(item)
            elif item.kind is Kind.IMAGE:
                self._match_image(item)
            else:
                self._match(item)
        return Matches(
            tuple(self.matches),
            tuple(self.gone),
            tuple(self.blocked),
            self._leftovers(),
            self.meant,
            self.bound,
            self.pictures,
        )

    def _pictures(self) -> Mapping[Key, str]:
        """Return the images that are on the site: others' posts say nothing of them."""
        seen: dict[Key, str] = {}
        for ref, live in self.posts.items():
            if live.pictures and (ref in self.bound or self._is_marked_by_us(live)):
                seen = {**live.pictures, **seen}
        bindings = self.ledger.bindings
        return {**seen, **{it: bindings[it].url for it in bindings if image_digest(it)}}

    def _is_marked_by_us(self, live: LiveItem) -> bool:
        owner = self._owner(live)
        is_marked = owner is not None and split_full_key(owner)[0] == self.manifest.namespace
        return is_marked and self._is_ours(live) and not self._is_strangers(live)

    def _match_image(self, item: Item) -> None:
        url = self.pictures.get(item.key)
        binding = self.ledger.bindings.get(item.key)
        live = LiveItem(image_ref(url), None, url, {}) if url else None
        self.matches.append(Match(item, live, binding, How.NAME if live else How.NONE))

    def _match_tag(self, item: Item) -> None:
        """Find the tag by its name: there is one of each, and it bears no marker."""
        name = tag_name(item.key)
        live = self.snapshot.declared.get(self.snapshot.synonyms.get(name, name))
        how = How.NAME if live else How.NONE
        self.matches.append(Match(item, live, self.ledger.bindings.get(item.key), how))

    def _match(self, item: Item) -> None:
        if item.parent in self.waiting:
            self._wait(item)
            return
        binding = self._binding(item)
        candidates = self._candidates(item)
        live = self.posts.get(binding.ref) if binding else None
        if binding is not None:
            candidates = [it for it in candidates if self._may_follow(it, binding)]
        if live is not None and binding is not None:
            owner = self._owner(live)
            if owner is None or owner in self._names_of(item) or self._is_left(live, binding):
                self._accept(item, live, binding, How.BINDING)
            else:
                hint = self._how_to_rename(owner)
                self._misfit(item, live, f"its marker now names {owner}", hint)
        elif candidates:
            self._by_marker(item, candidates)
        elif binding is not None:
            self._missing(item, binding)
        elif item.remote_id is not None:
            self._by_id(item, Ref(item.kind, item.remote_id))
        else:
            self.matches.append(Match(item, None, None, How.NONE))

    def _binding(self, item: Item) -> Binding | None:
        if item.key in self.ledger.bindings:
            return self.ledger.bindings[item.key]
        for former in self._former_names(item):
            namespace, key = split_full_key(former)
            if namespace == self.manifest.namespace and key in self.ledger.bindings:
                return self.ledger.bindings[key]
        return None

    def _names_of(self, item: Item) -> tuple[FullKey, ...]:
        return (full_key(self.manifest.namespace, item.key), *self._former_names(item))

    def _former_names(self, item: Item) -> tuple[FullKey, ...]:
        """Return the item's former keys; an answer had one under each of its question's."""
        question = self.items.get(item.parent) if item.parent else None
        local = item.key.partition("#")[2]
        inherited = (FullKey(f"{former}#{local}") for former in (question.was if question else ()))
        return (*item.was, *inherited)

    def _candidates(self, item: Item) -> list[LiveItem]:
        for name in self._names_of(item):
            marked = [it for it in self.marked.get(name, ()) if self._is_ours(it)]
            known = [it for it in marked if it.facts.author in self.ledger.authors]
            if marked:
                return known or marked
        return []

    def _is_ours(self, live: LiveItem) -> bool:
        return not self.publishers or live.facts.author in self.publishers

    def _is_left(self, live: LiveItem, binding: Binding) -> bool:
        """Tell whether the marker bears a key from before a `was:` that has been taken out since.

        A rename by itself writes nothing, so the marker is as it was then; whoever takes a post
        over writes another one.
        """
        owner = self._owner(live)
        is_ours = owner is not None and split_full_key(owner)[0] == self.manifest.namespace
        return is_ours and owner not in self.claims and marked_fields(live) == binding.marked

    def _may_follow(self, live: LiveItem, binding: Binding) -> bool:
        """Tell whether *live* may take the place of the bound post: a colleague's copy may not."""
        known = (None, live.facts.author)
        return binding.author in known or live.facts.author in self.publishers

    def _is_strangers(self, live: LiveItem) -> bool:
        """Tell whether *live* may be a colleague's copy: the journal knows who published."""
        authors = self.ledger.authors
        known = live.facts.author in authors
        return bool(authors) and not known and not self.publishers

    def _owner(self, live: LiveItem) -> str | None:
        return live.marker.key if live.marker else None

    def _holder(self, live: LiveItem) -> str | None:
        """Return whose *live* is: by its marker, or bound to another item of the manifest."""
        key = self.bound.get(live.ref)
        if live.marker is None and key is not None and key in self.items:
            return full_key(self.manifest.namespace, key)
        return self._owner(live)

    def _fits(self, item: Item, live: LiveItem) -> bool:
        if live.ref.kind is not item.kind:
            return False
        if item.parent is None:
            return True
        parent = self.found.get(item.parent)
        return parent is not None and live.parent == parent.ref

    def _by_marker(self, item: Item, candidates: list[LiveItem]) -> None:
        fitting = [it for it in candidates if self._fits(item, it)]
        if not fitting:
            what = "another question" if candidates[0].ref.kind is item.kind else "another kind"
            self._misfit(item, candidates[0], f"its marker stands on a post of {what}")
        elif self._is_strangers(fitting[0]) and fitting[0].facts.author != item.author:
            self._block(
                item,
                BlockedCode.AMBIGUOUS,
                f"its marker stands on a post of somebody who never published from here "
                f"({fitting[0].ref})",
                "If it is a copy, delete it on the site; else name its author under `publishers:`.",
                *fitting,
            )
        elif len(fitting) > 1 and not self.publishers:
            self._block(
                item,
                BlockedCode.AMBIGUOUS,
                f"{len(fitting)} live posts carry its marker: "
                + ", ".join(str(it.ref) for it in fitting),
                "Delete the copies on the site, or name the authors whose posts count under "
                "`publishers:`.",
                *fitting,
            )
        else:
            self._accept(item, fitting[0], None, How.MARKER)

    def _by_id(self, item: Item, ref: Ref) -> None:
        live = self.posts.get(ref)
        if live is None:
            code = BlockedCode.GONE if item.kind in self.snapshot.covered else BlockedCode.UNREAD
            remedy = (
                "Mend the id. Where the post is to be made anew, or in another team, take it out: "
                "`export --no-ids` writes none."
            )
            self._block(item, code, f"`id: {ref.id}` names no {item.kind} of the team", remedy)
        elif not self._fits(item, live):
            self._misfit(item, live, "the post under `id:` belongs to another question")
        elif (owner := self._holder(live)) is not None and owner not in self._names_of(item):
            self._misfit(item, live, f"the post under `id:` belongs to {owner}")
        else:
            self._accept(item, live, None, How.ID)

    def _missing(self, item: Item, binding: Binding) -> None:
        if item.kind in self.snapshot.covered:
            self.gone.append(Gone(item, binding))
        else:
            self._block(
                item,
                BlockedCode.UNREAD,
                "its post was not among what could be read of the team",
                "Plan again when the team can be read completely.",
                url=binding.url,
            )

    def _accept(self, item: Item, live: LiveItem, binding: Binding | None, how: How) -> None:
        if live.ref in self.claimed:
            self._misfit(item, live, "another item of the manifest has this post already")
        elif how is How.BINDING and not self._fits(item, live):
            self._misfit(item, live, "the post it is bound to stands under another question")
        elif live.marker is not None and live.marker.version > VERSION:
            self._block(
                item,
                BlockedCode.NEWER_MARKER,
                "its post was written by a newer importer",
                "Use that version of the importer.",
                live,
            )
        else:
            self.claimed.add(live.ref)
            self.found[item.key] = live
            self.matches.append(Match(item, live, binding, how))

    def _how_to_rename(self, owner: str) -> str:
        namespace, key = split_full_key(owner)
        former = key if namespace == self.manifest.namespace else owner
        return (
            f"If it was renamed, keep `was: [{former}]` until its next edit: only that writes the "
            "new key into the marker. Else: "
        )

    def _misfit(self, item: Item, live: LiveItem, why: str, hint: str = "") -> None:
        self._block(
            item,
            BlockedCode.MISFIT,
            f"{why} ({live.ref})",
            f"{hint}Take it over with `was:`, bind the right post with `id:`, or delete the wrong "
            "one on the site.",
            live,
        )

    def _wait(self, item: Item) -> None:
        binding = self._binding(item)
        posts = [self.posts[binding.ref]] if binding and binding.ref in self.posts else []
        self._block(
            item,
            BlockedCode.NEEDS,
            f"its question {item.parent} waits for a person",
            f"See to {item.parent} first.",
            *posts,
            *self._candidates(item),
        )

    def _block(
        self, item: Item, code: BlockedCode, why: str, remedy: str, *posts: LiveItem, url: str = ""
    ) -> None:
        """Let *item* wait; none of the *posts* it may mean is an orphan."""
        url = url or next((post.url for post in posts), "")
        self.blocked.append(
            Blocked(code, item.key, item.kind, why, remedy, url=url, span=item.span)
        )
        self.waiting.add(item.key)
        self.disputed.update(post.ref for post in posts)
        names = self._names_of(item)
        self.meant.update((post.ref, item.key) for post in posts if self._owner(post) in names)
        if binding := self._binding(item):
            self.meant[binding.ref] = item.key

    def _leftovers(self) -> tuple[tuple[Key, LiveItem], ...]:
        named = self.claimed | self.disputed
        free = (live for ref, live in self.posts.items() if ref not in named)
        return tuple((key, live) for live in free if (key := self._former_key(live)) is not None)

    def _former_key(self, live: LiveItem) -> Key | None:
        """Return by which key *live* is ours, if it is.

        The journal's goes first: a marker keeps a former key until the next edit.
        """
        owner = self._owner(live)
        namespace, key = split_full_key(owner) if owner else (self.manifest.namespace, None)
        if namespace != self.manifest.namespace:
            return None
        return self.bound.get(live.ref) or (key if self._is_ours(live) else None)


def _by_marker(posts: Iterable[LiveItem]) -> Mapping[str, list[LiveItem]]:
    marked: dict[str, list[LiveItem]] = defaultdict(list)
    for post in posts:
        if post.marker is not None:
            marked[post.marker.key].append(post)
    return marked
