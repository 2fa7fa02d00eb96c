"""Shapes pages into drafts that a manifest takes: names, lengths, links, and nothing harmful.

Knows no source's form. Every page becomes one draft or several, or none, and one account of that.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace

from importer.model.draft import Draft, DraftAnswer
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.crediting import credited
from importer.sources.harmless import harmless
from importer.sources.identity import Known, part_of
from importer.sources.linking import answer_key, relinked
from importer.sources.losses import Account, Fate, Loss, Losses, LossKind
from importer.sources.naming import tag_of
from importer.sources.page import Alias, Page, Passage
from importer.sources.page_keys import LONGEST, PageKeys, account_of, skipped
from importer.sources.picturing import PageFiles
from importer.sources.reader import Options
from importer.sources.shelf import Shelf
from importer.sources.splitting import split
from importer.sources.storing import Look, Store
from importer.sources.titles import Titles, cut, escaped, seen_title

__all__ = ["shape"]

_SHORTEST = LIMITS[Kind.QUESTION, Field.BODY].low
_MOST_TAGS = LIMITS[Kind.QUESTION, Field.TAGS].high
_KEY_LINK = re.compile(r"\]\(key:[^)]*\)")
# What the lines about an article's parts need.
_ROOM = 3_000
_NOTHING = Known()
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
        names = PageKeys(shelf, known, options.reserved, options.given)
        for each in pages():
            if isinstance(each, Page):
                names.learn(each)
            elif isinstance(each, Alias):
                names.aliases.append(each)
        names.settle()
        looks: MutableMapping[str, Look] = shelf.table()

        def shaper() -> _Shaper:
            store = Store(options.attachments, options.address, looks, shelf.table(), shelf.table())
            return _Shaper(options, names, store, Titles(shelf.table()))

        while names.long:
            trial = shaper()
            for key, page in names.walk(pages()):
                if isinstance(page, Page) and key in names.long:
                    deque(trial.shape(key, page), maxlen=0)
            if trial.skipped <= names.addresses.gone:
                break
            names.addresses.gone |= trial.skipped
        final = shaper()
        for key, found in names.walk(pages()):
            if isinstance(found, Page):
                yield from final.shape(key, found)
            else:
                yield found


@dataclass(slots=True)
class _Shaper:
    options: Options
    names: PageKeys
    store: Store
    titles: Titles
    skipped: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    files: PageFiles | None = None

    def shape(self, key: str, page: Page) -> Iterator[Result]:
        """Yield a page's losses, drafts and account."""
        losses = Losses(page.place.path)
        files = self.files = PageFiles(page, self.store, losses)
        drafts = list(
            self._articles(key, page, losses)
            if page.kind is Kind.ARTICLE
            else self._questions(key, page, losses)
        )
        if not drafts:
            self.skipped.add(key)
            yield from skipped(page, _TOO_LONG)
            return
        files.list_files()
        yield from losses.found
        assets = tuple(files.assets[name] for name in sorted(files.assets))
        yield from (replace(draft, assets=assets) for draft in drafts)
        split_up = next((it for it in losses.found if it.kind is LossKind.SPLIT), None)
        fate = Fate.SPLIT if split_up else Fate.MIGRATED
        keys, why = tuple(it.key for it in drafts), split_up.why if split_up else ""
        yield replace(account_of(page, fate, keys, why), images=files.images)

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
            sources=self.names.sources(key), former=self.names.former(key),
        )  # fmt: skip

    def _articles(self, key: str, page: Page, losses: Losses) -> Iterator[Draft]:
        """Yield the page as an article, or several; nothing when it can't be had."""
        tags = self._tags(page, losses)
        title = self.titles.take(page, tags, losses)
        parts = split(self._article(key, page, title, losses), LONGEST[Kind.ARTICLE] - _ROOM)
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
                Kind.ARTICLE, page.type, sources=_parts_of(sources, number),
                former=self.names.former(key) if number == 1 else "",
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
        if not body or not title.startswith(seen_title(page)) or _shows_image(page):
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
        if seen_title(page) not in title or _shows_image(page):
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
        linked = relinked(
            safe, page.place, addresses, losses, own=key, home=page.home, files=self.files
        )
        return harmless(linked, page.place, losses)


def _shows_image(page: Page) -> bool:
    """Tell whether a title is more than its words: a post's can't be."""
    return not page.title_is_plain and ("![" in page.title or "<img" in page.title.lower())


def _named_file(page: Page) -> str:
    return f"`{page.place.path.replace('`', '')}`"


def _bare_length(markdown: str) -> int:
    """Return the length of a text whose links to other pages have no address yet."""
    return len(_KEY_LINK.sub("]()", markdown).strip())


def _parts(text: str, kind: Kind) -> list[str] | None:
    """Return a text in parts that say which they are; None when it can't be split."""
    parts = split(text, LONGEST[kind])
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
