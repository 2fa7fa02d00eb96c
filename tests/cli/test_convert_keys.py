"""A key that a map changes over an earlier conversion: the same post, under another key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from importer.manifests import renewing
from tests.cli.stage import Program, Result, posts_in
from tests.cli.test_convert_map import fill

TEXT = "This is a text of more than thirty characters as a post must have."
ASKED = f"# How do I get into the VPN?\n\n{TEXT} Once.\n"
PLAIN = f"# Running the thing\n\n{TEXT} Again, see [it](a/vpn.md).\n"
SANDBOX = ("--url", "sandbox:team.db")
STATE = ".teams-importer-convert.jsonl"

Keyed = Callable[..., Result]


@pytest.fixture
def keyed(cli: Program, home: Path) -> Keyed:
    """Convert a wiki and apply it; then what is called changes keys in the map, and reads it."""
    (home / "in" / "a").mkdir(parents=True)
    (home / "in" / "a" / "vpn.md").write_text(ASKED)
    (home / "in" / "ops.md").write_text(PLAIN)
    rules = "version: 1\npages: [{when: {asks: true}, kind: question}]\n"
    (home / "rules.yaml").write_text(rules)
    first = ("--namespace", "x", "--rules", "rules.yaml", "--report", "map.csv")
    done = cli("convert", "markdown", "in", "--out", "out", *first)
    assert done.code == 0, done.err
    done = cli("apply", "out", "--yes", *SANDBOX)
    assert done.code == 0, done.err

    def convert(keys: Mapping[str, str], *more: str) -> Result:
        fill(home / "map.csv", {page: {"key": key} for page, key in keys.items()})
        options = ("--map", "map.csv", "--format", "json")
        return cli("convert", "markdown", "in", "--out", "out", *options, *more)

    return convert


def changes(done: Result) -> dict[str, str]:
    return {it["file"]: it["change"] for it in done.document["renewal"]["files"]}


@pytest.mark.parametrize("journal", [True, False])
def test_a_key_changed_in_the_map_keeps_its_post_and_answers(
    keyed: Keyed, cli: Program, home: Path, *, journal: bool
) -> None:
    before = {post.id for post in posts_in(home / "out" / "team.db")}
    if not journal:
        shutil.rmtree(home / "out" / ".teams-importer")
    done = keyed({"a/vpn.md": "access/vpn"})
    assert (done.code, changes(done)) == (
        0,
        {"content/access/vpn.md": "renamed", "content/ops.md": "updated"},
    )
    file = home / "out" / "content" / "access" / "vpn.md"
    assert "key: access/vpn\nwas: [a/vpn]\n" in file.read_text()
    assert not (home / "out" / "content" / "a").exists()
    assert "(key:access/vpn)" in (home / "out" / "content" / "ops.md").read_text()
    done = cli("apply", "out", "--yes", *SANDBOX)
    assert done.code == 0, done.err
    assert {post.id for post in posts_in(home / "out" / "team.db")} == before
    assert set(changes(keyed({})).values()) == set()
    assert set(changes(keyed({"a/vpn.md": "net/vpn"}))) == {"content/net/vpn.md", "content/ops.md"}
    renamed = home / "out" / "content" / "net" / "vpn.md"
    assert "was: [access/vpn, a/vpn]\n" in renamed.read_text()
    assert cli("apply", "out", "--yes", *SANDBOX).code == 0
    assert {post.id for post in posts_in(home / "out" / "team.db")} == before


def test_a_text_that_was_edited_here_gets_the_key_where_it_is(
    keyed: Keyed, home: Path, cli: Program
) -> None:
    file = home / "out" / "content" / "a" / "vpn.md"
    file.write_text(file.read_text().replace("Once.", "Twice."))
    done = keyed({"a/vpn.md": "access/vpn"})
    assert changes(done)["content/a/vpn.md"] == "renamed"
    assert "key: access/vpn\nwas: [a/vpn]\n" in file.read_text()
    assert "Twice." in file.read_text()
    assert changes(keyed({})) == {"content/a/vpn.md": "kept"}
    assert cli("validate", "out").code == 0


def test_what_was_laid_beside_under_another_key_can_be_taken_over(
    keyed: Keyed, home: Path, cli: Program
) -> None:
    file = home / "out" / "content" / "a" / "vpn.md"
    file.write_text(file.read_text().replace("Once.", "Twice."))
    (home / "in" / "a" / "vpn.md").write_text(ASKED.replace("Once.", "Thrice."))
    done = keyed({"a/vpn.md": "access/vpn"})
    assert (done.code, changes(done)["content/a/vpn.md"]) == (11, "laid beside")
    assert changes(keyed({}))["content/a/vpn.md"] == "waiting"
    file.with_name("vpn.md.new").replace(file)
    done = keyed({})
    assert (done.code, changes(done)) == (0, {})
    assert "was: [a/vpn]" in file.read_text()
    assert cli("validate", "out").code == 0


@pytest.mark.parametrize("head", ["key: mine\n", "key: mine\nwas: [access/vpn, a/vpn]\n"])
def test_a_key_given_by_hand_after_the_map_stays(keyed: Keyed, home: Path, head: str) -> None:
    keyed({"a/vpn.md": "access/vpn"})
    file = home / "out" / "content" / "access" / "vpn.md"
    text = file.read_text().replace("key: access/vpn\nwas: [a/vpn]\n", head)
    file.write_text(text)
    done = keyed({})
    assert changes(done).pop("content/access/vpn.md", "kept") == "kept"
    assert "(key:mine)" in (home / "out" / "content" / "ops.md").read_text()
    assert file.read_text() == text


def test_a_map_that_nobody_filled_in_takes_no_key_back(keyed: Keyed, home: Path) -> None:
    file = home / "out" / "content" / "a" / "vpn.md"
    text = file.read_text().replace("key: a/vpn\n", "key: mine\nwas: a/vpn\n")
    file.write_text(text)
    assert changes(keyed({}))["content/a/vpn.md"] == "kept"
    assert file.read_text() == text


def test_a_key_that_is_another_pages_is_refused(keyed: Keyed, home: Path) -> None:
    before = (home / "out" / "content" / "ops.md").read_bytes()
    done = keyed({"a/vpn.md": "ops", "ops.md": "a/vpn"})
    assert done.code == 64
    assert "which has it" in done.err
    assert (home / "out" / "content" / "ops.md").read_bytes() == before


@pytest.mark.parametrize("deleted", [False, True])
def test_a_crash_between_new_and_old_file_is_completed(
    keyed: Keyed, home: Path, cli: Program, monkeypatch: pytest.MonkeyPatch, *, deleted: bool
) -> None:
    def crash(*_: object) -> None:
        raise OSError

    state = (home / "out" / STATE).read_text()
    with monkeypatch.context() as broken:
        broken.setattr(renewing, "require_inside", crash)
        keyed({"a/vpn.md": "access/vpn"})
    old = home / "out" / "content" / "a" / "vpn.md"
    assert old.exists()
    assert (home / "out" / STATE).read_text() == state
    if deleted:
        old.unlink()
    assert keyed({}).code == 0
    assert not old.exists()
    rows = [json.loads(line) for line in (home / "out" / STATE).read_text().splitlines()]
    assert [it["key"] for it in rows if "key" in it] == ["access/vpn", "ops"]
    assert cli("validate", "out").code == 0
