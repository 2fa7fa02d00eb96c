"""Shapes pages into drafts that a manifest takes: names, lengths, links, and nothing harmful.

Knows no source's form. Every page becomes one draft or several, or none, and one account of that.
"""

import re
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from importer.errors import UsageError
from importer.model.draft import Draft, DraftAnswer, Place
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.crediting import credited
from importer.sources.harmless import harmless
from importer.sources.identity import Known, identity_of, part_of
from importer.sources.linking import Addresses, answer_key, relinked
from importer.sources.losses import Account, Fate, Loss, Losses, LossKind
from importer.sources.naming import key_of, tag_of, unique
from importer.sources.page import Alias, Page, Passage
from importer.sources.reader import Options
from importer.sources.shelf import Shelf, Spool
from importer.sources.splitting import split
from importer.sources.titles import Titles, cut, escaped, seen_title
from importer.text.digests import digest_text

__all__ = ["shape"]

_SHORTEST = LIMITS[Kind.QUESTION, Field.BODY].low
_MOST_TAGS = LIMITS[Kind.QUESTION, Field.TAGS].high
_LONGEST = {kind: LIMITS[kind, Field.BODY].high for kind in (Kind.QUESTION, Kind.ARTICLE)}
_KEY_LINK = re.compile(r"\]\(key:[^)]*\)")
# A text grows as it is made Markdown and its links get addresses, but hardly by this factor.
_GROWTH = 4
# What the lines about an article's parts need.
_ROOM = 3_000
_NOTHING = Known()
_TAKEN_OUT = "it was taken out of the manifest by hand"
_TOO_LONG = "a part of it is too long for a post and has no place to be split at"

Pages = Callable[[], Iterable[Page | Alias | Loss]]
"""Reads the source from its beginning, each time it is called."""

Result = Draft | Loss | Account


def shape(pages: Pages, options: Options, known: Known = _NOTHING) -> Iterator[Result]:
    """Yield drafts, losses, and one account per page, in the source's order.

    Links between pages are known only when all names are, so the source is read for its names
    first; no text is held beyond its page, and names lie on a shelf, so that memory doesn't grow
    with the source. Pages that may be too long to be had at all are tried before any draft is made:
    links to them are to be said again. Pages that are *known* keep their keys.
    """
    with Shelf() as shelf:
        names = _Names(shelf, known)
        for each in pages():
            if isinstance(each, Page):
                names.learn(each)
            elif isinstance(each, Alias):
                names.aliases.append(each)
        names.settle()
        while names.long:
            trial = _Shaper(options, names, Titles(shelf.table()))
            for key, page in names.walk(pages()):
                if isinstance(page, Page) and key in names.long:
                    deque(trial.shape(key, page), maxlen=0)
            if trial.skipped <= names.addresses.gone:
                break
            names.addresses.gone |= trial.skipped
        shaper = _Shaper(options, names, Titles(shelf.table()))
        for key, found in names.walk(pages()):
            if isinstance(found, Page):
                yield from shaper.shape(key, found)
            else:
                yield found


class _First(NamedTuple):
    """The first page that says something: its number, from 0, its key and its place."""

    number: int
    key: str
    place: Place


@dataclass(frozen=True, slots=True)
class _Used(Container[str]):
    """The keys that pages have, or had."""

    now: Container[str]
    known: Known

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self.now or self.known.is_taken(key))


