"""Small wikis and what becomes of them; a test states only the text that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

from importer.model.draft import Draft, Place
from importer.sources import READERS, Loss, LossKind, Options, Page, shape

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
    chosen = options or Options()
    return parted(shape(READERS["faq"].read(wiki(folder, files), chosen), chosen))


def parted(results: Iterable[Draft | Loss]) -> tuple[list[Draft], list[Loss]]:
    found = list(results)
    drafts = [it for it in found if isinstance(it, Draft)]
    return drafts, [it for it in found if isinstance(it, Loss)]


def page(title: str = "How do I reset my password?", **more: object) -> Page:
    given = {"place": Place("faq.md", 1), "body": "", "answers": (LONG,), "tags": ("accounts",)}
    return Page(title=title, **(given | more))  # type: ignore[arg-type]  # a test names its fields


def shaped(*pages: Page, options: Options | None = None) -> tuple[list[Draft], list[Loss]]:
    return parted(shape(pages, options or Options()))


def named(losses: Iterable[Loss], kind: LossKind) -> list[str]:
    return [f"{loss.where} {loss.what}" for loss in losses if loss.kind is kind]
