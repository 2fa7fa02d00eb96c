"""The files of one manifest: each read once, guarded, digested from the bytes that were parsed."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from importer.errors import Span
from importer.manifests.guards import decode
from importer.manifests.markdown_file import answer_lines, is_markdown
from importer.manifests.paths import Folder, PathFault, fold
from importer.manifests.pictures import picture_in
from importer.manifests.rules import Findings, escaped
from importer.manifests.source import Source
from importer.model.pictures import Picture
from importer.text.digests import Digest

__all__ = ["Files", "shown_folder"]

_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_READ = (".md", ".markdown", ".yaml", ".yml")


class Files:
    """Reads a manifest's files below its folder; every fault is recorded at who named the file.

    `digests` are those of the texts, `pictures` of the images, by path. *instead* are bytes to take
    for those of a file that is there.
    """

    def __init__(
        self, manifest: Path, findings: Findings, instead: Mapping[str, bytes] = _NOTHING
    ) -> None:
        self._instead = instead
        self.manifest = manifest.name
        self.digests: dict[str, Digest] = {}
        self.pictures: dict[str, Digest] = {}
        self._looked_at: dict[str, Picture | PathFault] = {}
        self._findings = findings
        self._folder = Folder(manifest.parent)
        self._shown = shown_folder(manifest.parent)
        self._bodies: dict[str, Source | None] = {}
        self._included: set[str] = set()
        self._folded: dict[str, str] = {}

    def name(self, path: str) -> str:
        """Return how the author sees *path*."""
        return f"{self._shown}/{escaped(path)}" if self._shown else escaped(path)

    def open(self, path: str, span: Span) -> Source | None:
        """Return the file's Source, or None (recorded) when it can't be read as text."""
        other = self._folded.setdefault(fold(path), path)
        if other != path:
            self._findings.add("path-clash", span, path=path, other=other)
            return None
        try:
            data = self._instead[path] if path in self._instead else self._folder.read(path)
        except PathFault as fault:
            self._findings.add(fault.rule, span, fault.facts)
            return None
        source = decode(path, self.name(path), data, self._findings)
        if source is None:
            return None
        self.digests[path] = source.digest
        return source

    def body(self, path: str, span: Span) -> Source | None:
        """Return the Source of a `body_file`; its text is the body, character by character."""
        if path in self._included or path == self.manifest:
            self._findings.add("file-twice", span, path=path)
            return None
        if path not in self._bodies:
            source = self.open(path, span)
            if source is not None:
                source.verbatim_from = 0
                self._no_answers(source)
            self._bodies[path] = source
        return self._bodies[path]

    def picture(self, path: str) -> Picture:
        """Return the picture in the file *path*. Raises PathFault, for whoever names it."""
        other = self._folded.setdefault(fold(path), path)
        if other != path:
            raise PathFault(rule="path-clash", path=path, other=other)
        if path not in self._looked_at:
            try:
                picture = picture_in(self._folder, path)
            except PathFault as fault:
                self._looked_at[path] = fault
            else:
                self._looked_at[path] = picture
                self.pictures[path] = picture.digest
        found = self._looked_at[path]
        if isinstance(found, PathFault):
            raise found
        return found

    def _no_answers(self, source: Source) -> None:
        for at, _ in answer_lines(source, 0, self._findings):
            hint = "this file is one body"
            self._findings.add("answer-line-misplaced", source.span(at), hint=hint)

    def included(self, pattern: str, span: Span) -> Iterator[Source | None]:
        """Yield the files of one `include` pattern, sorted by path, each file once per manifest.

        None stands for what should be there and can't be read.
        """
        found, whole = self._matches(pattern, span)
        if not whole:
            yield None
        for path in found:
            if not path.lower().endswith(_READ):
                self._findings.add("include-kind", span, path=path)
                continue
            self._included.add(path)
            source = self.open(path, span)
            if source is not None and is_markdown(path):
                source.verbatim_from = 0
            yield source

    def _matches(self, pattern: str, span: Span) -> tuple[list[str], bool]:
        """Return the files to read, and whether these are surely all that were meant."""
        try:
            found, faults = self._folder.glob(pattern)
        except PathFault as wrong:
            found, faults = [], [wrong]
        for fault in faults:
            self._findings.add(fault.rule, span, fault.facts)
        # The manifest itself is no part of what it includes, whatever the pattern says.
        others = [path for path in found if path != self.manifest]
        if not others and not faults:
            self._findings.add("include-nothing", span, pattern=pattern)
        fresh = [path for path in others if path not in self._included]
        return fresh, bool(others) and not faults


def shown_folder(folder: Path) -> str:
    """Return how the author sees *folder*: relative to the current directory when below it."""
    whole, here = os.path.abspath(folder), str(Path.cwd())  # noqa: PTH100 - links stay as given
    if whole == here:
        return ""
    if whole.startswith(here + os.sep):
        return escaped(os.path.relpath(whole, here))
    return escaped(str(folder))
