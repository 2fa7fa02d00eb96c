"""Between reader and `shape`: pages as rules and map files want them. Knows no source's form.

Each reading of the source gives the same again. A page keeps its place and its name; what it is to
be is decided by the first of: a filled-in cell of a map, a rule, the source.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.globs import fits
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.mapping import PageMap, Reading
from importer.sources.naming import key_of, tag_of
from importer.sources.page import Alias, Page, Passage
from importer.sources.remaking import FIRST_PARAGRAPH, as_article, as_question, sections
from importer.sources.report_names import Numbering, reported_name
from importer.sources.rule_file import PageRule, Rules, When
from importer.sources.tag_map import TagReading, count_tags
from importer.sources.templating import Footed, filled, footed, is_whole, values_of
from importer.sources.titles import asks, seen_title

__all__ = ["Stage"]

_SHORTEST = LIMITS[Kind.QUESTION, Field.TITLE].low
_NO_RULE = PageRule()
_NO_RULES = Rules(version="1")

Found = Page | Alias | Loss


@dataclass(slots=True)
class Stage:
    """Call it as the reader is called; it reads *pages* and yields them as they are to be."""

    pages: Callable[[], Iterable[Found]]
    rules: Rules = field(default_factory=lambda: Rules(version="1"))
    page_map: PageMap = field(default_factory=lambda: PageMap([]))
    _used: Counter[str] | None = None

    def __call__(self) -> Iterator[Found]:
        """Yield the pages. Raises ManifestError for what rules or map can't mean, at the end."""
        if not self.page_map and self.rules == _NO_RULES:
            yield from self.pages()
            return
        pass_ = _Pass(self.rules, self.page_map.reading(), self._tags(), mapped=bool(self.page_map))
        for it in self.pages():
            yield from pass_.found(it)
        yield from pass_.end()

    def keys(self) -> frozenset[str]:
        """Return the keys that the map gives to pages of the source, which is read for that."""
        if not self.page_map:
            return frozenset()
        numbering = Numbering()
        counted = (it for it in self.pages() if _has_account(it))
        return self.page_map.keys({numbering.number(reported_name(it)) for it in counted})

    def _tags(self) -> TagReading | None:
        if self.rules.tags is None:
            return None
        if self._used is None:
            pages = (_ruled(it, self.rules)[1] for it in self.pages() if isinstance(it, Page))
            self._used = count_tags(self.rules.tags, (it for it in pages if not it.withheld))
        return TagReading(self.rules.tags, self._used)


