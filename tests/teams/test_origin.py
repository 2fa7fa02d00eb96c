from __future__ import annotations

import pytest

from importer.errors import ImporterError, TeamMissing, TeamUnknown, UsageError
from importer.model.site import Site
from importer.teams.origin import VENDOR_API, Connection, find_endpoint
from importer.teams.secret import Secret

TOKEN = "Canary123Token456789xyz"


def connection(url: str, team: str = "acme", api: str = "auto") -> Connection:
    return Connection(url, team, Secret(TOKEN), api=api)


@pytest.mark.parametrize(
    ("url", "origin", "prefix", "site"),
    [
        pytest.param(
            VENDOR_API, VENDOR_API, "/2.3", "https://stackoverflowteams.com/c/acme", id="the vendor"
        ),
        pytest.param(
            f"{VENDOR_API}/2.3/",
            VENDOR_API,
            "/2.3",
            "https://stackoverflowteams.com/c/acme",
            id="with its version",
        ),
        pytest.param(
            "https://API.stackoverflowteams.com:443",
            VENDOR_API,
            "/2.3",
            "https://stackoverflowteams.com/c/acme",
            id="spelled otherwise",
        ),
        pytest.param(
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080",
            "/2.3",
            "http://127.0.0.1:8080/c/acme",
            id="a served sandbox",
        ),
        pytest.param(
            "http://[::1]:8080/",
            "http://[::1]:8080",
            "/2.3",
            "http://[::1]:8080/c/acme",
            id="IPv6 loopback",
        ),
        pytest.param(
            "https://teams.example.org/api",
            "https://teams.example.org",
            "/api/2.3",
            "https://teams.example.org/c/acme",
            id="somebody else's, below a path",
        ),
        pytest.param(
            "https://teams.example.org/v3",
            "https://teams.example.org",
            "/2.3",
            "https://teams.example.org/c/acme",
            id="somebody else's, with a version and no path",
        ),
        pytest.param(
            "https://acme.stackenterprise.co",
            "https://acme.stackenterprise.co",
            "/api/2.3",
            "https://acme.stackenterprise.co/c/acme",
            id="an Enterprise site's private team",
        ),
        pytest.param(
            "https://acme.stackenterprise.co/api/v3/teams/acme",
            "https://acme.stackenterprise.co",
            "/api/2.3",
            "https://acme.stackenterprise.co/c/acme",
            id="as its v3 is written",
        ),
    ],
)
def test_an_address_is_read(url: str, origin: str, prefix: str, site: str) -> None:
    found = find_endpoint(connection(url))
    assert (str(found.origin), f"{found.base}/2.3", found.site.base) == (origin, prefix, site)
    assert found.local is (not origin.startswith("https"))
    assert found.site.local is found.local


@pytest.mark.parametrize(
    ("url", "key", "prefix", "said"),
    [
        pytest.param("https://acme.stackenterprise.co", False, "/api", "", id="the vendor's"),
        pytest.param("https://so.example.org", False, "/api", "so.example.org", id="its own"),
        pytest.param("https://so.example.org", True, "/api", "API key", id="its own, with a key"),
        pytest.param("https://127.0.0.1:8443", True, "/api", "API key", id="here, with a key"),
        pytest.param("https://so.example.org/api", False, "/api", "", id="as it is"),
        pytest.param("https://so.example.org/x/api/2.3", True, "/x/api", "", id="deeper"),
        pytest.param("https://so.example.org/questions/12", False, "/api", "a page", id="a page"),
    ],
)
def test_an_enterprise_site_needs_no_team_and_what_was_assumed_is_said(
    url: str, key: bool, prefix: str, said: str
) -> None:
    found = find_endpoint(
        Connection(url, "", Secret(TOKEN), api_key=Secret(TOKEN[::-1]) if key else None)
    )
    assert (found.base, found.team, found.is_enterprise) == (prefix, "", True)
    assert found.site.base == str(found.origin)
    assert said in found.note
    assert bool(found.note) is bool(said)


def test_without_a_key_an_address_of_this_machine_is_a_teams() -> None:
    with pytest.raises(TeamMissing):
        find_endpoint(connection("http://127.0.0.1:8080", ""))


