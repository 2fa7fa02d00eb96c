"""Plays GitHub: a runner for the steps of action.yml, and the few calls of its API for comments."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

__all__ = ["GitHubApi", "Ran", "Runner", "github_api", "load_yaml"]

_EXPRESSION = re.compile(r"\$\{\{(.+?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w.-]*|\|\||&&|[!=]=|[(),!]|\s+")
_BOT = "github-actions[bot]"

# Makes what `python -m venv` and pip would, without a network; runs anything else for real.
_PYTHON = """\
#!/usr/bin/env bash
if [[ "$1 $2" != "-m venv" ]]; then exec {python} "$@"; fi
mkdir -p "$4/bin"
printf '#!/usr/bin/env bash\\necho "$@" >> {pip_log}\\n' > "$4/bin/python"
cp {program} "$4/bin/teams-importer"
chmod +x "$4/bin/python" "$4/bin/teams-importer"
"""
_PROGRAM = """\
#!/usr/bin/env bash
exec {python} -P -c 'import sys; from importer.cli.main import main; sys.exit(main())' "$@"
"""


def load_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@dataclass
class GitHubApi:
    """The comments of one pull request; `refuses` is the status that every write is answered with.

    `login` is what /user tells; empty: an installation's token, which may not ask. `instead` maps
    method and path to the status and document (bytes go as they are) that take an answer's place;
    `headers` go along with every answer.
    """

    url: str = ""
    refuses: int = 0
    login: str = ""
    instead: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def comment(self, author: str, body: str) -> dict[str, Any]:
        made = {"id": 1000 + len(self.requests) + len(self.comments), "body": body}
        made["user"] = {"login": author}
        self.comments.append(made)
        return made

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.requests.append((method, path))
        place, _, query = path.partition("?")
        if (method, place) in self.instead:
            return self.instead[method, place]
        if place == "/user":
            return (200, {"login": self.login}) if self.login else (403, {"message": "no"})
        if method == "GET":
            page = int(query.rpartition("page=")[2])
            return 200, self.comments[100 * (page - 1) : 100 * page]
        if self.refuses:
            return self.refuses, {"message": "no"}
        if method == "POST":
            return 201, self.comment(self.login or _BOT, body["body"])
        (found,) = (it for it in self.comments if place.endswith(f"/comments/{it['id']}"))
        if method == "DELETE":
            self.comments.remove(found)
            return 204, b""
        found["body"] = body["body"]
        return 200, found


@contextmanager
def github_api() -> Iterator[GitHubApi]:
    api = GitHubApi()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            api.tokens.add(self.headers.get("Authorization", ""))
            status, document = api.answer(self.command, self.path, body)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in api.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - named by the base class

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(15)


@dataclass(frozen=True)
class Ran:
    """What a run of the action left behind; `codes` are the steps that ran, with their ends."""

    codes: Mapping[str, int]
    log: str
    summary: str
    outputs: Mapping[str, str]

    @property
    def failed(self) -> bool:
        return any(self.codes.values())


@dataclass
class Runner:
    """Runs action.yml step by step, as a runner would: each step a bash, files for what it says."""

    folder: Path
    api: GitHubApi
    env: dict[str, str] = field(default_factory=dict)
    event: str = "pull_request"
    fork: bool = False
    has_summary: bool = True

    def __post_init__(self) -> None:
        self.temp = self.folder / "runner"
        self.temp.mkdir()
        self.workspace = self.folder / "repository"
        self.workspace.mkdir()
        self.pip_log = self.temp / "pip.log"
        self.program = _script(self.temp / "program", _PROGRAM.format(python=sys.executable))
        text = _PYTHON.format(python=sys.executable, pip_log=self.pip_log, program=self.program)
        self.python = _script(self.temp / "python", text)
        self.runs = 0

    def run(self, **inputs: str) -> Ran:
        """Run the action with *inputs* (`_` for `-`) over the defaults."""
        action = load_yaml(ROOT / "action.yml")
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {name: str(it.get("default", "")) for name, it in action["inputs"].items()}
        assert set(given) <= set(known)
        values = {**known, "python": str(self.python), **given}
        self.runs += 1
        context = _Context(self.env, values)
        context.inputs["github-token"] = context.filled(values["github-token"])
        files = {it: self.temp / f"{it}-{self.runs}" for it in ("summary", "path")}
        log, codes = "", dict[str, int]()
        for step in action["runs"]["steps"]:
            if any(codes.values()) or not context.holds(step.get("if", "true")):
                continue
            code, printed, outputs = self._step(step, context, files)
            codes[step["id"]] = code
            context.outputs[step["id"]] = outputs
            log += printed
        outputs = {name: context.filled(it["value"]) for name, it in action["outputs"].items()}
        return Ran(codes, log, _read(files["summary"]), outputs)

    def _step(
        self, step: Mapping[str, Any], context: _Context, files: Mapping[str, Path]
    ) -> tuple[int, str, dict[str, str]]:
        assert step["shell"] == "bash"
        assert not _EXPRESSION.search(step["run"]), "an expression in a script is an injection"
        output = self.temp / f"output-{self.runs}-{step['id']}"
        output.touch()
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        added = _read(files["path"]).split()
        env = {
            "PATH": os.pathsep.join([*added, os.environ["PATH"]]),
            "HOME": str(self.temp),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.api.url,
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(self._event()),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_PATH": str(files["path"]),
            "GITHUB_REPOSITORY": "acme/handbook",
            "GITHUB_STEP_SUMMARY": str(files["summary"]) if self.has_summary else "",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **self.env,
            **{name: context.filled(it) for name, it in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        lines = (line.partition("=") for line in _read(output).splitlines())
        return done.returncode, done.stdout, {name: value for name, _, value in lines}

    def _event(self) -> Path:
        path = self.temp / "event.json"
        head = {"repo": {"id": 2 if self.fork else 1}}
        pull_request = {"number": 7, "head": head, "base": {"repo": {"id": 1}}}
        event = {"pull_request": pull_request} if self.event == "pull_request" else {}
        path.write_text(json.dumps(event))
        return path


@dataclass
class _Context:
    """What expressions see: inputs, the environment, and the outputs of earlier steps."""

    env: Mapping[str, str]
    inputs: dict[str, str]
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: str(self._value(match[1])), str(text))

    def holds(self, condition: str) -> bool:
        return bool(self._value(condition))

    def _value(self, expression: str) -> Any:
        parts = _TOKEN.findall(expression)
        assert "".join(parts) == expression, expression
        code = "".join(map(self._python, parts)).strip()
        functions = {"contains": lambda where, what: what in where, "fromJSON": json.loads}
        return eval(code, {"__builtins__": {}}, functions)  # noqa: S307 - our own action.yml

    def _python(self, part: str) -> str:
        words = {"||": " or ", "&&": " and ", "true": "True", "!": " not "}
        if part in words or not re.match(r"[A-Za-z_']", part):
            return words.get(part, part)
        if part in ("contains", "fromJSON"):
            return part
        return repr(part[1:-1] if part.startswith("'") else self._look_up(part))

    def _look_up(self, name: str) -> str:
        match name.split("."):
            case ["inputs", it]:
                return self.inputs[it]
            case ["env", it]:
                return self.env.get(it, "")
            case ["steps", step, "outputs", it]:
                return self.outputs.get(step, {}).get(it, "")
            case ["github", "token"]:
                return "ghs_theTokenOfTheJob"
            case _:
                raise KeyError(name)


def _script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
