"""Minimal edits of a manifest's files: what is edited changes, and not a byte besides.

Nothing is trusted: the edited files are loaded before they are written, and every item has to say
what it said, or what it was to say. An edit that can't be made so is refused alone, with its place
and the reason.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer.errors import ManifestError, Problem, Severity, Span
from importer.manifests.drafts import Draft
from importer.manifests.guards import hidden_in
from importer.manifests.loading import Opened, open_manifest
from importer.manifests.markdown_file import answer_lines, is_markdown
from importer.manifests.nodes import MapNode, parse
from importer.manifests.outline import Outline, outline
from importer.manifests.patches import CannotEdit, Entry, splices_of
from importer.manifests.paths import Folder
from importer.manifests.replacing import FileEdit, replace_files
from importer.manifests.rules import Findings
from importer.manifests.source import Passage, Source
from importer.manifests.spelling import Plain, as_read
from importer.manifests.splicing import Splice, line_splices, spliced_bytes
from importer.model.ids import Key, Kind, tag_key
from importer.model.manifest import Item, Manifest
from importer.text.canonical import canonical_names
from importer.text.digests import Digest

__all__ = ["Edited", "Editor", "FileEdit", "Refusal"]

_TEXTS = ("body", "body_file", "description")
_MOST_ROUNDS = 50
_CONFLICT = "conflict-marker"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item's edits that were not made, with the place that stands in the way."""

    key: Key
    span: Span
    why: str

    def __str__(self) -> str:
        return f"{self.span}: {self.key}: {self.why}"


@dataclass(frozen=True, slots=True)
class Edited:
    """The files as they are to be, the manifest that they make, and what could not be edited."""

    files: tuple[FileEdit, ...]
    manifest: Manifest
    refused: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class _Place:
    """An item's entry in a file, and the passage of its text."""

    node: MapNode
    source: Source
    kind: Kind
    body: Passage | None = None
    body_key: str = ""
    short: bool = False

    @property
    def is_page(self) -> bool:
        """Tell whether the entry stands in a Markdown file."""
        return self.source.verbatim_from <= len(self.source.text)


@dataclass(slots=True)
class _Work:
    """The splices that are to be made, by file, each with the item that it is for."""

    splices: dict[str, list[tuple[Splice, Key]]] = field(default_factory=lambda: defaultdict(list))
    files: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, key: Key, made: Mapping[str, Iterable[Splice]]) -> None:
        """Put the splices that are made for an item, by file, to the others."""
        for path, splices in made.items():
            self.splices[path] += [(it, key) for it in splices]
            self.files[key].add(path)

    def made_at(self, path: str, text: str, line: int) -> set[Key]:
        """Return whose edits make the *line* of the file *path*, which had *text* before."""
        found = set()
        grown = 0
        for it, key in sorted(self.splices.get(path, ()), key=lambda it: it[0]):
            first = text.count("\n", 0, it.start) + 1 + grown
            if first <= line <= first + it.text.count("\n"):
                found.add(key)
            grown += it.text.count("\n") - text.count("\n", it.start, it.end)
        return found


