"""`adopt`: what the team holds already becomes the posts of items, once a person has said so."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from importer.sandbox import Behaviour, Permissions, Post, User, World, open_world
from tests.cli.stage import (
    Program,
    Served,
    posts_in,
    question,
    serving,
    stop_at_once,
    write_manifest,
)
from tests.conftest import ROOT

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
SCHEMA = json.loads((ROOT / "schemas" / "adoption.schema.json").read_text())
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


def guide() -> list[list[str]]:
    """Return the commands of the guide's last example, without the program."""
    text = (ROOT / "docs" / "adopting.md").read_text(encoding="utf-8")
    lines = text.rpartition("```sh\n")[2].partition("```")[0].splitlines()
    return [shlex.split(it, comments=True)[1:] for it in lines if it[0] != "#"]


@pytest.mark.parametrize(("by", "api"), [("2.3", "2.3"), ("3", "3"), ("2.3", "auto")])
def test_a_team_half_filled_by_the_vendors_importer_ends_in_no_changes(
    by: str, api: str, cli: Program, home: Path, tmp_path: Path
) -> None:
    """By the guide, word for word: its table is gone through by a person, its apply confirmed."""
    with (home / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("title", "body", "tags", "answer"), *ROWS])
    with serving(tmp_path, behaviour=UNHURRIED) as served:
        imported(served, ROWS[:3], by)
    convert, look, accept, apply, plan = guide()
    team = ("--url", f"sandbox:{tmp_path / 'team.db'}", "--api", api)
    assert cli(*convert).code == 0
    blocked = cli(*plan, *team, "--format", "json").document["blocked"]
    assert {it["code"] for it in blocked} == {"equal-title", "needs"}

    found = cli(*look, *team)
    assert found.code == 0, found.err
    assert f"adopt docs --url {team[1]} --api {api} --accept adopt.csv" in found.err
    assert len(answer(home / "adopt.csv", lambda _: "yes")) == 5
    adopted = cli(*accept, *team, "--format", "json")
    assert adopted.code == 0, adopted.err
    assert {it["state"] for it in adopted.document["adopted"]} == {"bound"}
    assert {it["unwritten"] for it in adopted.document["adopted"]} == {""}

    assert cli(*apply, *team, "--yes").code == 0
    done = cli(*plan, *team, "--detailed-exitcode")
    assert done.code == 0, done.out
    assert "No changes" in done.out
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
    bodies = bodies_in(tmp_path / "team.db")
    assert ["teams-importer:1" in it for it in bodies] == [False, True, True], "with the edit"


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
def test_markers_are_written_when_asked_for_and_taken_off_by_undo(
    api: str, cli: Program, home: Path, tmp_path: Path
) -> None:
    def fill(world: World, by: User) -> None:
        one = asked(world, by, STORY.format("one"), BODY.format("one"))
        world.answer(by, one, body="It is told by the fire, at great length.")

    write_manifest(home, question("one", answer="It is told by the fire, at great length."))
    path = tmp_path / "team.db"
    team = ("--url", team_of(path, fill), "--api", api)
    assert cli("adopt", *team, "--out", "adopt.csv").code == 0
    assert cli("adopt", *team, "--accept", "adopt.csv").code == 0
    assert cli("plan", *team, "--detailed-exitcode").code == 0, "no marker is no reason to write"
    unasked = cli("adopt", *team, "--mark")
    assert unasked.code == 4
    assert "2 to update" in unasked.err
    before = bodies_in(path)
    marked = cli("adopt", *team, "--mark", "--yes", "--format", "json")
    assert marked.code == 0, marked.err
    assert {it["state"] for it in marked.document["report"]["results"]} == {"done"}
    assert [it.splitlines()[0] for it in bodies_in(path)] == before
    assert all("teams-importer:1 handbook:one" in it for it in bodies_in(path))
    assert "no changes" in cli("adopt", *team, "--mark", "--yes").out.lower()
    assert cli("plan", *team, "--detailed-exitcode").code == 0
    undone = cli("undo", "last", *team, "--yes")
    assert undone.code == 0, undone.err
    assert bodies_in(path) == before
    assert cli("plan", *team, "--detailed-exitcode").code == 0


