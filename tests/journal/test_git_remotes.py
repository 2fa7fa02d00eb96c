"""The journal on a git ref: remotes, repositories and settings as they come; and their secrets."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from importer.errors import JournalError, UsageError
from importer.journal import GitRef, git_program, git_remote
from importer.journal.git_program import Git
from tests.journal.factories import (
    binding,
    run_of,
    wait,
)
from tests.journal.repositories import REF, Hub, git, made_hub
from tests.journal.runners import read, writer


def hook(hub: Hub, name: str, script: str) -> None:
    path = hub.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def mute() -> Iterator[str]:
    """A server that takes every connection, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/r.git"


def test_a_remote_that_says_nothing_is_an_error_in_time(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_remote, "TIMEOUT_S", 0.4)
    began = time.monotonic()
    with (
        mute() as address,
        pytest.raises(JournalError, match=r"can't be read: no end within 0.4 s") as caught,
    ):
        wait(read(replace(git_ref, remote=address)).ledger())
    assert "network" in caught.value.remedy
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("hasty")
def test_a_push_that_hangs_is_ended_in_time_and_is_none(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_remote, "TIMEOUT_S", 1.0)
    hook(hub, "pre-receive", "sleep 60")
    began = time.monotonic()
    with pytest.raises(JournalError, match="can't be written: no end within"):
        wait(writer(git_ref).begin(run_of()))
    assert time.monotonic() - began < 10
    assert git("for-each-ref", at=hub.path) == ""


