"""Connections that break, lie or dawdle in a real apply: one post per key at the end."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from importer.sandbox import Post, User
from tests.acceptance.forking import Forks, Ways
from tests.acceptance.hostile import (
    Call,
    Fault,
    Proxy,
    Which,
    any_read,
    nth_create,
    nth_mark,
    proxied,
    read_message,
)
from tests.acceptance.scene import TEAM, Grounds, Scene, Stage
from tests.teams.test_sockets import certificate, listening, reset, response

FEW = 3
WAYS = Ways(deadline_s=20.0)
QUICK = Ways(deadline_s=1.5)
PAGE = b"<!DOCTYPE html><title>Sign in</title><form><input name=user></form>"
HTML = "Content-Type: text/html\r\n"
JSON = "Content-Type: application/json\r\n"


# Faults: each says what becomes of a call. `after` lets it take effect first.


def after(fault: Fault) -> Fault:
    async def met(call: Call) -> None:
        await call.deliver()
        await fault(call)

    return met


async def rst(call: Call) -> None:
    reset(call.writer)


async def fin(call: Call) -> None:
    call.writer.close()


async def cut(call: Call) -> None:
    head, _, body = (await call.deliver()).partition(b"\r\n\r\n")
    await call.answer(head + b"\r\n\r\n" + body[: len(body) // 2])
    call.writer.close()


async def unframed(call: Call) -> None:
    head, _, body = (await call.deliver()).partition(b"\r\n\r\n")
    bare = re.sub(rb"(?i)\r\ncontent-length: *\d+", b"\r\nconnection: close", head)
    await call.answer(bare + b"\r\n\r\n" + body[: len(body) // 2])
    call.writer.close()


async def another_coding(call: Call) -> None:
    await call.answer((await call.deliver()).replace(b"gzip", b"br"))


async def bomb(call: Call) -> None:
    await call.deliver()
    packed = gzip.compress(bytes(80_000_000), 1)
    await call.answer(response(packed, headers=f"{JSON}Content-Encoding: gzip\r\n"))


async def drip(call: Call) -> None:
    await call.deliver()
    await call.answer(b"HTTP/1.1 200 OK\r\n")
    while True:
        await call.answer(b"X-Slow: 1\r\n")
        await asyncio.sleep(0.1)


async def drip_body(call: Call) -> None:
    head, _, body = (await call.deliver()).partition(b"\r\n\r\n")
    await call.answer(head + b"\r\n\r\n")
    for place in range(len(body)):
        await call.answer(body[place : place + 1])
        await asyncio.sleep(0.1)


def says(status: str, body: bytes = b"", headers: str = "") -> Fault:
    async def answer(call: Call) -> None:
        await call.answer(response(body, status=status, headers=headers))

    return answer


def another_post() -> Fault:
    """Answer with what another create was answered, as a confused cache would."""
    kept: list[bytes] = []

    async def answer(call: Call) -> None:
        mine = await call.deliver()
        kept.append(mine)
        await call.answer(kept[0])

    return answer


async def closes_silently(call: Call) -> None:
    """Answer, and close the connection a moment later, as a server whose patience is over."""
    await call.answer(await call.deliver())
    await asyncio.sleep(0.005)
    call.writer.close()


async def leaves_the_next_one(call: Call) -> None:
    """Answer, and close the connection at the next request, which is never answered."""
    await call.answer(await call.deliver())
    with suppress(asyncio.IncompleteReadError):
        await read_message(call.reader)
    call.writer.close()


async def twice(call: Call) -> None:
    await call.deliver()
    await call.answer(await call.deliver())


def held(back: asyncio.Event) -> Fault:
    """Hang up, and let the write take effect when it is let go."""

    async def met(call: Call) -> None:
        call.writer.close()
        await back.wait()
        await call.deliver()

    return met


def late(seconds: float) -> Fault:
    """Hang up, and let the write take effect later."""

    async def met(call: Call) -> None:
        call.writer.close()
        await asyncio.sleep(seconds)
        await call.deliver()

    return met


# Scenes


@contextmanager
def behind(
    stage: Stage, ground: Grounds, which: Which, fault: Fault
) -> Iterator[tuple[Scene, Proxy]]:
    with stage(FEW) as scene, proxied(ground, scene.team, which, fault) as proxy:
        scene.url = proxy.url
        yield scene, proxy
        shows_no_token(scene)


def shows_no_token(scene: Scene) -> None:
    token = scene.team.tokens.read_write
    spellings = (token, base64.b64encode(token.encode()).decode(), quote(token, safe=""))
    written = b"".join(it.read_bytes() for it in scene.folder.rglob("*") if it.is_file())
    written += "".join(scene.said).encode()
    assert not [it for it in spellings if it.encode() in written]


def once(*wanted: Which) -> Which:
    """Meet the first call of each: what is sent again goes through."""
    left = list(wanted)

    def meets(call: Call) -> bool:
        found = next((it for it in left if it(call)), None)
        if found is not None:
            left.remove(found)
        return found is not None

    return meets


AMBIGUOUS = [
    pytest.param(rst, id="F21 RST before"),
    pytest.param(after(rst), id="F21 RST after"),
    pytest.param(fin, id="F22 FIN before"),
    pytest.param(after(fin), id="F22 FIN after"),
    pytest.param(drip, id="F25 headers for ever"),
    pytest.param(drip_body, id="F25 a byte at a time"),
    pytest.param(cut, id="F26 shorter than its length"),
    pytest.param(unframed, id="F26 unframed and cut"),
    pytest.param(another_coding, id="F26 another coding"),
    pytest.param(bomb, id="F26 bomb"),
    pytest.param(says("200 OK", PAGE, HTML), id="F27 a page, before"),
    pytest.param(after(says("200 OK", PAGE, HTML)), id="F27 a page, after"),
    pytest.param(after(says("200 OK", b"", JSON)), id="F27 nothing"),
    pytest.param(after(says("204 No Content")), id="F27 no content"),
    pytest.param(after(says("200 OK", b"[]", JSON)), id="F27 an array"),
    *(
        pytest.param(fault, id=f"F32 {status} {when} {'Retry-After' if wait else ''}".strip())
        for status in ("500 Oops", "502 Bad Gateway", "503 Busy", "504 Gateway Timeout")
        for wait in ("", "Retry-After: 0\r\n")
        for page in (says(status, PAGE, f"{HTML}{wait}"),)
        for when, fault in (("before", page), ("after", after(page)))
    ),
    pytest.param(says("429 Too Many", PAGE, HTML), id="F34 a page of a CDN, before"),
    pytest.param(after(says("429 Too Many", PAGE, HTML)), id="F34 a page of a CDN, after"),
]


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_an_answer_that_says_nothing_is_looked_up_in_the_same_run(
    stage: Stage, ground: Grounds, fault: Fault
) -> None:
    """F21, F22, F25, F26, F27, F32, F34: at the canary, a later create and a mark."""
    which = once(nth_create(1), nth_create(4), nth_mark(2))
    with behind(stage, ground, which, fault) as (scene, proxy):
        ended = scene.apply(ways=QUICK if fault in (drip, drip_body) else WAYS)
        assert proxy.met == 3
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()
        assert "Sign in" not in "".join(scene.said), "a page is not printed raw"


@pytest.mark.parametrize("fault", [rst, cut, says("200 OK", PAGE, HTML), says("503 Busy")])
def test_a_read_that_fails_once_is_repeated(stage: Stage, ground: Grounds, fault: Fault) -> None:
    """F21, F26, F27, F32: reads may be."""
    with behind(stage, ground, once(any_read), fault) as (scene, proxy):
        ended = scene.apply(ways=WAYS)
        assert proxy.met == 1
        assert ended.code == 0, ended.said
        scene.is_whole()


@pytest.mark.parametrize(
    "fault",
    [rst, fin, cut, says("200 OK", PAGE, HTML), says("200 OK", b"[]", JSON), says("500 Oops")],
)
def test_a_team_that_can_not_be_read_is_not_written_to(
    stage: Stage, ground: Grounds, fault: Fault
) -> None:
    """F27: an answer that isn't the API's is an error, and nothing is decided."""
    with behind(stage, ground, any_read, fault) as (scene, proxy):
        ended = scene.apply(ways=WAYS)
        assert ended.code == 5, ended.said
        assert scene.team.writes() == 0
        proxy.which = nth_create(0)
        scene.goes_on()


def test_f28_an_echo_of_another_post_is_looked_up(stage: Stage, ground: Grounds) -> None:
    """F28: a success with somebody else's id."""
    with behind(stage, ground, nth_create(2, 3, 4), another_post()) as (scene, _):
        ended = scene.apply(ways=WAYS)
        assert ended.code in (0, 5, 7), ended.said
        scene.goes_on()


