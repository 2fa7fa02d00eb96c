"""The token and the team are checked before anything else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from importer.sandbox import Behaviour, Tier
from tests.cli.conftest import CANARY
from tests.cli.stage import Program, Served, posts_in, question, serving, write_manifest

LEAVE = "Whoever becomes a parent stays at home for as long as they like."
Order = Literal["scope_first", "params_first", "existence_first"]


def apply_with(
    cli: Program, served: Served, monkeypatch: pytest.MonkeyPatch, *more: str, **given: str | None
) -> tuple[int, str]:
    """Apply with the environment of *served*, changed by *given*; return code and messages."""
    env: dict[str, str | None] = {**served.env(), **given}
    for name, value in env.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    done = cli("apply", "--yes", "--debug", *more)
    assert done.out == ""
    assert not any(token in done.err for token in env.values() if token and len(token) == 24)
    return done.code, done.err


@pytest.fixture
def untouched(manifest: Path, tmp_path: Path) -> object:
    """Check, after the test, that no post was made and no journal begun."""
    yield
    assert posts_in(tmp_path / "team.db") == []
    assert not (manifest.parent / ".teams-importer").exists()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param("expired", "expired", id="an expired PAT"),
        pytest.param("foreign", "another team", id="a PAT of another team"),
        pytest.param("read_only", "may read, but not write", id="a PAT that only reads"),
    ],
)
@pytest.mark.parametrize("order", ["scope_first", "params_first"])
def test_a_token_that_will_not_do_is_refused_before_anything_else(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    said: str,
    order: Order,
) -> None:
    with serving(tmp_path, behaviour=Behaviour(check_order=order)) as served:
        pat = getattr(served.tokens, token)
        code, err = apply_with(cli, served, monkeypatch, TEAMS_IMPORTER_TOKEN=pat)
        assert code == 6
        assert said in err
        assert "  " in err.splitlines()[-1]
        _require_no_effect(served)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"TEAMS_IMPORTER_TOKEN": None}, "set TEAMS_IMPORTER_TOKEN", id="no PAT"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": "  "}, "the access token is empty", id="a blank PAT"),
        pytest.param(
            {"TEAMS_IMPORTER_TOKEN": f"{CANARY} {CANARY}"}, "it holds a blank", id="two words"
        ),
        pytest.param({"TEAMS_IMPORTER_TOKEN": f'"{CANARY}"'}, "quotation mark", id="in quotes"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": f"{CANARY}é"}, "outside ASCII", id="not ASCII"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": CANARY}, "token", id="a PAT nobody knows"),
        pytest.param({"TEAMS_IMPORTER_TEAM": None}, "in TEAMS_IMPORTER_TEAM", id="no slug"),
        pytest.param({"TEAMS_IMPORTER_TEAM": "nobody"}, "nobody", id="an unknown slug"),
        pytest.param({"TEAMS_IMPORTER_TEAM": "a/../b"}, "not the name of a team", id="a path"),
    ],
)
@pytest.mark.parametrize("order", ["scope_first", "params_first"])
def test_a_missing_or_malformed_token_or_team_is_refused(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str | None],
    said: str,
    order: Order,
) -> None:
    with serving(tmp_path, behaviour=Behaviour(check_order=order)) as served:
        code, err = apply_with(cli, served, monkeypatch, **given)
        assert code == 6
        assert said in err
        assert CANARY not in err
        _require_no_effect(served)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("order", ["scope_first", "params_first"])
def test_a_basic_team_takes_no_writes(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    with serving(tmp_path, behaviour=Behaviour(check_order=order), tier="basic") as served:
        code, err = apply_with(cli, served, monkeypatch)
        assert code == 6
        assert "Basic" in err
        _require_no_effect(served)


READS = "the access token may read, but not write"
V2, V3 = ("2.3", "auto"), ("3",)
BOTH = (*V2, *V3)


@pytest.mark.parametrize(
    ("apis", "tier", "token", "team", "said", "remedy"),
    [
        pytest.param(BOTH, "basic", "read_write", "acme", READS, "plan (Basic)", id="Basic"),
        pytest.param(BOTH, "business", "read_only", "acme", READS, "read-write one", id="reads"),
        pytest.param(V2, "business", "read_write", "no", "knows no team 'no'", "/c/", id="slug"),
        pytest.param(V3, "business", "read_write", "no", "the team 'no'", "/c/", id="slug, v3"),
        pytest.param(V2, "business", "foreign", "acme", "not open the team", "--team", id="other"),
        pytest.param(V3, "business", "foreign", "acme", "not take the", "another", id="other, v3"),
        pytest.param(V2, "business", "expired", "acme", "expired", "new one", id="expired"),
        pytest.param(V3, "business", "expired", "acme", "not take", "expired", id="expired, v3"),
        pytest.param(("2.3",), "free", "read_write", "acme", "not open", "no API", id="Free"),
        pytest.param(
            ("3", "auto"), "free", "read_write", "acme", "not do", "no API", id="Free, v3"
        ),
        pytest.param(BOTH, "business", None, "acme", "was given", "--token-file", id="no PAT"),
        pytest.param(BOTH, "business", "read_write", None, "no team was", "--team", id="no slug"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "doctor"])
@pytest.mark.parametrize("kinds", ["questions", "every kind"])
def test_each_refusal_is_up_front_over_every_api(
    cli: Program,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    apis: tuple[str, ...],
    tier: Tier,
    token: str | None,
    team: str | None,
    said: str,
    remedy: str,
    command: str,
    kinds: str,
) -> None:
    """The manifest decides which APIs are asked at the door, and not what is said."""
    more: dict[str, Any] = {
        "articles": [
            {"key": "leave", "title": "Parental leave here", "tags": ["hr"], "body": LEAVE}
        ],
        "collections": [{"key": "start", "title": "Start here", "items": ["rollback"]}],
    }
    write_manifest(home, question("rollback"), **(more if kinds == "every kind" else {}))
    with serving(tmp_path, tier=tier) as served:
        env: dict[str, str | None] = {
            **served.env(),
            "TEAMS_IMPORTER_TEAM": team,
            "TEAMS_IMPORTER_TOKEN": getattr(served.tokens, token) if token else None,
        }
        for name, value in env.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        for api in apis:
            flags = ("--yes",) if command == "apply" else ("--write",)
            done = cli(command, *flags, "--api", api)
            assert done.code == 6, api
            shown = done.err if command == "apply" else done.out
            assert said in shown, api
            assert remedy in shown, api
            assert command == "doctor" or done.out == ""
        _require_no_effect(served)
    assert posts_in(tmp_path / "team.db") == []
    assert not (home / ".teams-importer").exists()


@pytest.mark.parametrize("order", ["scope_first", "params_first"])
@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"TEAMS_IMPORTER_TOKEN": "read_only"}, id="a PAT that only reads"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": "expired"}, id="an expired PAT"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": "foreign"}, id="a PAT of another team"),
        pytest.param({"TEAMS_IMPORTER_TEAM": "nobody"}, id="an unknown slug"),
        pytest.param({"TEAMS_IMPORTER_TOKEN": None}, id="no PAT"),
    ],
)
def test_a_refused_token_leaves_no_intent_in_a_journal_that_is_there(
    cli: Program,
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str | None],
    order: Order,
) -> None:
    journal = manifest.parent / "journal.db"
    monkeypatch.setenv("TEAMS_IMPORTER_JOURNAL", str(journal))
    with serving(tmp_path, behaviour=Behaviour(check_order=order)) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", "--yes").code == 0
        manifest.write_text(manifest.read_text().replace("Once upon", "Once more upon"))
        before = journal.read_bytes(), len(served.requests())
        tokens = {it: getattr(served.tokens, it) for it in ("read_only", "expired", "foreign")}
        told = {name: tokens.get(value or "", value) for name, value in given.items()}
        code, _ = apply_with(cli, served, monkeypatch, **told)
        assert code == 6
        assert journal.read_bytes() == before[0]
        assert not [
            it
            for it in served.requests()[before[1] :]
            if it["method"] != "GET" and it["status"] == 200
        ]
    assert not [it for it in posts_in(tmp_path / "team.db") if "Once more" in it.body]


def _require_no_effect(served: Served) -> None:
    writes = [it for it in served.requests() if it["method"] != "GET"]
    assert not [it for it in writes if it["status"] in {200, 201, 204}]


@pytest.mark.usefixtures("manifest")
def test_where_the_order_hides_it_the_first_refusal_stops_the_run(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a server that looks at the scope after everything else can hide it from the probes."""
    orders = {"existence_first": ("existence", "params", "scope", "repeat")}
    monkeypatch.setattr("importer.sandbox.v2.carrying._ORDERS", orders)
    with serving(tmp_path, behaviour=Behaviour(check_order="existence_first")) as served:
        for name, value in served.env("read_only").items():
            monkeypatch.setenv(name, value)
        done = cli("apply", "--yes")
        assert done.code == 6
        assert "whether the token may write could not be known" in done.err
        assert "Not reached" in done.out
        adding = [it for it in served.requests() if it["path"].endswith("questions/add")]
        assert len(adding) == 2, "a probe without content, and one question"
    assert posts_in(tmp_path / "team.db") == []
    with serving(tmp_path, behaviour=Behaviour(check_order="existence_first")) as served:
        for name, value in served.env("read_write").items():
            monkeypatch.setenv(name, value)
        done = cli("apply", "--yes")
        assert done.code == 0
        assert "whether the token may write could not be known" in done.err
    assert len(posts_in(tmp_path / "team.db")) == 4