def test_who_says_stop_does_not_wait_for_a_remote_that_hangs(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_program, "_GRACE_S", 0.3)

    async def act(address: str) -> None:
        reading = asyncio.create_task(read(replace(git_ref, remote=address)).ledger())
        await asyncio.sleep(0.5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    began = time.monotonic()
    with mute() as address:
        wait(act(address))
    assert time.monotonic() - began < 5


def test_what_git_leaves_behind_is_not_waited_for(git_ref: GitRef, tmp_path: Path) -> None:
    """As ssh's master for later connections, which keeps what it got open."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "git"
    script.write_text("#!/bin/sh\nsleep 20 &\necho done\n")
    script.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        answer = wait(Git(tmp_path, git_ref).ask("version", within_s=5))
    assert (answer.code, answer.out) == (0, b"done\n")


@pytest.mark.usefixtures("hasty")
def test_a_refusal_by_the_server_itself_says_why(git_ref: GitRef, hub: Hub) -> None:
    git("config", "transfer.hideRefs", "refs/teams-importer", at=hub.path)
    with pytest.raises(JournalError, match="deny updating a hidden ref"):
        wait(writer(git_ref).bind([binding()]))


def test_a_remote_that_tidies_up_at_each_push_keeps_the_journal(
    git_ref: GitRef, other: GitRef, hub: Hub
) -> None:
    for setting in ("gc.auto=1", "gc.autoDetach=false", "receive.fsckObjects=true"):
        git("config", *setting.split("="), at=hub.path)
    for number in range(3):
        wait(writer(git_ref).bind([binding(f"k{number}")]))
    assert list(wait(read(other).ledger()).bindings) == ["k0", "k1", "k2"]


def test_the_ref_is_read_where_it_is_pushed(git_ref: GitRef, hub: Hub, tmp_path: Path) -> None:
    """Of a remote that is fetched from one place and pushed to another."""
    made_hub(tmp_path / "upstream.git")
    git("remote", "set-url", "origin", tmp_path / "upstream.git", at=git_ref.folder)
    git("remote", "set-url", "--push", "origin", hub.path, at=git_ref.folder)
    for key in ("one", "two"):
        wait(writer(git_ref).bind([binding(key)]))
    assert list(wait(read(git_ref).ledger()).bindings) == ["one", "two"]
    assert hub.pushes() == 2


def test_a_remote_that_is_several_places_keeps_no_journal(
    git_ref: GitRef, hub: Hub, tmp_path: Path
) -> None:
    for place in (hub.path, made_hub(tmp_path / "second.git").path):
        git("remote", "set-url", "--push", "--add", "origin", place, at=git_ref.folder)
    with pytest.raises(JournalError, match="origin goes to 2 places"):
        wait(writer(git_ref).bind([binding()]))


def test_a_ref_at_something_that_is_no_commit_is_somebody_elses(git_ref: GitRef, hub: Hub) -> None:
    blob = git("hash-object", "-w", "--stdin", at=hub.path, given=b"a note")
    git("update-ref", REF, blob, at=hub.path)
    with pytest.raises(JournalError, match="holds something else than a journal"):
        wait(writer(git_ref).bind([binding()]))
    assert hub.tip() == blob


PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE")
UNFRIENDLY = (
    ("commit.gpgsign", "true"),
    ("gpg.program", "/nowhere"),
    ("push.gpgSign", "true"),
    ("push.followTags", "true"),
    ("push.default", "nothing"),
    ("fetch.prune", "true"),
    ("fetch.fsckObjects", "true"),
    ("core.fsmonitor", "/nowhere"),
    ("user.useConfigOnly", "true"),
    ("credential.helper", "!read -p password: it </dev/tty; sleep 60; echo"),
    ("filter.lfs.required", "true"),
    ("filter.lfs.clean", "/nowhere"),
    ("protocol.version", "0"),
)


def test_settings_hooks_and_surroundings_of_a_clone_do_no_harm(
    git_ref: GitRef, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = git_ref.folder
    git("-c", "user.name=a", "-c", "user.email=a@b.invalid", *COMMIT, at=folder)
    git("checkout", "-q", "--detach", at=folder)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    for setting in (
        *UNFRIENDLY,
        ("core.hooksPath", str(hooks)),
        (f"url.{hub.path}.insteadOf", "https://git.example.org/docs.git"),
    ):
        git("config", *setting, at=folder)
    (folder / ".gitattributes").write_text("*.jsonl filter=lfs\n")
    for name in PLACES:
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "1")
    place = replace(git_ref, remote="https://git.example.org/docs.git")
    wait(writer(place).bind([binding()]))
    assert list(wait(read(place).ledger()).bindings) == ["rollback"]
    monkeypatch.undo()
    assert git("log", "-1", "--format=%an %G?", REF, at=hub.path) == "Teams Importer N"


COMMIT = ("commit", "-q", "--allow-empty", "-m", "theirs")


def test_a_clone_that_may_not_be_written_will_do(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a container gets it read-only: its remotes and settings count all the same."""
    wait(writer(hub.place(hub.clone(hub.path.parent / "first"))).bind([binding("one")]))
    access = os.access
    objects = git_ref.folder / ".git" / "objects"
    monkeypatch.setattr(os, "access", lambda path, mode: path != objects and access(path, mode))
    before = sorted(git_ref.folder.rglob("*"))
    wait(writer(git_ref).bind([binding("two")]))
    assert list(wait(read(git_ref).ledger()).bindings) == ["one", "two"]
    assert sorted(git_ref.folder.rglob("*")) == before


def test_a_clone_without_all_objects_will_do(git_ref: GitRef, hub: Hub, tmp_path: Path) -> None:
    git("config", "uploadpack.allowFilter", "true", at=hub.path)
    git("-c", "user.name=a", "-c", "user.email=a@b.invalid", *COMMIT, at=git_ref.folder)
    git("push", "-q", "origin", "HEAD:refs/heads/main", at=git_ref.folder)
    wait(writer(git_ref).bind([binding("one")]))
    partial = tmp_path / "partial"
    how = ("--filter=blob:none", "-b", "main", f"file://{hub.path}")
    git("clone", "-q", *how, partial, at=tmp_path)
    place = hub.place(partial)
    wait(writer(place).bind([binding("two")]))
    assert list(wait(read(git_ref).ledger()).bindings) == ["one", "two"]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("echo git version 2.30.2", id="without configuration by environment"),
        pytest.param("echo Unknown option: -C >&2; exit 129", id="without -C"),
    ],
)
def test_a_git_that_is_too_old_is_named(
    git_ref: GitRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with pytest.raises(JournalError, match=r"too old .*(2\.30\.2|-C)") as caught:
        wait(read(git_ref).ledger())
    assert "2.31" in caught.value.remedy


class Guarded(BaseHTTPRequestHandler):
    """A server that lets nobody in."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Served:
    """A repository served over HTTP to one user. Of `lost` pushes the answer gets lost."""

    hub: Hub
    lost: int = 0
    pushes: int = 0
    address: str = ""

    def answer(self, asked: BaseHTTPRequestHandler) -> bytes | None:
        """Return the head and body of an answer; None where the connection breaks."""
        if asked.headers["Authorization"] != f"Basic {b64encode(b'me:a-secret').decode()}":
            return b'Status: 401 Who?\r\nWWW-Authenticate: Basic realm="git"\r\n\r\n'
        path, _, query = asked.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=asked.rfile.read(int(asked.headers.get("Content-Length") or 0)),
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.hub.path.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": "me",
                "REQUEST_METHOD": asked.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": asked.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": asked.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": asked.headers.get("Git-Protocol", ""),
            },
        )
        if asked.command == "POST" and path.endswith("git-receive-pack"):
            self.pushes += 1
            if self.pushes <= self.lost:
                return None
        return done.stdout


@pytest.fixture
def served(hub: Hub) -> Iterator[Served]:
    if not Path(git("--exec-path", at=hub.path), "git-http-backend").exists():
        pytest.skip("this git is packaged without git-http-backend")
    served = Served(hub)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = served.answer(self)
            if answer is None:
                return
            head, _, body = answer.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        served.address = f"http://{{}}127.0.0.1:{server.server_port}/{hub.path.name}"
        yield served
        server.shutdown()


@pytest.mark.usefixtures("hasty")
def test_over_http_a_token_in_the_address_pushes_and_a_lost_answer_is_found_out(
    git_ref: GitRef, served: Served, tmp_path: Path
) -> None:
    """On a runner without any repository, and one whose clone has another token."""
    served.lost = 1
    bare = tmp_path / "bare"
    bare.mkdir()
    remote = served.address.format("me:a-secret@")
    wait(writer(replace(git_ref, remote=remote, folder=bare)).bind([binding("one")]))
    assert (served.pushes, served.hub.pushes()) == (1, 1)
    other = served.address.format("me:another@")
    git("remote", "set-url", "origin", other, at=git_ref.folder)
    wait(writer(replace(git_ref, remote=remote)).bind([binding("two")]))
    assert list(wait(read(replace(git_ref, remote=remote)).ledger()).bindings) == ["one", "two"]
    with pytest.raises(JournalError, match="Authentication failed"):
        wait(read(git_ref).ledger())
    assert [*bare.iterdir()] == []


@pytest.fixture
def guarded() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Guarded) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_without_credentials_nobody_is_asked_and_the_error_comes_at_once(
    git_ref: GitRef, guarded: str
) -> None:
    """As after a checkout with `persist-credentials: false`."""
    git("remote", "set-url", "origin", f"http://{guarded}/r.git", at=git_ref.folder)
    began = time.monotonic()
    with pytest.raises(JournalError, match="could not read Username") as caught:
        wait(read(git_ref).ledger())
    assert "credentials" in caught.value.remedy
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("where", ["remote", "insteadOf", "address"])
@pytest.mark.parametrize("user", ["a-secret-token", "me:a-secret-token"])
def test_no_address_that_git_names_shows_its_password(
    git_ref: GitRef, guarded: str, where: str, user: str
) -> None:
    told, place = f"http://{user}@{guarded}/", git_ref
    match where:
        case "remote":
            git("remote", "set-url", "origin", f"{told}r.git", at=git_ref.folder)
        case "insteadOf":
            git("remote", "set-url", "origin", "https://git.example.org/r.git", at=git_ref.folder)
            git("config", f"url.{told}.insteadOf", "https://git.example.org/", at=git_ref.folder)
        case _:
            place = replace(git_ref, remote=f"{told}r.git")
    with pytest.raises(JournalError, match="can't be read") as caught:
        wait(read(place).ledger())
    assert "a-secret-token" not in f"{caught.value.message} {caught.value.remedy}"


@pytest.mark.parametrize(
    "address", ["ssh://me:secret@h/r.git", "HTTPS://secret@h/r.git", "ftp://me:secret@h/r"]
)
def test_a_password_that_would_be_an_argument_of_git_is_wrong_use(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        GitRef(address)
    assert "secret" not in f"{caught.value.message} {caught.value.remedy}"


def test_no_process_that_git_starts_has_the_password_among_its_arguments(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_remote, "_AGAIN_S", ())
    seen: list[bytes] = []

    def look(server: socket.socket) -> None:
        with server.accept()[0]:
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.append(process.read_bytes())

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        thread = Thread(target=look, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(JournalError):
            wait(read(replace(git_ref, remote=f"http://me:a-secret@{address}/r.git")).ledger())
        thread.join(5)
    ours = [it for it in seen if address.encode() in it]
    assert len(ours) > 1
    assert not [it for it in ours if b"a-secret" in it]
