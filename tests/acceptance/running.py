"""Runs the real program in processes of its own, against a sandbox in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Sandbox", "program", "run", "served_sandbox"]

_MAIN = "import sys; from importer.cli.main import main; sys.exit(main())"


def program(*arguments: str | Path) -> list[str]:
    """Return the command line of the program, in this very interpreter."""
    return [sys.executable, "-P", "-c", _MAIN, *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Return an environment without anybody's settings, and *more*."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), **more}


def run(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        program(*arguments),
        cwd=cwd,
        env=environment(**(env or {})),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@dataclass(frozen=True)
class Sandbox:
    """A served sandbox: its URL, its tokens, its log, and whom to trust where it speaks TLS."""

    url: str
    team: str
    tokens: Mapping[str, str]
    log: Path
    ca_bundle: Path | None = None

    def env(self, token: str = "read_write") -> dict[str, str]:  # noqa: S107 - the sort of token
        return {
            "TEAMS_IMPORTER_URL": self.url,
            "TEAMS_IMPORTER_TEAM": self.team,
            "TEAMS_IMPORTER_TOKEN": self.tokens[token],
        }

    def requests(self) -> list[dict[str, Any]]:
        """Return the log: one record per request; a line that is being written isn't one yet."""
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def posts(self) -> list[dict[str, Any]]:
        """Return every question and answer, read over the API by nobody's client."""
        found: list[dict[str, Any]] = []
        page, more = 1, True
        while more:
            query = {"team": self.team, "page": page, "pagesize": 100, "filter": "!nOedRLbqzB"}
            request = urllib.request.Request(  # noqa: S310 - loopback
                f"{self.url}/2.3/posts?{urllib.parse.urlencode(query)}",
                headers={"X-API-Access-Token": self.tokens["read_only"]},
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                document = json.loads(zlib.decompress(answer.read(), 47))
            found += document["items"]
            page, more = page + 1, document["has_more"]
        return found


@contextmanager
def served_sandbox(folder: Path, *options: str) -> Iterator[Sandbox]:
    """Serve a sandbox in a process of its own until the block ends."""
    log = folder / "requests.jsonl"
    command = program(
        "sandbox", "serve", "--format", "json", "--db", folder / "team.db", "--log", log, *options
    )
    server = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        bundle = Path(said["ca_bundle"]) if "ca_bundle" in said else None
        yield Sandbox(said["url"].rstrip("/"), said["team"], said["tokens"], log, bundle)
    finally:
        server.terminate()
        server.wait(15)
        if server.stdout is not None:
            server.stdout.close()
