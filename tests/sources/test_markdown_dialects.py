"""What dialects of Markdown know and the team's site doesn't is said otherwise, and listed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.wiki_markdown import WIKI_MARKDOWN
from tests.sources.factories import LONG, named, wiki
from tests.sources.watched import unreported, verified

BLOCKS = [
    pytest.param(">>>\nOne.\n\n- two\n>>>", "> One.\n>\n> - two", [], id="GitLab's quotation"),
    pytest.param(":::note\nMind.\n:::", "> **Note**\n>\n> Mind.", [":::note"], id="a container"),
    pytest.param(
        ":::tip[Do **it**]\nNow.\n:::",
        "> **Do it**\n>\n> Now.",
        [":::tip[Do **it**]"],
        id="a container with a title",
    ),
    pytest.param(
        "::: {.warning}\nMind.\n:::", "> **Warning**\n>\n> Mind.", ["::: {.warning}"], id="Pandoc's"
    ),
    pytest.param(
        "::: mermaid\ngraph TD; A-->B\n:::", "```mermaid\ngraph TD; A-->B\n```", [], id="a drawing"
    ),
    pytest.param(
        '!!! warning "Take care"\n    One.\n\n    ```\n    x\n    ```\n\nOut.',
        "> **Take care**\n>\n> One.\n>\n> ```\n> x\n> ```\n\nOut.",
        ['!!! warning "Take care"'],
        id="an admonition",
    ),
    pytest.param("??? note\n    In.", "> **Note**\n>\n> In.", ["??? note"], id="a fold"),
    pytest.param(
        '=== "Linux"\n\n    apt\n\n=== "Mac"\n\n    brew',
        "**Linux**\n\napt\n\n**Mac**\n\nbrew",
        ['=== "Linux"', '=== "Mac"'],
        id="tabs",
    ),
    pytest.param(
        "Term\n: One\n: Two\n\nOther\n\n: Three\n\nEnd.",
        "**Term**\n\n- One\n- Two\n\n**Other**\n\n- Three\n\nEnd.",
        ["definitions: 2"],
        id="definitions",
    ),
]
MARKS = [
    pytest.param("- [~] gone", "- [~] gone", ["[~]"], id="a task that doesn't apply"),
    pytest.param("a {+ new +} b", "a new b", ["{+ new +}"], id="added"),
    pytest.param("a {- old -} b", "a <del>old</del> b", [], id="deleted"),
    pytest.param("a $`x^2`$ b", "a `x^2` b", ["$`x^2`$"], id="GitLab's formula"),
    pytest.param("a $$x^2$$ b", "a $$x^2$$ b", ["$$x^2$$"], id="a formula"),
    pytest.param("a ==hot== b", "a hot b", ["==hot=="], id="marked"),
    pytest.param("a <u>low</u> b", "a low b", ["<u>"], id="underlined"),
]
KEPT = [
    "a==b and c==d", "a == b", "costs $5 and $6", "{{+ x +}}", "Title\n===", "a::: b", "x : y",
    ":::never closed", ">>> nested", "!!! no body", "- item\n: no term", "[+1](https://a.example)",
    "a `{+ x +}` `==x==` `<u>`", "```\n{+ x +}\n:::note\n:::\n[[_TOC_]]\n>>>\n>>>\n```",
    '```\n!!! note "x"\n    y\nTerm\n: z\n```', "`$` and `$`",
]  # fmt: skip


def said(text: str) -> tuple[str, Losses]:
    losses = Losses("a.md")
    return WIKI_MARKDOWN.to_markdown(text, Place("a.md", 1), losses), losses


@pytest.mark.parametrize(("text", "expected", "listed"), BLOCKS + MARKS)
def test_what_a_dialect_means_is_said_and_listed(
    text: str, expected: str, listed: list[str]
) -> None:
    made, losses = said(text)
    assert "\n".join(_without_doubled(made.split("\n"))) == expected
    assert [it.what for it in losses.found] == listed


def _without_doubled(lines: list[str]) -> list[str]:
    """Return *lines* with one blank line where there are more: they mean the same."""
    return [it for at, it in enumerate(lines) if it or (at and lines[at - 1])]


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_a_dialect_stays(text: str) -> None:
    made, losses = said(text)
    assert made == text
    assert losses.found == []


@pytest.mark.parametrize(
    "text", ["[[_TOC_]]", "[TOC]", "[[_TOSP_]]", "[[_TOC_ | levels = 2]]", "{:toc}"]
)
def test_a_list_of_the_headings_is_dropped(text: str) -> None:
    made, losses = said(f"{text}\n\nThe text.")
    assert made == "The text."
    assert named(losses.found, LossKind.NAVIGATION) == [f"a.md:1 {text}"]


@pytest.mark.parametrize(
    "text",
    [*(it.values[0] for it in BLOCKS + MARKS), "[[_TOC_]]", "[[_TOC_ | levels = 2]]", "[TOC]"],
)
def test_nothing_of_a_dialect_is_lost_unseen(tmp_path: Path, text: str) -> None:
    fidelity, _ = verified("markdown", wiki(tmp_path, {"a.md": f"{LONG}\n\n{text}\n\n{LONG}"}))
    assert fidelity.pages == 1
    assert unreported(fidelity) == []


@pytest.mark.parametrize(
    "text",
    [
        ":::a\n" * 2_000 + ":::\n" * 2_000,
        "\n".join(f"{'    ' * depth}!!! note" for depth in range(200)),
        "Term\n" + ": x\n\ny\n" * 2_000,
        "==a" * 5_000 + "{+ " * 5_000 + "$`" * 5_000,
    ],
    ids=["containers", "admonitions", "definitions", "marks"],
)
def test_no_dialect_is_too_deep_or_takes_too_long(text: str) -> None:
    begin = time.process_time()
    said(text)
    assert time.process_time() - begin < 5
