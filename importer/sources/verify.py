"""Verifies a conversion: looks at each page's source and at what was made of it, and compares.

It watches while pages are shaped, so nothing is held beyond a page but counts and differences.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec

from importer.errors import UsageError
from importer.model.draft import Draft, Place
from importer.sources.discourse_markup import DiscourseHtml, DiscourseMarkdown
from importer.sources.losses import Account, Loss, Losses, LossKind
from importer.sources.notion_markup import NotionHtml
from importer.sources.page import Alias, Markup, Page
from importer.sources.storage import Storage
from importer.sources.verify_comparing import Comparison, Difference, Outcome, compared
from importer.sources.verify_seen import Construct, Seen, Sketch
from importer.sources.wiki_markdown import WikiMarkdown
from importer.sources.wikitext import Wikitext

__all__ = ["Checked", "Fidelity", "Watch", "need_verifier"]

_MOST_HELD = 20_000

Pages = Callable[[], Iterable[Page | Alias | Loss]]
Result = Draft | Loss | Account


def need_verifier() -> None:
    """Raise UsageError when what verifying needs is not installed."""
    if find_spec("lxml") is None:
        message = "--verify needs lxml: the extra `convert`"
        raise UsageError(message, remedy="pip install 'teams-importer[convert]'")


@dataclass(frozen=True, slots=True)
class Checked:
    """A page with what differs on it."""

    place: Place
    title: str
    keys: tuple[str, ...]
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class Fidelity:
    """How much survived: things by construct and outcome, and the pages that differ.

    `identical` of `texts` in HTML give the very same HTML again when rendered. Beyond a number that
    a screen has no room for, differences are counted in `left_out` and not held; what is lost and
    unreported always is.
    """

    counts: Counter[tuple[Construct, Outcome]] = field(default_factory=Counter)
    pages: int = 0
    differing: list[Checked] = field(default_factory=list)
    left_out: int = 0
    texts: int = 0
    identical: int = 0

    @property
    def lost(self) -> int:
        """Return how many things are lost and not reported."""
        return sum(it for (_, outcome), it in self.counts.items() if outcome is Outcome.LOST)


class Watch:
    """Reads the source once more, beside what is shaped of it and accounted for.

    It has the pages as they are, not as rules want them: what rules do to a text is compared, too.
    """

    def __init__(self, pages: Pages) -> None:
        self.fidelity = Fidelity()
        self._sources = _Sources(pages)
        self._losses: list[Loss] = []
        self._held = 0

    def over(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield *results* as they come, each page compared as soon as it is whole."""
        drafts: list[Draft] = []
        for it in results:
            yield it
            match it:
                case Loss() if it.kind is not LossKind.SKIPPED:
                    self._losses.append(it)
                case Draft():
                    drafts.append(it)
                case Account():
                    page = self._sources.next()
                    if page is not None and drafts:
                        self._check(page, it, drafts)
                    self._forget(page)
                    drafts = []
                case _:
                    pass

    def _check(self, page: Page, account: Account, drafts: list[Draft]) -> None:
        losses = [it for it in self._losses if not self._sources.is_later(it)]
        made = seen_of_drafts(drafts, parted=bool(account.section))
        comparison = compared(seen_of_page(page), made, losses)
        self._count(comparison)
        held = tuple(it for it in comparison.differences if self._is_held(it))
        if held:
            place = page.place
            self.fidelity.differing.append(Checked(place, account.title, account.keys, held))
        for passage in page.texts:
            if is_html(passage.markup):
                self.fidelity.texts += 1
                self.fidelity.identical += is_same(passage.markup, passage.text, page.place)

    def _count(self, comparison: Comparison) -> None:
        self.fidelity.pages += 1
        self.fidelity.counts.update(comparison.counts)

    def _is_held(self, difference: Difference) -> bool:
        if self._held >= _MOST_HELD and difference.outcome is not Outcome.LOST:
            self.fidelity.left_out += 1
            return False
        self._held += 1
        return True

    def _forget(self, page: Page | None) -> None:
        """Let go of losses that can concern no page to come."""
        if page is not None:
            self._losses = [it for it in self._losses if self._sources.is_later(it)]


class _Sources:
    """The pages of the source in their order, and a look at the next one."""

    def __init__(self, pages: Pages) -> None:
        self._found = (it for it in pages() if not isinstance(it, Loss) or _is_page(it))
        self._next = next(self._found, None)
        self._line = 0

    def next(self) -> Page | None:
        """Return the page that the next account is of; None for one that was no page."""
        current, self._next = self._next, next(self._found, None)
        self._line = current.place.line if isinstance(current, Page) else 0
        return current if isinstance(current, Page) else None

    def is_later(self, loss: Loss) -> bool:
        """Tell whether a loss is a later page's: readers list a file's losses before its pages."""
        coming = self._next
        place = coming.place if isinstance(coming, Page | Alias) else None
        if place is None or loss.where.path != place.path:
            return False
        # Where several pages are on one line, nothing tells whose a loss is.
        return place.line > 1 and loss.where.line >= place.line and loss.where.line > self._line


def _is_page(loss: Loss) -> bool:
    return loss.kind is LossKind.SKIPPED


def seen_of_page(page: Page) -> Seen:
    """Return what is seen of a page in its source."""
    sketch = Sketch()
    sources = [(page.source, page.body.markup)] if page.source else []
    for text, markup in sources or [(it.text, it.markup) for it in page.texts]:
        eye_of(markup)(text, sketch)
    return sketch.seen


def seen_of_drafts(drafts: Iterable[Draft], *, parted: bool = False) -> Seen:
    """Return what is seen of what was made of a page; of one *parted* the headings are titles."""
    from importer.sources.verify_markdown import see_markdown

    sketch = Sketch()
    for draft in drafts:
        if parted:
            with sketch.within(Construct.HEADING):
                sketch.say(draft.title)
        for text in (draft.body, *(it.body for it in draft.answers)):
            see_markdown(text, sketch)
    return sketch.seen


def is_html(markup: Markup) -> bool:
    """Tell whether texts of a markup are HTML, whoever wrote it."""
    return "HTML" in markup.name


def eye_of(markup: Markup) -> Callable[[str, Sketch], None]:
    """Return what looks at texts of a markup."""
    # Not imported with this module: the list of readers has to work without the extra.
    from importer.sources.verify_html import see_html
    from importer.sources.verify_markdown import see_source_markdown, see_wiki_markdown
    from importer.sources.verify_storage import see_storage

    match markup:
        case NotionHtml():
            from importer.sources.verify_notion import see_notion

            return see_notion
        case DiscourseHtml() | DiscourseMarkdown():
            from importer.sources import verify_discourse as posts

            is_raw = isinstance(markup, DiscourseMarkdown)
            return posts.see_discourse_markdown if is_raw else posts.see_discourse_html
        case Storage():
            return see_storage
        case Wikitext():
            from importer.sources.verify_wikitext import see_wikitext

            return partial(see_wikitext, markup.site, markup.title)
        case WikiMarkdown():
            return see_wiki_markdown
        case _:
            return see_html if is_html(markup) else see_source_markdown


def is_same(markup: Markup, text: str, place: Place) -> bool:
    """Tell whether HTML comes back from Markdown as it was, but for what can't be seen."""
    from importer.sources.verify_markdown import rendered
    from importer.sources.verify_same import normal_html

    again = rendered(markup.to_markdown(text, place, Losses(place.path)))
    return normal_html(again) == normal_html(text)