class _Names:
    """The keys of all pages by their order, and what links call them; texts as digests only."""

    def __init__(self, shelf: Shelf, known: Known) -> None:
        self.addresses = Addresses(shelf.table)
        self.long: set[str] = set()
        self.aliases: Spool[Alias] = shelf.spool()
        self._shelf = shelf
        self._known = known
        self._taken: MutableMapping[str, str] = shelf.table()
        self._used = _Used(self._taken, known)
        self._keys: Spool[str] = shelf.spool()
        self._first: MutableMapping[str, _First] = shelf.table()
        self._origins: MutableMapping[str, tuple[str, ...]] = shelf.table()
        self._sources: MutableMapping[str, tuple[str, ...]] = shelf.table()
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
            self._origins[key] = (*self._origins.get(key, ()), *_origin(page))
        else:
            name = page.name or seen_title(page).replace("/", " ")
            key = self.key(identity, key_of(name))
            self._first[same] = _First(len(self._keys), key, page.place)
            if any(len(it.text) * _GROWTH > _LONGEST[page.kind] for it in page.texts):
                self.long.add(key)
        self._sources[key] = (*self._sources.get(key, ()), identity)
        self.addresses.add(key, page)
        self._keys.append(key)

    def key(self, identity: str, wanted: str) -> str:
        """Return the key that *identity* has always had; for a new one, one that is free."""
        known = self._known.key_of(identity)
        key = known if known and known not in self._taken else ""
        if not key:
            key = unique(wanted, self._used)
        self._taken[key] = identity
        return key

    def part_key(self, key: str, number: int) -> str:
        """Return the key of a page's part; the first is the page's own."""
        if number == 1:
            return key
        known = self._known.key_of(part_of(self.sources(key)[0], number))
        return known or unique(f"{key}/part-{number}", self._used)

    def sources(self, key: str) -> tuple[str, ...]:
        """Return the identities of a page and of those that say the same."""
        return self._sources[key]

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
        """Give the aliases' names to their pages, also through other aliases."""
        waiting = self.aliases
        while waiting:
            left: Spool[Alias] = self._shelf.spool()
            for alias in waiting:
                if not self._settled(alias):
                    left.append(alias)
            if len(left) == len(waiting):
                break
            waiting = left

    def _settled(self, alias: Alias) -> bool:
        key = self.addresses.add_alias(alias)
        if key:
            self._origins[key] = (*self._origins.get(key, ()), *alias.addresses)
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
                yield "", Account(each.where, each.what, Fate.SKIPPED, each.why)

    def _led(self, alias: Alias) -> Iterator[Loss | Account]:
        """Yield what became of an alias: part of the page it leads to, or nothing."""
        key, _ = self.addresses.find(alias.place.path, alias.target)
        shown = unquote(alias.target.removeprefix("wiki:"))
        fate = Fate.MERGED if key else Fate.SKIPPED
        why = f"it leads to `{shown}`" if key else f"it leads to `{shown}`, which is not moved"
        yield Loss(LossKind(fate.value), alias.place, alias.title, why)
        keys = (key.partition("#")[0],) if key else ()
        yield Account(alias.place, alias.title, fate, why, keys)

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
            yield from (("", it) for it in _skipped(page, self._stays(page, identity)))
        elif same.number == number:
            yield key, page
        else:
            why = f"word for word the same as {same.place}"
            yield "", Loss(LossKind.MERGED, page.place, page.title, why)
            yield "", _account(page, Fate.MERGED, (key,), why)

    def origin(self, key: str, page: Page) -> tuple[str, ...]:
        """Return the old addresses of a page and of those that say the same."""
        return tuple(dict.fromkeys((*_origin(page), *self._origins.get(key, ()))))


def _not_moved(page: Page) -> str:
    """Return why a page is no draft whatever it says; empty for one that is."""
    if page.withheld:
        return page.withheld
    empty = page.kind is Kind.ARTICLE and not page.body.text.strip()
    return "there is no text on it" if empty else ""


def _digest(page: Page) -> str:
    parts = [page.kind, page.title, *(it.text for it in page.texts)]
    return digest_text("\0".join(parts))


def _skipped(page: Page, why: str) -> Iterator[Loss | Account]:
    yield Loss(LossKind.SKIPPED, page.place, page.title, why)
    yield _account(page, Fate.SKIPPED, (), why)


def _account(page: Page, fate: Fate, keys: tuple[str, ...], why: str = "") -> Account:
    return Account(
        page.place,
        seen_title(page),
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
    )


