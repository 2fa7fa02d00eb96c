"""Whatever a team holds, what `export` writes is valid, and the next plan is empty."""

from __future__ import annotations

import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.cli.main import main
from importer.manifests import load_manifest
from importer.sandbox import open_world
from tests.cli.hostile_team import BODIES, FILLER, TAGS, TITLES, seed
from tests.cli.stage import Program
from tests.cli.test_export import NEW, assert_in_sync, export, plan

LEFT_OUT = {
    "open fence": "the body ends inside a code fence",
    "bell": "U+0007",
    "bidi": "U+202E",
    "file": "file:///etc/passwd",
    "key": "leads to `nowhere`",
    "foreign": "belongs to another manifest, `other`",
    "newer": "a newer importer wrote it",
    "doubled": "2 live posts carry its marker",
    "empty": "the body is empty",
    "tag": "`ümlaut` has a character that tags can't have",
    "line": "this must be a single line",
}


def test_a_team_of_hostile_texts_is_exported_as_far_as_it_goes(cli: Program, home: Path) -> None:
    world = open_world(home / "team.db")
    seed(world)
    world.close()
    document = export(cli, *NEW)
    totals = document["totals"]
    assert totals["found"] == totals["exported"] + totals["left_out"] == len(document["posts"])
    assert sum(it["found"] for it in document["kinds"].values()) == totals["found"]
    left = [it for it in document["posts"] if it["fate"] == "left-out"]
    assert all(it["why"] and it["url"] for it in left)
    for what in LEFT_OUT.values():
        assert any(what in it["why"] for it in left), what
    # A body that can't be said leaves nothing but itself out.
    assert totals["exported"] > 3 * len(left)
    manifest, _ = load_manifest(home / "out" / "teams-importer.yaml")
    texts = [str(it.fields) for it in manifest.items]
    assert any("<!-- answer: x accepted -->" in it for it in texts), "in YAML"
    assert cli("validate", "out").code == 0
    done = plan(cli, "out")
    assert done.code == 0, done.out
    # What bears our marker and can't be an item is no change, but told by every plan.
    assert "No changes to make" in done.out


def test_over_v3_hostile_texts_are_exported_just_so(cli: Program, home: Path) -> None:
    world = open_world(home / "team.db")
    seed(world, BODIES[:36:5], TITLES[::7], TAGS[:1])
    world.close()
    over_v3 = export(cli, *NEW, "--api", "3")
    assert_in_sync(plan(cli, "out", "--api", "3"))
    in_bulk = export(cli, "--out", "bulk", "--namespace", "team")
    assert over_v3["posts"] == in_bulk["posts"]


pieces = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "\t",
            "    ",
            "`",
            "```\n",
            "~~~\n",
            "<!--",
            "-->",
            "> ",
            "* ",
            "---\n",
        ),
        *(
            "<!-- answer: x -->\n",
            "<!-- answer: y accepted -->",
            "[a](",
            ")",
            "key:x",
            "x.md",
            "![",
            "]",
        ),
        *(
            "<pre>",
            "</pre>",
            "\u202e",
            "\x07",
            "\ufeff",
            "é",
            "e\u0301",
            "\U0001f98a",
            "&amp;",
            "\\",
        ),
        *("http://sandbox.localhost/c/acme/q/1", "]: ", "#", "'", '"', ": ", "<img src=", FILLER),
    ]
)
bodies = st.lists(pieces | st.text(max_size=5), max_size=12).map("".join) | st.sampled_from(BODIES)
titles = st.text(max_size=30).map(lambda it: it.replace("\0", "")) | st.sampled_from(TITLES)


@settings(max_examples=6)
@given(st.lists(bodies, min_size=1, max_size=6), st.lists(titles, max_size=3))
def test_whatever_comes_out_is_valid_and_in_sync(texts: list[str], names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        world = open_world(home / "team.db")
        seed(world, [it.encode("utf-8", "replace").decode() for it in texts], names, [])
        world.close()
        here = ("--url", f"sandbox:{home / 'team.db'}")
        out = str(home / "out")
        assert said("export", *here, "--out", out, "--namespace", "team")[0] == 0
        assert said("validate", out)[0] == 0
        code, text = said("plan", out, *here, "--detailed-exitcode", "--fail-on", "drift,manual")
        assert (code, "No changes" in text) == (0, True)


def said(*command: str) -> tuple[int, str]:
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        return main(list(command)), out.getvalue()


def test_a_text_with_the_token_goes_into_no_file(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world(home / "team.db")
    token = world.tokens("acme").read_write
    seed(world, [f"Who wants my token {token}? {FILLER}"], [], [])
    world.close()
    monkeypatch.setattr("importer.sandbox.World.tokens", lambda *_: _Tokens(token))
    document = export(cli, *NEW)
    left = [it["why"] for it in document["posts"] if it["fate"] == "left-out"]
    assert left == ["it contains the access token or the API key"] * 2
    files = (it for it in (home / "out").rglob("*") if it.is_file())
    assert not any(token in it.read_text() for it in files)
    assert_in_sync(plan(cli))


class _Tokens:
    def __init__(self, token: str) -> None:
        self.read_write = token