def test_a_token_that_reads_is_enough_to_plan(
    cli: Program, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        for name, value in served.env("read_only").items():
            monkeypatch.setenv(name, value)
        assert cli("plan", "--detailed-exitcode").code == 2
        assert {it["method"] for it in served.requests()} == {"GET"}
    assert not (manifest.parent / ".teams-importer").exists()


@pytest.mark.usefixtures("manifest")
def test_a_token_comes_from_a_file_before_the_environment(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        file = tmp_path / "token"
        file.touch(mode=0o600)
        file.write_text(f"{served.tokens.expired}\n")
        assert cli("plan", "--token-file", file).code == 6
        file.write_text(f"{served.tokens.read_only}\n")
        assert cli("plan", "--token-file", file).code == 0
        with file.open() as standard_input:
            monkeypatch.setattr("sys.stdin", standard_input)
            assert cli("plan", "--token-file", "-").code == 0


def test_a_manifest_pinned_to_another_team_is_refused(
    cli: Program, manifest: Path, tmp_path: Path
) -> None:
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 1, "team": "x"'))
    for command in (["plan"], ["apply", "--yes"]):
        done = cli(*command, "--url", f"sandbox:{tmp_path / 'team.db'}")
        assert done.code == 6
        assert "pinned to x" in done.err
    assert posts_in(tmp_path / "team.db") == []


def test_f85_a_manifest_that_holds_the_token_is_refused(
    cli: Program, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        token = served.tokens.read_write
        manifest.write_text(manifest.read_text().replace("Once upon", f"Use {token}. Once upon", 1))
        for command in (["plan"], ["apply", "--yes"]):
            done = cli(*command)
            assert (done.code, done.out) == (64, "")
            assert "contains the access token" in done.err
            assert token not in done.err
        assert served.requests() == []
