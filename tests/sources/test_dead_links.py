"""Links that lead nowhere become text that says so, in a few looks however many they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.model.draft import Place
from importer.sources import dead_links
from importer.sources.linking import Addresses, relinked
from importer.sources.losses import Losses, LossKind
from importer.text.scanning import destinations
from tests.sources.factories import LONG, converted, parted

MANY = 20_000


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the lengths of the texts that are looked over."""
    found: list[int] = []
    real = destinations

    def counted(text: str) -> object:
        found.append(len(text))
        return real(text)

    monkeypatch.setattr(dead_links, "destinations", counted)
    return found


def relink(text: str) -> tuple[str, Losses]:
    losses = Losses("a.md")
    return relinked(text, Place("a.md", 1), Addresses(), losses), losses


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "x\n\n" + "".join(f"[d{it}]: none{it}.md\n" for it in range(MANY)),
            "(link not moved: d7, `none7.md`)",
            id="definitions",
        ),
        pytest.param(
            "\n".join(f"[t{it}][d{it}]" for it in range(MANY))
            + "\n\n"
            + "".join(f"[d{it}]: none{it}.md\n" for it in range(MANY)),
            "t7 (link not moved: `none7.md`)",
            id="definitions in use",
        ),
        pytest.param(
            "\n".join(f"[t{it}](none{it}.md)" for it in range(MANY)),
            "t7 (link not moved: `none7.md`)",
            id="links",
        ),
    ],
)
def test_thousands_of_dead_links_take_a_few_looks(looks: list[int], text: str, said: str) -> None:
    markdown, losses = relink(text)
    assert said in markdown.split("\n")
    assert len(losses.found) == markdown.count("link not moved") == MANY
    assert "](" not in markdown
    assert "]:" not in markdown
    assert len(looks) < 10


@pytest.mark.parametrize("opening", ["[", "!["])
def test_links_within_links_beyond_all_sense_stay_as_text(looks: list[int], opening: str) -> None:
    markdown, losses = relink(opening * 2_000 + "innermost" + "](none.md)" * 2_000)
    assert "innermost" in markdown
    assert losses.found
    assert len(looks) < 30
    assert relink(markdown)[0] == markdown


def test_what_is_dead_goes_and_what_lives_stays() -> None:
    text = (
        "[a][x], [Y z], [![i](i.png)](b.md), [https][live] and ``[a][x]``\n\n"
        "[live]: https://live.example\n[x]: x.md 'title'\n[y  Z]: <y z.md>\n[unused]: u.md\n"
    )
    markdown, losses = relink(text)
    assert markdown == (
        "a (link not moved: `x.md`), Y z (link not moved: `y z.md`), "
        "i (image not moved: `i.png`) (link not moved: `b.md`), [https][live] and ``[a][x]``\n\n"
        "[live]: https://live.example\n(link not moved: unused, `u.md`)\n\n"
    )
    assert sorted(it.what for it in losses.found) == ["b.md", "i.png", "u.md", "x.md", "y z.md"]


@pytest.mark.parametrize(
    "destination",
    [
        "javascript:alert(1)",
        "<JavaScript:a(1) b>",
        "java&#115;cript:x",
        "<java\tscript:x>",
        "vbscript:x",
    ],
)
@pytest.mark.parametrize("link", ["[click]({})", "[click][c]\n\n[c]: {}", "![click]({})"])
def test_a_script_is_no_link(link: str, destination: str) -> None:
    markdown, losses = relink(link.format(destination))
    assert markdown.startswith("click")
    assert "](" not in markdown
    assert "]:" not in markdown
    (loss,) = losses.found
    assert loss.why.startswith("a script")


def test_a_script_in_html_is_no_link(tmp_path: Path) -> None:
    body = f"<p>{LONG} <a href='javascript:alert(1)'>click</a></p>"
    record = {"title": "The page of all", "format": "html", "body": body}
    (tmp_path / "a.json").write_text(json.dumps([record]))
    drafts, losses = parted(converted("json", tmp_path / "a.json"))
    assert [it.body for it in drafts] == [f"{LONG} click"]
    assert [it.what for it in losses if it.kind is LossKind.LINK] == ["javascript:alert(1)"]
