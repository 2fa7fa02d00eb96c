"""Which page gets which key, what links call it, and which pages are no drafts.

A first reading of the source learns all names, a second walks along with what was decided.
"""

import html
import posixpath
from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.characters import one_line
from importer.sources.identity import Known, identity_of, part_of
from importer.sources.linking import Addresses, normal
from importer.sources.losses import Account, Fate, Loss, LossKind
from importer.sources.naming import key_of, unique
from importer.sources.page import Alias, Page
from importer.sources.report_names import reported_name
from importer.sources.shelf import Lists, Shelf, Spool
from importer.sources.titles import seen_title
from importer.text.digests import digest_text

__all__ = ["LONGEST", "PageKeys", "account_of", "skipped"]

LONGEST = {kind: LIMITS[kind, Field.BODY].high for kind in (Kind.QUESTION, Kind.ARTICLE)}
"""How many characters a post of each kind can have."""

# A text grows as it is made Markdown and its links get addresses, but hardly by this factor.
_GROWTH = 4
# Forty of the longest articles. A converter would need minutes and gigabytes for more.
_ENDLESS = 4_000_000
_ROUNDS = 5
_TAKEN_OUT = "it was taken out of the manifest by hand"


class _First(NamedTuple):
    """The first page that says something: its number, from 0, its key and its place."""

    number: int
    key: str
    place: Place


@dataclass(frozen=True, slots=True)
class _Used(Container[str]):
    """The keys that pages have, or had."""

    now: Container[str]
    reserved: frozenset[str]
    known: Known

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (
            key in self.now or key in self.reserved or self.known.is_taken(key)
        )


