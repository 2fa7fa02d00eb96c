"""`adopt`: what the team holds already becomes the posts of items, once a person has said so."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox import Behaviour, Post, User, World, open_world
from tests.cli.stage import Program, Served, posts_in, question, serving, write_manifest

UNHURRIED = Behaviour(burst_per_s=0, v3_burst=0, v3_bucket=0)
ROWS = (
    (
        "How do I get access to the staging cluster?",
        "Ask for it in the **access** channel; <b>nobody</b>\ngets it by mail.",
        "access staging",
        "The team on call grants it, for a week at a time.",
    ),
    (
        'What is the "break glass" account for?',
        "For nights in which nobody answers, and for nothing\nelse: each use is looked at.",
        "access",
        "For nights. See the runbook for how to use it.",
    ),
    (
        "Where do the logs of a job go?",
        "They are kept for thirty days, below the name of the job.",
        "logs",
        "",
    ),
    (
        "Who may restart the billing service at night?",
        "Whoever is on call for billing, after a look at the board.",
        "oncall",
        "Whoever is on call for billing, and nobody else.",
    ),
)
pytestmark = pytest.mark.usefixtures("unhurried")
Table = list[dict[str, str]]


def imported(served: Served, rows: Sequence[tuple[str, ...]], api: str) -> None:
    """Send what the vendor's importer sends of its CSV: a question, then its answer, as is."""
    token = served.tokens.read_write
    for title, body, tags, answer in rows:
        if api == "2.3":
            said = {"title": title, "body": body, "tags": tags.replace(" ", ";")}
            made = _post_v2(served, "/questions/add", token, said)["question_id"]
            if answer:
                _post_v2(served, f"/questions/{made}/answers/add", token, {"body": answer})
        else:
            given = {"title": title, "body": body, "tags": tags.split()}
            made = _post_v3(served, "/questions", token, given)["id"]
            if answer:
                _post_v3(served, f"/questions/{made}/answers", token, {"body": answer})


def _post_v2(served: Served, path: str, token: str, said: dict[str, str]) -> Any:
    sent = httpx.post(
        f"{served.url}/2.3{path}",
        params={"team": "acme", **said},
        headers={"X-API-Access-Token": token},
    )
    assert sent.status_code == 200, sent.text
    return sent.json()["items"][0]


def _post_v3(served: Served, path: str, token: str, given: dict[str, Any]) -> Any:
    sent = httpx.post(
        f"{served.url}/v3/teams/acme{path}",
        json=given,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status_code == 201, sent.text
    return sent.json()


def use(monkeypatch: pytest.MonkeyPatch, served: Served, api: str = "auto") -> None:
    for name, value in {**served.env(), "TEAMS_IMPORTER_API": api}.items():
        monkeypatch.setenv(name, value)


def table(path: Path) -> Table:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def answer(path: Path, decide: Callable[[dict[str, str]], str | None]) -> Table:
    """Go through the table as a person does: None leaves a cell as it was."""
    rows = table(path)
    for row in rows:
        said = decide(row)
        row["accept"] = row["accept"] if said is None else said
    write_table(path, rows)
    return rows


def write_table(path: Path, rows: Table, delimiter: str = ",", encoding: str = "utf-8") -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*rows[0]], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def of_kind(posts: Sequence[Post], kind: str) -> list[Post]:
    return [it for it in posts if it.kind == kind]


@pytest.mark.parametrize(("by", "api"), [("2.3", "2.3"), ("3", "3"), ("2.3", "auto")])
def test_a_team_half_filled_by_the_vendors_importer_ends_in_no_changes(
    by: str, api: str, cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (home / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("title", "body", "tags", "answer"), *ROWS])
    converted = cli("convert", "so4t-csv", "posts.csv", "--out", "docs", "--namespace", "faq")
    assert converted.code == 0, converted.err
    with serving(tmp_path, behaviour=UNHURRIED) as served:
        imported(served, ROWS[:3], by)
        use(monkeypatch, served, api)
        blocked = cli("plan", "docs", "--detailed-exitcode", "--format", "json")
        assert {it["code"] for it in blocked.document["blocked"]} == {"equal-title", "needs"}

        found = cli("adopt", "docs", "--out", "adopt.csv")
        assert found.code == 0, found.err
        assert len([it for it in served.requests() if it["method"] == "POST"]) == 5
        rows = answer(home / "adopt.csv", lambda _: "yes")
        assert len(rows) == 5
        adopted = cli("adopt", "docs", "--accept", "adopt.csv", "--format", "json")
        assert adopted.code == 0, adopted.err
        assert {it["state"] for it in adopted.document["adopted"]} == {"bound"}

        assert cli("apply", "docs", "--yes").code == 0
        assert cli("plan", "docs", "--detailed-exitcode").code == 0
    posts = posts_in(tmp_path / "team.db")
    titles = [str(it.title) for it in of_kind(posts, "question")]
    assert sorted(titles) == sorted(row[0] for row in ROWS)
    assert len(of_kind(posts, "answer")) == 3