def test_marking_where_nothing_is_bound_says_what_comes_first(
    url: str, cli: Program, home: Path
) -> None:
    idle = cli("adopt", "--url", url, "--mark", "--yes")
    assert idle.code == 0
    assert "no item looked at has a post yet" in idle.err
    typed = [f"teams-importer adopt . --url {url} {it} adopt.csv" for it in ("--out", "--accept")]
    assert all(it in idle.err for it in typed)
    # The control: with one that is bound, there is nothing to say.
    write_table(home / "adopt.csv", [row_of("twice", "question/2")])
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0
    marked = cli("adopt", "--url", url, "--mark", "--yes")
    assert marked.code == 0, marked.err
    assert "no item looked at" not in marked.err


@pytest.mark.parametrize("name", ["nosuch", "rot13", "hex", "undefined", ""])
def test_what_is_no_encoding_of_text_is_wrong_use_before_anything_is_read(
    name: str, cli: Program
) -> None:
    convert = ("convert", "markdown", "in", "--out", "out", "--namespace", "x")
    for command in (("adopt", "--accept", "none.csv"), convert):
        done = cli(*command, "--encoding", name)
        assert done.code == 64
        assert f"'{name}' is no encoding of text" in done.err
        assert "none.csv" not in done.err


def bodies_in(path: Path) -> list[str]:
    return [it.body for it in posts_in(path)]


def by_hand(world: World, by: User) -> None:
    """A team as people fill it: slips in titles, one asked twice, an article, a stray."""
    asked(
        world, by, "How do I role back a production deploy?", "Run the rollback command, then tell."
    )
    for _ in range(2):
        asked(world, by, STORY.format("twice"), BODY.format("twice"))
    world.publish(by, title=STORY.format("page"), body=BODY.format("page"), tags=["testing"])
    answered = asked(world, by, STORY.format("told"), BODY.format("told"))
    world.answer(by, answered, body="Told by the fire it is, for a long while.")
    asked(
        world,
        by,
        "Why is the coffee machine on the third floor so loud?",
        "It was made to be heard in the whole house.",
    )


ITEMS = (
    question(
        "rollback",
        title="How do I roll back a production deploy?",
        body="Run the rollback command, then tell the channel.",
    ),
    question("twice"),
    question("told", answer="It is told by the fire, at great length."),
    question("new"),
)
PAGE: dict[str, Any] = {
    "key": "page",
    "title": STORY.format("page"),
    "tags": ["testing"],
    "body": BODY.format("page"),
}


@pytest.fixture
def url(home: Path, tmp_path: Path) -> str:
    write_manifest(home, *ITEMS, articles=[PAGE])
    return team_of(tmp_path / "team.db", by_hand)


def test_what_is_like_an_item_is_suggested_with_its_score_and_nothing_is_decided(
    url: str, cli: Program, home: Path
) -> None:
    found = cli("adopt", "--url", url, "--out", "adopt.csv", "--format", "json").document[
        "adoption"
    ]
    rows = [(it["key"], it["post"]["id"], it["how"], it["is_plain"]) for it in found["suggestions"]]
    assert rows == [
        ("rollback", 1, "similar", False),
        ("twice", 2, "equal title", False),
        ("twice", 3, "equal title", False),
        ("told", 5, "equal title", False),
        ("told#answer", 6, "similar", False),
        ("page", 4, "equal title", True),
    ]
    scores = {it["key"]: it["score"] for it in found["suggestions"]}
    assert 80 < scores["rollback"] < 100
    assert found["missing"] == ["new"]
    assert found["unclaimed"] == 1
    assert [(it["key"], it["accept"]) for it in table(home / "adopt.csv") if it["accept"]] == [
        ("page", "yes")
    ]


