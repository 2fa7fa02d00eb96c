"""All documents of a manifest as drafts in the author's order, and the catalogue of their names."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches

from importer.errors import Span
from importer.manifests.files import Files
from importer.manifests.nodes import MapNode
from importer.manifests.paths import PathFault, join
from importer.manifests.posts import (
    AnswerEntry,
    ArticleEntry,
    CollectionEntry,
    PostEntry,
    QuestionEntry,
)
from importer.manifests.rules import Findings, shown
from importer.manifests.source import Passage, Source
from importer.manifests.validating import Checked
from importer.model.ids import Key, Kind

__all__ = ["Catalogue", "Draft", "drafts_of"]


# As many as take a second or two.
_MAX_COMPARISONS = 30_000


@dataclass(slots=True)
class Draft:
    """One authored post or collection: its entry, where that stands, and its body's passage."""

    key: Key
    kind: Kind
    entry: PostEntry
    node: MapNode
    source: Source
    parent: "Draft | None" = None
    body: Passage | None = None
    body_key: str = "body"

    @property
    def span(self) -> Span:
        """The place of the whole entry."""
        return self.source.span(self.node.at)

    def place(self, key: str) -> Span:
        """Return where the value of *key* stands; the item's own place when it isn't stated."""
        return self.source.span(self.node.values_at.get(key, self.node.at))


@dataclass(slots=True)
class Catalogue:
    """Which items there are, by key and by file.

    `files` maps a path (NFC) to the key of the item whose file it is, or None when several items
    share it. `unsure` are files whose items couldn't be read. When not `whole`, a key that isn't
    here may exist all the same.
    """

    keys: dict[str, Draft | None] = field(default_factory=dict)
    files: dict[str, Key | None] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    whole: bool = True
    _comparisons: int = 0

    def add_file(self, path: str, key: Key) -> None:
        """Record that the item *key* stands in the file *path*."""
        name = unicodedata.normalize("NFC", path)
        self.files[name] = None if self.files.get(name, key) != key else key

    def mistrust_file(self, path: str) -> None:
        """Record that an item may stand in the file *path*."""
        self.unsure.add(unicodedata.normalize("NFC", path))

    def close_to(self, key: str, among: Callable[[str], bool] = lambda _: True) -> str:
        """Return ", e.g. to `x`" when there is a key close to *key* *among* all, else nothing.

        Each look compares with every key; after so many there are no more.
        """
        if self._comparisons >= _MAX_COMPARISONS:
            return ""
        self._comparisons += len(self.keys)
        close = get_close_matches(key, filter(among, self.keys), n=1, cutoff=0.6)
        return f", e.g. to `{shown(close[0])}`" if close else ""


def drafts_of(
    checked: Iterable[Checked], files: Files, findings: Findings
) -> tuple[list[Draft], Catalogue]:
    """Return the drafts of all documents, in their order, and the catalogue of them."""
    catalogue = Catalogue()
    drafts: list[Draft] = []
    for each in checked:
        catalogue.whole &= each.whole
        catalogue.keys.update(dict.fromkeys(each.broken - catalogue.keys.keys()))
        if each.broken or not each.whole:
            catalogue.mistrust_file(each.source.path)
        for reference in each.broken_files:
            with suppress(PathFault):
                catalogue.mistrust_file(join(each.source.path, reference))
        for draft in _drafts_in(each, findings):
            _take_key(draft, catalogue, findings)
            _find_body(draft, files, catalogue, findings)
            drafts.append(draft)
    return drafts, catalogue


def _drafts_in(checked: Checked, findings: Findings) -> Iterator[Draft]:
    document, data, source = checked.document, checked.data, checked.source
    for index, question in enumerate(document.questions):
        node: MapNode = data["questions"][index]
        draft = Draft(Key(question.key), Kind.QUESTION, question, node, source)
        yield draft
        yield from _answers_of(draft, question, findings)
    for index, article in enumerate(document.articles):
        node = data["articles"][index]
        yield Draft(Key(article.key), Kind.ARTICLE, article, node, source)
    for index, collection in enumerate(document.collections):
        node = data["collections"][index]
        yield Draft(Key(collection.key), Kind.COLLECTION, collection, node, source)


def _answers_of(question: Draft, entry: QuestionEntry, findings: Findings) -> Iterator[Draft]:
    source, node = question.source, question.node
    for index, answer in enumerate(entry.answers):
        key = Key(f"{entry.key}#{answer.key}")
        yield Draft(key, Kind.ANSWER, answer, node["answers"][index], source, question)
    if entry.answer is None:
        return
    if "answers" in node:
        findings.add("answers-twice", source.span(node.keys_at["answer"]))
        return
    at = node.values_at["answer"]
    short = MapNode(node.keys_at["answer"])
    short.put("body", entry.answer, short.at, at)
    answer = AnswerEntry(key="answer", body=entry.answer)
    yield Draft(Key(f"{entry.key}#answer"), Kind.ANSWER, answer, short, source, question)


def _take_key(draft: Draft, catalogue: Catalogue, findings: Findings) -> None:
    first = catalogue.keys.setdefault(draft.key, draft)
    if first is not draft and first is not None:
        span, earlier = draft.place("key"), first.place("key")
        findings.add("duplicate-item", span, key=draft.key, first=earlier)


def _find_body(draft: Draft, files: Files, catalogue: Catalogue, findings: Findings) -> None:
    """Give the draft its body's passage, from the entry or from the file it names."""
    entry, node, source = draft.entry, draft.node, draft.source
    if isinstance(entry, CollectionEntry):
        if entry.description is not None:
            draft.body = Passage(source, node.values_at["description"], entry.description)
            draft.body_key = "description"
        return
    assert isinstance(entry, QuestionEntry | AnswerEntry | ArticleEntry)  # noqa: S101 - for mypy
    if source.verbatim_from <= len(source.text):
        catalogue.add_file(source.path, draft.key if draft.parent is None else draft.parent.key)
    if entry.body is not None:
        draft.body = Passage(source, node.values_at["body"], entry.body)
        if entry.body_file is not None:
            findings.add("body-twice", draft.place("body_file"))
    elif entry.body_file is not None:
        draft.body_key = "body_file"
        draft.body = _body_from_file(draft, entry.body_file, files, catalogue, findings)
    elif entry.manage is None or "body" in entry.manage:
        findings.add("body-missing", draft.span)


def _body_from_file(
    draft: Draft, reference: str, files: Files, catalogue: Catalogue, findings: Findings
) -> Passage | None:
    span = draft.place("body_file")
    try:
        path = join(draft.source.path, reference)
    except PathFault as fault:
        findings.add(fault.rule, span, fault.facts)
        return None
    source = files.body(path, span)
    if source is None:
        catalogue.mistrust_file(path)
        return None
    catalogue.add_file(path, draft.key)
    return Passage(source, 0, source.text)
