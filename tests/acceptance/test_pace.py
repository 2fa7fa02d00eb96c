"""Too many calls: the importer waits as it is told, or ends with exit code 10."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.sandbox import Backoff, Behaviour
from tests.cli.stage import Program, posts_in, question, serving, write_manifest

THROTTLED = 502


@pytest.mark.usefixtures("manifest")
def test_a_backoff_is_waited_for_without_one_violation(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backoff = (Backoff("questions/add", every=3, seconds=1),)
    with serving(tmp_path, behaviour=Behaviour(backoff=backoff)) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", "--yes", "--parallelism", "1").code == 0
        assert not [it for it in served.requests() if it["error_id"] == THROTTLED]
    assert len(posts_in(tmp_path / "team.db")) == 4


@pytest.mark.usefixtures("manifest")
def test_a_throttled_write_is_waited_for_and_sent_once(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, behaviour=Behaviour(write_gap_s=0.4)) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", "--yes").code == 0
        throttled = [it for it in served.requests() if it["error_id"] == THROTTLED]
        assert throttled
        assert {it["method"] for it in throttled} == {"POST"}
    assert len(posts_in(tmp_path / "team.db")) == 4


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]], ids=" ".join)
@pytest.mark.parametrize("shown_as", ["json400", "json502", "json429"])
def test_a_day_without_calls_left_ends_with_10_before_anything_is_written(
    cli: Program,
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    shown_as: str,
) -> None:
    behaviour = Behaviour(quota_max=0, throttle_as=shown_as)  # type: ignore[arg-type]  # a table's
    with serving(tmp_path, behaviour=behaviour) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        done = cli(*command)
        assert done.code == 10, done.err
        assert len(served.requests()) == 1
    assert not (manifest.parent / ".teams-importer").exists()
    assert posts_in(tmp_path / "team.db") == []


def test_what_an_apply_costs_was_known_before(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as nothing comes in between; `about` leaves room for that."""
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        for body in ("the first body of a page", "another body of a page", "and a third one here"):
            pages = [
                question(f"page{it}", body=f"This is {body}, and long enough.") for it in range(3)
            ]
            write_manifest(
                home, *pages, question("answered", answer=f"This is {body}, and long enough.")
            )
            told = cli("plan", "--format", "json").document["cost"]
            sent = len(served.requests())
            done = cli("apply", "--yes", "--format", "json", "--settle", "0")
            assert done.code == 0, done.out + done.err
            assert done.document["report"]["requests"] == len(served.requests()) - sent
            assert done.document["report"]["requests"] == told["writes"] + told["reads"]
