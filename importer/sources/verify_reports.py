"""Finds the loss that reports a missing thing: it names it, or counts things of its kind."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from importer.sources.losses import Loss, LossKind
from importer.sources.verify_seen import Construct, Thing

__all__ = ["Reports"]

# These concern a page's frame: none of them says that a thing of its text is gone.
_OF_FRAME = (LossKind.SKIPPED, LossKind.MERGED, LossKind.SPLIT, LossKind.TAG, LossKind.TITLE)
# How losses that only count call things: `3 list items in cells of a table`.
_NAMES = {
    Construct.TEXT: "words?", Construct.CODE: "blocks? of code", Construct.SPAN: "code spans?",
    Construct.LINK: "links?", Construct.IMAGE: "images?", Construct.ITEM: "list items?",
    Construct.HEADING: "headings?", Construct.CELL: "table cells?",
}  # fmt: skip
_ID = re.compile(r"([0-9a-fA-F]{32})(?:\.\w{1,5})?\Z")
# A loss that says this of a page covers every form in it, and no word.
_FORMLESS = "its form is gone"


class Reports:
    """The losses of a page: each reports one thing of a construct, or as many as it counts."""

    def __init__(self, losses: Iterable[Loss]) -> None:
        self._known = [
            (loss, _flat(loss.what.removesuffix("...")))
            for loss in losses
            if loss.kind not in _OF_FRAME
        ]
        self._used: set[tuple[int, Construct]] = set()
        self._counts: Counter[tuple[int, Construct]] = Counter()

    def cover(self, construct: Construct, thing: Thing, count: int = 1) -> Loss | None:
        """Return the loss that reports a thing, or a run of words."""
        for at, (loss, said) in enumerate(self._known):
            if (at, construct) in self._used:
                continue
            if construct is not Construct.TEXT and _FORMLESS in loss.why:
                return loss
            if limit := self._limit(loss, construct):
                self._counts[at, construct] += count
                if self._counts[at, construct] >= limit:
                    self._used.add((at, construct))
                return loss
            if construct is Construct.TEXT:
                if _says(loss.what, thing.what) or _names(said, _flat(thing.what)):
                    return loss
            elif any(_names(said, name) for name in self._called(construct, thing)):
                # An image that is not there is listed once, however often a page shows it.
                if not (loss.kind is LossKind.IMAGE and _flat(thing.what) in said):
                    self._used.add((at, construct))
                return loss
        return None

    def _limit(self, loss: Loss, construct: Construct) -> int:
        match = re.search(rf"(?<!\S)([\d,]+) {_NAMES[construct]}\b", loss.what)
        return int(match[1].replace(",", "") or 0) if match else 0

    def _called(self, construct: Construct, thing: Thing) -> Iterator[str]:
        yield _flat(thing.what)
        if construct in (Construct.LINK, Construct.IMAGE) and thing.more:
            yield _flat(thing.more)
        # Notion's pages are told by the ids at the ends of their names, also in what is listed.
        if construct is Construct.LINK and (match := _ID.search(thing.what.partition("#")[0])):
            yield match[1].lower()


def _flat(text: str) -> str:
    return re.sub(r"[\s_]+", "", unquote(text)).casefold()


def _says(said: str, words: str) -> bool:
    """Tell whether all *words* are in what a loss says."""
    wanted = set(re.findall(r"\w+", words.casefold()))
    return bool(wanted) and wanted <= set(re.findall(r"\w+", said.casefold()))


def _names(said: str, name: str) -> bool:
    """Tell whether a loss that says *said* means what is called *name*."""
    if len(name) < 4 or len(said) < 4:
        return bool(name) and name == said
    return name in said or said in name or name.startswith(said)
