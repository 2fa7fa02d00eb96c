"""`sandbox serve`: what it says of itself, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import signal
import ssl
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.running import environment, program
from tests.cli.stage import Program


@contextmanager
def _said(folder: Path, *options: str, **variables: str) -> Iterator[dict[str, Any]]:
    command = program("sandbox", "serve", "--format", "json", *options)
    server = subprocess.Popen(
        command,
        cwd=folder,
        env=environment() | variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)
        server.stdout.close()


def _asked(url: str, headers: dict[str, str], ca_bundle: str) -> Any:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    trust = ssl.create_default_context(cafile=ca_bundle)
    with urllib.request.urlopen(request, timeout=30, context=trust) as answer:  # noqa: S310 - loopback
        return json.loads(zlib.decompress(answer.read(), 47))


def test_an_enterprise_site_over_tls_says_its_keys_and_whom_to_trust(tmp_path: Path) -> None:
    with _said(tmp_path, "--tier", "enterprise", "--tls", "--impersonation") as said:
        assert set(said) == {"url", "team", "tokens", "keys", "ca_bundle"}
        assert said["url"].startswith("https://127.0.0.1:")
        key = {"X-API-Key": said["keys"]["read"]}
        found = _asked(f"{said['url']}/api/2.3/questions", key, said["ca_bundle"])
        assert found["items"] == []
    assert not Path(said["ca_bundle"]).exists()


@pytest.mark.parametrize(
    ("options", "user_type"),
    [
        ([], "registered"),
        (["--role", "moderator"], "moderator"),
        (["--role", "admin"], "team_admin"),
    ],
)
def test_the_tokens_user_is_what_was_asked_for(
    tmp_path: Path, options: list[str], user_type: str
) -> None:
    with _said(tmp_path, "--tls", *options) as said:
        token = {"X-API-Access-Token": said["tokens"]["read_only"]}
        found = _asked(f"{said['url']}/2.3/me?team=acme", token, said["ca_bundle"])
        assert found["items"][0]["user_type"] == user_type


def test_its_tokens_are_told_also_where_one_is_in_the_environment(tmp_path: Path) -> None:
    with _said(tmp_path, "--port", "0", "--db", "team.db") as said:
        tokens = said["tokens"]
    own = {"TEAMS_IMPORTER_TOKEN": tokens["read_write"]}
    with _said(tmp_path, "--port", "0", "--db", "team.db", **own) as said:
        assert said["tokens"] == tokens


def test_a_team_of_its_own_has_neither(tmp_path: Path) -> None:
    with _said(tmp_path) as said:
        assert set(said) == {"url", "team", "tokens"}


@pytest.mark.parametrize("tier", ["business", "enterprise"])
def test_the_command_it_gives_works_as_it_stands(tmp_path: Path, tier: str) -> None:
    with _greeted(tmp_path, "--tls", "--tier", tier) as text:
        (trial,) = re.findall(r"Try:\n  (.*)\n", text)
        program_here = shlex.join(program())
        typed = trial.replace("teams-importer plan", f"{program_here} doctor")
        done = subprocess.run(
            ["sh", "-c", typed],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the token may write" in done.stdout


@contextmanager
def _greeted(folder: Path, *options: str) -> Iterator[str]:
    """Serve until the block ends, and give what it says for people."""
    server = subprocess.Popen(
        program("sandbox", "serve", *options),
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(server.stdout.readline())
            assert lines[-1], lines
        yield "".join(lines)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)
        server.stdout.close()


def test_impersonation_without_an_enterprise_site_decides_nothing(cli: Program) -> None:
    done = cli("sandbox", "serve", "--impersonation")
    assert done.code == 64
    assert "--tier enterprise" in done.err


def test_without_the_extra_it_is_named(tmp_path: Path) -> None:
    """A module that can't be imported stands for one that isn't installed."""
    script = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from importer.cli.main import main\n"
        "sys.argv = ['teams-importer', 'sandbox', 'serve', '--tls']\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert "pip install 'teams-importer[tls]'" in done.stderr


@pytest.mark.parametrize("option", ["--tls", "--tier", "--impersonation"])
def test_the_help_knows_its_options(cli: Program, option: str) -> None:
    assert option in cli("sandbox", "serve", "--help").out
