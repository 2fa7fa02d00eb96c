"""An Enterprise site: keys, private teams, and acting as somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import SandboxError, open_world
from importer.sandbox.values import COMMUNITY
from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Caller, Town

Found = Callable[..., Town]
FORM = {"title": TITLE, "body": BODY, "tags": "a"}


@pytest.fixture
def site(found_town: Found) -> Town:
    return found_town(tier="enterprise")


def _pair(site: Town) -> Caller:
    return site.enterprise(site.tokens.read_write, site.world.keys().read)


@pytest.mark.parametrize(
    ("token", "key", "reads", "writes"),
    [
        pytest.param(None, "read", None, 401, id="a key alone reads"),
        pytest.param("read_write", "read", None, None, id="both write"),
        pytest.param("read_only", "read", None, 403, id="a token without the flag"),
        pytest.param("read_write", None, 405, 405, id="a token alone"),
        pytest.param(None, None, 405, 405, id="nothing"),
        pytest.param(None, "nonsense", 400, 400, id="no such key"),
        pytest.param("expired", "read", 402, 402, id="an expired token"),
        pytest.param("foreign", "read", 403, 403, id="a token of another site"),
        pytest.param("nonsense", "read", 402, 402, id="no such token"),
    ],
)
def test_row_39_a_key_reads_and_a_token_beside_it_writes(
    site: Town, token: str | None, key: str | None, reads: int | None, writes: int | None
) -> None:
    secret = getattr(site.tokens, token, token) if token else None
    caller = site.enterprise(secret, site.world.keys().read if key == "read" else key)
    assert caller.get("/questions").error == reads
    assert caller.post("/questions/add", **FORM).error == writes
    assert len(site.world.questions("acme")) == (writes is None)


def test_row_39_a_token_may_do_without_a_key_where_the_site_lets_it(site: Town) -> None:
    site.world.behaviour = replace(UNHURRIED, key_needed="without_token")
    assert site.enterprise(site.tokens.read_only).get("/questions").error is None
    assert site.enterprise(None).get("/questions").error == 405


def test_row_39_the_main_site_needs_no_team_and_has_its_own_place(site: Town) -> None:
    question = _pair(site).ask()
    (item,) = _pair(site).get("/questions").items
    assert item["link"].startswith(f"http://sandbox.localhost/questions/{question}/")
    assert site.api.page(f"/questions/{question}").status_code == 302
    assert TITLE in site.api.page(item["link"].removeprefix("http://sandbox.localhost")).text
    assert site.caller(site.tokens.read_write).get("/questions").error == 400
    hosted = site.caller(site.world.tokens("umbrella").read_write, team="umbrella")
    assert hosted.get("/questions").error is None
    assert _pair(site).get("/questions", team="umbrella").error == 400


def test_row_39_elsewhere_there_is_no_such_place(town: Town) -> None:
    assert town.enterprise(town.tokens.read_write, "x").get("/questions").error == 404
    assert town.api.post("/access-tokens/exchange").error == 404
    assert town.api.page("/questions").status_code == 404


def test_row_39_a_private_team_is_named_and_for_its_members(site: Town) -> None:
    world, key = site.world, site.world.keys().read
    ada, chidi = world.users("platform")
    assert ((ada.name, ada.account_id), ada.id == site.ada.id) == (
        ("Ada Berg", site.ada.account_id),
        False,
    )
    inside = site.enterprise(site.tokens.read_write, key, team="platform")
    question = inside.ask()
    assert [post.owner_id for post in world.questions("platform")] == [ada.id]
    assert _pair(site).get("/questions").items == []
    (item,) = inside.get("/questions").items
    assert item["link"].startswith(f"http://sandbox.localhost/c/platform/questions/{question}/")
    outsider = world.issue_token(site.bjorn)
    assert site.enterprise(outsider, key, team="platform").get("/questions").error == 403
    assert site.enterprise(None, key, team="platform").get("/questions").error == 401
    assert chidi.moderates


def test_row_39_a_key_has_no_user_of_its_own(site: Town) -> None:
    reader = site.enterprise(None, site.world.keys().read)
    assert reader.get("/me").error == 401
    chosen = reader.filter("user.email")
    shown = {
        user["user_id"]: user.get("email") for user in reader.get("/users", filter=chosen).items
    }
    assert shown == {
        COMMUNITY: None,
        **{user.id: user.email for user in site.world.users("acme")},
    }
    assert "ada@acme.example" in shown.values()
    assert site.world.users("acme")[-1].administers


def test_row_39_email_is_an_extra_of_enterprise(town: Town) -> None:
    town.world.change_user(town.ada, email="ada@acme.example")
    chosen = town.api.filter("user.email")
    assert all("email" not in user for user in town.api.get("/users", filter=chosen).items)


def test_a_key_alone_amounts_to_a_reader_of_the_main_site(site: Town) -> None:
    world = site.world
    key = world.find_key(world.keys().read)
    assert key is not None
    token, user = world.reading_as(key, world.team("acme")) or (None, None)
    assert token is not None
    assert user is not None
    assert (token.write, user.id, user.moderates) == (False, COMMUNITY, False)
    assert world.reading_as(key, world.team("platform")) is None
    assert world.reading_as(key, world.team("umbrella")) is None


def _exchange(site: Town, account_id: int, **changes: Any) -> Any:
    form = {
        "access_tokens": site.tokens.read_write,
        "exchange_type": "impersonate",
        "account_id": account_id,
        **changes,
    }
    key = form.pop("key", site.world.keys().service)
    return site.enterprise(None, key).post("/access-tokens/exchange", **form)


def test_impersonation_makes_a_token_that_acts_as_another(found_town: Found) -> None:
    site = found_town(replace(UNHURRIED, impersonation=True), tier="enterprise")
    made = _exchange(site, site.bjorn.account_id).item
    assert set(made) == {
        "access_token",
        "account_id",
        "expires_on_date",
        "original_access_token",
        "scope",
    }
    assert made["original_access_token"] == site.tokens.read_write
    assert {"write_access", "custom_timestamps"} <= set(made["scope"])
    as_bjorn = site.enterprise(made["access_token"], site.world.keys().read)
    as_bjorn.ask()
    assert [post.owner_id for post in site.world.questions("acme")] == [site.bjorn.id]
    site.clock.advance(made["expires_on_date"] - site.world.seconds)
    assert as_bjorn.get("/questions").error == 402
    community = _exchange(site, COMMUNITY).item["access_token"]
    site.enterprise(community, site.world.keys().read).ask(title="Who speaks here, then?")
    assert site.world.questions("acme")[-1].owner_id == COMMUNITY
    log = "".join(record.as_json() for record in site.world.requests)
    assert made["access_token"] not in log


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        pytest.param({"exchange_type": "team_for_public"}, 400, "exchange_type", id="other type"),
        pytest.param({"account_id": 4711}, 400, "account_id", id="unknown account"),
        pytest.param({"account_id": ""}, 400, "account_id", id="no account"),
        pytest.param({"access_tokens": ""}, 400, "access_tokens", id="no token"),
        pytest.param({"access_tokens": "nonsense"}, 402, None, id="unknown token"),
        pytest.param({"access_tokens": "expired"}, 402, None, id="expired token"),
        pytest.param({"access_tokens": "read_only"}, 403, None, id="read-only token"),
        pytest.param({"key": "read"}, 403, None, id="not a service key"),
        pytest.param({"key": None}, 405, None, id="no key"),
        pytest.param({"off": True}, 400, "access_tokens", id="switched off, as it is by default"),
    ],
)
def test_impersonation_is_refused(
    found_town: Found, changes: dict[str, Any], error: int, message: str | None
) -> None:
    off = changes.pop("off", False)
    site = found_town(replace(UNHURRIED, impersonation=not off), tier="enterprise")
    if changes.get("key") == "read":
        changes["key"] = site.world.keys().read
    if (sort := changes.get("access_tokens")) in ("expired", "read_only"):
        changes["access_tokens"] = getattr(site.tokens, sort)
    refused = _exchange(site, changes.pop("account_id", site.bjorn.account_id), **changes)
    assert refused.error == error
    if message:
        assert refused.json["error_message"] == message


def test_an_enterprise_site_stays_one(tmp_path: Path) -> None:
    world = open_world(tmp_path / "site.db", tier="enterprise")
    tokens, keys = world.tokens(), world.keys()
    assert (keys.read in repr(keys), keys.read in world.secrets()) == (False, True)
    with pytest.raises(SandboxError, match="Enterprise"):
        world.set_tier("acme", "business")
    with pytest.raises(SandboxError, match="already"):
        world.add_team("second", tier="enterprise")
    with pytest.raises(SandboxError, match="no keys"):
        world.keys("umbrella")
    world.close()
    again = open_world(tmp_path / "site.db")
    assert (again.tokens(), again.keys()) == (tokens, keys)
    main = again.main_site()
    assert main is not None
    assert (main.slug, [again.enterprise_team(slug) for slug in (None, "umbrella")]) == (
        "acme",
        [main, None],
    )
    assert again.hosted_team("acme") is None
    assert again.hosted_team("umbrella") is not None
    again.close()