def test_f29_a_kept_connection_that_the_server_gave_up(stage: Stage, ground: Grounds) -> None:
    """F29: whoever takes it next meets the end of it."""
    with behind(stage, ground, nth_create(1, 3), leaves_the_next_one) as (scene, proxy):
        ended = scene.apply(ways=WAYS)
        assert proxy.met == 2
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()


def test_f29_every_kept_connection_is_given_up(stage: Stage, ground: Grounds) -> None:
    """F29: a write that met the end of three of them is left to the next run."""

    def always(call: Call) -> bool:
        return call.sort in ("create", "mark", "edit")

    with behind(stage, ground, always, closes_silently) as (scene, proxy):
        ended = scene.apply(ways=WAYS)
        assert proxy.met >= FEW * 3
        assert ended.code in (0, 5), ended.said
        proxy.which = nth_create(0)
        scene.goes_on()


def test_f31_a_write_that_a_proxy_delivers_twice(stage: Stage, ground: Grounds) -> None:
    """F31: the request's id lets the server take it once."""
    with behind(stage, ground, nth_create(1, 3), twice) as (scene, _):
        ended = scene.apply(ways=WAYS)
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()


def test_f23_a_write_that_takes_effect_late_is_found(stage: Stage, ground: Grounds) -> None:
    """F23: within the window."""
    with behind(stage, ground, once(nth_create(3)), late(0.7)) as (scene, _):
        ended = scene.apply("--settle", "3", ways=WAYS)
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()