@dataclass(slots=True)
class _Pass:
    rules: Rules
    reading: Reading
    tags: TagReading | None
    mapped: bool
    numbering: Numbering = field(default_factory=Numbering)

    def found(self, it: Found) -> Iterator[Found]:
        match it:
            case Page():
                yield from self._page(self._name(it), it)
            case Alias():
                name = self._name(it)
                yield from self.reading.other_row(name, it.place, it.title, "keep")
                yield it
            case Loss(kind=LossKind.SKIPPED):
                name = self._name(it)
                yield from self.reading.other_row(name, it.where, it.what, "skip")
                yield it
            case _:
                yield it

    def _name(self, it: Found) -> str:
        """Return what the map calls a page; without one, nobody asks."""
        return self.numbering.number(reported_name(it)) if self.mapped else ""

    def end(self) -> Iterator[Loss]:
        if self.tags:
            self.tags.end()
        yield from self.reading.end()

    def _page(self, name: str, page: Page) -> Iterator[Page | Loss]:
        rule, ruled = _ruled(page, self.rules)
        if page.withheld and not ruled.withheld:
            why = f"in the source: {page.withheld}; moved because a rule includes it"
            yield Loss(LossKind.METADATA, page.place, page.title, why)
        for it in self.tags.mapped(ruled) if self.tags else (ruled,):
            if isinstance(it, Loss):
                yield it
            else:
                yield from self._decided(name, it, rule, page)

    def _decided(
        self, name: str, page: Page, rule: PageRule, source: Page
    ) -> Iterator[Page | Loss]:
        """Yield the page as the map has it, in the kind and the parts that are wanted."""
        wanted = Kind(rule.kind) if rule.kind else page.kind
        told = self.reading.kind_of(name, replace(page, kind=wanted))
        decided = page
        if self.mapped and page.kind is Kind.ARTICLE and not page.body.text.strip():
            yield from self.reading.idle_keep(name, page, "there is no text on it")
        if self.mapped:
            for it in self.reading.pages_row(name, replace(page, kind=wanted)):
                if isinstance(it, Loss):
                    yield it
                else:
                    decided = replace(it, kind=page.kind)
        yield from self._made(decided, rule, wanted, told, source)

    def _made(
        self, page: Page, rule: PageRule, wanted: Kind, told: Kind | None, source: Page
    ) -> Iterator[Page | Loss]:
        if page.withheld:
            yield page
            return
        wording = rule.question or ""
        if wording and wording != FIRST_PARAGRAPH:
            wording = filled(wording, values_of(page), markdown=True)
        losses = Losses(page.place.path)
        if rule.split and not told and page.kind is Kind.ARTICLE:
            made = sections(
                page, rule.split, reported_name(page), losses, kind=wanted, wording=wording
            )
        else:
            made = [page]
        if made[0] is page:
            question = (told or wanted) is Kind.QUESTION
            made = [as_question(page, wording) if question else as_article(page)]
        yield from losses.found if made[0].section else ()
        yield from (self._finished(it, rule, source) for it in made)

    def _finished(self, page: Page, rule: PageRule, source: Page) -> Page:
        typed = page.type
        if page.kind is Kind.ARTICLE:
            typed = rule.type or page.type or self._type(page)
        # The texts of one page lead to where that page was, by the title it had there.
        origin = page
        if not page.section:
            origin = replace(page, title=source.title, title_is_plain=source.title_is_plain)

        said: set[str] = set()

        def finished(it: Passage, footer: str) -> Passage:
            made = footed(it, origin, footer)
            line = made.markup.footer if isinstance(made.markup, Footed) else ""
            made = it if line in said else made
            said.update([line] if line else [])
            return _anonymous(made, self.rules)

        # What asks for an article's text is that text's beginning, or ours.
        asks = page.kind is Kind.QUESTION and source.kind is Kind.ARTICLE
        return replace(
            page,
            type=typed,
            body=finished(page.body, "off" if asks else self.rules.footer),
            answers=tuple(finished(it, self.rules.footer) for it in page.answers),
        )

    def _type(self, page: Page) -> str:
        labels = {_same(it) for it in page.tags}
        for type_, names in self.rules.types.items():
            if any(_same(name) in labels for name in names):
                return type_
        return ""


def _has_account(found: Found) -> bool:
    return not isinstance(found, Loss) or found.kind is LossKind.SKIPPED


def _ruled(page: Page, rules: Rules) -> tuple[PageRule, Page]:
    """Return the first rule for *page*, and the page with its title, key, tags and reason."""
    rule = next((it for it in rules.pages if _holds(it.when, page)), _NO_RULE)
    values = values_of(page)
    title = _titled(rule.title, values)
    if not title and len(seen_title(page)) < _SHORTEST:
        title = _titled(rules.short_title, values)
    withheld = "" if rule.include else page.withheld or rule.skip or ""
    return rule, replace(
        page,
        title=" ".join(title.split()) or page.title,
        title_is_plain=page.title_is_plain or bool(title),
        # A key is made of the name that the source gave, not of a title that a rule made.
        name=page.name or seen_title(page).replace("/", " "),
        key=key_of(filled(rule.key, values)) if rule.key else page.key,
        tags=(*page.tags, *rule.tags),
        withheld=withheld,
    )


def _titled(template: str | None, values: Mapping[str, str]) -> str:
    """Return the title a template makes; "" without one, or when the source lacks what it names."""
    return filled(template, values) if template and is_whole(template, values) else ""


def _holds(when: When, page: Page) -> bool:
    title = seen_title(page)
    labels = {_same(it) for it in page.tags}
    return (
        (not when.title or any(it.search(title) for it in when.title))
        and (not when.path or any(fits(page.place.path, it) for it in when.path))
        and (not when.label or any(_same(it) in labels for it in when.label))
        and (not when.space or _named(page.space, when.space))
        and (not when.parent or _named(page.parent, when.parent))
        and (when.asks is None or asks(title) is when.asks)
        and (when.withheld is None or bool(page.withheld) is when.withheld)
    )


def _named(name: str, names: Iterable[str]) -> bool:
    return any(" ".join(it.split()).casefold() == name.casefold() for it in names)


def _same(label: str) -> str:
    return tag_of(label) or " ".join(label.split()).casefold()


def _anonymous(passage: Passage, rules: Rules) -> Passage:
    """Return *passage* without its author's name, unless a licence asks for that."""
    if rules.people == "keep" or passage.credit.licence:
        return passage
    return replace(passage, credit=replace(passage.credit, author="", author_address=""))
