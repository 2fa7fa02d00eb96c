"""`doctor --token-expires`: a token that ends soon is told before a night's run fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.stage import Program

pytestmark = pytest.mark.usefixtures("manifest")
SANDBOX = ("--url", "sandbox:")


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize(
    ("days", "options", "code", "sign"),
    [
        pytest.param(400, [], 0, "ok", id="far"),
        pytest.param(22, [], 0, "ok", id="not yet soon"),
        pytest.param(20, [], 11, "warn", id="soon"),
        pytest.param(40, ["--expires-soon", "60"], 11, "warn", id="soon, as somebody sees it"),
        pytest.param(0, [], 11, "warn", id="today"),
        pytest.param(-2, [], 6, "fail", id="ended"),
    ],
)
def test_the_end_of_a_token_is_told_in_time(
    cli: Program, days: int, options: list[str], code: int, sign: str
) -> None:
    done = cli("doctor", *SANDBOX, "--token-expires", in_days(days), *options, "--format", "json")
    found = {it["name"]: it for it in done.document["checks"]}["token's end"]
    assert (done.code, found["sign"]) == (code, sign)
    assert in_days(days) in found["found"]
    assert bool(found["remedy"]) is (code != 0)


def test_the_environment_may_say_it(cli: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN_EXPIRES", in_days(3))
    assert cli("doctor", *SANDBOX).code == 11
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN_EXPIRES", "")
    done = cli("doctor", *SANDBOX)
    assert done.code == 0
    assert "token's end" not in done.out


def test_what_is_no_day_is_wrong_use(cli: Program) -> None:
    for value in ("soon", "31.12.2026", "2026-02-30", "2026-12-31T10:00"):
        done = cli("doctor", *SANDBOX, "--token-expires", value)
        assert (done.code, done.out) == (64, "")
        assert f"'{value}' is no day as in 2027-01-31: YYYY-MM-DD" in done.err
        assert "format" not in done.err
