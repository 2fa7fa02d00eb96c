"""Which questions a Markdown FAQ holds, whatever form they have, and what of it belongs to none."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.sources import READERS, LossKind, Options
from tests.sources.factories import answers_of, named, read, wiki

NUMBERED = """
# FAQ of the team

Welcome to our questions.

## Table of Contents

1. [What is it?](#what-is-it)
2. [Why is it so?](#why-is-it-so)
3. [Who wrote it?](#who-wrote-it)

## First things

1. ### What is it?

   A thing.

   ```sh
   run it
   ```

   **[Back to Top](#table-of-contents)**

   2.  ### Why is it so?
       Because of *that*.

       - one
         - two

**[⬆ Back to Top](#table-of-contents)**

* 3. #### How does it end?

    With a fence that nobody closed.

    ```
**[Back to Top](#table-of-contents)**

4) ### Is there more?

      Yes, and it is indented far.

## Disclaimer

No promise is made.
"""


def test_numbered_questions_are_found_in_every_indentation(tmp_path: Path) -> None:
    pages, losses = read(tmp_path, {"faq.md": NUMBERED})
    assert [(it.title, it.place.line) for it in pages] == [
        ("What is it?", 13),
        ("Why is it so?", 23),
        ("How does it end?", 31),
        ("Is there more?", 38),
    ]
    assert [answers_of(it) for it in pages] == [
        ("A thing.\n\n```sh\nrun it\n```",),
        ("Because of *that*.\n\n- one\n  - two",),
        ("With a fence that nobody closed.",),
        ("Yes, and it is indented far.",),
    ]
    assert {it.tags for it in pages} == {("First things",)}
    assert named(losses, LossKind.NAVIGATION) == [
        "faq.md:21 **[Back to Top](#table-of-contents)**",
        "faq.md:29 **[⬆ Back to Top](#table-of-contents)**",
        "faq.md:36 **[Back to Top](#table-of-contents)**",
        "faq.md:7 table of contents, 3 links",
    ]
    assert named(losses, LossKind.LINK) == ["faq.md:9 Who wrote it?"]
    assert named(losses, LossKind.MARKUP) == ["faq.md:35 ```"]
    assert named(losses, LossKind.TEXT) == [
        "faq.md:3 Welcome to our questions.",
        "faq.md:44 No promise is made.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "# FAQ\n\n## How?\n\nSo.\n\n## Where?\n\nHere.\n",
            [("How?", "", ("So.",)), ("Where?", "", ("Here.",))],
            id="headings of one level",
        ),
        pytest.param(
            "# FAQ\n\n## Paying\n\n### How?\n\nSo.\n\n### The bill is wrong\n\nTell us.\n",
            [("How?", "", ("So.",)), ("The bill is wrong", "", ("Tell us.",))],
            id="a heading beside those that ask",
        ),
        pytest.param(
            "## 1. Is it?\n\nYes.\n\n## Q2: Isn't it?\n\nNo.\n",
            [("Is it?", "", ("Yes.",)), ("Isn't it?", "", ("No.",))],
            id="numbers and labels before a title",
        ),
        pytest.param(
            "### Explain `this`\n\nIn your words.\n\n#### Answer\n\nIt is so.\n\n"
            "#### Good to hear\n\n* more\n",
            [
                (
                    "Explain `this`",
                    "In your words.",
                    ("It is so.\n\n#### Good to hear\n\n* more",),
                )
            ],
            id="an answer heading",
        ),
        pytest.param(
            "# What is it?\n\n## Answer 1\n\nOne.\n\n## Answer 2\n\nTwo.\n",
            [("What is it?", "", ("One.", "Two."))],
            id="two answers",
        ),
        pytest.param(
            "# How to?\n\nSo.\n\n## Why does that help?\n\nIt does.\n\n## What else?\n\nNothing.\n",
            [
                (
                    "How to?",
                    "",
                    ("So.\n\n## Why does that help?\n\nIt does.\n\n## What else?\n\nNothing.",),
                )
            ],
            id="one question whose parts ask too",
        ),
        pytest.param(
            "**Q: How?**\n\nI wonder.\n\n**A:** So.\n\n**Q:** Where?\n**A: Here.**\n",
            [("How?", "I wonder.", ("So.",)), ("Where?", "", ("**Here.**",))],
            id="labels in bold",
        ),
        pytest.param(
            "Q: How?\nA: So.\n\nQ: Where?\nA: Here.\nAnd there.\n",
            [("How?", "", ("So.",)), ("Where?", "", ("Here.\nAnd there.",))],
            id="labels",
        ),
        pytest.param(
            "<details><summary><b>How?</b></summary>\n\nSo.\n\n</details>\n\n"
            "<details>\n<summary>\nWhere is\nit?\n</summary>\n<p>\n\nHere.\n\n"
            "<details><summary>More</summary>\n\nThere.\n\n</details>\n</p>\n</details>\n",
            [
                ("<b>How?</b>", "", ("So.",)),
                ("Where is it?", "", ("Here.\n\n**More**\n\nThere.",)),
            ],
            id="folded up",
        ),
        pytest.param(
            "---\nquestion: 'How?'\ntags: [one, \"two\"]\n---\nSo.\n",
            [("How?", "", ("So.",))],
            id="front matter",
        ),
        pytest.param(
            "---\ntitle: How?\n---\n# How?\n\nSo.\n", [("How?", "", ("So.",))], id="title twice"
        ),
        pytest.param(
            "```md\n## One?\n```\n\n<!--\n## Or this?\n-->\n\n## How?\n\n```\n## No?\n```\n",
            [("How?", "", ("```\n## No?\n```",))],
            id="headings in code and comments",
        ),
        pytest.param(
            "## How?\n\n## Where?\n\nHere.\n",
            [("How?", "", ()), ("Where?", "", ("Here.",))],
            id="a question without an answer",
        ),
    ],
)
def test_a_question_is_found_with_its_text_and_answers(
    tmp_path: Path, text: str, expected: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    pages, _ = read(tmp_path, {"faq.md": text})
    assert [(it.title, it.body.text, answers_of(it)) for it in pages] == expected


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        pytest.param("# How?\n\nSo.\n\n<!-- tags: (a, b c) -->\n", ("a", "b c"), id="comment"),
        pytest.param(
            "---\ntags:\n  - a\n  - b\n---\n# How?\n\nSo.\n", ("a", "b"), id="front matter"
        ),
        pytest.param("# FAQ\n\n## Paying\n\n### How?\n\nSo.\n", ("Paying",), id="section"),
        pytest.param("# FAQ\n\n## How?\n\nSo.\n", (), id="the file's title is none"),
    ],
)
def test_tags_come_from_what_the_source_says(
    tmp_path: Path, text: str, tags: tuple[str, ...]
) -> None:
    pages, losses = read(tmp_path, {"faq.md": text})
    assert [it.tags for it in pages] == [tags]
    assert named(losses, LossKind.COMMENT) == []


def test_a_folder_gives_its_files_and_says_what_it_left_out(tmp_path: Path) -> None:
    files = {
        "access/vpn.md": "# How do I get in?\n\nSo.\n",
        "access/index.md": "# Who may get in?\n\nYou.\n",
        "many.md": "## How?\n\nSo.\n\n## Async/await or not?\n\nYes.\n",
        "notes.md": "# Notes\n\nNothing asked.\n",
        "logo.txt": "x",
        ".git/config.md": "# Is this read?\n\nNo.\n",
    }
    pages, losses = read(tmp_path, files)
    assert [(it.name, it.alone) for it in pages] == [
        ("many/How?", False),
        ("many/Async await or not?", False),
        ("access", True),
        ("access/vpn", True),
    ]
    assert named(losses, LossKind.FILE) == ["logo.txt:1 logo.txt"]
    assert named(losses, LossKind.SKIPPED) == ["notes.md:1 notes.md"]


def test_a_file_alone_is_read_under_its_own_name(tmp_path: Path) -> None:
    path = wiki(tmp_path, {"faq.md": "## How?\n\nSo.\n"}) / "faq.md"
    (page,) = READERS["faq"].read(path, Options())
    assert str(page.place) == "faq.md:1"  # type: ignore[union-attr]  # a file without losses


def test_what_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        list(READERS["faq"].read(tmp_path / "none", Options()))


@pytest.mark.parametrize(
    ("data", "encoding", "titles", "kinds"),
    [
        pytest.param("# Größe?\n\nSo.\n".encode(), None, ["Größe?"], [], id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf# How?\r\n\r\nSo.\r\n", None, ["How?"], [], id="BOM and CRLF"),
        pytest.param("# Größe?\n\nSo.\n".encode("cp1252"), None, [], ["skipped"], id="cp1252"),
        pytest.param(
            "# Größe?\n\nSo.\n".encode("cp1252"), "cp1252", ["Größe?"], ["encoding"], id="declared"
        ),
        pytest.param("# Hm?\n\nSo.\n".encode("utf-16"), None, ["Hm?"], ["encoding"], id="UTF-16"),
        pytest.param(b"# \x81?\n", "cp1252", [], ["skipped"], id="declared, and wrong"),
        pytest.param(b"", None, [], ["skipped"], id="empty"),
    ],
)
def test_bytes_that_are_no_text_are_skipped_or_read_as_declared(
    tmp_path: Path, data: bytes, encoding: str | None, titles: list[str], kinds: list[str]
) -> None:
    (tmp_path / "faq.md").write_bytes(data)
    pages, losses = read(tmp_path, {}, Options(encoding=encoding))
    assert [it.title for it in pages] == titles
    assert [it.kind for it in losses] == kinds


@pytest.mark.parametrize(
    ("files", "guessed"),
    [
        pytest.param({"a.md": "# How?\n\nSo.\n"}, True, id="a question"),
        pytest.param({"a.md": "# Notes\n\nSo.\n"}, False, id="no question"),
        pytest.param({"a.txt": "# How?\n\nSo.\n"}, False, id="no Markdown"),
        pytest.param({"a.md": "---\nquestion: So?\n---\n"}, True, id="front matter"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_source_is_recognised_by_its_questions(
    tmp_path: Path, files: dict[str, str], *, guessed: bool
) -> None:
    assert bool(READERS["faq"].guess(wiki(tmp_path, files))) is guessed


def test_front_matter_that_has_no_place_is_listed(tmp_path: Path) -> None:
    text = "---\ntitle: How?\nlayout: page\nnested:\n  deep: 1\npermalink: /old/how\n---\nSo.\n"
    (page,), losses = read(tmp_path, {"faq.md": text})
    assert page.addresses == ("/old/how",)
    assert named(losses, LossKind.METADATA) == [
        "faq.md:5 deep: 1",
        "faq.md:3 layout: page",
        "faq.md:4 nested:",
    ]


def test_a_definition_at_the_files_end_serves_every_question_that_uses_it(tmp_path: Path) -> None:
    text = (
        "## How?\n\nSee [it][1].\n\n## Where?\n\nIn [the] list.\n\n## Why?\n\nSo.\n\n"
        "[1]: https://a.example\n[the]: https://b.example\n"
    )
    pages, _ = read(tmp_path, {"faq.md": text})
    assert [it.answers[0].text for it in pages[:2]] == [
        "See [it][1].\n\n[1]: https://a.example",
        "In [the] list.\n\n[the]: https://b.example",
    ]