def test_f24_a_write_that_takes_effect_after_the_window_is_reported_until_somebody_acts(
    stage: Stage, ground: Grounds
) -> None:
    """F24: beyond the window a double can't be prevented. Which of them was ours nobody knows."""
    back = asyncio.Event()
    with behind(stage, ground, once(nth_create(5)), held(back)) as (scene, proxy):
        codes = [scene.apply(ways=WAYS).code]
        assert proxy.met == 1
        ground.ask(back.set)
        deadline = time.monotonic() + 20
        while not (doubled := [it for it, count in scene.team.keys().items() if count > 1]):
            time.sleep(0.05)
            assert time.monotonic() < deadline
        codes += [scene.apply(ways=WAYS).code for _ in range(2)]
        assert codes[0] in (0, 7), codes
        assert codes[1:] == [7, 7], codes
        assert scene.said[-1].count(doubled[0].partition(":")[2]) >= 1
        assert "carry this key's marker" in scene.said[-1]
        *_, newest = (it for it in scene.team.posts() if f"{doubled[0]} " in it.body)
        ground.ask(lambda: scene.team.world.delete(owner_of(scene, newest), newest.id))
        ended = scene.apply(ways=WAYS)
        assert ended.code == 0, ended.said
        assert scene.team.keys() == Counter(scene.keys)


def owner_of(scene: Scene, post: Post) -> User:
    users = scene.team.world.users(TEAM)
    return next(it for it in users if it.id == post.owner_id)


# Throttles


def page_429(retry_after: str) -> Fault:
    wait = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    return says("429 Too Many", PAGE, f"{HTML}{wait}")


def throttle(when: str) -> Fault:
    text = f"too many requests from this IP, {when}"
    error = {"error_id": 502, "error_name": "throttle_violation", "error_message": text}
    return says("429 Too Many", json.dumps(error).encode(), JSON)


@pytest.mark.parametrize(
    ("fault", "least_s"),
    [
        pytest.param(page_429("1"), 1.0, id="seconds"),
        pytest.param(page_429(""), 0.0, id="absent"),
        pytest.param(page_429("-5"), 0.0, id="negative"),
        pytest.param(page_429("abc"), 0.0, id="abc"),
        pytest.param(page_429("Fri, 31 Dec 1999 23:59:59 GMT"), 0.0, id="a date gone by"),
        pytest.param(throttle("more requests available in 1 seconds"), 1.0, id="the API's own"),
        pytest.param(throttle("wait"), 0.0, id="the API's own, without a time"),
    ],
)
def test_f33_a_throttled_write_is_sent_again_when_the_server_says(
    stage: Stage, ground: Grounds, fault: Fault, least_s: float
) -> None:
    """F33: what makes no sense counts as not said."""
    with behind(stage, ground, once(nth_create(2)), fault) as (scene, proxy):
        began = time.monotonic()
        ended = scene.apply(ways=WAYS)
        assert time.monotonic() - began >= least_s
        assert proxy.met == 1
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()