def test_the_same_team_gives_the_same_file_and_a_second_one_goes_over_none(
    url: str, cli: Program, home: Path
) -> None:
    assert cli("adopt", "--url", url, "--out", "one.csv").code == 0
    assert cli("adopt", "--url", url, "--out", "two.csv").code == 0
    assert (home / "one.csv").read_bytes() == (home / "two.csv").read_bytes()
    again = cli("adopt", "--url", url, "--out", "one.csv")
    assert again.code == 64
    assert "somebody may have gone through it" in again.err


def test_without_the_extra_equal_titles_are_found_and_the_way_to_the_rest_is_told(
    url: str, cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    refused = cli("adopt", "--url", url)
    assert refused.code == 64
    assert "pip install 'teams-importer[adopt]'" in refused.err
    exact = cli("adopt", "--url", url, "--exact", "--format", "json").document["adoption"]
    found = [(it["key"], it["how"], it["score"]) for it in exact["suggestions"]]
    assert ("page", "equal title", None) in found
    assert ("told#answer", "only answer", None) in found
    assert "rollback" in exact["missing"]


Row = dict[str, str]
Spoiling = Callable[[Row], None]


def row_of(key: str, post: str, accept: str = "yes", **cells: str) -> Row:
    return {"accept": accept, "key": key, "post": post, **cells}


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        pytest.param([row_of("no/such", "question/1")], 2, "adopt-unknown-key", id="key"),
        pytest.param([row_of("rollback", "question/99")], 2, "adopt-no-post", id="no such post"),
        pytest.param([row_of("rollback", "the first")], 2, "adopt-post", id="no name of a post"),
        pytest.param([row_of("rollback", "")], 2, "the row names no post", id="no post"),
        pytest.param(
            [row_of("rollback", "https://example.org/questions/1")], 2, "adopt-post", id="foreign"
        ),
        pytest.param(
            [row_of("rollback", "question/1", url="https://example.org/c/acme/questions/1")],
            2,
            "adopt-post",
            id="a table of another team",
        ),
        pytest.param([row_of("rollback", "article/4")], 2, "adopt-kind", id="another kind"),
        pytest.param([row_of("rollback", "question/1", "maybe")], 2, "adopt-accept", id="maybe"),
        pytest.param([row_of("", "question/1")], 2, "adopt-key", id="no key"),
        pytest.param(
            [row_of("new", "question/1"), row_of("rollback", "question/1")],
            3,
            "question/1 was given away before, at adopt.csv:2",
            id="one post, two items",
        ),
        pytest.param(
            [row_of("twice", "question/2"), row_of("twice", "question/3")],
            3,
            "twice was given away before",
            id="one item, two posts",
        ),
        pytest.param([row_of("told#answer", "answer/6")], 2, "adopt-parent", id="an answer alone"),
        pytest.param(
            [row_of("told", "question/1"), row_of("told#answer", "answer/6")],
            3,
            "an answer to question/5, which is not told's post",
            id="an answer to another",
        ),
        pytest.param(
            [row_of("told", "question/5")],
            2,
            "would be posted beside answer/6",
            id="an answer nobody decided on",
        ),
        pytest.param(
            [row_of("rollback", "question/1", **{"as listed": "a1-aaaaaaaa"})],
            2,
            "question/1 was edited on the site since it was listed",
            id="edited since",
        ),
        *(
            pytest.param(
                [row_of("rollback", "question/1", **{"as listed": cell})],
                2,
                "adopt-listed",
                id=f"as listed: {cell}",
            )
            for cell in ("#NAME?", "a2-aaaaaaaa", "a1-aaaaaaa", "a1-", "aaaaaaaa", "-")
        ),
        pytest.param(
            [row_of("twice", "question/2"), row_of("twice", "question/2", "no")],
            3,
            "'twice' and question/2: `no` here, and `yes` at adopt.csv:2",
            id="yes and no",
        ),
        pytest.param(
            [row_of("twice", "question/2", "no"), row_of("twice", "question/2")],
            3,
            "'twice' and question/2: `yes` here, and `no` at adopt.csv:2",
            id="no and yes",
        ),
        pytest.param(
            [
                row_of("rollback", "question/1", **{"as listed": "a1-aaaaaaaa"}),
                row_of("rollback", "question/1", **{"as listed": ""}),
            ],
            2,
            "adopt-changed",
            id="edited since, and added by hand",
        ),
        pytest.param([row_of("rollback", "question/\u0661")], 2, "adopt-post", id="other digits"),
    ],
)
def test_a_row_that_cannot_be_followed_is_told_with_its_number_and_nothing_is_bound(
    rows: Table, line: int, said: str, url: str, cli: Program, home: Path
) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    good = row_of("page", "article/4")
    write_table(
        home / "adopt.csv", [{name: row.get(name, "") for name in names} for row in [*rows, good]]
    )
    done = cli("adopt", "--url", url, "--accept", "adopt.csv", "--write")
    assert done.code == 3
    assert said in done.err
    assert f"adopt.csv:{line}:" in done.err
    assert not (home / ".teams-importer").exists()
    assert "id" not in (home / "teams-importer.yaml").read_text().replace("guide", "")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row_of("k" * 5000, "question/1"), id="key"),
        pytest.param(row_of("rollback", "q" * 5000), id="post"),
        pytest.param(row_of("rollback", f"question/{'9' * 4000}"), id="number"),
        pytest.param(row_of("rollback", "question/1", "y" * 5000), id="accept"),
        pytest.param(row_of("rollback", "question/1", **{"as listed": "a" * 5000}), id="listed"),
    ],
)
def test_a_cell_of_any_length_is_told_in_a_line(
    row: Row, url: str, cli: Program, home: Path
) -> None:
    write_table(home / "adopt.csv", [row])
    done = cli("adopt", "--url", url, "--accept", "adopt.csv")
    assert done.code == 3
    assert "adopt.csv:2:" in done.err
    assert len(done.err) < 1000