def team_of(path: Path, fill: Callable[[World, User], object]) -> str:
    """Let a colleague fill a team on this machine; return its address."""
    world = open_world(path, behaviour=UNHURRIED)
    try:
        fill(world, world.user("acme", "Björn Öst"))
    finally:
        world.close()
    return f"sandbox:{path}"


def asked(world: World, by: User, title: str, body: str = "", tags: str = "testing") -> int:
    text = body or f"Once upon a time there was a question about {title}."
    return world.ask(by, title=title, body=text, tags=[tags]).id


STORY = "What is the story of {}?"
BODY = "Once upon a time there was a question about {}."


def test_what_differs_is_updated_by_the_next_plan_and_a_fresh_runner_knows_it_too(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    """With --write the files say it: `id:`, and `seen:` for what the manifest is to change."""

    def fill(world: World, by: User) -> None:
        asked(world, by, STORY.format("one"), BODY.format("one"))
        second = asked(world, by, STORY.format("two"), "Written by hand, and long before that.")
        world.answer(by, second, body="It is told by the fire, at some length.")

    url = team_of(tmp_path / "team.db", fill)
    answers = [{"key": "a", "body": "It is told by the fire, at great length."}]
    text = "# Kept: the reason for all of it\n"
    path = write_manifest(home, question("one"), question("two", answers=answers))
    path.write_text(text + path.read_text())
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    rows = answer(home / "adopt.csv", lambda _: "yes")
    assert [(it["key"], it["what differs"]) for it in rows] == [
        ("one", "nothing"),
        ("two", "body"),
        ("two#a", "body"),
    ]
    done = cli("adopt", "--url", url, "--accept", "adopt.csv", "--write", "--format", "json")
    assert done.code == 0, done.err
    assert all(it["written"] for it in done.document["adopted"])
    assert path.read_text().startswith(text)

    planned = cli("plan", "--url", url, "--format", "json").document
    assert [(it["key"], it["verb"]) for it in planned["changes"]] == [
        ("two", "update"),
        ("two#a", "update"),
    ]
    for file in (home / ".teams-importer").iterdir():
        file.unlink()
    fresh = cli("plan", "--url", url, "--format", "json").document
    assert fresh["changes"] == planned["changes"]
    assert fresh["blocked"] == []
    assert cli("apply", "--url", url, "--yes").code == 0
    assert cli("plan", "--url", url, "--detailed-exitcode").code == 0
    assert len(posts_in(tmp_path / "team.db")) == 3


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
def test_markers_are_written_when_asked_for_and_taken_off_by_undo(
    api: str, cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(world: World) -> None:
        by = world.user("acme", "Ada Berg")
        one = asked(world, by, STORY.format("one"), BODY.format("one"))
        world.answer(by, one, body="It is told by the fire, at great length.")

    write_manifest(home, question("one", answer="It is told by the fire, at great length."))
    with serving(tmp_path, behaviour=UNHURRIED, prepare=fill) as served:
        use(monkeypatch, served, api)
        assert cli("adopt", "--out", "adopt.csv").code == 0
        assert cli("adopt", "--accept", "adopt.csv").code == 0
        assert cli("plan", "--detailed-exitcode").code == 0, "no marker is no reason to write"
        unasked = cli("adopt", "--mark")
        assert unasked.code == 4
        assert "2 to update" in unasked.err
        before = bodies_of(served)
        marked = cli("adopt", "--mark", "--yes", "--format", "json")
        assert marked.code == 0, marked.err
        assert {it["state"] for it in marked.document["report"]["results"]} == {"done"}
        assert [it.splitlines()[0] for it in bodies_of(served)] == before
        assert all("teams-importer:1 handbook:one" in it for it in bodies_of(served))
        assert "no changes" in cli("adopt", "--mark", "--yes").out.lower()
        assert cli("plan", "--detailed-exitcode").code == 0
        undone = cli("undo", "last", "--yes")
        assert undone.code == 0, undone.err
        assert bodies_of(served) == before
        assert cli("plan", "--detailed-exitcode").code == 0


def bodies_of(served: Served) -> list[str]:
    def look(world: World) -> list[str]:
        return [it.body for it in (*world.questions("acme"), *world.answers("acme"))]

    found: list[str] = served.ask(look)
    return found
