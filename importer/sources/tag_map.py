"""Tags of a source to tags of the team, by the rules' map; how often each is used decides a cut."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from importer.errors import ManifestError, Problem, Span
from importer.sources.globs import fits
from importer.sources.losses import Loss, LossKind
from importer.sources.naming import tag_of
from importer.sources.page import Page
from importer.sources.rule_file import TagEntry, TagRules

__all__ = ["TagReading", "count_tags"]

_GROUP = re.compile(r"\$(\d)")


@dataclass(slots=True)
class TagReading:
    """One reading of the source with its tags mapped; `used` counts tags of an earlier one."""

    rules: TagRules
    used: Mapping[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _first: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def mapped(self, page: Page) -> Iterator[Page | Loss]:
        """Yield what happened to a page's tags that is worth telling, then the page."""
        tags: dict[str, None] = {}
        for name in page.tags:
            tag, why = self._tag(name, page)
            if why and name not in self._told:
                self._told.add(name)
                yield Loss(LossKind.TAG, page.place, name, why)
            if tag:
                tags[tag] = None
        tags |= dict.fromkeys(self._of_place(page))
        ordered = sorted(tags, key=lambda tag: -self.used.get(tag, 0))
        for tag in ordered[self.rules.max :] if self.used else ():
            why = f"more than {self.rules.max} tags, and this is used least; dropped"
            yield Loss(LossKind.TAG, page.place, tag, why)
        yield replace(page, tags=tuple(ordered[: self.rules.max] if self.used else ordered))

    def _tag(self, name: str, page: Page) -> tuple[str, str]:
        """Return the tag for a name, or "", and what is to be told of it."""
        for entry in self.rules.map:
            if _is_for(entry, name):
                return (_target(entry, name), "") if entry.to else ("", "dropped by the tag map")
        tag = tag_of(name)
        if not tag:
            return "", "no letter of it can stand in a tag"
        first = self._first.setdefault(tag, name)
        if tag not in self.rules.known:
            match self.rules.unknown:
                case "drop":
                    return "", "the tag map doesn't know it; dropped"
                case "error":
                    self._unknown(name, page)
                case "keep":
                    pass
        if first != name:
            return tag, f"as a tag it is `{tag}`, and so is `{first}`: they are one now"
        return tag, f"as a tag it is `{tag}`" if tag != name else ""

    def _unknown(self, name: str, page: Page) -> None:
        if name not in self._told:
            self._told.add(name)
            why = f"the tag map doesn't know the tag {name!r}"
            span = Span(page.place.path, page.place.line, 1)
            remedy = "Give it a row in `tags.map`, or write `unknown: keep` or `unknown: drop`."
            self.problems.append(Problem("tag-unknown", why, span, remedy))

    def _of_place(self, page: Page) -> Iterator[str]:
        for glob, tags in self.rules.from_path.items():
            if fits(page.place.path, glob):
                yield from tags
        for space, tags in self.rules.from_space.items():
            if page.space and space.casefold() == page.space.casefold():
                yield from tags

    def end(self) -> None:
        """Raise ManifestError for tags that are to be errors."""
        if self.problems:
            raise ManifestError(
                self.problems, of="the tags have", remedy="Mend the rules and convert again."
            )


def count_tags(rules: TagRules, pages: Iterator[Page]) -> Counter[str]:
    """Return how often each tag is used by *pages*, as the map has them."""
    reading, used = TagReading(rules), Counter[str]()
    for page in pages:
        for it in reading.mapped(page):
            if isinstance(it, Page):
                used.update(it.tags)
    return used


def _is_for(entry: TagEntry, name: str) -> bool:
    if entry.match:
        return entry.match.fullmatch(name.strip()) is not None
    bare = " ".join(name.split()).casefold()
    return any(" ".join(it.split()).casefold() == bare for it in entry.from_)


def _target(entry: TagEntry, name: str) -> str:
    match = entry.match.fullmatch(name.strip()) if entry.match else None
    target = entry.to or ""
    if match:
        target = _GROUP.sub(lambda group: match[int(group[1])] or "", target)
    return tag_of(target)