@pytest.mark.parametrize("spoil", [str, str.upper, "'{}".format], ids=["kept", "upper", "quoted"])
def test_an_edit_made_since_is_noticed_however_a_spreadsheet_writes_what_was_listed(
    spoil: Callable[[str], str], url: str, cli: Program, home: Path, tmp_path: Path
) -> None:
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    rows = [it for it in table(home / "adopt.csv") if it["key"] == "rollback"]
    spoiled = [{**it, "accept": "yes", "as listed": spoil(it["as listed"])} for it in rows]
    write_table(home / "adopt.csv", spoiled)
    team_of(
        tmp_path / "team.db", lambda world, by: world.edit(by, 1, body="A colleague's edit. " * 3)
    )
    done = cli("adopt", "--url", url, "--accept", "adopt.csv")
    assert done.code == 3
    assert "adopt.csv:2:" in done.err
    assert "adopt-changed" in done.err
    # The control: of a cell that somebody emptied nobody can tell.
    write_table(home / "adopt.csv", [{**it, "as listed": ""} for it in spoiled])
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0


def test_a_no_lets_an_answer_be_posted_beside_the_one_that_is_there(
    url: str, cli: Program, home: Path, tmp_path: Path
) -> None:
    rows = [row_of("told", "question/5"), row_of("told#answer", "answer/6", "no")]
    write_table(home / "adopt.csv", rows)
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0
    assert cli("apply", "--url", url, "--only", "told", "--yes").code == 0
    assert [it.parent_id for it in posts_in(tmp_path / "team.db") if it.kind == "answer"] == [5, 5]


