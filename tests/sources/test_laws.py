"""Laws that hold for whatever a FAQ may contain."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.manifests import load_manifest
from importer.manifests.writing import write_manifest
from importer.model.draft import Draft
from importer.model.ids import Kind
from tests.sources.factories import converted

PIECES = (
    "# How is it?", "## Why?", "### What is `it`?", "#### Answer", "1. ### Is it so?",
    "   2.  #### Or so?", "* 3) ## [X](a.md)?", "**Q: Who?**", "**A:** Me.", "A: You.", "text",
    "    text", "```", "    ```sh", "~~~", "- item", "  - deeper", "> quote", "1. one",
    "| a | b |", "|---|---|", "---", "***", "===", "<details>", "<summary>What?</summary>",
    "</details>", "<details><summary>Who is it?</summary>", "<p>", "</p>", "<pre>", "</pre>",
    "<script>", "<!--", "-->", "<!-- tags: (a, b) -->", "<!-- teams-importer:1 a:b -->",
    "<!-- answer: x -->", "<answer>", "<!-- answer -->", "[x](a.md)", "[x](#why)", "[x](key:a)",
    "![x](y.png)", "[x]: z.md", "[x][y]", "[^1]: note", "<img src='a b.png'>", "<a href=#x>y</a>",
    "<a name=z></a>", "[Back to Top](#toc)", "## Table of Contents", "## Disclaimer", "", "\t",
    "\x07\u202e", "\ufeff", "`", "`` ` ``", "\\", "&amp;", "{{ x }}", "title: y", "tags: [c]",
)  # fmt: skip

faqs = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30).map("\n".join)


@settings(max_examples=150)
@given(faqs)
@example("# How?\n\n- ```\n  <!-- answer: x -->\n")
@example("---\ntitle: 'a: #b'\n---\n<pre>\n```\n")
@example("1. ### What?\n    ```\n2. ### Why?\n\n   ```\n")
@example("# How is it?\n#### Answer\n    ```sh\n# How is it?")
def test_every_faq_is_accounted_for_and_loads_without_an_error(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        data = text.encode("utf-8", "replace")
        (folder / "faq.md").write_bytes(data)
        (folder / "a.md").write_bytes(b"# How is this one?\n\nLike [that](faq.md#why), I think.\n")
        results = converted("faq", folder)
        drafts = [it for it in results if isinstance(it, Draft)]
        write_manifest(Path(name, "out"), drafts, namespace="faq")
        manifest, _ = load_manifest(Path(name, "out", "teams-importer.yaml"))
        questions = [it.key for it in manifest.items if it.kind is Kind.QUESTION]
        assert sorted(questions) == sorted(it.key for it in drafts)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("![](" * 5_000, id="images"),
        pytest.param("![" * 20_000, id="images begun"),
        pytest.param("<a href=x>" * 50_000, id="links"),
        pytest.param("<!-- " * 50_000, id="comments"),
        pytest.param("<!-- a -->" * 20_000, id="closed comments"),
        pytest.param("# a" + " #" * 100_000 + "b", id="a heading"),
        pytest.param("1. ### a" + " " * 200_000 + "b", id="a numbered heading"),
        pytest.param("<" + " " * 200_000, id="blanks"),
        pytest.param("`a``b" * 50_000, id="backticks"),
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param("- " * 50_000, id="bullets"),
        pytest.param("<details><summary>" * 20_000, id="folds"),
    ],
)
def test_a_line_without_end_takes_no_time_without_end(tmp_path: Path, line: str) -> None:
    text = f"# How is it?\n\n{line}\n\n## Why?\n\n{line}\n"
    (tmp_path / "faq.md").write_text(text, encoding="utf-8")
    began = time.process_time()
    for name in ("faq", "markdown"):
        list(converted(name, tmp_path))
    assert time.process_time() - began < 10
