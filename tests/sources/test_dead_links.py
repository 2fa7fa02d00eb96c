"""Links that lead nowhere become text that says so, in a few looks however many they are."""

from __future__ import annotations

import time

import pytest

from importer.model.draft import Place
from importer.sources import dead_links
from importer.sources.linking import Addresses, relinked
from importer.sources.losses import Losses
from importer.text.scanning import destinations

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
    begin = time.monotonic()
    markdown, losses = relink(text)
    assert said in markdown.split("\n")
    assert len(losses.found) == markdown.count("link not moved") == MANY
    assert "](" not in markdown
    assert "]:" not in markdown
    assert len(looks) < 10
    assert time.monotonic() - begin < 60


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
