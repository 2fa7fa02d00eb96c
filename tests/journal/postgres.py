"""A PostgreSQL server for tests: the one that the environment names, or a private one."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

__all__ = ["Cluster", "served_cluster"]

_NAMED = "TEAMS_IMPORTER_TEST_POSTGRES"
_PASSWORD = "a word/with @ signs"
_QUOTED = "a%20word%2Fwith%20%40%20signs"


@dataclass(frozen=True)
class Cluster:
    """A server, by the URL of a role that may make databases and roles."""

    url: str

    def at(self, database: str, user: str | None = None) -> str:
        """Return the URL of *database*, as another user if one is named."""
        parts = urlsplit(self.url)._replace(path=f"/{database}")
        if user is not None:
            where = parts.netloc.rpartition("@")[2]
            parts = parts._replace(netloc=f"{user}:{_QUOTED}@{where}")
        return parts.geturl()

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, yield its URL, and drop it."""
        name = f"teams_importer_test_{secrets.token_hex(6)}"
        ask(self.url, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        try:
            yield self.at(name)
        finally:
            ask(self.url, f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def reader(self, database: str) -> Iterator[str]:
        """Make a role that may read the journals in *database*, and yield its URL."""
        name = f"reader_{secrets.token_hex(6)}"
        ask(database, f"CREATE ROLE {name} LOGIN PASSWORD '{_PASSWORD}'")
        try:
            yield self.at(urlsplit(database).path[1:], name)
        finally:
            ask(database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def ask(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Carry out *statements* and return the rows of the last one."""
    with psycopg.connect(url, autocommit=True) as db:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            cursor = db.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
        return rows


@contextmanager
def served_cluster() -> Iterator[Cluster | None]:
    """Yield a server; None where none is named and none can be started."""
    if named := os.environ.get(_NAMED):
        yield Cluster(named)
    elif binaries := _binaries():
        with _private(binaries) as cluster:
            yield cluster
    else:
        yield None


def _binaries() -> Path | None:
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: _number(it.parent))
    return next((it for it in [*folders, *reversed(debian)] if (it / "postgres").exists()), None)


def _number(folder: Path) -> float:
    return float(folder.name) if folder.name.replace(".", "", 1).isdigit() else 0.0


@contextmanager
def _private(binaries: Path) -> Iterator[Cluster]:
    """Start a server of our own on loopback; not as root, which initdb and postgres refuse."""
    user = _nobody() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="teams-importer-pg-"))
    try:
        password = folder / "password"
        password.write_text(_PASSWORD)
        if user is not None:
            os.chown(folder, user, -1)
            os.chown(password, user, -1)
        data = folder / "data"
        options = ["-U", "owner", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [
                str(binaries / "initdb"),
                *("-D", str(data), *options),
                *("--auth=scram-sha-256", f"--pwfile={password}"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        port = _free_port()
        log = (folder / "log").open("wb")
        server = subprocess.Popen(
            # Not synced: these tests kill clients, not the machine.
            [
                str(binaries / "postgres"),
                *("-F", "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"),
                *("-c", f"unix_socket_directories={folder}"),
            ],
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
        )
        try:
            cluster = Cluster(f"postgresql://owner:{_QUOTED}@127.0.0.1:{port}/postgres")
            _wait_for(cluster, server)
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)  # doesn't wait for clients
            server.wait(30)
            log.close()
    finally:
        shutil.rmtree(folder)


def _nobody() -> int:
    try:
        return pwd.getpwnam("postgres").pw_uid
    except KeyError:
        return pwd.getpwnam("nobody").pw_uid


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            ask(cluster.url, "SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
