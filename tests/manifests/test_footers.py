"""`markers:`: a hidden comment or a visible footer, where it leads, and what it costs a body."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import ManifestError
from importer.model.manifest import Footer
from importer.text.marker import format_marker
from tests.manifests.pages import BODY, HEAD, HERE, assert_told_of, load_one, question, questions

WIKI = "https://git.example.org/hand_book?tab=readme"
LINE = format_marker("handbook:a", {}, WIKI)


@pytest.mark.parametrize(
    ("stated", "footer"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("markers: comment\n", None, id="a comment"),
        pytest.param("markers: footer\n", Footer(), id="a footer that leads to the team"),
        pytest.param(f"markers: {{footer: '{WIKI}'}}\n", Footer(WIKI), id="an address"),
        pytest.param(
            f"markers: {{footer: '{WIKI}', everywhere: true}}\n",
            Footer(WIKI, everywhere=True),
            id="everywhere",
        ),
    ],
)
def test_a_manifest_says_what_posts_bear(folder: Path, stated: str, footer: Footer | None) -> None:
    assert load_one(folder, HEAD + stated).footer == footer


@pytest.mark.parametrize(
    ("stated", "rule"),
    [
        (f"markers: {HERE}hidden\n", "not-one-of"),
        (f"markers: {HERE}[footer]\n", "not-a-mapping"),
        (f"markers: {HERE}{{everywhere: true}}\n", "missing-key"),
        (f"markers: {{footer: '{WIKI}', {HERE}every: true}}\n", "unknown-key"),
        (f"markers: {{footer: '{WIKI}', everywhere: {HERE}maybe}}\n", "not-a-flag"),
        *(
            (f"markers: {{footer: {HERE}'{it}'}}\n", "footer-address")
            for it in (
                "",
                "handbook",
                "git.example.org",
                "javascript:alert(1)",
                "https://",
                f"{WIKI}#top",
                f"{WIKI}&x=1",
                f"{WIKI})",
                f"{WIKI} x",
                "https://user:secret@git.example.org/",
                "https://git.example.org/" + "x" * 400,
            )
        ),
    ],
)
def test_what_can_be_no_footer_is_told(folder: Path, stated: str, rule: str) -> None:
    assert_told_of(folder, HEAD + stated, rule)


@pytest.mark.parametrize("markers", ["", "markers: footer\n"])
def test_a_body_with_a_footer_of_its_own_is_refused(folder: Path, markers: str) -> None:
    rows = (
        f"questions:\n- key: a\n  title: How do I do thing a?\n  body: |\n    {BODY}\n\n    {HERE}"
    )
    head = f"{HEAD}defaults: {{tags: [handbook]}}\n{markers}"
    assert_told_of(folder, f"{head}{rows}{LINE}\n", "marker-line")
    fenced = rows.replace(HERE, "```\n    ")
    load_one(folder, f"{head}{fenced}{LINE}\n    ```\n")


def test_a_footer_counts_as_part_of_a_body(folder: Path) -> None:
    body = "x" * 29_780
    text = questions(question(body=body))
    load_one(folder, text)
    long = f"markers: {{footer: 'https://git.example.org/{'x' * 150}'}}\n"
    with pytest.raises(ManifestError) as told:
        load_one(folder, text.replace("questions:", f"{long}questions:"))
    assert [it.rule for it in told.value.problems] == ["body-length"]
