"""Images of HTML where a converter doesn't see them: none goes without a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.sources.html_markup import HTML
from importer.sources.losses import Loss, Losses, LossKind


def converted(html: str) -> tuple[str, list[Loss]]:
    losses = Losses("page.html")
    return HTML.to_markdown(html, Place("page.html", 1), losses), losses.found


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        pytest.param('<img data-src="a.png">', "![](a.png)", id="late"),
        pytest.param(
            '<img src="data:image/gif;base64,R0=" data-original="a.png">', "![](a.png)", id="dot"
        ),
        pytest.param('<img src="b.png" data-src="a.png">', "![](b.png)", id="late and there"),
        pytest.param('<img srcset="s.png 1x, a.png 2x">', "![](a.png)", id="set of sizes"),
        pytest.param(
            '<picture><source srcset="a.webp"><img src="a.png"></picture>', "![](a.png)", id="kinds"
        ),
        pytest.param('<noscript><img src="a.png"></noscript>', "![](a.png)", id="no script"),
        pytest.param(
            '<img data-src="a.png"> <noscript><img src="a.png"></noscript>', "![](a.png)",
            id="no script, twice",
        ),
        pytest.param('<button><img src="a.png"> Go</button>', "![](a.png) Go", id="button"),
        pytest.param('<input type="image" src="a.png" alt="Go">', "![Go](a.png)", id="input"),
        pytest.param('<code><img src="a.png"></code>', "![](a.png)", id="code of nothing else"),
        pytest.param(
            '<pre>x<img src="a.png">y<img src="b.png"></pre>',
            "```\nxy\n```\n\n![](a.png)![](b.png)",
            id="code",
        ),
        pytest.param(
            '<img src="a.png" usemap="#m"><map name="m"><area href="http://x" alt="X">'
            '<area href="y.html" title="Y"><area nohref></map>',
            "![](a.png)\n\n- [X](http://x)\n- [Y](y.html)",
            id="map",
        ),
        pytest.param(
            '<figure><img src="a.png" alt="A"><figcaption>The <b>cap</b></figcaption></figure>',
            "![A](a.png)\n\nThe **cap**",
            id="caption",
        ),
        pytest.param('<img alt="A">', "A (image without an address)", id="no address"),
    ],
)  # fmt: skip
def test_every_image_is_one_in_markdown(html: str, markdown: str) -> None:
    assert converted(html)[0] == markdown


@pytest.mark.parametrize(
    ("html", "kind", "what"),
    [
        pytest.param('<img alt="A">', LossKind.IMAGE, "A", id="no address"),
        pytest.param(
            "<p style=\"background: url('a.png')\">x</p>", LossKind.DECORATION, "a.png", id="behind"
        ),
        pytest.param(
            '<map><area href="http://x"></map>', LossKind.MARKUP, "areas of an image: 1", id="areas"
        ),
        pytest.param(
            '<code>x<img src="a.png"></code>', LossKind.MARKUP, "images in code: 1", id="in code"
        ),
        pytest.param(
            '<img src="a.png" width="3">', LossKind.MARKUP, "images with a size: 1", id="size"
        ),
    ],
)
def test_what_changes_is_listed(html: str, kind: LossKind, what: str) -> None:
    assert [(it.kind, it.what) for it in converted(html)[1]] == [(kind, what)]


PIECES = (
    '<img src="a.png">', "<img>", '<img data-src="a.png">', "<pre>", "</pre>", "<code>", "</code>",
    "<noscript>", "</noscript>", "<map>", "</map>", '<area href="x">', "<button>", "</button>",
    "<table><tr><td>", "</td></tr></table>", "<li>", "a", " ", '<p style="x:url(a)">',
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_page_is_too_broken(html: str) -> None:
    converted(html)
