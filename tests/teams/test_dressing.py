from __future__ import annotations

import pytest

from importer.model.ids import Key, Kind, Ref
from importer.model.site import Site
from importer.teams.dressing import dress, undress
from importer.text.links import Text
from importer.text.marker import format_marker

SITE = Site("https://stackoverflowteams.com/c/acme")
LINKS = {
    Key("freeze"): Ref(Kind.QUESTION, 12),
    Key("freeze#cli"): Ref(Kind.ANSWER, 34),
    Key("leave"): Ref(Kind.ARTICLE, 56),
}
MARKER = format_marker("handbook:rollback", {})


@pytest.mark.parametrize(
    ("target", "address"),
    [
        pytest.param("key:freeze", f"{SITE.base}/questions/12", id="a question"),
        pytest.param("key:freeze#cli", f"{SITE.base}/a/34", id="an answer"),
        pytest.param("key:leave", f"{SITE.base}/articles/56", id="an article"),
        pytest.param("question/99", f"{SITE.base}/questions/99", id="a post of nobody's"),
    ],
)
def test_a_hole_is_filled_with_an_address_without_slug(target: str, address: str) -> None:
    assert dress(Text("See [it](\0).\n", (target,)), LINKS, SITE, "") == f"See [it]({address}).\n"


def test_the_marker_becomes_the_last_line() -> None:
    assert dress(Text("Body.\n"), {}, SITE, MARKER) == f"Body.\n\n{MARKER}"


def test_a_hole_that_leads_to_no_post_yet_is_our_bug() -> None:
    with pytest.raises(ValueError, match="missing"):
        dress(Text("[it](\0)", ("key:missing",)), LINKS, SITE, "")


@pytest.mark.parametrize(
    "url",
    [
        f"{SITE.base}/questions/12",
        f"{SITE.base}/questions/12/when-is-the-freeze",
        f"{SITE.base}/q/12",
    ],
)
def test_a_link_into_the_team_is_dug_by_its_post(url: str) -> None:
    assert undress(f"See [it]({url}).", SITE) == (Text("See [it](\0).\n", ("question/12",)), None)


@pytest.mark.parametrize(
    "markdown",
    [
        "See [it](https://stackoverflowteams.com/c/umbrella/questions/12).\n",
        "See [it](https://example.org/questions/12).\n",
        f"See `[it]({SITE.base}/questions/12)`.\n",
        f"See {SITE.base}/questions/12\n",
    ],
)
def test_what_is_no_link_into_the_team_stays(markdown: str) -> None:
    assert undress(markdown, SITE) == (Text(markdown), None)


def test_what_was_dressed_is_undressed_to_the_same_by_post() -> None:
    text = Text("See [a](\0), [b](\0)\nand more.\n", ("key:freeze", "key:freeze#cli"))
    sent = dress(text, LINKS, SITE, MARKER).replace("\n", "\r\n") + "  \r\n"
    kept, marker = undress(sent, SITE)
    assert kept == Text(text.holed, ("question/12", "answer/34"))
    assert marker is not None
    assert marker.key == "handbook:rollback"


def test_a_body_that_is_only_a_marker_is_empty() -> None:
    assert undress(MARKER, SITE)[0] == Text("")
