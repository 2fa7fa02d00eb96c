"""Small wikis and what becomes of them; a test states only the text that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

from importer.model.draft import Asset, Draft, Place
from importer.sources import (
    READERS,
    Account,
    Alias,
    Fate,
    Loss,
    LossKind,
    Options,
    Page,
    Passage,
    shape,
    tally,
)

Result = Draft | Loss | Account

LONG = "This is a text of more than thirty characters, as a post must have."


def wiki(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def read(
    folder: Path, files: Mapping[str, str], options: Options | None = None
) -> tuple[list[Page], list[Loss]]:
    results = list(READERS["faq"].read(wiki(folder, files), options or Options()))
    pages = [it for it in results if isinstance(it, Page)]
    return pages, [it for it in results if isinstance(it, Loss)]


def convert(
    folder: Path, files: Mapping[str, str], options: Options | None = None
) -> tuple[list[Draft], list[Loss]]:
    return parted(converted("faq", wiki(folder, files), options))


def converted(name: str, path: Path, options: Options | None = None) -> list[Result]:
    """Read the source and shape it; what becomes of its pages must add up."""
    chosen = options or Options()
    read = list(READERS[name].read(path, chosen))
    pages = sum(isinstance(it, Page | Alias) or it.kind is LossKind.SKIPPED for it in read)
    results = list(shape(lambda: READERS[name].read(path, chosen), chosen))
    assert tally(results).pages == pages
    keys = [it.key for it in results if isinstance(it, Draft)]
    moved = (it for it in results if isinstance(it, Account) and it.fate is not Fate.MERGED)
    assert keys == [key for it in moved for key in it.keys]
    return results


def parted(results: Iterable[Result]) -> tuple[list[Draft], list[Loss]]:
    found = list(results)
    drafts = [it for it in found if isinstance(it, Draft)]
    return drafts, [it for it in found if isinstance(it, Loss)]


def page(title: str = "How do I reset my password?", **more: object) -> Page:
    given = {"place": Place("faq.md", 1), "body": "", "answers": (LONG,), "tags": ("accounts",)}
    given |= more
    given["body"] = passage(given["body"])
    given["answers"] = tuple(passage(it) for it in given["answers"])  # type: ignore[attr-defined]
    return Page(title=title, **given)  # type: ignore[arg-type]  # a test names its fields


def passage(text: object) -> Passage:
    return text if isinstance(text, Passage) else Passage(str(text))


def results_of(*pages: Page, options: Options | None = None) -> list[Result]:
    return list(shape(lambda: pages, options or Options()))


def shaped(*pages: Page, options: Options | None = None) -> tuple[list[Draft], list[Loss]]:
    return parted(results_of(*pages, options=options))


def content_of(asset: Asset) -> bytes:
    with asset.open() as stream:
        return stream.read()


def named(losses: Iterable[Loss], kind: LossKind) -> list[str]:
    return [f"{loss.where} {loss.what}" for loss in losses if loss.kind is kind]


def answers_of(page: Page) -> tuple[str, ...]:
    return tuple(it.text for it in page.answers)
