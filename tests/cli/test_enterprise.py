"""An Enterprise site: its own address, keys, the main site without a team, and private teams."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.sandbox import Post, open_world
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
        assert "an API key alone only reads" in refused.err
        assert "--token-file" in refused.err
        doctor = cli("doctor")
        assert (doctor.code, "by the API key" in doctor.out) == (0, True), doctor.out
        assert cli("doctor", "--write").code == 6
        inside = cli("plan", "--team", "platform")
        assert inside.code == 6
        assert "the API key alone does not open platform" in inside.err
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
    assert len(posts_of(tmp_path, "acme")) == 3


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
@pytest.mark.parametrize("api", ["2.3", "auto"])
def test_over_tls_with_the_sites_own_authority(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with serving(tmp_path, tier="enterprise", tls=True) as served:
        # With a key, the bare address is enough.
        dress(monkeypatch, served, URL=served.url, API=api)
        distrusted = cli("plan")
        assert distrusted.code == 5
        assert "certificate is not to be trusted" in distrusted.err
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
