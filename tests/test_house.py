"""The ground under the other tests: the network is shut, the environment clean, the wheel whole."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

import importer
from tests.conftest import ROOT, NetworkBlockedError, clean_environment

DATA = ("plan-templates", "schemas", "examples", "ci")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(("192.0.2.1", 443), id="IPv4"),
        pytest.param(("team.example", 443), id="by name"),
    ],
)
def test_a_connection_that_leaves_the_machine_is_refused(address: tuple[str, int]) -> None:
    with socket.socket() as sock, pytest.raises(NetworkBlockedError):
        sock.connect(address)


def test_an_asynchronous_connection_that_leaves_the_machine_is_refused() -> None:
    with pytest.raises(NetworkBlockedError):
        asyncio.run(asyncio.open_connection("192.0.2.1", 443))


def test_a_name_of_the_outside_is_not_looked_up() -> None:
    with pytest.raises(NetworkBlockedError):
        socket.getaddrinfo("team.example", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close()).start()
        with socket.create_connection(("localhost", server.getsockname()[1])) as sock:
            assert sock.recv(1) == b""


@pytest.mark.parametrize("name", ["TEAMS_IMPORTER_TOKEN", "HTTPS_PROXY", "no_proxy", "CI"])
def test_settings_of_the_machine_do_not_reach_a_test(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "from outside")
    monkeypatch.setenv("TEAMS_IMPORTERS", "somebody else's")
    clean_environment(monkeypatch)
    assert name not in os.environ
    assert "TEAMS_IMPORTERS" in os.environ


def test_the_wheel_built_from_the_sdist_carries_every_data_file(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.name == f"teams_importer-{importer.__version__}-py3-none-any.whl"
    assert "importer/py.typed" in names
    assert {f"importer/_data/{name}" for name in _data_files()} <= names
    assert not [name for name in names if not name.startswith(("importer/", "teams_importer-"))]


def _data_files() -> set[str]:
    files = (path.relative_to(ROOT) for data in DATA for path in (ROOT / data).rglob("*"))
    made = {".teams-importer", "__pycache__"}
    return {
        file.as_posix()
        for file in files
        if (ROOT / file).is_file() and not made.intersection(file.parts)
    }