@pytest.mark.parametrize("team", ["", "acme"])
def test_a_private_teams_page_names_it(team: str) -> None:
    page = "https://acme.stackenterprise.co/c/acme/questions/1"
    found = find_endpoint(connection(page, team))
    assert (found.base, found.team) == ("/api", "acme")
    assert "a page" in found.note
    with pytest.raises(UsageError, match="umbrella"):
        find_endpoint(connection(page, "umbrella"))


def test_the_sandbox_in_this_process_has_an_address_of_its_own() -> None:
    found = find_endpoint(connection("sandbox:"), in_process=True)
    assert str(found.origin) == "http://sandbox.localhost"
    assert found.site == Site("http://sandbox.localhost/c/acme", local=True)


@pytest.mark.parametrize("team", ["", "acme"])
def test_the_web_page_of_a_team_is_understood_and_said(team: str) -> None:
    found = find_endpoint(connection("https://stackoverflowteams.com/c/acme/questions/1", team))
    assert (str(found.origin), found.team) == (VENDOR_API, "acme")
    assert VENDOR_API in found.note


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("api.stackoverflowteams.com", id="no scheme"),
        pytest.param("ftp://api.stackoverflowteams.com", id="another scheme"),
        pytest.param("http://api.stackoverflowteams.com", id="unencrypted"),
        pytest.param("http://127.0.0.1.example.org", id="no loopback"),
        pytest.param("http://10.0.0.1", id="a private address, unencrypted"),
        pytest.param("https://", id="no host"),
        pytest.param("https://exa mple.org", id="a blank"),
        pytest.param("https://bücher.example", id="not ASCII"),
        pytest.param("https://example.org:99999", id="no port"),
        pytest.param("https://[::1", id="a torn address"),
        pytest.param(f"https://me:{TOKEN}@example.org", id="userinfo"),
        pytest.param("https://me@example.org", id="a user"),
        pytest.param(f"https://example.org?access_token={TOKEN}", id="query"),
        pytest.param("https://example.org?", id="empty query"),
        pytest.param("https://example.org#top", id="fragment"),
        pytest.param(f"https://example.org/{TOKEN}", id="the token itself"),
        pytest.param("https://example.org/A1b2C3d4E5f6G7h8I9j0", id="what looks like one"),
        pytest.param("https://example.org/../2.3", id="upwards"),
        pytest.param("https://example.org/a b", id="a path with a blank"),
        pytest.param("https://stackoverflowteams.com", id="the vendor's pages"),
        pytest.param("https://stackoverflowteams.com/c/umbrella", id="another team's page"),
        pytest.param("https://example.org\r\nHost: evil.example", id="a second line"),
        pytest.param("https://exam\nple.org", id="a line end"),
        pytest.param("https://example.org\n", id="a line end at the end"),
        pytest.param("https://example.org\t/2.3", id="a tab"),
    ],
)
def test_an_address_that_could_harm_or_puzzle_is_refused_without_an_echo(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_endpoint(connection(url))
    assert TOKEN not in f"{caught.value} {caught.value.remedy}"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("team", "error"),
    [
        pytest.param("", TeamMissing, id="none"),
        pytest.param("  ", TeamMissing, id="blank"),
        pytest.param("ac me", TeamUnknown, id="a blank inside"),
        pytest.param("https://stackoverflowteams.com/c/acme", TeamUnknown, id="an address"),
        pytest.param("acme/../umbrella", TeamUnknown, id="a path"),
        pytest.param("acme&team=umbrella", TeamUnknown, id="a parameter"),
        pytest.param("Ü", TeamUnknown, id="not ASCII"),
    ],
)
def test_a_team_that_can_not_be_one_is_refused(team: str, error: type[ImporterError]) -> None:
    with pytest.raises(error) as caught:
        find_endpoint(connection(VENDOR_API, team))
    assert "/c/" in caught.value.remedy


@pytest.mark.parametrize("api", ["4", "2.2", ""])
def test_a_dialect_that_is_not_there_is_refused_by_name(api: str) -> None:
    with pytest.raises(UsageError, match="API"):
        find_endpoint(connection(VENDOR_API, api=api))


@pytest.mark.parametrize("api", ["auto", "2.3", "3"])
def test_the_dialect_that_is_there_is_taken(api: str) -> None:
    assert find_endpoint(connection(VENDOR_API, api=api)).base == ""
