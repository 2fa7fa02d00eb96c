"""The served sandbox: it says when it is ready, ends cleanly, and loses nothing to a kill."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from importer.sandbox import SandboxError, SteppedClock, open_world
from importer.sandbox.certifying import certified
from importer.sandbox.serving import serve
from tests.sandbox.driver import BODY, TITLE, Town

SERVER = """
import asyncio, sys
from pathlib import Path
from importer.sandbox import open_world
from importer.sandbox.certifying import certified
from importer.sandbox.serving import serve

world = open_world(Path(sys.argv[1]))
def ready(url):
    print(url, world.tokens().read_write, flush=True)
try:
    asyncio.run(serve(world, ready=ready))
finally:
    world.close()
print("ended", flush=True)
"""


@contextmanager
def _served(path: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    command = [sys.executable, "-c", SERVER, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url, token = process.stdout.readline().split()
        headers = {"X-API-Access-Token": token}
        with httpx.Client(base_url=url, headers=headers, params={"team": "acme"}) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()


def _add(client: httpx.Client, title: str) -> int:
    form = {"title": title, "body": BODY, "tags": "a"}
    answer = client.post("/2.3/questions/add", data=form)
    assert answer.status_code == 200
    found: int = answer.json()["items"][0]["question_id"]
    return found


def test_what_is_asked_of_no_page_is_a_bad_request(tmp_path: Path) -> None:
    with _served(tmp_path / "team.db") as (_, client):
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
            wire.sendall(b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert wire.recv(100).startswith(b"HTTP/1.1 400 ")
        assert _add(client, TITLE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    with _served(tmp_path / "team.db") as (process, client):
        question = _add(client, TITLE)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "ended\n", "")
    world = open_world(tmp_path / "team.db")
    assert [post.id for post in world.questions("acme")] == [question]
    world.close()
    assert [path.name for path in tmp_path.iterdir()] == ["team.db"]


def test_an_answered_write_survives_a_kill(tmp_path: Path) -> None:
    with _served(tmp_path / "team.db") as (process, client):
        added = [_add(client, f"{TITLE} Number {number}") for number in range(5)]
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    world = open_world(tmp_path / "team.db")
    assert [post.id for post in world.questions("acme")] == added
    world.close()


def test_it_listens_in_process_until_cancelled_and_compresses_unasked() -> None:
    async def main() -> bytes:
        world = open_world()
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(world, ready=url.set_result))
        host, port = (await url).removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /2.3/errors HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        world.close()
        return answer

    head, _, body = asyncio.run(main()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("path", ["/2.3/errors", "/2.3/nonsense", "/", "/nowhere"])
def test_every_answer_bears_the_sandbox_s_own_date(town: Town, path: str) -> None:
    town.clock.advance(90.7)
    assert town.api.page(path).headers.get_list("date") == ["Mon, 05 Jan 2026 09:01:30 GMT"]


def test_the_date_is_the_sandbox_s_own_when_served_too() -> None:
    async def main() -> list[str]:
        world = open_world(clock=SteppedClock())
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(world, ready=url.set_result))
        async with httpx.AsyncClient(base_url=await url) as client:
            answer = await client.get("/2.3/errors")
        task.cancel()
        await asyncio.wait([task])
        world.close()
        return answer.headers.get_list("date")

    assert asyncio.run(main()) == ["Mon, 05 Jan 2026 09:00:00 GMT"]


def test_a_taken_port_is_said_clearly() -> None:
    world = open_world()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port}"):
            asyncio.run(serve(world, port=port, ready=lambda _: None))
    world.close()


def test_answering_starts_no_thread_and_never_sleeps(
    found_town: Callable[..., Town], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Virtual time hangs on a thread, and a sleep of ours would be time that nobody asked for."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(threading.Thread, "start", forbidden)
    monkeypatch.setattr(asyncio, "sleep", forbidden)
    monkeypatch.setattr(time, "sleep", forbidden)
    town = found_town()
    question = town.api.ask()
    page = f"/c/acme/questions/{question}/x"
    for path in ("/2.3/questions?team=acme", "/", page, "/assets/site.css"):
        assert town.api.page(path).status_code == 200


def test_it_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    extra = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", *options, *extra, "-keyout", str(key), "-out", str(certificate)]
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    subprocess.run(command, check=True, capture_output=True)

    async def main() -> int:
        world = open_world()
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        served = serve(world, ready=url.set_result, certificate=certificate, key=key)
        task = asyncio.create_task(served)
        trust = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(base_url=await url, verify=trust) as client:
            answer = await client.get("/2.3/errors")
        task.cancel()
        await asyncio.wait([task])
        world.close()
        assert str(client.base_url).startswith("https://127.0.0.1:")
        return answer.status_code

    assert asyncio.run(main()) == 200


def test_a_missing_certificate_is_said_clearly(tmp_path: Path) -> None:
    world = open_world()
    nowhere = tmp_path / "none.pem"
    with pytest.raises(SandboxError, match="certificate"):
        asyncio.run(serve(world, ready=lambda _: None, certificate=nowhere, key=nowhere))
    world.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_made_on_the_spot_is_trusted_through_its_authority_alone(host: str) -> None:
    async def main() -> int:
        world = open_world()
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with certified("box.example") as made:
            assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
            assert b"PRIVATE" not in made.authority.read_bytes()
            served = serve(world, ready=url.set_result, certificate=made.certificate, key=made.key)
            task = asyncio.create_task(served)
            address = (await url).replace("127.0.0.1", host)
            trust = ssl.create_default_context(cafile=str(made.authority))
            trust.verify_flags |= ssl.VERIFY_X509_STRICT
            async with httpx.AsyncClient(base_url=address, verify=trust) as client:
                answer = await client.get("/2.3/errors")
            with pytest.raises(httpx.ConnectError, match="verify"):
                async with httpx.AsyncClient(base_url=address) as stranger:
                    await stranger.get("/2.3/errors")
        task.cancel()
        await asyncio.wait([task])
        world.close()
        assert not made.authority.exists()
        return answer.status_code

    assert asyncio.run(main()) == 200
