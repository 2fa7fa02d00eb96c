"""Bodies to canonical texts: links to items become holes, what would harm the post is refused."""

import html
import re
import unicodedata
from urllib.parse import unquote

from importer.errors import Span
from importer.manifests.drafts import Catalogue
from importer.manifests.files import Files
from importer.manifests.paths import PathFault, join
from importer.manifests.rules import Findings
from importer.manifests.source import Passage
from importer.model.ids import Key, image_key, target_of_key
from importer.model.pictures import Picture, is_named_as_image
from importer.text import marker
from importer.text.blocks import Blocks
from importer.text.canonical import canonical_text
from importer.text.links import Text, dig_by_form
from importer.text.scanning import Form, Line, Open, destinations, image_tags, lines

__all__ = ["Bodies"]

_MAY_STAY_OPEN = re.compile(r"```|~~~|<!--|<(?:pre|script|style|textarea)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/#?]|\Z")
# What an image can't be shown from: a disk (`file:`, `C:`), or a path of the site's that is none of
# its images.
_ON_A_DISK = re.compile(r"(?:file|[a-z]):", re.IGNORECASE)
_ROOTED = re.compile(r"/(?!/)(?!(?:[^?#]*/)?images/)")
_IMAGE_TAG = re.compile(r"<img\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CONFLICT = "<<<<<<< "
_OWN_CONFLICT = "<<<<<<< manifest"
_CONFLICT_END = ">>>>>>> "
_NAMES = {
    Open.FENCE: "a code fence",
    Open.COMMENT: "a comment",
    Open.PRE: "<pre>",
    Open.SCRIPT: "<script>",
    Open.STYLE: "<style>",
    Open.TEXTAREA: "<textarea>",
}


class Bodies:
    """Lowers the bodies of one manifest.

    `pictures` are the images in them, by key, each with the place that names it first.
    """

    def __init__(self, catalogue: Catalogue, files: Files, findings: Findings) -> None:
        self.pictures: dict[Key, tuple[Picture, Span]] = {}
        self._catalogue = catalogue
        self._files = files
        self._findings = findings

    def lower(self, passage: Passage) -> Text:
        """Return the canonical text of *passage*; all its faults are recorded."""
        text = canonical_text(passage.text)
        if marker.MAY_BE_MARKED in text:
            self._check_markers(passage)
        if "<<<<<<< " in text:
            self._check_conflicts(passage)
        if _MAY_STAY_OPEN.search(text):
            self._check_end(passage)
        if _IMAGE_TAG.search(text):
            self._check_tags(passage)
        if "](" not in text and "]:" not in text:
            return Text(text)
        links = _Links(passage.source.path, self._catalogue, self._files)
        dug = dig_by_form(text, links.target_of)
        if links.faults or links.pictures:
            self._place(passage, links)
        return dug

    def _check_markers(self, passage: Passage) -> None:
        for line in lines(passage.text):
            if not line.code and marker.is_marker_line(line.text):
                self._findings.add("marker-line", passage.span(line.start, len(line.text)))

    def _check_conflicts(self, passage: Passage) -> None:
        """Refuse a conflict that nobody has settled yet: it must not be published.

        In code only our own is one: a page may well explain them.
        """
        opened: Line | None = None
        for line in lines(passage.text):
            if line.text.startswith(_CONFLICT if not line.code else _OWN_CONFLICT):
                opened = line
            elif opened is not None and line.text.startswith(_CONFLICT_END):
                self._findings.add("conflict-marker", passage.span(opened.start, len(opened.text)))
                opened = None

    def _check_tags(self, passage: Passage) -> None:
        """Refuse tags for images that no reader would see: only Markdown's are uploaded."""
        for start, end in image_tags(passage.text):
            address = html.unescape(passage.text[start:end]).strip()
            span = passage.span(start, end - start)
            if _is_nowhere(address):
                self._findings.add("image-address", span, address=address)
            elif not _ELSEWHERE.match(address):
                self._findings.add("image-tag", span, path=address)

    def _check_end(self, passage: Passage) -> None:
        blocks = Blocks()
        opening: Line | None = None
        for line in blocks.walk(passage.text):
            if blocks.left_open() is None:
                opening = None
            elif opening is None:
                opening = line
        left = blocks.left_open()
        if left is not None and opening is not None:
            words = opening.text.lstrip()
            at = opening.start + len(opening.text) - len(words)
            self._findings.add("body-open", passage.span(at, len(words)), what=_NAMES[left])

    def _place(self, passage: Passage, links: "_Links") -> None:
        """Say where faulty links stand, and remember where each image is named first."""
        for found in destinations(passage.text):
            written = passage.text[found.start : found.end]
            named = (unicodedata.normalize("NFC", written), found.form)
            fault, picture = links.faults.get(named), links.pictures.get(named)
            if fault is not None:
                rule, facts = fault
                self._findings.add(rule, passage.span(found.start, len(written)), facts)
            if picture is not None and (key := image_key(picture.digest)) not in self.pictures:
                self.pictures[key] = picture, passage.span(found.start, len(written))


_Fault = tuple[str, dict[str, object]]
_Named = tuple[str, Form]


class _Links:
    """Resolves the destinations of one body.

    It remembers those that lead nowhere, and images in files of the manifest.
    """

    def __init__(self, base: str, catalogue: Catalogue, files: Files) -> None:
        self.faults: dict[_Named, _Fault] = {}
        self.pictures: dict[_Named, Picture] = {}
        self._base = base
        self._catalogue = catalogue
        self._files = files

    def target_of(self, destination: str, form: Form) -> str | None:
        """Return the target of a destination that leads to an item, or None when it stays."""
        named = (destination, form)
        if destination[:4].lower() == "key:":
            return self._by_key(named)
        if _ELSEWHERE.match(destination):
            address = _decoded(destination)
            if _is_nowhere(address) and _shows_image(form, address):
                self.faults[named] = ("image-address", {"address": address})
            return None
        return self._by_path(named)

    def _by_key(self, named: "_Named") -> str | None:
        destination, _ = named
        key = destination[4:]
        if key in self._catalogue.keys and destination.startswith("key:"):
            return target_of_key(Key(key))
        if self._catalogue.whole:
            hint = self._catalogue.close_to(key.lower())
            self.faults[named] = ("link-key", {"key": key, "hint": hint})
        return None

    def _by_path(self, named: "_Named") -> str | None:
        destination, form = named
        written, _, answer = _decoded(destination).partition("#")
        reference = unicodedata.normalize("NFC", unquote(written))
        try:
            path = join(unicodedata.normalize("NFC", self._base), reference)
        except PathFault as fault:
            if fault.rule == "path-leaves":
                self.faults[named] = ("link-leaves", {"path": reference})
            elif form is Form.IMAGE:
                self.faults[named] = (fault.rule, fault.facts)
            else:
                self._no_file(named, reference)
            return None
        if path in self._catalogue.unsure:
            return None
        if path not in self._catalogue.files:
            if _is_page(reference) or not _shows_image(form, reference):
                self._no_file(named, reference)
                return None
            return self._picture(named, path)
        key = self._catalogue.files[path]
        if key is None:
            self.faults[named] = ("link-ambiguous", {"path": reference})
            return None
        return self._by_key_of_file(named, key, answer)

    def _picture(self, named: "_Named", path: str) -> str | None:
        try:
            picture = self._files.picture(path)
        except PathFault as fault:
            self.faults[named] = (fault.rule, fault.facts)
            return None
        self.pictures[named] = picture
        return target_of_key(image_key(picture.digest))

    def _by_key_of_file(self, named: "_Named", key: Key, answer: str) -> str | None:
        full = f"{key}#{unquote(answer)}" if answer else key
        if full in self._catalogue.keys:
            return target_of_key(Key(full))
        hint = self._catalogue.close_to(full, lambda known: known.startswith(f"{key}#"))
        self.faults[named] = ("link-key", {"key": full, "hint": hint})
        return None

    def _no_file(self, named: "_Named", reference: str) -> None:
        if not _is_page(reference):
            # A footnote looks like a definition.
            if named[1] is not Form.DEFINITION:
                self.faults[named] = ("link-relative", {"path": reference})
        elif self._catalogue.whole:
            self.faults[named] = ("link-file", {"path": reference, "hint": ""})


def _decoded(destination: str) -> str:
    return html.unescape(_ESCAPED.sub(r"\1", destination))


def _is_nowhere(address: str) -> bool:
    """Tell whether no reader's browser finds an image at *address*, whatever is there."""
    return bool(_ON_A_DISK.match(address) or _ROOTED.match(address))


def _is_page(reference: str) -> bool:
    return reference.lower().endswith((".md", ".markdown"))


def _shows_image(form: Form, reference: str) -> bool:
    """Tell whether a destination is an image's: a definition doesn't say what it is used for."""
    return form is Form.IMAGE or (form is Form.DEFINITION and is_named_as_image(reference))