class Editor:
    """Collects edits of the manifest at *path* and makes them. Raises ManifestError for a bad one.

    An item is named by its key (a tag's is `tag:NAME`), what it says by the key in its entry:
    `title`, `tags`, `body`, `accepted`, `id`, `seen`, `description` and the others. A text is
    edited where it stands: in the entry, in the file that `body_file` names, or in a Markdown file.
    """

    def __init__(self, path: Path) -> None:
        opened, problems = open_manifest(path)
        if opened is None or any(it.severity is Severity.ERROR for it in problems):
            raise ManifestError(problems)
        self.manifest = opened.manifest
        self._path = path
        self._places = _places(opened)
        self._wishes: dict[Key, dict[str, Plain | None]] = defaultdict(dict)
        self._outlines: dict[str, Outline] = {}
        self._folder = Folder(path.parent)

    def says(self, key: Key, name: str) -> object:
        """Return what the entry of *key* says under *name*, as data; None where it says nothing.

        KeyError when there is no such item.
        """
        place = self._places[key]
        if name in ("body", "description") and place.body is not None:
            return place.body.text
        return place.node.get(name)

    def path_of(self, key: Key) -> str:
        """Return the file in which the text of *key*, or else its entry, stands."""
        place = self._places[key]
        return place.body.source.path if place.body else place.source.path

    def place_of(self, key: Key, name: str) -> Span:
        """Return where the value of *name* stands in the entry, or the entry itself."""
        place = self._places[key]
        if name in ("body", "description") and place.body is not None:
            return place.body.span()
        return place.source.span(place.node.values_at.get(name, place.node.at))

    def set(self, key: Key, name: str, value: Plain | None) -> None:
        """Let the entry of *key* say *value* under *name*; None takes the word out."""
        self._wishes[key][name] = value

    def drop(self, key: Key) -> None:
        """Forget what *key* was to say."""
        self._wishes.pop(key, None)

    def finish(self, marked: Collection[Key] = ()) -> Edited:
        """Return the edited files; nothing is written. What is *marked* may hold conflicts."""
        refused: dict[Key, Refusal] = {}
        for _ in range(_MOST_ROUNDS):
            wanted = {key: it for key, it in self._wishes.items() if it and key not in refused}
            work = self._work(wanted, refused)
            files = self._files(work)
            if not files:
                break
            opened, problems = open_manifest(self._path, {it.path: it.after for it in files})
            errors = [it for it in problems if it.severity is Severity.ERROR]
            found = list(self._blamed(errors, work, marked))
            found = found or list(self._strayed(opened, wanted, work, refused))
            if opened is not None and not found:
                return Edited(files, opened.manifest, _sorted(refused))
            for it in found:
                refused.setdefault(it.key, it)
        return Edited((), self.manifest, _sorted(refused))

    def write(self, edited: Edited) -> None:
        """Write the files: all or none where one changed meanwhile (PlanStale)."""
        replace_files(self._path.parent, edited.files)

    def _work(
        self, wanted: Mapping[Key, Mapping[str, Plain | None]], refused: dict[Key, Refusal]
    ) -> _Work:
        work = _Work()
        above: dict[str, dict[Key, Mapping[str, Plain | None]]] = defaultdict(dict)
        for key, wishes in wanted.items():
            source = self._places[key].source
            apart = _for_front_matter(self._places[key], wishes)
            try:
                own = {name: it for name, it in wishes.items() if name not in apart}
                made = self._splices(key, own) if own else {}
            except CannotEdit as error:
                refused[key] = Refusal(key, error.span, error.why)
                continue
            work.add(key, made)
            if apart:
                above[source.path][key] = apart
        for path, answers in above.items():
            self._say_of_answers(path, answers, work, refused)
        return work

    def _say_of_answers(
        self,
        path: str,
        answers: Mapping[Key, Mapping[str, Plain | None]],
        work: _Work,
        refused: dict[Key, Refusal],
    ) -> None:
        """Say of answers in the front matter of a Markdown file what their lines can't."""
        first = next(iter(answers))
        source = self._places[first].source
        front = parse(source, Findings(), end=source.verbatim_from)
        assert isinstance(front, MapNode)  # noqa: S101 - it was read as one before
        said: dict[str, Any] = dict(front.get("answers") or {})
        for key, wishes in answers.items():
            local = key.partition("#")[2]
            row = {**(said.get(local) or {}), **wishes}
            said[local] = {name: it for name, it in row.items() if it not in (None, {})}
        whole = {key: it for key, it in said.items() if it}
        entry = Entry(front, source, self._outline(source), is_page=True)
        try:
            made = splices_of(entry, {"answers": whole or None})
        except CannotEdit as error:
            refused.update({key: Refusal(key, error.span, error.why) for key in answers})
            return
        work.add(first, {path: made})

    def _splices(
        self, key: Key, wishes: Mapping[str, Plain | None]
    ) -> Mapping[str, Sequence[Splice]]:
        place = self._places[key]
        source = place.source
        made: dict[str, list[Splice]] = defaultdict(list)
        entry_wishes = dict(wishes)
        for name, value in wishes.items():
            if isinstance(value, str):
                self._check(place, name, value)
            body = place.body
            if name == "body" and body is not None and body.source is not source:
                self._require_alone(place)
                del entry_wishes["body"]
                lead, tail = _around(body.text)
                whole = f"{lead}{str(value).strip(chr(10))}{tail}"
                made[body.source.path] += line_splices(body.text, whole)
        if entry_wishes:
            entry = Entry(
                place.node,
                source,
                self._outline(source),
                is_page=place.is_page,
                is_answer=place.kind is Kind.ANSWER,
                short=place.short,
            )
            made[source.path] += splices_of(entry, entry_wishes)
        return made

    def _outline(self, source: Source) -> Outline:
        if source.path not in self._outlines:
            self._outlines[source.path] = outline(source.text[: source.verbatim_from])
        return self._outlines[source.path]

    def _require_alone(self, place: _Place) -> None:
        body = place.body
        users = [it for it in self._places.values() if it.body and body]
        if body and sum(it.body is not None and it.body.source is body.source for it in users) > 1:
            why = f"`{body.source.path}` is the text of another item, too"
            raise CannotEdit(place.source.span(place.node.at), why)

    def _check(self, place: _Place, name: str, value: str) -> None:
        """Refuse what no file of a manifest may hold."""
        span = place.source.span(place.node.at)
        for _, character in hidden_in(value):
            raise CannotEdit(span, f"the new {name} has the character {character}")
        if name != "body" or place.body is None or not is_markdown(place.body.source.path):
            return
        findings = Findings()
        found = answer_lines(Source("", "", value, Digest("")), 0, findings)
        if found or findings.problems:
            raise CannotEdit(span, "a line of the new text would be read as the start of an answer")

    def _files(self, work: _Work) -> tuple[FileEdit, ...]:
        made = []
        for path, splices in sorted(work.splices.items()):
            before = self._folder.read(path)
            after = spliced_bytes(before, [it for it, _ in splices])
            if after != before:
                made.append(FileEdit(path, before, after))
        return tuple(made)

    def _blamed(
        self, errors: Iterable[Problem], work: _Work, marked: Collection[Key]
    ) -> Iterator[Refusal]:
        """Yield whose edits are at fault for *errors*: those at that place, else in that file."""
        sources = {it.source.name: it.source for it in self._places.values()}
        bodies = (it.body.source for it in self._places.values() if it.body)
        sources |= {it.name: it for it in bodies}
        for error in errors:
            source = sources.get(error.span.path)
            path, text = (source.path, source.text) if source else ("", "")
            at = work.made_at(path, text, error.span.line)
            if error.rule == _CONFLICT and at and at <= set(marked):
                continue
            keys = at or {key for key, paths in work.files.items() if path in paths}
            why = f"the file would be in error: {error.message}"
            yield from (Refusal(key, error.span, why) for key in sorted(keys or work.files))

    def _strayed(
        self,
        opened: Opened | None,
        wanted: Mapping[Key, Mapping[str, Plain | None]],
        work: _Work,
        refused: Mapping[Key, Refusal],
    ) -> Iterator[Refusal]:
        """Yield the edits that did not do what they were to do, or more than that."""
        after = _places(opened) if opened is not None else {}
        old = {it.key: it for it in self.manifest.items}
        new = {it.key: it for it in opened.manifest.items} if opened is not None else {}
        for key in old.keys() | new.keys():
            if key in self._places and key in wanted and key not in refused:
                if _said(after.get(key)) != _expected(_said(self._places[key]), wanted[key]):
                    span = self._places[key].source.span(self._places[key].node.at)
                    yield Refusal(key, span, "the edit can't be made without changing more")
            elif _meaning(old.get(key)) != _meaning(new.get(key)):
                place = self._places.get(key)
                near = {place.source.path} if place else set(work.splices)
                for other in sorted(it for it, paths in work.files.items() if paths & near):
                    span = self._places[other].source.span(self._places[other].node.at)
                    yield Refusal(other, span, f"the edit would change {key}, too")


