"""Bodies to canonical texts: links to items become holes, what would harm the post is refused."""

import html
import re
import unicodedata
from urllib.parse import unquote

from importer.manifests.drafts import Catalogue
from importer.manifests.paths import PathFault, join
from importer.manifests.rules import Findings
from importer.manifests.source import Passage
from importer.model.ids import Key, target_of_key
from importer.text import marker
from importer.text.blocks import Blocks
from importer.text.canonical import canonical_text
from importer.text.links import Text, dig
from importer.text.scanning import Form, Line, Open, destinations, lines

__all__ = ["Bodies"]

_MAY_STAY_OPEN = re.compile(r"```|~~~|<!--|<(?:pre|script|style|textarea)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/#?]|\Z")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_NAMES = {
    Open.FENCE: "a code fence",
    Open.COMMENT: "a comment",
    Open.PRE: "<pre>",
    Open.SCRIPT: "<script>",
    Open.STYLE: "<style>",
    Open.TEXTAREA: "<textarea>",
}


class Bodies:
    """Lowers the bodies of one manifest."""

    def __init__(self, catalogue: Catalogue, findings: Findings) -> None:
        self._catalogue = catalogue
        self._findings = findings

    def lower(self, passage: Passage) -> Text:
        """Return the canonical text of *passage*; all its faults are recorded."""
        text = canonical_text(passage.text)
        if marker.PREFIX in text:
            self._check_markers(passage)
        if _MAY_STAY_OPEN.search(text):
            self._check_end(passage)
        if "](" not in text and "]:" not in text:
            return Text(text)
        links = _Links(passage.source.path, self._catalogue)
        dug = dig(text, links.target_of)
        if links.faults:
            self._report_links(passage, links.faults)
        return dug

    def _check_markers(self, passage: Passage) -> None:
        for line in lines(passage.text):
            if not line.code and line.text.lstrip().startswith(marker.PREFIX):
                self._findings.add("marker-line", passage.span(line.start, len(line.text)))

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

    def _report_links(self, passage: Passage, faults: "dict[str, _Fault]") -> None:
        for found in destinations(passage.text):
            written = passage.text[found.start : found.end]
            fault = faults.get(unicodedata.normalize("NFC", written))
            if fault is None:
                continue
            rule, facts = fault
            if rule == "link-relative":
                # A footnote looks like a definition.
                if found.form is Form.DEFINITION:
                    continue
                rule = "local-image" if found.form is Form.IMAGE else rule
            self._findings.add(rule, passage.span(found.start, len(written)), facts)


_Fault = tuple[str, dict[str, object]]


class _Links:
    """Resolves the destinations of one body, and remembers those that lead nowhere."""

    def __init__(self, base: str, catalogue: Catalogue) -> None:
        self.faults: dict[str, _Fault] = {}
        self._base = base
        self._catalogue = catalogue

    def target_of(self, destination: str) -> str | None:
        """Return the target of a destination that leads to an item, or None when it stays."""
        if destination[:4].lower() == "key:":
            return self._by_key(destination)
        if _ELSEWHERE.match(destination):
            return None
        return self._by_path(destination)

    def _by_key(self, destination: str) -> str | None:
        key = destination[4:]
        if key in self._catalogue.keys and destination.startswith("key:"):
            return target_of_key(Key(key))
        if self._catalogue.whole:
            hint = self._catalogue.close_to(key.lower())
            self.faults[destination] = ("link-key", {"key": key, "hint": hint})
        return None

    def _by_path(self, destination: str) -> str | None:
        written, _, answer = html.unescape(_ESCAPED.sub(r"\1", destination)).partition("#")
        reference = unicodedata.normalize("NFC", unquote(written))
        try:
            path = join(unicodedata.normalize("NFC", self._base), reference)
        except PathFault as fault:
            rule = "link-leaves" if fault.rule == "path-leaves" else "link-relative"
            self.faults[destination] = (rule, {"path": reference})
            return None
        if path in self._catalogue.unsure:
            return None
        if path not in self._catalogue.files:
            self._no_file(destination, reference)
            return None
        key = self._catalogue.files[path]
        if key is None:
            self.faults[destination] = ("link-ambiguous", {"path": reference})
            return None
        return self._by_key_of_file(destination, key, answer)

    def _by_key_of_file(self, destination: str, key: Key, answer: str) -> str | None:
        full = f"{key}#{unquote(answer)}" if answer else key
        if full in self._catalogue.keys:
            return target_of_key(Key(full))
        hint = self._catalogue.close_to(full, lambda known: known.startswith(f"{key}#"))
        self.faults[destination] = ("link-key", {"key": full, "hint": hint})
        return None

    def _no_file(self, destination: str, reference: str) -> None:
        if not reference.lower().endswith((".md", ".markdown")):
            self.faults[destination] = ("link-relative", {"path": reference})
        elif self._catalogue.whole:
            self.faults[destination] = ("link-file", {"path": reference, "hint": ""})
