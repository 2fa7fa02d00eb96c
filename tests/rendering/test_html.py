"""The report as a page: whole in itself, in light and dark, and no title is markup in it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from importer.rendering import Format, render_losses
from tests.factories import HOSTILE
from tests.rendering.cases import LOSSES
from tests.rendering.documents import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table></details><h1>x",
    "{{ 7*7 }}",
    "a & b &amp; c",
    "javascript:alert(1)",
]


def a_page(title: str = "How to get in", **more: Any) -> dict[str, object]:
    given = {"page": "a.md", "fate": "migrated", "why": "", "kind": "article", "keys": ("a",)}
    known = {"tags": ("x", "y"), "owner": "Ann", "edited": "2024-05-02T00:00:00+00:00", "size": 12}
    return {"title": title, "effort": 0, "losses": {}, **given, **known, **more}


def page_of(*pages: dict[str, object], name: str = "some", **looks: Any) -> str:
    losses, tally = LOSSES[name]
    looks = {"format": Format.HTML, "templates": TEMPLATES, **looks}
    return render_losses(losses, tally, pages, **looks)


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, and the text of its cells."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []
        self._open = False
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "td":
            self.cells.append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data


@pytest.mark.parametrize("text", [*MARKUP, *HOSTILE])
def test_a_hostile_title_shows_as_text(text: str) -> None:
    plain = Elements(page_of(a_page("x", why="x", owner="x", tags=("x",), page="x")))
    page = a_page(text, why=text, owner=text, tags=(text,), page=text, keys=(text,))
    seen = Elements(page_of(page))
    assert seen.tags == plain.tags
    assert {name for name, _ in seen.attributes} == {name for name, _ in plain.attributes}
    if text in MARKUP:
        assert seen.cells[:2] == [text, text]


def test_hostile_losses_make_no_element() -> None:
    losses = [{"kind": it, "path": it, "line": 1, "what": it, "why": it} for it in MARKUP]
    document = render_losses(losses, {}, format=Format.HTML, templates=TEMPLATES)
    seen = Elements(document)
    assert not {"img", "h3", "a", "link", "iframe"} & set(seen.tags)
    assert seen.tags.count("script") == 1
    assert seen.tags.count("h1") == 1
    assert "javascript:" not in str([value for _, value in seen.attributes])


def test_the_page_needs_nothing_from_elsewhere_and_runs_only_its_own_script() -> None:
    document = page_of(a_page())
    assert not re.search(r"(?:src|href)=|@import|url\(|https?:", document)
    script = document.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in document
    )


def test_the_page_is_for_light_and_dark() -> None:
    document = page_of()
    assert "color-scheme" in document
    assert "prefers-color-scheme: dark" in document


def test_pages_that_need_a_person_come_first_by_effort() -> None:
    pages = [a_page(f"Page {at}", effort=at, losses={"image": at, "skipped": 1}) for at in range(4)]
    document = page_of(*pages)
    assert "needs a person (3)" in document
    order = [int(it) for it in re.findall(r"<bdi>\u201c?Page (\d)", document)]
    assert order[:3] == [3, 2, 1]
    assert order[3:] == [3, 2, 1, 0]
    assert "losses: 3 image" in document


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_work_by_effort_is_in_every_form(form: Format) -> None:
    pages = [a_page(f"Page {at}", page=f"{at}.md", effort=at) for at in range(13)]
    document = page_of(*pages, format=form)
    assert "needs a person" in document
    assert re.search("2 more, shown with `?--verbose", document)
    assert document.index("12.md") < document.index("11.md")
    whole = page_of(*pages, format=form, verbose=True)
    assert "more, shown" not in whole


def test_a_users_template_of_html_is_escaped_without_its_doing(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text(
        "{% for page in losses.pages %}<p>{{ page.title }} {{ page.title|code }} "
        "{{ page.title|prose }} {{ page.title|link }}</p>{% endfor %}"
    )
    for text in MARKUP:
        seen = Elements(page_of(a_page(text), template=mine))
        assert set(seen.tags) <= {"p", "code"}


def test_a_page_of_everything(snapshot: SnapshotAssertion) -> None:
    pages = [
        a_page("Left out", fate="skipped", why="a draft", kind="", keys=(), effort=0),
        a_page("Needs a look", effort=13, losses={"secret": 1, "image": 1, "tag": 2}),
    ]
    assert page_of(*pages) == snapshot