class PageKeys:
    """The keys of all pages by their order, and what links call them; texts as digests only."""

    def __init__(
        self, shelf: Shelf, known: Known, reserved: frozenset[str], given: frozenset[str]
    ) -> None:
        self.addresses = Addresses(shelf.table)
        self.long: set[str] = set()
        self.aliases: Spool[Alias] = shelf.spool()
        self._shelf = shelf
        self._known = known
        self._taken: MutableMapping[str, str] = shelf.table()
        self._used = _Used(self._taken, reserved, known)
        self._chosen = set(reserved)
        self._given = given
        self._robbed: list[tuple[str, Place]] = []
        self._keys: Spool[str] = shelf.spool()
        self._first: MutableMapping[str, _First] = shelf.table()
        self._numbers: MutableMapping[str, int] = shelf.table()
        self._origins: Lists[str] = shelf.lists()
        self._sources: Lists[str] = shelf.lists()
        self._identities: MutableMapping[str, int] = shelf.table()

    def learn(self, page: Page) -> None:
        """Give a page its key; pages that say the same share one."""
        identity = self._identity(page)
        if self._stays(page, identity):
            self._keys.append("")
            return
        same = _digest(page)
        first = self._first.get(same)
        if first is not None:
            key = first.key
            self._origins.add(key, *_origin(page))
        else:
            name = page.name or seen_title(page).replace("/", " ")
            key = self._key(identity, page, key_of(name))
            self._first[same] = _First(len(self._keys), key, page.place)
            if any(len(it.text) * _GROWTH > LONGEST[page.kind] for it in page.texts):
                self.long.add(key)
        self._sources.add(key, identity)
        self.addresses.add(key, page)
        self._keys.append(key)

    def _key(self, identity: str, page: Page, named: str) -> str:
        """Return the key a person chose, or that *identity* has always had; else one that is free.

        What rules or the map say goes before *named*, what the page's name makes.
        """
        wanted, known = page.key, self._known.key_of(identity)
        if wanted in self._chosen and not (known and self._is_old(wanted, known, page)):
            self._chosen.discard(wanted)
            key = wanted
        elif known and known not in self._taken and known not in self._given:
            key = known
        else:
            key = self._unique(wanted or named)
        if known != key and known in self._given:
            self._robbed.append((known, page.place))
        self._taken[key] = identity
        return key

    def _is_old(self, wanted: str, known: str, page: Page) -> bool:
        """Tell whether a map says no more of a page's key than it said before it became *known*.

        Nobody filled in the cell, or somebody has given the item another key by hand since.
        """
        return "key" not in page.chosen or self._known.written(known) == wanted

    def former(self, key: str) -> str:
        """Return the key that a page had before a person chose *key* for it; empty for most."""
        known = self._known.key_of(self.sources(key)[0])
        return known if known != key and known not in self._taken else ""

    def _unique(self, name: str) -> str:
        """Return what `unique` does, and try no number twice."""
        number = self._numbers.get(name, 1)
        candidate = name if number == 1 else f"{name}-{number}"
        while candidate in self._used:
            number += 1
            candidate = f"{name}-{number}"
        self._numbers[name] = number
        return candidate

    def part_key(self, key: str, number: int) -> str:
        """Return the key of a page's part; the first is the page's own."""
        if number == 1:
            return key
        known = self._known.key_of(part_of(self._sources.first(key), number))
        return known or unique(f"{key}/part-{number}", self._used)

    def sources(self, key: str) -> tuple[str, ...]:
        """Return the identities of a page and of those that say the same."""
        return tuple(self._sources.all(key))

    def _stays(self, page: Page, identity: str) -> str:
        """Return why a page is no draft; empty for one that is."""
        return _TAKEN_OUT if self._known.is_dropped(identity) else _not_moved(page)

    def _identity(self, page: Page) -> str:
        """Return a page's identity; of several that have the same, the later ones are counted."""
        identity = identity_of(page)
        number = self._identities.get(identity, 0) + 1
        self._identities[identity] = number
        return identity if number == 1 else f"{identity} ({number})"

    def settle(self) -> None:
        """Give the aliases' names to their pages, also through other aliases.

        UsageError where the map gives a page the key by which another's post is known.
        """
        for key, place in self._robbed:
            if key in self._taken and self._known.key_of(self._taken[key]) != key:
                message = (
                    f"the map gives the key {key!r} to another page than {place}, which has it"
                )
                remedy = (
                    "Posts are known by their keys: choose one that no page of the wiki has had."
                )
                raise UsageError(message, remedy=remedy)
        named: MutableMapping[str, int] = self._shelf.table()
        for number, alias in enumerate(self.aliases):
            for name in (*alias.names, *alias.addresses):
                named.setdefault(normal(name), number)
        seen, settled = bytearray(len(self.aliases)), bytearray(len(self.aliases))
        for number in range(len(self.aliases)):
            # To a chain's end, and back: so each alias is looked at once, however long it is.
            way: list[int] = []
            at: int | None = number
            while at is not None and not seen[at]:
                seen[at] = 1
                way.append(at)
                at = self._next(self.aliases[at], named)
            for each in reversed(way):
                settled[each] = self._settled(self.aliases[each])
        # What leads on by less than a name, as by an address's beginning.
        for _ in range(_ROUNDS):
            before = settled.count(1)
            for number in range(len(self.aliases)):
                settled[number] = settled[number] or self._settled(self.aliases[number])
            if settled.count(1) == before:
                break

    def _next(self, alias: Alias, named: Mapping[str, int]) -> int | None:
        """Return the number of the alias that an alias leads to; None where it leads to a page."""
        if self.addresses.find(alias.place.path, alias.target)[0]:
            return None
        target = html.unescape(alias.target)
        path = normal(target.partition("#")[0])
        names = (normal(target), path, path.partition("?")[0])
        return next((named[name] for name in names if name and name in named), None)

    def _settled(self, alias: Alias) -> bool:
        key = self.addresses.add_alias(alias)
        if key:
            self._origins.add(key, *alias.addresses)
        return bool(key)

    def walk(
        self, found: Iterable[Page | Alias | Loss]
    ) -> Iterator[tuple[str, Page | Loss | Account]]:
        """Yield each page that is to be shaped with its key, and of the others what became."""
        keys = iter(enumerate(self._keys))
        self._identities = self._shelf.table()
        for each in found:
            if isinstance(each, Page):
                yield from self._walked(each, keys)
                continue
            if isinstance(each, Alias):
                yield from (("", it) for it in self._led(each))
                continue
            yield "", each
            if each.kind is LossKind.SKIPPED:
                page = reported_name(each)
                yield "", Account(each.where, each.what, Fate.SKIPPED, each.why, page=page)

    def _led(self, alias: Alias) -> Iterator[Loss | Account]:
        """Yield what became of an alias: part of the page it leads to, or nothing."""
        key, _ = self.addresses.find(alias.place.path, alias.target)
        shown = unquote(alias.target.removeprefix("wiki:"))
        fate = Fate.MERGED if key else Fate.SKIPPED
        why = f"it leads to `{shown}`" if key else f"it leads to `{shown}`, which is not moved"
        yield Loss(LossKind(fate.value), alias.place, alias.title, why)
        keys = (key.partition("#")[0],) if key else ()
        yield Account(alias.place, alias.title, fate, why, keys, page=reported_name(alias))

    def _walked(
        self, page: Page, keys: Iterator[tuple[int, str]]
    ) -> Iterator[tuple[str, Page | Loss | Account]]:
        identity = self._identity(page)
        number, key = next(keys, (-1, ""))
        same = self._first.get(_digest(page))
        if number < 0 or (key and same is None):
            message = f"{page.place.path} changed while it was read"
            raise UsageError(message, remedy="Convert again when nobody writes there.")
        if not key or same is None:
            yield from (("", it) for it in skipped(page, self._stays(page, identity)))
        elif same.number == number:
            yield key, page
        else:
            why = f"word for word the same as {same.place}"
            yield "", Loss(LossKind.MERGED, page.place, page.title, why)
            yield "", account_of(page, Fate.MERGED, (key,), why)

    def origin(self, key: str, page: Page) -> tuple[str, ...]:
        """Return the old addresses of a page and of those that say the same."""
        found = (*_origin(page), *self._origins.all(key))
        return tuple(dict.fromkeys(map(one_line, found)))


