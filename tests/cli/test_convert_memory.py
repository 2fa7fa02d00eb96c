"""A conversion's memory doesn't grow with its source."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.cli import converting
from importer.cli.console import Console
from importer.cli.converting import Purpose
from importer.manifests.memory import Memory
from importer.manifests.renewing import Renewal, renew
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.rendering import loss_view
from importer.sources import Alias, Loss, LossKind, Options, Page, Passage, Shelf
from importer.sources.reader import Likeness


class Endless:
    """A reader of as many pages as one likes, some of them redirects, with links to each other."""

    name = "endless"
    summary = "pages without end"

    def __init__(self, pages: int) -> None:
        self._pages = pages

    def guess(self, path: Path) -> Likeness:  # noqa: ARG002 - a Reader
        return Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Alias | Loss]:  # noqa: ARG002 - a Reader
        for number in range(self._pages):
            place = Place("wiki.xml", number + 1)
            name = f"wiki:page number {number}"
            if number % 10 == 9:
                target = f"wiki:page number {number - 1}"
                yield Alias(place, name, (name,), target, (f"https://wiki.example.com/{number}",))
                continue
            yield Loss(LossKind.DECORATION, place, f"a colour {number}", "Markdown has none")
            text = f"Text of page {number}, [on](wiki:page%20number%20{number + 1}), [x](gone.md)."
            yield Page(
                place, f"The page number {number}", Passage(text), kind=Kind.ARTICLE, names=(name,),
                addresses=(f"https://wiki.example.com/{number}",), identity=f"page {number}",
            )  # fmt: skip


def held_after(folder: Path, pages: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the bytes that Python holds when so many pages are through, but for the report.

    What nobody holds any more is no matter: the collector comes when it is much.
    """
    held: list[int] = []

    def renewed(*given: Any, **named: Any) -> Renewal:
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
        return renew(*given, **named)

    purpose = Purpose(folder / f"out-{pages}", "x", (), "", "endless", {})
    monkeypatch.setattr(converting, "renew", renewed)
    tracemalloc.start()
    try:
        with Memory() as memory, Shelf() as shelf:
            made = converting.convert(
                lambda: Endless(pages).read(folder, Options()), Options(), purpose,
                memory=memory, shelf=shelf, console=Console(),
            )  # fmt: skip
            assert made.tally.pages == pages
            assert len(made.losses) > pages
    finally:
        tracemalloc.stop()
    return held[0]


def test_more_pages_take_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of each page, kept anywhere, would take more than the difference that is allowed."""
    monkeypatch.setattr(loss_view, "MOST_LISTED", 10)
    monkeypatch.setattr(converting, "MOST_LISTED", 10)
    held_after(tmp_path, 150, monkeypatch)  # what is imported late, and caches
    few = held_after(tmp_path, 200, monkeypatch)
    many = held_after(tmp_path, 800, monkeypatch)
    assert many < few + 10_000, f"{few:,} bytes, then {many:,}"
    report = (tmp_path / "out-200" / "conversion-report.md").read_text()
    assert "170 more, in `conversion-losses.jsonl`" in report
    lines = (tmp_path / "out-200" / "conversion-losses.jsonl").read_text().splitlines()
    assert sum('"decoration"' in line for line in lines) == 180
