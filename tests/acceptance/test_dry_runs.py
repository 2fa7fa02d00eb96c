"""A dry run sends nothing but GET and HEAD; what can't be trusted is refused before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.sandbox import open_world
from tests.cli.stage import Program, Served, posts_in, question, serving, write_manifest

pytestmark = pytest.mark.usefixtures("unhurried")


def use(monkeypatch: pytest.MonkeyPatch, served: Served, token: str = "read_write") -> None:  # noqa: S107 - the sort of token
    for name, value in served.env(token).items():
        monkeypatch.setenv(name, value)


def test_plan_sends_nothing_but_get_and_head(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever there is to tell: creates, updates, deletions, drift, orphans, a conflict."""
    team = tmp_path / "team.db"
    first = [question(key) for key in ("changed", "drifted", "both", "orphan", "unwanted")]
    write_manifest(home, *first)
    with serving(tmp_path) as served:
        use(monkeypatch, served)
        assert cli("apply", "--yes").code == 0
    world = open_world(team)
    bo = world.user("acme", "Björn Öst")
    for post in world.questions("acme"):
        if post.title in ("What is the story of drifted?", "What is the story of both?"):
            world.edit(bo, post.id, title=f"{post.title} And why?")
    world.close()
    changed = question("changed", title="What is the tale of change?")
    more = question("new", answer="It is told by the fire, at great length.")
    removed = [{"key": "unwanted", "live": "delete"}]
    both = question("both", title="What is the tale of both?")
    write_manifest(home, changed, first[1], both, more, removed=removed)
    before = posts_in(team)
    with serving(tmp_path) as served:
        sent = len(served.requests())
        use(monkeypatch, served)
        document = cli("plan", "--format", "json").document
        for token in ("read_only", "read_write"):
            use(monkeypatch, served, token)
            cli("plan", "--out", "plan.json", "--detailed-exitcode", "--on-drift", "overwrite")
            cli("plan", "--prune", "--verbose")
            assert cli("plan", "--drift", "--fail-on", "drift").code == 11
            cli("show", "plan.json")
            cli("pull", "--check")
            cli("pull", "--only", "drifted")
            cli("validate")
            cli("runs")
            cli("journal", "show", "changed")
        methods = {it["method"] for it in served.requests()[sent:]}
    verbs = {it["verb"] for it in document["changes"]}
    assert verbs == {"create", "update", "delete"}
    assert all(document[it] for it in ("drift", "orphans", "blocked"))
    assert methods <= {"GET", "HEAD"}
    assert posts_in(team) == before


def with_a_byte_changed(path: Path) -> None:
    data = path.read_bytes()
    at = data.index(b"rollback")
    path.write_bytes(data[:at] + b"R" + data[at + 1 :])


def with_a_change_added(path: Path) -> None:
    document = json.loads(path.read_text())
    document["plan"]["changes"] *= 2
    path.write_text(json.dumps(document))


def of_a_newer_importer(path: Path) -> None:
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 9'))


def as_it_is(_: Path) -> None: ...


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("spoil", "env", "said"),
    [
        pytest.param(with_a_byte_changed, {}, "was edited after", id="one byte edited"),
        pytest.param(with_a_change_added, {}, "was edited after", id="a change added"),
        pytest.param(of_a_newer_importer, {}, "newer importer", id="of another version"),
        pytest.param(
            as_it_is, {"TEAMS_IMPORTER_TEAM": "umbrella"}, "was made for the team acme", id="team"
        ),
    ],
)
def test_f86_a_plan_that_is_not_what_was_reviewed_is_refused(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], None],
    env: dict[str, str],
    said: str,
) -> None:
    plan = tmp_path / "plan.json"
    with serving(tmp_path) as served:
        use(monkeypatch, served)
        assert cli("plan", "--out", plan).code == 0
        spoil(plan)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
            monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", served.tokens.foreign)
        before = len(served.requests())
        done = cli("apply", plan, "--yes")
        assert (done.code, done.out) == (4, "")
        assert said in done.err
        later = served.requests()[before:]
        assert not [it for it in later if it["method"] != "GET" and it["status"] == 200]
        assert env or later == []
    assert posts_in(tmp_path / "team.db") == []


def test_f86_a_plan_is_used_once_and_with_the_manifest_it_was_made_of(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, question("rollback"))
    with serving(tmp_path) as served:
        use(monkeypatch, served)
        assert cli("plan", "--out", "first.json").code == 0
        write_manifest(home, question("rollback", title="What is the tale of rollback?"))
        assert cli("apply", "first.json", "--yes").code == 4, "another manifest"
        assert writes(served) == []
        write_manifest(home, question("rollback"))
        assert cli("apply", "first.json", "--yes").code == 0
        write_manifest(home, question("rollback", title="What is the tale of rollback?"))
        assert cli("plan", "--out", "second.json").code == 0
        assert cli("plan", "--out", "third.json").code == 0
        before = writes(served)
        assert cli("apply", "first.json", "--yes").code == 4
        assert writes(served) == before
        assert cli("apply", "second.json", "--yes").code == 0
        assert cli("apply", "third.json", "--yes").code == 4, "it is the same plan"


def writes(served: Served) -> list[str]:
    return [
        it["path"] for it in served.requests() if it["method"] == "POST" and it["status"] == 200
    ]
