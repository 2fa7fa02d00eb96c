"""What every test lives in: no network but loopback, a clean environment, repeatable examples."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"

_MEMORY = Path("/dev/shm")
_TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
_TERMINAL = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"}
_RUNNERS = {"CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITLAB_CI"}

# No deadline: an example's time depends on the neighbours of the machine, not on the code.
# `too_slow` is off for the same reason.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", settings.get_profile("dev"), derandomize=True, database=None, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


class NetworkBlockedError(RuntimeError):
    """A test reached out. Not an `OSError`: a client would take that for an answer of the world."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where that has room: no test is about a power cut.

    A run in the background of a shell ignores Ctrl-C, and so would all that it starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = config.getoption("basetemp") or os.environ.get(_TEMPORARY)
    if not chosen and _is_roomy(_MEMORY):
        os.environ[_TEMPORARY] = str(_MEMORY)


def _is_roomy(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    takes_programs = not disk.f_flag & getattr(os, "ST_NOEXEC", 0)
    return takes_programs and os.access(folder, os.W_OK) and disk.f_bavail * disk.f_frsize > 2**30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "corpora" in getattr(item, "fixturenames", ()):
            item.add_marker("corpus")


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over ten thousand tests that are none."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def corpora() -> Path:
    """The folder with copies of public wikis; other people's texts, never committed."""
    if not CORPORA.is_dir():
        pytest.skip("the corpora are not beside the repository")
    return CORPORA


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    clean_environment(monkeypatch)


def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        ours = name.startswith("TEAMS_IMPORTER_")
        if ours or name.lower() in _PROXIES or name in _TERMINAL | _RUNNERS:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_local(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_local(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_loopback(host):
            raise NetworkBlockedError(f"look-up of {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


def _require_local(sock: socket.socket, address: Any) -> None:
    if sock.family != socket.AF_UNIX and not _is_loopback(address[0]):
        raise NetworkBlockedError(f"connection to {address!r}")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