def _for_front_matter(
    place: _Place, wishes: Mapping[str, Plain | None]
) -> Mapping[str, Plain | None]:
    """Return what of *wishes* the line of an answer in a Markdown file can't say."""
    if place.kind is not Kind.ANSWER or not place.is_page:
        return {}
    return {name: it for name, it in wishes.items() if name not in ("body", "accepted")}


def _sorted(refused: Mapping[Key, Refusal]) -> tuple[Refusal, ...]:
    return tuple(refused[key] for key in sorted(refused))


def _places(opened: Opened) -> dict[Key, _Place]:
    places = {it.key: _place(it) for it in opened.drafts}
    for document in opened.documents:
        for node in document.data.get("tags", ()):
            (name,) = canonical_names([str(node["name"])], {})
            places[tag_key(name)] = _Place(node, document.source, Kind.TAG)
    return places


def _place(draft: Draft) -> _Place:
    short = draft.kind is Kind.ANSWER and "key" not in draft.node
    return _Place(draft.node, draft.source, draft.kind, draft.body, draft.body_key, short)


def _around(text: str) -> tuple[str, str]:
    """Return the blank lines before and behind a text."""
    lead = text[: len(text) - len(text.lstrip("\n"))]
    return lead, text[len(text.rstrip(" \t\n")) :]


def _said(place: _Place | None) -> Mapping[str, object] | None:
    """Return all that an entry says, its text included, as plain data."""
    if place is None:
        return None
    said = {name: it for name, it in place.node.items() if name not in _TEXTS or not place.body}
    if place.body is not None:
        said[place.body_key] = place.body.source.path if place.body_key == "body_file" else ""
        said["text"] = place.body.text.strip("\n")
    said.pop("answers", None)
    said.pop("answer", None)
    return said


def _expected(
    said: Mapping[str, object] | None, wishes: Mapping[str, Plain | None]
) -> Mapping[str, object]:
    expected = dict(said or {})
    if "key" not in expected and "name" not in expected and set(wishes) - {"body"}:
        expected["key"] = "answer"
    for name, value in wishes.items():
        if name in ("body", "description") and "text" in expected:
            expected["text"] = str(value).strip("\n")
        elif name == "description" and "items" in expected:
            expected |= {"description": "", "text": str(value).strip("\n")}
        elif value is None or value is False:
            expected.pop(name, None)
        else:
            expected[name] = as_read(value)
    return expected


def _meaning(item: Item | None) -> object:
    """Return what an item says, wherever it stands."""
    if item is None:
        return None
    return (item.kind, item.fields, item.initial, item.remote_id, item.seen, item.was, item.adds,
            item.author, item.origin, item.protected, item.on_drift, item.parent)  # fmt: skip
