"""An Enterprise site: its own address, keys, the main site without a team, and private teams."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import Behaviour, Post, open_world
from tests.cli.stage import Program, Served, question, serving, write_manifest

APIS = ("2.3", "3", "auto")


def posts_of(folder: Path, team: str) -> list[Post]:
    world = open_world(folder / "team.db")
    try:
        return [*world.questions(team), *world.answers(team), *world.articles(team)]
    finally:
        world.close()


def dress(
    monkeypatch: pytest.MonkeyPatch, served: Served, **given: str | None
) -> dict[str, str | None]:
    """Set the environment to the main site's, changed by *given*; None takes a variable away."""
    assert served.keys is not None
    env: dict[str, str | None] = {
        "URL": f"{served.url}/api",
        "TOKEN": served.tokens.read_write,
        "API_KEY": served.keys.read,
        **given,
    }
    for name, value in env.items():
        if value is None:
            monkeypatch.delenv(f"TEAMS_IMPORTER_{name}", raising=False)
        else:
            monkeypatch.setenv(f"TEAMS_IMPORTER_{name}", value)
    return env


@pytest.fixture
def handbook(home: Path) -> Path:
    """A manifest with all that both APIs can write, and a link."""
    return write_manifest(
        home,
        question("rollback", answer="Run the command that rolls back, and tell the channel."),
        question("freeze", body="It leads to [the other one](key:rollback) of this manifest."),
    )


@pytest.mark.usefixtures("handbook")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("team", ["", "platform"], ids=["main site", "private team"])
def test_an_enterprise_is_planned_applied_and_in_sync(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, team: str
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        dress(monkeypatch, served, API=api, TEAM=team or None)
        planned = cli("plan", "--detailed-exitcode")
        assert planned.code == 2, planned.err
        named = "in team platform" if team else "in the main site"
        assert named in planned.out
        done = cli("apply", "--yes", "--settle", "0")
        assert done.code == 0, done.out + done.err
        again = cli("plan", "--detailed-exitcode")
        assert (again.code, "No changes" in again.out) == (0, True), again.out
        assert cli("doctor", "--write").code == 0
    posts = posts_of(tmp_path, team or "acme")
    assert len(posts) == 3
    base = f"{served.url}/c/platform" if team else served.url
    (linking,) = (it for it in posts if "the other one" in it.body)
    assert f"]({base}/questions/" in linking.body
    (journal,) = Path(".teams-importer").glob("*.db")
    host = served.url.partition("//")[2].replace(":", "_")
    assert journal.name == "-".join(filter(None, (host, team, "handbook.db")))


@pytest.mark.usefixtures("handbook")
@pytest.mark.parametrize("api", APIS)
def test_a_key_alone_plans_and_no_more(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        env = dress(monkeypatch, served, API=api, TOKEN=None)
        planned = cli("plan", "--detailed-exitcode")
        assert (planned.code, "Plan: 3 to create" in planned.out) == (2, True), planned.err
        refused = cli("apply", "--yes")
        assert refused.code == 6
        assert "an API key alone only reads, a service key too" in refused.err
        assert "--token-file" in refused.err
        assert "the API key alone reads, and an apply asks for a token" in planned.err
        doctor = cli("doctor")
        assert (doctor.code, "by the API key" in doctor.out) == (0, True), doctor.out
        assert "a key alone only reads; API v" in doctor.out
        assert cli("doctor", "--write").code == 6
        inside = cli("plan", "--team", "platform")
        assert inside.code == 6
        assert "the API key alone does not open the team 'platform'" in inside.err
        assert "Leave --team out for the main site" in inside.err
        dress(monkeypatch, served, API=api, TOKEN=None, API_KEY="x" * 24)
        unknown = cli("plan")
        assert unknown.code == 6
        assert "API key" in unknown.err
        assert "mistyped, revoked" in unknown.err
        for said in (inside.err, unknown.err):
            assert "does not take the access token" not in said
        service = served.keys
        assert service is not None
        dress(monkeypatch, served, API=api, TOKEN=None, API_KEY=service.service, IMPERSONATE="1")
        assert cli("plan").code == 0
        lent = cli("apply", "--yes")
        assert (lent.code, "a service key too" in lent.err) == (6, True)
        assert {it["method"] for it in served.requests()} == {"GET"}
    assert posts_of(tmp_path, "acme") == []
    assert not Path(".teams-importer").exists()
    assert str(env["API_KEY"]) not in planned.err + refused.err + doctor.out + inside.err


@pytest.mark.usefixtures("handbook")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"API_KEY": None, "API": "2.3"}, "asks for an API key", id="no key"),
        pytest.param({"API_KEY": "x" * 24, "API": "2.3"}, "does not know the API key", id="key"),
        pytest.param({"TOKEN": None, "API_KEY": None}, "no access token was given", id="nothing"),
        pytest.param({"TEAM": "nowhere", "API": "2.3"}, "'nowhere'", id="an unknown team"),
        pytest.param({"TEAM": "nowhere", "API": "3"}, "'nowhere'", id="an unknown team, v3"),
        pytest.param({"TOKEN": "foreign", "API": "2.3"}, "open this site", id="another site's"),
        pytest.param({"TOKEN": "foreign", "API": "3"}, "for this site", id="another site's, v3"),
        pytest.param({"TOKEN": "read_only", "API": "2.3"}, "may read, but not", id="reading only"),
        pytest.param({"TOKEN": "read_only", "API": "3"}, "may read, but not", id="the same, v3"),
    ],
)
def test_what_stands_in_the_way_is_refused_up_front_by_name(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str | None],
    said: str,
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        token = given.get("TOKEN")
        if token is not None:
            given = {**given, "TOKEN": getattr(served.tokens, token)}
        env = dress(monkeypatch, served, **given)
        done = cli("apply", "--yes")
        assert done.code == 6
        assert said in done.err
        assert not any(str(it) in done.err for it in (env["TOKEN"], env["API_KEY"]) if it)
    assert posts_of(tmp_path, "acme") == []