@pytest.mark.parametrize(
    ("delimiter", "encoding", "accept"),
    [
        pytest.param(";", "utf-8-sig", "Yes", id="semicolons and a byte order mark"),
        pytest.param("\t", "utf-16", "X", id="tabs in UTF-16"),
        pytest.param(",", "utf-8", "TRUE", id="a flag of a spreadsheet"),
    ],
)
def test_a_file_that_went_through_a_spreadsheet_is_read(
    delimiter: str, encoding: str, accept: str, url: str, cli: Program, home: Path
) -> None:
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    rows = [it for it in table(home / "adopt.csv") if it["key"] == "page"]
    rows = [{**it, "accept": accept, "a note of mine": 'so; "said"'} for it in rows]
    shuffled = [dict(sorted(it.items())) for it in rows]
    write_table(home / "adopt.csv", shuffled, delimiter, encoding)
    done = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json")
    assert done.code == 0, done.err
    assert [it["key"] for it in done.document["adopted"]] == ["page"]


@pytest.mark.parametrize(
    ("spoil", "options"),
    [
        pytest.param(lambda it: it.replace("\r\n", "\r").encode(), (), id="CR alone"),
        pytest.param(
            lambda it: b"sep=,\r" + it.replace("\r\n", "\r").encode(), (), id="sep and CR"
        ),
        pytest.param(lambda it: it.encode("utf-32"), (), id="UTF-32"),
        pytest.param(
            lambda it: b"\0\0\xfe\xff" + it.encode("utf-32-be"), (), id="UTF-32, most first"
        ),
        pytest.param(
            lambda it: it.encode("utf-16-le"), ("--encoding", "utf-16-le"), id="UTF-16, named"
        ),
    ],
)
def test_a_table_is_read_whatever_ends_its_lines(
    spoil: Callable[[str], bytes], options: Sequence[str], url: str, cli: Program, home: Path
) -> None:
    write_table(home / "adopt.csv", [row_of("no/such", "question/1"), row_of("page", "article/4")])
    text = (home / "adopt.csv").read_bytes().decode()
    (home / "adopt.csv").write_bytes(spoil(text))
    told = cli("adopt", "--url", url, "--accept", "adopt.csv", *options)
    assert told.code == 3
    assert "there is no item 'no/such'" in told.err
    (home / "adopt.csv").write_bytes(spoil(text.replace("yes,no/such", "no,no/such")))
    done = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json", *options)
    assert done.code == 0, done.err
    assert [it["key"] for it in done.document["adopted"]] == ["page"]


TABLE = b"accept,key,page,post\r\nyes,page,a.md,article/4\r\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(TABLE.replace(b",key,page", b"\r,key,page"), "names no column", id="CR"),
        pytest.param(b"x" * 200_000 + b"\n" + TABLE, "names no column", id="long first line"),
        pytest.param(b'"' + TABLE, "names no column", id="quotation mark"),
        pytest.param(TABLE.decode().encode("utf-16-le"), "Save it as `CSV UTF-8`", id="UTF-16"),
        pytest.param(TABLE.decode().encode("utf-32-be"), "Save it as `CSV UTF-8`", id="UTF-32"),
        pytest.param(TABLE.decode().encode("utf-16")[:-1], "Save it as `CSV UTF-8`", id="cut off"),
    ],
)
def test_a_file_that_is_no_table_is_wrong_use(
    data: bytes, said: str, url: str, cli: Program, home: Path
) -> None:
    (home / "table.csv").write_bytes(data)
    (home / "in").mkdir()
    convert = ("convert", "markdown", "in", "--out", "out", "--namespace", "x")
    for command in (("adopt", "--url", url, "--accept"), (*convert, "--map")):
        done = cli(*command, "table.csv")
        assert done.code == 64
        assert "wrong use: table.csv:" in done.err
        assert said in done.err


def test_adopting_twice_is_adopting_once(url: str, cli: Program, home: Path) -> None:
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    first = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json").document
    second = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json").document
    jsonschema.validate(first, SCHEMA)
    assert [it["state"] for it in first["adopted"]] == ["bound"]
    assert [it["state"] for it in second["adopted"]] == ["already"]
    left = cli("adopt", "--url", url, "--format", "json").document["adoption"]
    assert "page" not in {it["key"] for it in left["suggestions"]}
    runs = cli("runs", "--url", url, "--format", "json").document["runs"]
    assert [it["command"] for it in runs] == ["adopt"]
    other = [row_of("twice", "question/2"), row_of("page", "article/4"), row_of("new", "article/4")]
    write_table(home / "other.csv", other)
    refused = cli("adopt", "--url", url, "--accept", "other.csv")
    assert refused.code == 3
    assert "new is a question, and article/4 is an article" in refused.err


