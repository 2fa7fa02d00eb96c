"""`plan --drift`: what was edited on the site and the manifest doesn't know, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from importer.sandbox import World, open_world
from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

DATABASE = Path("team.db")
HEAD, TAIL = "First find out why it fails.", "Then tell the channel about it."
BODY = f"{HEAD}\n\nThe command is in the handbook.\n\n{TAIL}\n"
KEYS = ("calm", "kept", "merged", "conflict")


@pytest.fixture(params=["2.3", "3"])
def here(request: pytest.FixtureRequest) -> list[str]:
    return ["--url", f"sandbox:{DATABASE}", "--api", request.param]


@pytest.fixture
def edited(home: Path, cli: Program, here: list[str]) -> Path:
    """A manifest of four questions, three of which a colleague edited; two were edited here."""
    path = write_manifest(home, *(question(key, body=BODY) for key in KEYS))
    assert cli("apply", *here, "--yes").code == 0
    on_site("kept", TAIL, "Then tell the whole channel about it.")
    on_site("merged", TAIL, "Then tell the whole channel about it.")
    on_site("conflict", HEAD, "First find whom it fails for.")
    bodies = dict.fromkeys(("merged", "conflict"), BODY.replace(HEAD, "First find the cause."))
    bodies["calm"] = BODY.replace("The command", "Our command")
    write_manifest(home, *(question(key, body=bodies.get(key, BODY)) for key in KEYS))
    return path


def on_site(key: str, old: str, new: str) -> None:
    def edit(world: World) -> None:
        (post,) = (it for it in world.questions("acme") if f" {key}?" in str(it.title))
        body = post.body.replace(old, new)
        world.edit(world.user("acme", "Björn Öst"), post.id, body=body)

    world = open_world(DATABASE)
    edit(world)
    world.close()


@pytest.mark.usefixtures("edited")
def test_only_edits_made_on_the_site_are_told_with_their_fate(
    cli: Program, here: list[str]
) -> None:
    done = cli("plan", *here, "--drift")
    assert done.code == 0
    assert "calm" not in done.out
    assert "Plan" not in done.out
    assert done.out.startswith("Drift of handbook in team acme")
    assert done.out.endswith(
        "Drift: 3 items edited on the site; 1 conflict, 1 to be merged, 1 kept.\n"
    )
    lines = [it.strip() for it in done.out.splitlines()]
    assert sum(it.startswith("edited by Björn Öst (user 1002)") for it in lines) == 3
    assert lines.count("| ~ Then tell the {+whole +}channel about it.") == 2
    assert lines.index("body (here) +1 -1 lines") < lines.index("| + First find the cause.")
    assert "| ~ First find [-out why-]{+whom+} it fails{+ for+}." in lines


@pytest.mark.usefixtures("edited")
def test_the_exit_code_tells_edits_from_conflicts_and_none(
    home: Path, cli: Program, here: list[str]
) -> None:
    drift = ["plan", *here, "--drift"]
    assert cli(*drift, "--detailed-exitcode").code == 11
    assert cli(*drift, "--detailed-exitcode", "--only", "kept").code == 2
    assert cli(*drift, "--detailed-exitcode", "--only", "merged").code == 2
    assert cli(*drift, "--fail-on", "drift", "--only", "merged").code == 11
    assert cli(*drift, "--fail-on", "manual").code == 0
    calm = cli(*drift, "--detailed-exitcode", "--fail-on", "drift", "--only", "calm")
    assert (calm.code, calm.out.endswith("No drift.\n")) == (0, True)
    assert sorted(it.name for it in home.iterdir()) == [
        ".teams-importer",
        "team.db",
        "teams-importer.yaml",
    ]


@pytest.mark.usefixtures("edited")
def test_as_json_it_is_what_the_schema_says(cli: Program, here: list[str]) -> None:
    found = cli("plan", *here, "--drift", "--format", "json").document
    schema = json.loads((ROOT / "schemas" / "drift.schema.json").read_text())
    jsonschema.validate(found, schema)
    told: dict[str, Any] = {it["key"]: it for it in found["items"]}
    assert {key: it["fate"] for key, it in told.items()} == {
        "conflict": "conflict",
        "merged": "merged",
        "kept": "kept",
    }
    (field,) = told["conflict"]["fields"]
    assert {it: field[it]["holed"].split("\n")[0] for it in ("base", "ours", "live")} == {
        "base": HEAD,
        "ours": "First find the cause.",
        "live": "First find whom it fails for.",
    }
    assert told["kept"]["edit"]["name"] == "Björn Öst"
    assert told["kept"]["span"]["path"] == "teams-importer.yaml"


@pytest.mark.usefixtures("edited")
def test_what_would_be_overwritten_is_told_before_it_is(cli: Program, here: list[str]) -> None:
    done = cli("plan", *here, "--drift", "--on-drift", "overwrite")
    assert "3 to be overwritten." in done.out


@pytest.mark.usefixtures("edited")
def test_what_is_decided_by_the_seen_that_is_shown_is_no_drift(
    home: Path, cli: Program, here: list[str]
) -> None:
    found = cli("plan", *here, "--drift", "--format", "json").document["items"]
    stated = {it["key"]: it["seen"].removeprefix("seen: {body: ")[:-1] for it in found}
    ours = {"merged": BODY.replace(HEAD, "First find the cause.")}
    ours["conflict"] = ours["merged"]
    write_manifest(
        home,
        *(question(key, body=ours.get(key, BODY), seen={"body": stated[key]}) for key in stated),
        question("calm", body=BODY),
    )
    assert cli("plan", *here, "--drift").out.endswith("No drift.\n")


@pytest.mark.usefixtures("edited")
def test_a_report_in_markdown_or_by_a_template_of_ones_own(
    home: Path, cli: Program, here: list[str]
) -> None:
    shown = cli("plan", *here, "--drift", "--format", "markdown").out
    assert "### Edited here and on the site, waiting for a person (1)" in shown
    (home / "mine.j2").write_text("{{ drift.counts.kept }} kept, {{ drift.counts.gone }} gone")
    mine = cli("plan", *here, "--drift", "--template", "mine.j2")
    assert mine.out == "1 kept, 0 gone\n"


@pytest.mark.usefixtures("edited")
def test_a_report_is_no_plan_to_be_saved(cli: Program, here: list[str]) -> None:
    done = cli("plan", *here, "--drift", "--out", "plan.json")
    assert done.code == 64
    assert "--output FILE saves the report" in done.err
    assert not Path("plan.json").exists()
    assert cli("plan", *here, "--drift", "--output", "drift.txt").code == 0
    assert Path("drift.txt").read_text().startswith("Drift of handbook")
