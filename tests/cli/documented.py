"""The commands of the documentation, run as they stand there.

Every block of `sh` is one to run, unless its first line is `# Not run: REASON`.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.acceptance.running import environment, program
from tests.cli.stage import Program, Result

__all__ = ["PROGRAM", "Shell", "blocks_of", "commands_in"]

PROGRAM = "teams-importer"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = "# Not run: "
_SHELL = re.compile(r"[>&|]|\$\(")


def blocks_of(page: Path, *, all_of_them: bool = False) -> list[list[str]]:
    """Return the lines of each block of *page* that is to be run; else of each."""
    found = [it.splitlines() for it in _BLOCK.findall(page.read_text(encoding="utf-8"))]
    return [it for it in found if all_of_them or not it[0].startswith(_NOT_RUN)]


def commands_in(lines: list[str]) -> Iterator[list[str]]:
    """Yield the words of each call of the program, without what a shell does around it."""
    for line in lines:
        if line.startswith(f"{PROGRAM} "):
            words = shlex.split(_SHELL.split(line)[0], comments=True)
            yield words[1:]


class Shell:
    """Runs lines: plain calls of the program in this process, all others in bash."""

    def __init__(self, cli: Program, bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cli = cli
        self._chdir = monkeypatch.chdir
        shim = bin_folder / PROGRAM
        bin_folder.mkdir()
        shim.write_text(f'#!/bin/sh\nexec {shlex.join(program())} "$@"\n')
        shim.chmod(0o755)
        self._env = environment()
        self._env["PATH"] = f"{bin_folder}:{self._env['PATH']}"

    def run(self, lines: list[str]) -> Iterator[tuple[str, Result]]:
        """Yield each line, or lines for bash, with what came of it."""
        for plain, some in groupby(lines, key=_is_plain):
            if not plain:
                script = "\n".join(some)
                yield script, self._bash(script)
                continue
            for line in some:
                words = shlex.split(line, comments=True)
                if words[:1] == ["cd"]:
                    self._chdir(words[1])
                elif words:
                    yield line, self._cli(*words[1:])

    def _bash(self, script: str) -> Result:
        """Run *script* to its end, and end what it left in the background where it failed."""
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            # Files, not pipes: those stay open as long as something in the background holds them.
            bash = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", script],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )
            try:
                code = bash.wait(timeout=60)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(bash.pid, signal.SIGKILL)
            out.seek(0)
            err.seek(0)
            return Result(code, out.read(), err.read())


def _is_plain(line: str) -> bool:
    bare = line.partition(" #")[0].strip()
    if bare.startswith(f"{PROGRAM} "):
        return _SHELL.search(bare) is None
    return not bare or bare.startswith(("cd ", "#"))