HOSTILE = '=HYPERLINK("https://evil.example";"Salary table")'


def test_f83_titles_of_the_site_are_neither_computed_nor_obeyed(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    """F83: a title that is a formula to a spreadsheet, one that drives a terminal."""
    drive = "What does \x1b[31mred\x1b[0m say to a terminal?"

    def fill(world: World, by: User) -> None:
        asked(world, by, HOSTILE, BODY.format("formula"))
        asked(world, by, drive, BODY.format("terminal"))

    url = team_of(tmp_path / "team.db", fill)
    write_manifest(
        home,
        question("formula", title=HOSTILE),
        question("terminal", title="What does red say to a terminal?"),
    )
    found = cli("adopt", "--url", url, "--out", "adopt.csv")
    assert found.code == 0, found.err
    text = (home / "adopt.csv").read_text(encoding="utf-8-sig")
    assert "\x1b" not in text + found.out + found.err
    assert [it["title there"][0] for it in table(home / "adopt.csv")] == ["'", "W"]
    answer(home / "adopt.csv", lambda _: "yes")
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0


def test_posts_of_other_namespaces_are_told_and_never_suggested(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    url = f"sandbox:{tmp_path / 'team.db'}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_manifest(elsewhere, question("one"), namespace="ops")
    assert cli("apply", elsewhere, "--url", url, "--yes").code == 0
    write_manifest(home, question("one"))
    found = cli("adopt", "--url", url, "--format", "json").document["adoption"]
    assert found["suggestions"] == []
    assert [(it["key"], it["owner"]) for it in found["told"]] == [("one", "ops:one")]
    assert found["foreign"] == {"ops": 1}
    write_table(home / "adopt.csv", [row_of("one", "question/1")])
    refused = cli("adopt", "--url", url, "--accept", "adopt.csv")
    assert refused.code == 3
    assert "question/1 belongs to ops:one, by its marker" in refused.err
    assert "not suggested" in cli("adopt", "--url", url).out


def test_a_new_journal_that_would_end_with_a_ci_job_is_refused(
    url: str, cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(home / "adopt.csv", [row_of("page", "article/4")])
    monkeypatch.setenv("CI", "true")
    refused = cli("adopt", "--url", url, "--accept", "adopt.csv")
    assert (refused.code, refused.out) == (64, "")
    assert "--write" in refused.err
    assert cli("adopt", "--url", url, "--accept", "adopt.csv", "--write").code == 0
    assert "id: 4" in (home / "teams-importer.yaml").read_text().replace('"id"', "id")


def test_adopt_sends_nothing_but_get_and_plan_points_to_it(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, *ITEMS, articles=[PAGE])

    def fill(world: World) -> None:
        by_hand(world, world.user("acme", "Björn Öst"))

    with serving(tmp_path, behaviour=UNHURRIED, prepare=fill) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        planned = cli("plan", "--format", "json").document
        (blocked,) = [it for it in planned["blocked"] if it["key"] == "page"]
        assert "teams-importer adopt" in blocked["remedy"]
        assert cli("adopt", "--out", "adopt.csv", "--format", "markdown").code == 0
        assert cli("adopt", "--accept", "adopt.csv", "--write").code == 0
        assert {it["method"] for it in served.requests()} <= {"GET", "HEAD"}
        assert cli("adopt", "--mark", "--out", "b.csv").code == 64
        assert cli("adopt", "--write").code == 64
        assert cli("adopt", "--accept", "adopt.csv", "--only", "page").code == 64


def test_an_answer_that_is_there_word_for_word_is_not_posted_again(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    """Where a question is bound by `id:` alone, its answers bear no marker and have no post."""

    def fill(world: World, by: User) -> None:
        one = asked(world, by, STORY.format("one"), BODY.format("one"))
        world.answer(by, one, body="It is told by the fire, at great length.")

    url = team_of(tmp_path / "team.db", fill)
    told = "It is told by the fire, at great length."
    write_manifest(home, question("one", id=1, answer=told))
    planned = cli("plan", "--url", url, "--format", "json").document
    (blocked,) = planned["blocked"]
    assert (blocked["key"], planned["changes"]) == ("one#answer", [])
    assert "its question has this answer already (answer/2)" in blocked["why"]
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    assert [(it["key"], it["accept"]) for it in table(home / "adopt.csv")] == [
        ("one#answer", "yes")
    ]
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0
    assert cli("plan", "--url", url, "--detailed-exitcode").code == 0


def test_a_killed_run_of_marks_is_gone_on_with_and_each_post_is_edited_once(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    names = ("one", "two", "three")

    def fill(world: World, by: User) -> None:
        for name in names:
            asked(world, by, STORY.format(name), BODY.format(name))

    path = tmp_path / "team.db"
    team = ("--url", team_of(path, fill))
    write_manifest(home, *(question(name) for name in names))
    assert cli("adopt", *team, "--out", "adopt.csv").code == 0
    assert cli("adopt", *team, "--accept", "adopt.csv").code == 0
    with pytest.MonkeyPatch.context() as stopping:
        stop_at_once(stopping, after=1)
        assert cli("adopt", *team, "--mark", "--yes", "--parallelism", "1").code == 130
    gone_on = cli("adopt", *team, "--mark", "--yes")
    assert gone_on.code == 0, gone_on.err
    world = open_world(path)
    try:
        edits = [len(world.revisions(it.id)) - 1 for it in world.questions("acme")]
    finally:
        world.close()
    assert edits == [1, 1, 1]
    assert cli("plan", *team, "--detailed-exitcode").code == 0


def test_a_post_that_the_token_may_not_edit_is_reported_and_the_others_are_marked(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    """An article that only its owner may edit, where the server says so."""

    def fill(world: World, by: User) -> None:
        asked(world, by, STORY.format("one"), BODY.format("one"))
        owned = Permissions(editable_by="ownerOnly")
        world.publish(
            by, title=PAGE["title"], body=PAGE["body"], tags=["testing"], permissions=owned
        )

    path = tmp_path / "team.db"
    team = ("--url", team_of(path, fill))
    write_manifest(home, question("one"), articles=[PAGE])
    assert cli("adopt", *team, "--out", "adopt.csv").code == 0
    assert cli("adopt", *team, "--accept", "adopt.csv").code == 0
    done = cli("adopt", *team, "--mark", "--yes", "--format", "json")
    assert done.code == 5
    states = {it["key"]: it["state"] for it in done.document["report"]["results"]}
    assert states == {"one": "done", "page": "rejected"}


def test_live_becomes_the_base_of_what_is_bound_without_one(
    cli: Program, home: Path, tmp_path: Path
) -> None:
    """An `id:` written by hand, and another text: a person decides, then it is an update."""

    def fill(world: World, by: User) -> None:
        asked(world, by, STORY.format("one"), "Written by hand, and long before that.")

    url = team_of(tmp_path / "team.db", fill)
    write_manifest(home, question("one", id=1))
    blocked = cli("plan", "--url", url, "--format", "json").document["blocked"]
    assert [it["code"] for it in blocked] == ["no-base"]
    assert cli("adopt", "--url", url, "--out", "adopt.csv").code == 0
    answer(home / "adopt.csv", lambda _: "no")
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0, "that stays as it is"
    (row,) = answer(home / "adopt.csv", lambda _: "yes")
    assert (row["how"], row["what differs"]) == ("its post, without a base", "body")
    done = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json")
    assert [it["state"] for it in done.document["adopted"]] == ["bound"]
    planned = cli("plan", "--url", url, "--format", "json").document
    assert ([it["id"] for it in planned["changes"]], planned["blocked"]) == (["one!update"], [])
    again = cli("adopt", "--url", url, "--accept", "adopt.csv", "--format", "json")
    assert [it["state"] for it in again.document["adopted"]] == ["already"]


@pytest.mark.parametrize("api", ["auto", "3"])
def test_a_collection_is_adopted_with_what_is_in_it(
    api: str, cli: Program, home: Path, tmp_path: Path
) -> None:
    def fill(world: World, by: User) -> None:
        one = asked(world, by, STORY.format("one"), BODY.format("one"))
        owner = world.user("acme", "Ada Berg")
        world.make_collection(owner, title="Start here", description="Read it.", content_ids=[one])

    team = ("--url", team_of(tmp_path / "team.db", fill), "--api", api)
    start = {"key": "start", "title": "Start here", "description": "Read it.", "items": ["one"]}
    write_manifest(home, question("one"), collections=[start])
    assert cli("adopt", *team, "--out", "adopt.csv").code == 0
    assert [(it["key"], it["accept"]) for it in table(home / "adopt.csv")] == [
        ("one", "yes"),
        ("start", "yes"),
    ]
    assert cli("adopt", *team, "--accept", "adopt.csv", "--write").code == 0
    for file in (home / ".teams-importer").iterdir():
        file.unlink()
    assert cli("plan", *team, "--detailed-exitcode").code == 0
    assert cli("adopt", *team, "--mark", "--yes").code == 0
    assert cli("plan", *team, "--detailed-exitcode").code == 0


def test_a_no_takes_back_what_was_accepted_by_mistake(url: str, cli: Program, home: Path) -> None:
    rows = [
        row_of("new", "question/1"),
        row_of("told", "question/5"),
        row_of("told#answer", "answer/6"),
    ]
    write_table(home / "adopt.csv", rows)
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0
    write_table(home / "half.csv", [row_of("told", "question/5", "no")])
    refused = cli("adopt", "--url", url, "--accept", "half.csv")
    assert refused.code == 3
    assert "the answers told#answer are bound below it" in refused.err
    mended = [row_of("new", "question/1", "no"), row_of("rollback", "question/1")]
    mended += [{**it, "accept": "no"} for it in rows[1:]]
    write_table(home / "mended.csv", mended)
    done = cli("adopt", "--url", url, "--accept", "mended.csv", "--format", "json")
    assert done.code == 0, done.err
    assert {it["key"]: it["state"] for it in done.document["adopted"]} == {
        "rollback": "bound",
        "new": "let-go",
        "told": "let-go",
        "told#answer": "let-go",
    }
    missing = cli("adopt", "--url", url, "--format", "json").document["adoption"]
    assert "new" in missing["missing"]
    assert "told" in {it["key"] for it in missing["suggestions"]}
    assert cli("adopt", "--url", url, "--mark", "--yes").code == 0
    write_table(home / "late.csv", [row_of("rollback", "question/1", "no")])
    assert (
        "was written as rollback's since" in cli("adopt", "--url", url, "--accept", "late.csv").err
    )


def test_another_run_that_holds_the_lock_is_waited_for_or_told(
    url: str, cli: Program, home: Path
) -> None:
    write_table(home / "adopt.csv", [row_of("page", "article/4")])
    assert cli("adopt", "--url", url, "--accept", "adopt.csv").code == 0
    write_table(home / "more.csv", [row_of("rollback", "question/1")])
    (lock,) = (home / ".teams-importer").glob("*.lock")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = cli("adopt", "--url", url, "--accept", "more.csv", "--write")
        assert (refused.code, refused.out) == (8, "")
        assert "id" not in (home / "teams-importer.yaml").read_text().replace("guide", "")
    assert cli("adopt", "--url", url, "--accept", "more.csv", "--wait").code == 0
