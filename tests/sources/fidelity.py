"""How much of the public wikis survives; `benchmarks/fidelity.py` prints it.

Besides what `convert --verify` measures, one of them has the Markdown that its pages were made of:
what is made of the pages is held against that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from importer.model.draft import Draft
from importer.sources import READERS, Loss, Options, Page, shape
from importer.sources.verify import Fidelity, Watch, eye_of, seen_of_drafts, seen_of_page
from importer.sources.verify_comparing import Difference, Outcome, compared
from importer.sources.verify_seen import Construct, Seen, Sketch
from importer.sources.wiki_markdown import WIKI_MARKDOWN

CORPORA = {
    "confluence-storage-md2conf": ("confluence", "data/target", Options()),
    "faq-30seconds": ("faq", "data/questions", Options()),
    "faq-reactjs-onefile": ("faq", "data", Options()),
    "githubwiki-typescript": ("markdown", "data", Options()),
    "mediawiki-bips": ("mediawiki", "data", Options()),
    "notion-html-testspace": ("notion", "data/notion-testspace.zip", Options()),
    "so4t-csv-templates": ("so4t-csv", "data", Options()),
    "stackexchange-french-meta": ("stackexchange", "data", Options()),
    "stackexchange-french-meta (HTML)": ("stackexchange", "data", Options(from_html=True)),
}

PAIRS = "confluence-storage-md2conf/data"
"""Pages in storage format, in `target`, and the Markdown that each was made of, in `source`."""

Found = Counter[tuple[Construct, str]]


def verified(corpora: Path, name: str) -> Fidelity:
    """Convert a corpus, and verify it."""
    reader, folder, options = CORPORA[name]
    path = corpora / name.partition(" ")[0] / folder
    watch = Watch(lambda: READERS[reader].read(path, options))
    for _ in watch.over(shape(lambda: READERS[reader].read(path, options), options)):
        pass
    return watch.fidelity


def against_markdown(corpora: Path) -> Found:
    """Count what of the Markdown is kept, reported or lost in what its pages became.

    `not on the page`: the tool that made the pages has no such thing, or left it out.
    """
    folder = corpora / PAIRS
    reader, options = READERS["confluence"], Options()
    pages = {
        it.place.path: it for it in reader.read(folder / "target", options) if isinstance(it, Page)
    }
    results = list(shape(lambda: reader.read(folder / "target", options), options))
    found: Found = Counter()
    for draft in (it for it in results if isinstance(it, Draft)):
        path = draft.place.path
        markdown = (folder / "source" / path).with_suffix(".md")
        if not markdown.is_file():
            continue
        losses = [it for it in results if isinstance(it, Loss) and it.where.path == path]
        seen = _seen(markdown.read_text(encoding="utf-8"))
        made = compared(seen, seen_of_drafts([draft]), losses)
        page = compared(seen, seen_of_page(pages[path]), losses)
        found += _judged(made.counts, made.differences, page.differences)
    return found


def _seen(markdown: str) -> Seen:
    """Return what is seen of a file; local files are called as the pages call them."""
    text = markdown.partition("\n---\n")[2] if markdown.startswith("---\n") else markdown
    sketch = Sketch()
    eye_of(WIKI_MARKDOWN)(text, sketch)
    for construct in (Construct.LINK, Construct.IMAGE):
        things = sketch.seen.things[construct]
        things[:] = [
            it if ":" in it.what else it._replace(what=it.what.replace("/", "_")) for it in things
        ]
    return sketch.seen


def _judged(
    counts: Counter[tuple[Construct, Outcome]],
    in_result: list[Difference],
    on_page: list[Difference],
) -> Found:
    found: Found = Counter()
    for (construct, outcome), count in counts.items():
        if outcome in (Outcome.KEPT, Outcome.CHANGED):
            found[construct, outcome] += count
    absent = Counter((construct, what) for construct, what, _ in _missing(on_page))
    for key in _missing(in_result):
        construct, what, reported = key
        if absent[construct, what]:
            absent[construct, what] -= 1
            found[construct, "not on the page"] += 1
        else:
            found[construct, "reported" if reported else "lost"] += 1
    return found


def _missing(differences: list[Difference]) -> Iterator[tuple[Construct, str, bool]]:
    """Yield what is missing, a text word by word, and whether it is reported."""
    for it in differences:
        if it.outcome in (Outcome.REPORTED, Outcome.LOST):
            words = it.what.split() if it.construct is Construct.TEXT else [it.what]
            yield from ((it.construct, word, it.outcome is Outcome.REPORTED) for word in words)


def shares(found: Found, *, words: bool) -> tuple[float, float]:
    """Return which share of what is on the pages is there still, and which is there or reported."""
    counts = Counter[str]()
    for (construct, outcome), count in found.items():
        if words or construct is not Construct.TEXT:
            counts[outcome] += count
    there = counts["kept"] + counts["changed"]
    whole = there + counts["reported"] + counts["lost"]
    return there / whole, (there + counts["reported"]) / whole