def _not_moved(page: Page) -> str:
    """Return why a page is no draft whatever it says; empty for one that is."""
    if page.withheld:
        return page.withheld
    longest = max(len(it.text) for it in page.texts)
    if longest > _ENDLESS:
        return f"a text of {longest:,} characters, which is nothing that people read"
    empty = page.kind is Kind.ARTICLE and not page.body.text.strip()
    return "there is no text on it" if empty else ""


def _digest(page: Page) -> str:
    # Two pages may say the same and show different files by it.
    files = (f"{it.title or posixpath.basename(it.path)} {it.size}" for it in page.files)
    parts = [page.kind, page.title, *(it.text for it in page.texts), *files]
    return digest_text("\0".join(parts))


def skipped(page: Page, why: str) -> Iterator[Loss | Account]:
    """Yield what says that a page is no draft, and why."""
    yield Loss(LossKind.SKIPPED, page.place, page.title, why)
    yield account_of(page, Fate.SKIPPED, (), why)


def account_of(page: Page, fate: Fate, keys: tuple[str, ...], why: str = "") -> Account:
    """Return the account of a page."""
    part = page.section
    return Account(
        page.place,
        part.title if part else seen_title(page),
        fate,
        why,
        keys,
        page.kind if keys else None,
        page.tags,
        page.body.credit.author,
        page.body.credit.when,
        page.revision,
        page.parent,
        sum(len(it.text) for it in page.texts),
        page=reported_name(page),
        section=part.number if part else 0,
        is_last=not part or part.is_last,
        chosen=page.chosen,
    )


def _origin(page: Page) -> tuple[str, ...]:
    own = page.place.path
    anchored = own if page.alone or not page.anchors else f"{own}#{page.anchors[0]}"
    within = page.alone or page.anchors or not page.addresses
    return (anchored, *page.addresses) if within else page.addresses
