"""Shapes pages into drafts that a manifest takes: names, lengths, links, and nothing harmful.

Knows no source's form. Every page given becomes one draft, or one loss that says why not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from importer.model.draft import Draft, DraftAnswer
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.harmless import harmless
from importer.sources.linking import Addresses, relinked
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.naming import key_of, tag_of, unique
from importer.sources.page import Page
from importer.sources.reader import Options
from importer.sources.splitting import split
from importer.sources.titles import Titles, plain_title

__all__ = ["shape"]

_SHORTEST = LIMITS[Kind.QUESTION, Field.BODY].low
_MOST_TAGS = LIMITS[Kind.QUESTION, Field.TAGS].high
_KEY_LINK = re.compile(r"\]\(key:[^)]*\)")


def shape(pages: Iterable[Page | Loss], options: Options) -> Iterator[Draft | Loss]:
    """Yield drafts in the pages' order, and losses; those of the reader come first.

    Links between pages are known only when all pages are, so all are read before the first draft.
    """
    found = list(pages)
    yield from (each for each in found if isinstance(each, Loss))
    named, merged = _named([each for each in found if isinstance(each, Page)])
    yield from merged
    skipped: set[str] = set()
    while True:
        whole = {key: pages for key, pages in named.items() if key not in skipped}
        shaper = _Shaper(options, Addresses.of(whole))
        results = [each for key, pages in named.items() for each in shaper.shape(key, pages)]
        # A page that can't be had is no place to link to: links to it are to be said again.
        if shaper.skipped <= skipped:
            break
        skipped |= shaper.skipped
    yield from results


def _named(pages: Sequence[Page]) -> tuple[dict[str, list[Page]], list[Loss]]:
    """Give each page its key; pages that say the same share one."""
    named: dict[str, list[Page]] = {}
    merged: list[Loss] = []
    same: dict[tuple[str, str, tuple[str, ...]], str] = {}
    for page in pages:
        content = (page.title, page.body, page.answers)
        if content in same:
            first, *_ = named[same[content]]
            why = f"word for word the same as {first.place}"
            merged.append(Loss(LossKind.MERGED, page.place, page.title, why))
            named[same[content]].append(page)
            continue
        name = page.name or plain_title(page.title).replace("/", " ")
        same[content] = key = unique(key_of(name), named)
        named[key] = [page]
    return named, merged


@dataclass(slots=True)
class _Shaper:
    options: Options
    addresses: Addresses
    skipped: set[str] = field(default_factory=set)
    titles: Titles = field(default_factory=Titles)
    renamed: set[str] = field(default_factory=set)

    def shape(self, key: str, pages: Sequence[Page]) -> Iterator[Draft | Loss]:
        """Yield the losses of one page, then its draft; or the loss of the whole page."""
        page = pages[0]
        losses = Losses(page.place.path)
        tags = self._tags(page, losses)
        title = self.titles.take(page.title, tags, page.place, losses)
        answers = [self._answer(text, page, losses) for text in page.answers]
        posts = _posts((self._question(page, title, losses), *answers))
        if posts is None:
            self.skipped.add(key)
            why = "a part of it is too long for a post and has no place to be split at"
            yield Loss(LossKind.SKIPPED, page.place, page.title, why)
            return
        body, *texts = posts
        if len(texts) > len(answers):
            why = f"too long for one post; it has {len(texts)} answers now"
            losses.add(LossKind.SPLIT, page.place.line, page.title, why)
        yield from losses.found
        keys = ("answer", *(f"answer-{number}" for number in range(2, len(texts) + 1)))
        made = tuple(DraftAnswer(key, text) for key, text in zip(keys, texts, strict=False))
        yield Draft(key, title, tags, body, made, page.place, _origin(pages))

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
            why = f"a question has at most {_MOST_TAGS} tags; dropped"
            losses.add(LossKind.TAG, page.place.line, tag, why)
        if not tags:
            tags = list(dict.fromkeys(tag_of(name) for name in self.options.tags))
            what = ", ".join(tags)
            losses.add(LossKind.TAG, page.place.line, what, "the source names no tag; this is ours")
        return tuple(tags[:_MOST_TAGS])

    def _question(self, page: Page, title: str, losses: Losses) -> str:
        """Return the question's text; where the source has none, its own wording and its place."""
        body = self._markdown(page.body, page, losses)
        parts = [body] if body else []
        if not body or not title.startswith(plain_title(page.title)):
            parts.insert(0, self._markdown(page.title, page, losses))
        if _bare_length(body) < _SHORTEST:
            parts.append(f"This question was moved from {_named_file(page)}.")
            why = "the source says no more than the title; its wording and its place are the text"
            losses.add(LossKind.QUESTION, page.place.line, page.title, why)
        return "\n\n".join(part for part in parts if part)

    def _answer(self, markdown: str, page: Page, losses: Losses) -> str:
        answer = self._markdown(markdown, page, losses)
        if _bare_length(answer) >= _SHORTEST:
            return answer
        why = "too short for a post; where it comes from is said below it"
        losses.add(LossKind.ANSWER, page.place.line, answer, why)
        return f"{answer}\n\nThat is the whole answer in {_named_file(page)}.".strip()

    def _markdown(self, markdown: str, page: Page, losses: Losses) -> str:
        safe = harmless(markdown, page.place, losses)
        linked = relinked(safe, page.place, self.addresses, losses)
        return harmless(linked, page.place, losses)


def _named_file(page: Page) -> str:
    return f"`{page.place.path.replace('`', '')}`"


def _bare_length(markdown: str) -> int:
    """Return the length of a text whose links to other pages have no address yet."""
    return len(_KEY_LINK.sub("]()", markdown).strip())


def _posts(texts: Iterable[str]) -> list[str] | None:
    """Return the texts of all posts, the question's first; None when one can't be split.

    What doesn't fit into the question's text goes on in the first answers.
    """
    posts: list[str] = []
    for text in texts:
        parts = split(text)
        if parts is None:
            return None
        total = len(parts)
        posts += [
            part if total == 1 else f"*Part {number} of {total}.*\n\n{part}"
            for number, part in enumerate(parts, 1)
        ]
    return posts


def _origin(pages: Iterable[Page]) -> tuple[str, ...]:
    addresses: list[str] = []
    for page in pages:
        own = page.place.path
        anchored = own if page.alone or not page.anchors else f"{own}#{page.anchors[0]}"
        addresses += [anchored, *page.addresses]
    return tuple(dict.fromkeys(addresses))