@dataclass(slots=True)
class _Shaper:
    options: Options
    names: _Names
    titles: Titles
    skipped: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)

    def shape(self, key: str, page: Page) -> Iterator[Result]:
        """Yield a page's losses, drafts and account."""
        losses = Losses(page.place.path)
        drafts = list(
            self._articles(key, page, losses)
            if page.kind is Kind.ARTICLE
            else self._questions(key, page, losses)
        )
        if not drafts:
            self.skipped.add(key)
            yield from _skipped(page, _TOO_LONG)
            return
        for file in page.files:
            why = f"a file of {file.size:,} bytes, SHA-256 {file.digest}; it stays where it is"
            losses.add(LossKind.FILE, page.place.line, file.path, why)
        yield from losses.found
        yield from drafts
        split_up = next((it for it in losses.found if it.kind is LossKind.SPLIT), None)
        fate = Fate.SPLIT if split_up else Fate.MIGRATED
        yield _account(page, fate, tuple(it.key for it in drafts), split_up.why if split_up else "")

    def _questions(self, key: str, page: Page, losses: Losses) -> Iterator[Draft]:
        """Yield the page as one question; nothing when a text of it can't be had."""
        tags = self._tags(page, losses)
        title = self.titles.take(page, tags, losses)
        body = _parts(self._question(key, page, title, losses), Kind.QUESTION)
        texts = [_parts(self._answer(key, it, page, losses), Kind.QUESTION) for it in page.answers]
        if body is None or any(parts is None for parts in texts):
            return
        # What doesn't fit into the question's text goes on in the first answers.
        named = any(answer.name for answer in page.answers)
        own = "question-part-{}" if named else ""
        made = [DraftAnswer(own.format(at), text) for at, text in enumerate(body[1:], 2)]
        for number, (answer, parts) in enumerate(zip(page.answers, texts, strict=True), 1):
            for part, text in enumerate(parts or (), 1):
                name = answer_key(answer, number) if answer.name else ""
                own = name if part == 1 or not name else f"{name}-part-{part}"
                made.append(DraftAnswer(own, text, accepted=answer.accepted and part == 1))
        if len(made) > len(page.answers):
            why = f"too long for one post; it has {len(made)} answers now"
            losses.add(LossKind.SPLIT, page.place.line, page.title, why)
        answers = tuple(_numbered(made))
        origin = self.names.origin(key, page)
        yield Draft(
            key, title, tags, body[0], answers, page.place, origin,
            sources=self.names.sources(key),
        )  # fmt: skip

    def _articles(self, key: str, page: Page, losses: Losses) -> Iterator[Draft]:
        """Yield the page as an article, or several; nothing when it can't be had."""
        tags = self._tags(page, losses)
        title = self.titles.take(page, tags, losses)
        parts = split(self._article(key, page, title, losses), _LONGEST[Kind.ARTICLE] - _ROOM)
        if parts is None:
            return
        rest = range(2, len(parts) + 1)
        keys = [key, *(self.names.part_key(key, number) for number in rest)]
        if len(parts) > 1:
            why = f"too long for one article; it is {len(parts)} now"
            losses.add(LossKind.SPLIT, page.place.line, page.title, why)
        origin, sources = self.names.origin(key, page), self.names.sources(key)
        for number, (own, text) in enumerate(zip(keys, parts, strict=True), 1):
            body = text if len(parts) == 1 else f"{_guide(number, keys)}\n\n{text}"
            whole = title if number == 1 else f"{cut(title, 22)} (part {number} of {len(parts)})"
            yield Draft(
                own, whole, tags, body, (), page.place, origin if number == 1 else (),
                Kind.ARTICLE, page.type, _parts_of(sources, number),
            )  # fmt: skip

    def _tags(self, page: Page, losses: Losses) -> tuple[str, ...]:
        tags: list[str] = []
        for name in page.tags:
            tag = tag_of(name)
            if tag != name and name not in self.renamed:
                self.renamed.add(name)
                why = f"as a tag it is `{tag}`" if tag else "no letter of it can stand in a tag"
                losses.add(LossKind.TAG, page.place.line, name, why)
            if tag and tag not in tags:
                tags.append(tag)
        for tag in tags[_MOST_TAGS:]:
            why = f"a post has at most {_MOST_TAGS} tags; dropped"
            losses.add(LossKind.TAG, page.place.line, tag, why)
        if not tags:
            tags = list(dict.fromkeys(tag_of(name) for name in self.options.tags))
            what = ", ".join(tags)
            losses.add(LossKind.TAG, page.place.line, what, "the source names no tag; this is ours")
        return tuple(tags[:_MOST_TAGS])

    def _question(self, key: str, page: Page, title: str, losses: Losses) -> str:
        """Return the question's text; where the source has none, its own wording and its place."""
        body = self._markdown(key, page.body, page, losses)
        parts = [body] if body else []
        if not body or not title.startswith(seen_title(page)):
            parts.insert(0, self._wording(key, page, losses))
        if _bare_length(body) < _SHORTEST:
            parts.append(f"This question was moved from {_named_file(page)}.")
            why = "the source says no more than the title; its wording and its place are the text"
            losses.add(LossKind.QUESTION, page.place.line, page.title, why)
        return credited("\n\n".join(part for part in parts if part), page.body.credit)

    def _answer(self, key: str, passage: Passage, page: Page, losses: Losses) -> str:
        answer = self._markdown(key, passage, page, losses)
        if _bare_length(answer) < _SHORTEST:
            why = "too short for a post; where it comes from is said below it"
            losses.add(LossKind.ANSWER, page.place.line, answer, why)
            answer = f"{answer}\n\nThat is the whole answer in {_named_file(page)}.".lstrip("\n")
        return credited(answer, passage.credit)

    def _article(self, key: str, page: Page, title: str, losses: Losses) -> str:
        """Return the article's text; a title that was cut is said in full above it."""
        body = self._markdown(key, page.body, page, losses)
        if not body:
            losses.add(LossKind.TEXT, page.place.line, page.title, "nothing of its text is left")
            body = "*Nothing of this page's text could be moved.*"
        if seen_title(page) not in title:
            body = f"**{self._wording(key, page, losses)}**\n\n{body}"
        return credited(body, page.body.credit)

    def _wording(self, key: str, page: Page, losses: Losses) -> str:
        markdown = escaped(page.title) if page.title_is_plain else page.title
        return self._linked(key, markdown, page, losses)

    def _markdown(self, key: str, passage: Passage, page: Page, losses: Losses) -> str:
        markdown = passage.markup.to_markdown(passage.text, page.place, losses)
        return self._linked(key, markdown, page, losses)

    def _linked(self, key: str, markdown: str, page: Page, losses: Losses) -> str:
        safe = harmless(markdown, page.place, losses)
        addresses = self.names.addresses
        linked = relinked(safe, page.place, addresses, losses, own=key, home=page.home)
        return harmless(linked, page.place, losses)


