"""The same promises over real connections: resets, slowness, TLS, proxies, a served sandbox."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from importer.errors import ImporterError, ServiceError, UsageError
from importer.model.ids import Kind
from importer.model.live import Everything, Need
from importer.model.writing import Done, NotApplied, Outcome, Unknown
from importer.sandbox import open_world
from importer.sandbox.serving import serve
from importer.teams import Connection, LiveTeam, Mode, Secret, open_team
from tests.teams.stage import distinct, everything, new_answer, new_question

CANARY = "cAnArY0123456789(x)*~"
FILTER = json.dumps({"items": [{"filter": "F"}], "has_more": False}).encode()

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Hasty(Random):
    """Lets retries follow at once."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


def response(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    length = "" if "ength" in headers else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{length}{headers}\r\n".encode() + body


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


@asynccontextmanager
async def listening(handle: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection by *handle*; yields the port, and leaves no connection behind."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await handle(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def scripted(
    answer: Answer, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve: the filter is made, every other request gets *answer*; yields (address, requests)."""
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            named = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
            seen.append(head + await reader.readexactly(int(named.get(b"content-length", 0))))
            if b"/filters/create" in head:
                writer.write(response(FILTER))
                await writer.drain()
            else:
                await answer(reader, writer)

    async with listening(handle, tls) as port:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}", seen


def connect(url: str, **how: Any) -> AbstractAsyncContextManager[LiveTeam]:
    how.setdefault("deadline_s", 5.0)
    return open_team(
        Connection(url, "acme", Secret(CANARY), **how),
        mode=Mode.WRITE,
        clock=SystemClock(),
        random=Hasty(),
    )


def write_against(answer: Answer, **how: Any) -> tuple[Outcome, list[bytes]]:
    async def writing() -> tuple[Outcome, list[bytes]]:
        async with scripted(answer) as (url, seen), connect(url, **how) as team:
            return await team.write(new_question(1)), seen

    return asyncio.run(writing())


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Slow: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


def sends(raw: bytes, *, then_close: bool = True) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if then_close:
            writer.close()

    return answer


PACKED = gzip.compress(json.dumps({"items": [], "x": "y" * 500}).encode())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(resets, id="reset"),
        pytest.param(closes, id="FIN"),
        pytest.param(sends(response(b'{"items"', headers="Content-Length: 99\r\n")), id="short"),
        pytest.param(
            sends(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"items": ['), id="unframed, cut"
        ),
        pytest.param(
            sends(response(PACKED[:-12], headers="Content-Encoding: gzip\r\n")), id="gzip, cut"
        ),
        pytest.param(
            sends(response(PACKED, headers="Content-Encoding: br\r\n")), id="another coding"
        ),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), id="no HTTP"),
        pytest.param(sends(b"\x16\x03\x01 nonsense\r\n\r\n"), id="nonsense"),
        pytest.param(
            sends(
                response(
                    b"",
                    status="307 Temporary Redirect",
                    headers="Location: http://127.0.0.1:1/\r\n",
                )
            ),
            id="redirect to another port",
        ),
    ],
)
def test_a_write_whose_answer_fails_is_unknown_and_sent_once(answer: Answer) -> None:
    """F22, F26."""
    outcome, seen = write_against(answer)
    assert isinstance(outcome, Unknown)
    assert CANARY not in outcome.evidence
    assert len([it for it in seen if it.startswith(b"POST")]) == 1


def test_a_slow_answer_meets_the_deadline_over_the_whole_exchange() -> None:
    """F25."""
    outcome, _ = write_against(drips, deadline_s=0.5)
    assert isinstance(outcome, Unknown)
    assert "0.5 s" in outcome.evidence


def test_a_connection_the_server_gave_up_makes_no_second_question() -> None:
    """F29: answers, and hangs up without saying so: the next write may meet a dead connection."""

    async def acting() -> tuple[Any, int]:
        async with scripted(sends(response(b'{"items": []}'))) as (url, seen), connect(url) as team:
            outcome = await team.write(new_question(1))
            again = await team.write(new_question(2))
            return (outcome, again), sum(it.startswith(b"POST") for it in seen)

    outcomes, posts = asyncio.run(acting())
    assert all(isinstance(it, Unknown) for it in outcomes)
    assert posts <= 2


def test_nobody_listening_is_not_applied_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]

    async def writing() -> Outcome:
        async with connect(f"http://127.0.0.1:{port}") as team:
            return await team.write(new_question(1))

    outcome = asyncio.run(writing())
    assert isinstance(outcome, NotApplied)
    assert "no connection" in outcome.proof


def test_f20_a_name_that_is_not_found_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """F20: the look-up fails; nothing was sent."""

    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async def writing() -> Outcome:
        async with connect("https://teams.example/2.3") as team:
            return await team.write(new_question(1))

    outcome = asyncio.run(writing())
    assert isinstance(outcome, NotApplied)
    assert "no connection" in outcome.proof


# TLS


def test_f30_the_client_speaks_http_1_1_alone(tmp_path: Path) -> None:
    """F30: HTTP/2 is never agreed on, so no stream is ever refused."""
    whole, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(whole, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    spoken: list[str | None] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        writer.close()

    async def writing() -> list[bytes]:
        async with scripted(answer, tls=context) as (url, seen):
            async with connect(url, ca_bundle=whole) as team:
                await team.write(new_question(1))
            return seen

    seen = asyncio.run(writing())
    assert spoken == ["http/1.1"]
    assert all(b" HTTP/1.1\r\n" in it for it in seen)


def certificate(folder: Path, *, days: int = 1, name: str = "127.0.0.1") -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    host = x509.IPAddress(ipaddress.ip_address(name))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    whole, secret = folder / "cert.pem", folder / "key.pem"
    whole.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return whole, secret


@pytest.mark.parametrize(
    ("days", "name", "bundle", "remedy"),
    [
        pytest.param(1, "127.0.0.1", True, "", id="known through a bundle"),
        pytest.param(1, "127.0.0.1", False, "--ca-bundle, or in TEAMS_IMPORTER", id="self-signed"),
        pytest.param(-1, "127.0.0.1", True, "this machine's clock", id="expired"),
        pytest.param(1, "127.0.0.9", True, "the name that the certificate", id="of another host"),
    ],
)
@pytest.mark.parametrize("api", ["2.3", "3"])
def test_tls_is_verified_and_never_switched_off(
    tmp_path: Path, api: str, days: int, name: str, bundle: bool, remedy: str
) -> None:
    """F36."""
    whole, key = certificate(tmp_path, days=days, name=name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(whole, key)

    async def writing() -> tuple[Outcome, list[bytes]]:
        answer = sends(response(b'{"items": []}'))
        async with scripted(answer, tls=context) as (url, seen):
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            async with connect(url, ca_bundle=whole if bundle else None, api=api) as team:
                with pytest.raises(ImporterError) as caught:
                    await team.check(Need(write=False))
                assert remedy in caught.value.remedy
                return await team.write(new_question(1)), seen

    outcome, seen = asyncio.run(writing())
    assert isinstance(outcome, NotApplied if remedy else Unknown)
    assert bool(seen) is not bool(remedy)


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_bundle_that_is_none_is_wrong_use(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)

    async def opening() -> None:
        async with connect("https://teams.example", ca_bundle=bundle):
            pytest.fail("opened")

    with pytest.raises(UsageError, match=r"ca\.pem"):
        asyncio.run(opening())


# Proxies and the environment


@asynccontextmanager
async def proxy(reply: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()

    async with listening(handle) as port:
        yield port, seen


@pytest.mark.parametrize("spelling", ["http://user:word@127.0.0.1:{}", "127.0.0.1:{}"])
def test_a_proxy_of_the_environment_is_used_and_named_and_never_sees_the_token(
    monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """F37."""

    async def writing() -> tuple[Outcome, str, list[bytes]]:
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        async with proxy(refusal) as (port, seen):
            monkeypatch.setenv("HTTPS_PROXY", spelling.format(port))
            async with connect("https://teams.example/2.3") as team:
                return await team.write(new_question(1)), team.note, seen

    outcome, note, seen = asyncio.run(writing())
    assert isinstance(outcome, NotApplied)
    assert note.startswith("via proxy 127.0.0.1:")
    assert "word" not in note
    assert seen[0].startswith(b"CONNECT teams.example:443")
    assert not any(CANARY.encode() in it for it in seen)


def test_no_proxy_is_honoured_and_this_machine_is_never_reached_through_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F37."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    outcome, seen = write_against(sends(response(b'{"items": []}')))
    assert isinstance(outcome, Unknown)
    assert seen
    monkeypatch.setenv("NO_PROXY", "teams.example")

    async def opening() -> str:
        async with connect("https://teams.example/2.3") as team:
            return team.note

    assert asyncio.run(opening()) == ""


@pytest.mark.parametrize("value", ["gopher://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_we_can_not_use_is_wrong_use(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """F37."""
    monkeypatch.setenv("HTTPS_PROXY", value)

    async def opening() -> None:
        async with connect("https://teams.example/2.3"):
            pytest.fail("opened")

    with pytest.raises(UsageError, match="proxy"):
        asyncio.run(opening())


def test_credentials_of_a_netrc_are_never_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F37."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    _, seen = write_against(sends(response(b'{"items": []}')))
    assert not any(b"authorization" in it.lower() for it in seen)


def test_cookies_are_not_kept() -> None:
    cookie = response(b'{"items": []}', headers="Set-Cookie: a=b; Path=/\r\n")

    async def acting() -> list[bytes]:
        async with scripted(sends(cookie, then_close=False)) as (url, seen), connect(url) as team:
            await team.write(new_question(1))
            await team.write(new_question(2))
            return list(seen)

    seen = asyncio.run(acting())
    assert len(seen) == 3
    assert not any(b"cookie" in it.lower() for it in seen)


# A served sandbox


async def at_served(act: Callable[[LiveTeam], Awaitable[Any]]) -> Any:
    world = open_world(seed=1)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(world, ready=ready.set_result))
    try:
        secret = Secret(world.tokens("acme").read_write)
        connection = Connection(await ready, "acme", secret)
        async with open_team(connection, mode=Mode.WRITE, clock=SystemClock()) as team:
            return await act(team)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        world.close()


def test_a_served_sandbox_is_checked_written_and_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(team: LiveTeam) -> None:
        access = await team.check(Need(write=True))
        assert access.write_proven is True
        assert access.clock_offset_s is not None
        assert abs(access.clock_offset_s) < 3
        for number in range(3):
            asked = await team.write(new_question(number))
            assert isinstance(asked, Done)
            assert asked.item is not None
            answered = await team.write(new_answer(asked.item.ref, number))
            assert isinstance(answered, Done)
        scope = Everything((Kind.QUESTION, Kind.ANSWER))
        assert len(distinct(await everything(team, scope))) == 6

    asyncio.run(at_served(act))
    token = open_world(seed=1).tokens("acme").read_write
    assert token not in caplog.text
    assert "questions/add" in caplog.text


def test_a_team_without_a_server_can_not_be_read() -> None:
    async def reading() -> None:
        async with connect("http://127.0.0.1:1") as team:
            with pytest.raises(ServiceError, match="no connection") as caught:
                await team.check(Need(write=False))
            assert "--url" in caught.value.remedy

    asyncio.run(reading())