def test_f33_a_wait_beyond_all_patience_ends_the_run_with_the_way_on(
    stage: Stage, ground: Grounds
) -> None:
    """F33: nothing more is sent, and the same command goes on later."""
    with behind(stage, ground, once(nth_create(2)), page_429("1000000000")) as (scene, _):
        ended = scene.apply("--parallelism", "1", "--max-wait", "2", ways=WAYS)
        assert ended.code == 7, ended.said
        assert scene.team.writes() == 1
        assert re.search(r"teams-importer apply --yes \S+", ended.out)
        scene.goes_on()


def test_f33_a_throttle_beyond_all_patience_leaves_nothing_to_look_up(
    stage: Stage, ground: Grounds
) -> None:
    """F33: the API itself said that it did nothing; exit 10."""
    fault = throttle("more requests available in 1000 seconds")
    with behind(stage, ground, once(nth_create(2)), fault) as (scene, _):
        ended = scene.apply("--parallelism", "1", "--max-wait", "2", ways=WAYS)
        assert ended.code == 10, ended.said
        assert scene.team.writes() == 1
        scene.goes_on()


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["same", "port", "host", "scheme"])
def test_f35_a_redirect_is_never_followed_and_the_token_stays(
    stage: Stage, ground: Grounds, status: int, where: str
) -> None:
    """F35: a write that was redirected is looked up; nobody else gets a request."""
    strangers: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        strangers.append(await reader.read(65_536))

    ready: list[int] = []
    stood = asyncio.Event()

    async def stand() -> None:
        async with listening(stranger) as port:
            ready.append(port)
            stood.set()
            await asyncio.Event().wait()

    with ground.running(stand()):
        ground.submit(stood.wait()).result(10)
        port = ready[0]
        places = {
            "same": "/2.3/elsewhere",
            "port": f"http://127.0.0.1:{port}/",
            "host": f"http://localhost:{port}/",
            "scheme": f"https://127.0.0.1:{port}/",
        }
        fault = says(f"{status} Elsewhere", headers=f"Location: {places[where]}\r\n")
        with behind(stage, ground, once(nth_create(2)), fault) as (scene, _):
            ended = scene.apply(ways=WAYS)
            assert ended.code in (0, 5, 7), ended.said
            scene.goes_on()
    assert not strangers


# No connection


def test_f20_a_server_that_is_not_there_is_told_and_nothing_is_recorded(
    stage: Stage,
) -> None:
    """F20: connection refused."""
    with stage(FEW) as scene:
        with socket.create_server(("127.0.0.1", 0)) as closing:
            port = closing.getsockname()[1]
        scene.url = f"http://127.0.0.1:{port}"
        ended = scene.apply()
        assert ended.code == 5, ended.said
        assert "no connection" in ended.err
        scene.url = f"https://127.0.0.1:{scene.team.url.rpartition(':')[2]}"
        ended = scene.apply()
        assert ended.code == 5, ended.said
        assert scene.team.writes() == 0
        assert not list(scene.folder.rglob("*.db"))
        shows_no_token(scene)


@pytest.mark.parametrize(
    ("days", "name", "bundled", "code"),
    [
        pytest.param(1, "127.0.0.1", True, 0, id="known through a bundle"),
        pytest.param(1, "127.0.0.1", False, 5, id="self-signed"),
        pytest.param(-1, "127.0.0.1", True, 5, id="expired"),
        pytest.param(1, "127.0.0.9", True, 5, id="of another host"),
    ],
)
def test_f36_a_certificate_that_does_not_hold_ends_the_run(
    warm: Forks,
    ground: Grounds,
    tmp_path: Path,
    unhurried: None,  # noqa: ARG001 - as in `stage`
    days: int,
    name: str,
    *,
    bundled: bool,
    code: int,
) -> None:
    """F36: there is no way around it."""
    whole, key = certificate(tmp_path, days=days, name=name)
    with ground.team(certificate=whole, key=key) as team:
        scene = Scene(tmp_path / "home", team, warm, FEW)
        ended = scene.apply(*(("--ca-bundle", str(whole)) if bundled else ()))
        assert ended.code == code, ended.said
        assert bool(team.writes()) is (code == 0)
        shows_no_token(scene)