def _named_file(page: Page) -> str:
    return f"`{page.place.path.replace('`', '')}`"


def _bare_length(markdown: str) -> int:
    """Return the length of a text whose links to other pages have no address yet."""
    return len(_KEY_LINK.sub("]()", markdown).strip())


def _parts(text: str, kind: Kind) -> list[str] | None:
    """Return a text in parts that say which they are; None when it can't be split."""
    parts = split(text, _LONGEST[kind])
    if parts is None or len(parts) == 1:
        return list(parts) if parts else None
    total = len(parts)
    return [f"*Part {number} of {total}.*\n\n{part}" for number, part in enumerate(parts, 1)]


def _numbered(answers: Sequence[DraftAnswer]) -> Iterator[DraftAnswer]:
    """Yield the answers; those without a key get their number."""
    for number, it in enumerate(answers, 1):
        key = it.key or ("answer" if number == 1 else f"answer-{number}")
        yield DraftAnswer(key, it.body, it.accepted)


def _guide(number: int, keys: Sequence[str]) -> str:
    """Return the line of an article's part that leads to the others."""
    if number > 1:
        return f"*Part {number} of {len(keys)}; it begins with [part 1](key:{keys[0]}).*"
    rest = ", ".join(f"[part {at}](key:{key})" for at, key in enumerate(keys[1:], 2))
    return f"*Part 1 of {len(keys)}; it goes on in {rest}.*"


def _parts_of(sources: Sequence[str], number: int) -> tuple[str, ...]:
    return tuple(sources) if number == 1 else (part_of(sources[0], number),)


def _origin(page: Page) -> tuple[str, ...]:
    own = page.place.path
    anchored = own if page.alone or not page.anchors else f"{own}#{page.anchors[0]}"
    within = page.alone or page.anchors or not page.addresses
    return (anchored, *page.addresses) if within else page.addresses