@pytest.mark.usefixtures("handbook")
def test_without_a_key_auto_goes_over_v3_alone_and_says_so(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        dress(monkeypatch, served, API_KEY=None)
        done = cli("apply", "--yes", "--settle", "0")
        assert done.code == 0, done.err
        assert "without API v2.3: the server asks for an API key" in done.err
        asked = cli("doctor").out
        assert re.search(
            r"^ok +writing +the token may write; without API v2.3", asked, re.MULTILINE
        )
        assert re.search(r"^warn +API v2.3 +the server asks for an API key", asked, re.MULTILINE)
        assert "name its file with --api-key-file" in asked
    assert len(posts_of(tmp_path, "acme")) == 3


@pytest.mark.usefixtures("handbook")
def test_the_address_of_a_main_site_without_its_path_and_key_is_asked_for(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        dress(monkeypatch, served, URL=served.url, API_KEY=None)
        told = cli("plan")
        assert told.code == 6
        assert "no team was named" in told.err
        assert "its API's address, which ends in /api" in told.err
        assert cli("plan", "--url", f"{served.url}/api", "--api", "3").code == 0


def test_a_pin_names_the_main_site_by_its_host(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        dress(monkeypatch, served)
        write_manifest(home, question("rollback"), team=["platform"])
        foreign = cli("plan")
        assert foreign.code == 6
        assert "pinned to platform, not to 127.0.0.1" in foreign.err
        assert cli("plan", "--team", "platform").code == 0
        write_manifest(home, question("rollback"), team=["127.0.0.1"])
        assert cli("plan").code == 0
        assert cli("plan", "--team", "platform").code == 6


@pytest.mark.usefixtures("handbook")
@pytest.mark.parametrize("api", APIS)
def test_over_tls_with_the_sites_own_authority(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with serving(tmp_path, tier="enterprise", tls=True) as served:
        # With a key, the bare address is enough.
        dress(monkeypatch, served, URL=served.url, API=api)
        distrusted = cli("plan")
        assert distrusted.code == 5
        assert "certificate is not to be trusted" in distrusted.err
        assert "with --ca-bundle, or in TEAMS_IMPORTER_CA_BUNDLE" in distrusted.err
        asked = cli("doctor")
        assert (asked.code, "with --ca-bundle" in asked.out) == (5, True)
        with monkeypatch.context() as patch:
            patch.setenv("TEAMS_IMPORTER_CA_BUNDLE", str(served.ca_bundle))
            assert cli("plan").code == 0
        trust = ("--ca-bundle", str(served.ca_bundle))
        planned = cli("plan", *trust)
        assert planned.code == 0, planned.err
        assert "taken for an Enterprise site: its API is below /api" in planned.err
        assert cli("apply", "--yes", "--settle", "0", *trust).code == 0
        assert "No changes" in cli("plan", *trust).out
        assert cli("runs").code == 0


def test_a_sandboxs_file_that_plays_enterprise_opens_by_itself(cli: Program, home: Path) -> None:
    write_manifest(home, question("rollback"))
    open_world(home / "site.db", tier="enterprise").close()
    for team in ((), ("--team", "platform")):
        url = ("--url", "sandbox:site.db", *team)
        assert cli("apply", *url, "--yes").code == 0
        assert "No changes" in cli("plan", *url).out
    world = open_world(home / "site.db")
    assert [len(world.questions(it)) for it in ("acme", "platform")] == [1, 1]
    world.close()


BJORN, CHIDI = 1002, 1003


def signed(home: Path, **more: Any) -> Path:
    """A manifest whose question and answer are by two people; the mark is the first's to set."""
    answer = {
        "key": "a",
        "author": CHIDI,
        "accepted": True,
        "body": "Whoever answers it, it is signed with their name.",
    }
    return write_manifest(
        home,
        question("signed", author=BJORN, answers=[answer]),
        question("alone", author=BJORN),
        question("ours"),
        **more,
    )


def owners(served: Served) -> dict[str, int | None]:
    posts = served.ask(lambda world: [*world.questions("acme"), *world.answers("acme")])
    return {it.title or "answer": it.owner_id for it in posts}


def lend(*, on: bool = True) -> dict[str, Any]:
    return {"tier": "enterprise", "behaviour": Behaviour(impersonation=on)}


@pytest.mark.parametrize("api", APIS)
def test_authors_are_written_for_shown_kept_in_sync_and_taken_back(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    signed(home)
    with serving(tmp_path, **lend()) as served:
        assert served.keys is not None
        dress(monkeypatch, served, API=api, API_KEY=served.keys.service, IMPERSONATE="1")
        planned = cli("plan", "--out", "plan.json")
        assert planned.out.count("user 1002") == 3  # Two questions and the mark.
        assert planned.out.count("user 1003") == 1
        assert "was not asked" in planned.err
        done = cli("apply", "plan.json", "--yes", "--settle", "0", "--debug")
        assert done.code == 0, done.out + done.err
        assert owners(served) == {
            "What is the story of signed?": BJORN,
            "answer": CHIDI,
            "What is the story of alone?": BJORN,
            "What is the story of ours?": 1001,
        }
        assert "No changes" in cli("plan").out
        path = signed(home)
        path.write_text(path.read_text().replace("is signed", "is well signed"))
        edited = cli("apply", "--yes", "--settle", "0")
        assert (edited.code, "1 updated" in edited.out) == (0, True), edited.out
        undone = cli("undo", "last", "--yes", "--settle", "0")
        assert undone.code == 0, undone.out + undone.err
        # A removed item of somebody else's is deleted in their name: a member deletes no other's.
        # API v3 doesn't tell whether others commented on it.
        write_manifest(home, question("ours"), removed=[{"key": "alone", "live": "delete"}])
        gone = cli("apply", "--yes", "--settle", "0", "--delete-engaged")
        assert (gone.code, "1 deleted" in gone.out) == (0, True), gone.out + gone.err
        world_secrets = secrets_of(served)
        for said in (planned, done, undone, gone):
            assert not any(it in said.out + said.err for it in world_secrets)
        assert "What is the story of alone?" not in owners(served)
    for file in (home / ".teams-importer").iterdir():
        assert not any(it.encode() in file.read_bytes() for it in world_secrets)


def secrets_of(served: Served) -> list[str]:
    found = served.ask(lambda world: world.store.all("SELECT secret FROM tokens"))
    return [it[0] for it in found]


@pytest.mark.parametrize(
    ("given", "on", "said", "remedy"),
    [
        pytest.param(
            {},
            True,
            "unless --impersonate asks",
            "TEAMS_IMPORTER_IMPERSONATE=1) and, with --api-key-file, a service key",
            id="not asked for",
        ),
        pytest.param(
            {"IMPERSONATE": "1"},
            False,
            "switched off",
            "whether impersonation is on",
            id="switched off",
        ),
        pytest.param(
            {"IMPERSONATE": "1", "API_KEY": "read"},
            True,
            "service keys",
            "Ask who runs the site for a service key",
            id="the key",
        ),
        pytest.param(
            {"IMPERSONATE": "1", "API_KEY": None, "API": "3"},
            True,
            "takes a service key",
            "Name the service key's file with --api-key-file",
            id="no key",
        ),
    ],
)
def test_where_nobody_can_write_for_others_their_items_wait_by_name(
    cli: Program,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str | None],
    on: bool,
    said: str,
    remedy: str,
) -> None:
    signed(home)
    with serving(tmp_path, **lend(on=on)) as served:
        assert served.keys is not None
        keys = {"read": served.keys.read, "service": served.keys.service}
        key = keys.get(given.get("API_KEY", "service") or "")
        dress(monkeypatch, served, **{**given, "API_KEY": key})
        done = cli("apply", "--yes", "--settle", "0")
        assert done.code == 11, done.out + done.err
        assert said in done.err
        assert remedy in done.err
        assert "do it on the site" not in done.err
        assert "question signed: unsupported" in done.err
        doctor = cli("doctor")
        assert (remedy in doctor.out) is bool(given)
        assert (said in doctor.out) is bool(given)
        assert list(owners(served)) == ["What is the story of ours?"]


def test_a_vendors_team_says_that_no_flag_helps_an_author(cli: Program, home: Path) -> None:
    signed(home)
    for flags in ((), ("--impersonate",)):
        planned = cli("plan", "--url", "sandbox:", *flags)
        assert "only Enterprise sites can write as somebody else" in planned.out
        assert "Take `author:` out" in planned.out
        assert "--impersonate" not in planned.out


def test_a_saved_plan_with_authors_is_refused_where_they_cannot_be_acted_for(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(home)
    with serving(tmp_path, **lend()) as served:
        assert served.keys is not None
        dress(monkeypatch, served, API_KEY=served.keys.service)
        assert cli("plan", "--impersonate", "--out", "plan.json").code == 0
        refused = cli("apply", "plan.json", "--yes")
        assert refused.code == 4
        assert "users 1002, 1003" in refused.err
        assert "--impersonate" in refused.err
        assert owners(served) == {}
        assert cli("apply", "plan.json", "--yes", "--settle", "0", "--impersonate").code == 0
        assert len(owners(served)) == 4


def test_an_unknown_author_is_reported_by_name_and_the_rest_goes_on(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, question("lost", author=4711), question("found", author=BJORN))
    with serving(tmp_path, **lend()) as served:
        assert served.keys is not None
        dress(monkeypatch, served, API_KEY=served.keys.service, IMPERSONATE="1")
        done = cli("apply", "--yes", "--settle", "0")
        assert done.code == 5, done.out
        assert "user 4711 can't be acted for: there is no such user here" in done.out
        assert "(correct `author:`)" in done.out
        assert list(owners(served).values()) == [BJORN]
        write_manifest(home, question("lost", author=CHIDI), question("found", author=BJORN))
        assert cli("apply", "--yes", "--settle", "0").code == 0
        assert sorted(it or 0 for it in owners(served).values()) == [BJORN, CHIDI]


def test_a_lost_journal_makes_no_second_post_beside_publishers(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(home, publishers=[1001])
    with serving(tmp_path, **lend()) as served:
        assert served.keys is not None
        dress(monkeypatch, served, API_KEY=served.keys.service, IMPERSONATE="1")
        for _ in range(2):
            assert cli("apply", "--yes", "--settle", "0").code == 0
            shutil.rmtree(home / ".teams-importer")
        assert "No changes" in cli("plan").out
        assert len(owners(served)) == 4


def test_a_text_that_holds_the_key_itself_is_refused(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, tier="enterprise") as served:
        key = str(dress(monkeypatch, served)["API_KEY"])
        write_manifest(home, question("rollback", body=f"Call it with the header X-API-Key: {key}"))
        for command in ("plan", "apply"):
            done = cli(command)
            assert (done.code, key in done.err) == (64, False)
            assert "contains the API key" in done.err
