"""Faults of network and server, in virtual time: what is repeated, what is waited, what is said."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from importer.errors import BudgetExhausted, ServiceError
from importer.model.ids import Kind
from importer.model.live import Everything, Need
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown
from importer.sandbox import Backoff, World
from importer.teams import Mode
from tests.teams.stage import (
    Act,
    Deliver,
    Stage,
    a_world,
    always,
    answers,
    everything,
    fails,
    new_question,
    on,
    opened,
    staged,
    titles,
)
from tests.virtual_time import run

QUESTIONS = Everything((Kind.QUESTION,))
ADD = "questions/add"
PAGE = "<html><title>502</title>Bad gateway</html>"


def connect_error() -> Act:
    return fails(httpx.ConnectError("refused"))


def write(world: World, at: Any, **how: Any) -> tuple[Outcome, Stage, float]:
    """Return the outcome of one write, what was asked, and how long it took."""

    async def writing() -> tuple[Outcome, Stage, float]:
        stage = staged(world, at)
        async with opened(world, stage=stage, **how) as team:
            outcome = await team.write(new_question(1))
        return outcome, stage, asyncio.get_running_loop().time()

    return run(writing())


def read(world: World, at: Any, **how: Any) -> tuple[int, Stage, float]:
    """Return how many questions were read, what was asked, and how long it took."""

    async def reading() -> tuple[int, Stage, float]:
        stage = staged(world, at)
        async with opened(world, mode=Mode.READ, stage=stage, **how) as team:
            found = await everything(team, QUESTIONS)
        return len(found), stage, asyncio.get_running_loop().time()

    return run(reading())


async def hang(_: httpx.Request, __: Deliver) -> httpx.Response:
    await asyncio.sleep(10**6)
    raise AssertionError


class Slow(httpx.AsyncByteStream):
    """A byte now and then, for ever."""

    async def __aiter__(self) -> Any:
        while True:
            await asyncio.sleep(0.5)
            yield b" "


async def drip(_: httpx.Request, deliver: Deliver) -> httpx.Response:
    await deliver()
    return httpx.Response(200, stream=Slow())


class Bomb(httpx.AsyncByteStream):
    def __init__(self) -> None:
        self.given = 0

    async def __aiter__(self) -> Any:
        while True:
            self.given += 1
            yield bytes(1024 * 1024)


# Writes


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(connect_error, id="refused"),
        pytest.param(lambda: fails(httpx.ConnectTimeout("slow")), id="connect timeout"),
        pytest.param(lambda: fails(httpx.ConnectError("[SSL: CERTIFICATE]")), id="TLS"),
        pytest.param(lambda: fails(httpx.PoolTimeout("full")), id="pool"),
        pytest.param(lambda: fails(httpx.ProxyError("407")), id="proxy"),
    ],
)
def test_what_surely_was_not_sent_is_sent_again(act: Callable[[], Act]) -> None:
    """F20."""
    world = a_world()
    outcome, stage, _ = write(world, on(ADD, act(), act()))
    assert isinstance(outcome, Done)
    assert stage.paths.count(f"POST {ADD}") == 3
    assert len(titles(world)) == 1


def test_what_never_can_be_sent_was_not_applied_with_the_proof() -> None:
    """F20."""
    world = a_world()
    outcome, stage, took = write(world, always(ADD, connect_error()))
    assert outcome == NotApplied("no connection: refused")
    assert stage.paths.count(f"POST {ADD}") == 4
    assert took < 20


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda after: fails(httpx.ReadError("reset"), after=after), id="reset"),
        pytest.param(lambda after: fails(httpx.WriteError("pipe"), after=after), id="broken pipe"),
        pytest.param(
            lambda after: fails(httpx.RemoteProtocolError("no response"), after=after), id="FIN"
        ),
        pytest.param(lambda after: fails(httpx.ReadTimeout("slow"), after=after), id="timeout"),
        pytest.param(lambda after: answers(500, PAGE, after=after), id="500"),
        pytest.param(lambda after: answers(503, PAGE, after=after, retry_after="1"), id="503"),
        pytest.param(lambda after: answers(429, PAGE, after=after), id="429"),
        pytest.param(lambda after: answers(403, PAGE, after=after), id="a challenge"),
        pytest.param(lambda after: answers(200, PAGE, after=after), id="200 with a page"),
        pytest.param(lambda after: answers(204, b"", after=after), id="204"),
        pytest.param(lambda after: answers(200, [], after=after), id="an array"),
        pytest.param(
            lambda after: answers(
                200, gzip.compress(b'{"items": []}')[:-9], after=after, content_encoding="gzip"
            ),
            id="gzip cut off",
        ),
        pytest.param(
            lambda after: answers(200, b"not gzip", after=after, content_encoding="gzip"),
            id="no gzip at all",
        ),
        pytest.param(
            lambda after: answers(200, b'{"items": [{"question_id"', after=after), id="JSON cut off"
        ),
        pytest.param(
            lambda after: answers(307, b"", after=after, location="http://sandbox.localhost/x"),
            id="redirect to the same host",
        ),
        pytest.param(
            lambda after: answers(302, b"", after=after, location="https://evil.example/"),
            id="redirect to another host",
        ),
    ],
)
def test_a_write_with_an_open_outcome_is_unknown_and_never_repeated(
    fault: Callable[[bool], Act], after: bool
) -> None:
    """F21, F32, F34."""
    world = a_world()
    outcome, stage, _ = write(world, on(ADD, fault(after)))
    assert isinstance(outcome, Unknown)
    assert stage.paths.count(f"POST {ADD}") == 1
    assert len(titles(world)) == int(after)
    assert {it.url.host for it in stage.requests} == {"sandbox.localhost"}


@pytest.mark.parametrize("act", [hang, drip], ids=["silence", "a byte now and then"])
def test_a_whole_exchange_has_one_deadline(act: Act) -> None:
    """F25."""
    outcome, _, took = write(a_world(), on(ADD, act), deadline_s=30.0)
    assert isinstance(outcome, Unknown)
    assert "30 s" in outcome.evidence
    assert took == pytest.approx(30, abs=1)


def test_an_endless_body_is_stopped_at_the_limit() -> None:
    """F26."""
    bomb = Bomb()

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        await deliver()
        return httpx.Response(200, stream=bomb)

    outcome, _, _ = write(a_world(), on(ADD, act))
    assert outcome == Unknown("the answer was too large: status 200")
    assert bomb.given == 65


# Reads


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda: fails(httpx.ReadError("reset")), id="reset"),
        pytest.param(lambda: answers(500, PAGE), id="500"),
        pytest.param(lambda: answers(200, PAGE), id="200 with a page"),
        pytest.param(lambda: answers(200, b""), id="200 with nothing"),
        pytest.param(
            lambda: answers(200, gzip.compress(b"{}" * 99)[:-12], content_encoding="gzip"),
            id="gzip cut off",
        ),
        pytest.param(
            lambda: answers(400, {"error_id": 500, "error_name": "internal_error"}),
            id="the API's own failure",
        ),
        pytest.param(connect_error, id="no connection"),
    ],
)
def test_a_read_survives_three_faults_and_not_four(fault: Callable[[], Act]) -> None:
    """F26."""
    found, stage, took = read(a_world(questions=3), on("/questions", *[fault() for _ in range(3)]))
    assert found == 3
    assert stage.paths.count("GET questions") == 4
    assert took < 60
    with pytest.raises(ServiceError) as caught:
        read(a_world(questions=3), always("/questions", fault()))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("status", "says"), [(302, "redirects"), (403, "challenge"), (406, "challenge"), (404, "--url")]
)
def test_what_repeating_will_not_change_is_told_at_once(status: int, says: str) -> None:
    """F27, F35."""
    calls: list[int] = []

    async def act(_: httpx.Request, __: Deliver) -> httpx.Response:
        calls.append(status)
        headers = {"location": "https://evil.example/", "content-type": "text/html; charset=x"}
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"<h1>No</h1>"))

    with pytest.raises(ServiceError) as caught:
        read(a_world(), always("/questions", act))
    assert says in caught.value.remedy
    assert "<h1>" not in str(caught.value)
    assert calls == [status]


def test_retries_are_bounded_over_the_whole_run() -> None:
    async def reading() -> int:
        world = a_world(questions=1)
        stage = staged(world, always("/questions", fails(httpx.ReadTimeout("slow"))))
        async with opened(world, stage=stage, mode=Mode.READ) as team:
            for _ in range(20):
                with pytest.raises(ServiceError):
                    await everything(team, QUESTIONS)
        return stage.paths.count("GET questions")

    assert 20 + 10 <= run(reading()) <= 20 + 14


@pytest.mark.parametrize("retry_after", ["20", "Mon, 05 Jan 2026 09:00:20 GMT"])
def test_a_retry_after_is_honoured(retry_after: str) -> None:
    """F32."""
    date = "Mon, 05 Jan 2026 09:00:00 GMT"
    act = answers(503, PAGE, retry_after=retry_after, date=date)
    found, _, took = read(a_world(questions=1), on("/questions", act))
    assert found == 1
    assert 20 <= took < 23


@pytest.mark.parametrize("retry_after", ["-5", "abc", ""])
def test_a_retry_after_that_is_none_is_ignored(retry_after: str) -> None:
    """F33."""
    act = answers(503, PAGE, retry_after=retry_after)
    found, _, took = read(a_world(questions=1), on("/questions", act))
    assert found == 1
    assert took < 5


def test_a_retry_after_beyond_patience_ends_the_read() -> None:
    """F33."""
    with pytest.raises(BudgetExhausted) as caught:
        read(a_world(), on("/questions", answers(503, PAGE, retry_after="1000000000")))
    assert caught.value.resume_after_s is not None
    assert caught.value.resume_after_s > 10**8


# Throttles


def throttle(text: str = "Violation of backoff parameter", status: int = 400, **more: Any) -> Act:
    error = {"error_id": 502, "error_name": "throttle_violation", "error_message": text, **more}
    return answers(status, error)


@pytest.mark.parametrize("status", [400, 502, 429])
@pytest.mark.parametrize(
    ("text", "more", "least"),
    [
        pytest.param("more requests available in 100 seconds", {}, 100, id="seconds in words"),
        pytest.param("too fast", {"backoff": 10}, 11, id="a backoff"),
        pytest.param("too fast", {}, 30, id="nothing said"),
    ],
)
def test_a_throttled_write_waits_as_told_and_is_repeated(
    status: int, text: str, more: dict[str, int], least: int
) -> None:
    """F41."""
    world = a_world()
    waits: list[tuple[str, float]] = []
    outcome, stage, took = write(world, on(ADD, throttle(text, status, **more)), waits=waits)
    assert isinstance(outcome, Done)
    assert least <= took < least + 3
    assert stage.paths.count(f"POST {ADD}") == 2
    assert waits
    assert sum(seconds for _, seconds in waits) == pytest.approx(took, abs=1)


def test_a_throttle_beyond_patience_was_not_applied_and_tells_when_to_resume() -> None:
    world = a_world()
    act = throttle("too many requests from this IP, more requests available in 40000 seconds")
    outcome, stage, took = write(world, on(ADD, act))
    assert isinstance(outcome, NotApplied)
    assert outcome.resume_after_s == pytest.approx(40_001)
    assert stage.paths.count(f"POST {ADD}") == 1
    assert took < 1
    assert titles(world) == []


def test_patience_can_be_set() -> None:
    act = throttle("more requests available in 40 seconds")
    outcome, _, _ = write(a_world(), on(ADD, act), max_wait_s=30.0)
    assert isinstance(outcome, NotApplied)


def test_throttles_without_end_exhaust_patience_and_not_the_server() -> None:
    outcome, stage, took = write(a_world(), always(ADD, throttle("x", backoff=1)))
    assert isinstance(outcome, NotApplied)
    assert took <= 900
    assert stage.paths.count(f"POST {ADD}") <= 60


def test_a_read_beyond_patience_says_so() -> None:
    act = throttle("more requests available in 40000 seconds")
    with pytest.raises(BudgetExhausted) as caught:
        read(a_world(), always("/questions", act))
    assert caught.value.resume_after_s == pytest.approx(40_001)


def test_a_failed_write_with_a_backoff_is_tried_again_and_then_believed() -> None:
    """F40."""
    error = {"error_id": 407, "error_name": "write_failed", "error_message": "no", "backoff": 2}
    world = a_world()
    outcome, stage, _ = write(world, on(ADD, answers(400, error)))
    assert isinstance(outcome, Done)
    outcome, stage, _ = write(a_world(), always(ADD, answers(400, error)))
    assert outcome == Rejected("write_failed", "no")
    assert stage.paths.count(f"POST {ADD}") == 3


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [(10, 11, 12), ("7", 8, 9), (0, 0, 1), (-3, 0, 1), ("soon", 11, 12)],
)
def test_a_backoff_beside_a_success_holds_the_next_call_of_its_method(
    value: object, least: float, most: float
) -> None:
    """F40."""

    async def reading() -> tuple[float, float]:
        world = a_world(questions=1)
        stage = staged(world, on("/questions", backing_off(value)))
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            await everything(team, QUESTIONS)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await team.check(Need(write=False))
            other = loop.time() - began
            await everything(team, QUESTIONS)
            return other, loop.time() - began

    other, same = run(reading())
    assert other < 0.1
    assert least <= same <= most


def backing_off(value: object) -> Act:
    from tests.teams.stage import rewrites

    return rewrites(lambda body: body.update(backoff=value))


def test_a_backoff_without_reason_ends_the_read_and_names_the_time() -> None:
    async def reading() -> float | None:
        world = a_world(questions=101)
        stage = staged(world, on("/questions", backing_off(10**9)))
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            with pytest.raises(BudgetExhausted) as caught:
                await everything(team, QUESTIONS)
            return caught.value.resume_after_s

    assert (run(reading()) or 0) > 10**6


# Against the sandbox's own limits


def counts(world: World, writes: int, *, at_once: int = 8, **how: Any) -> tuple[Any, float]:
    """Write so many questions, several at a time; return the counts and the time it took."""

    async def writing() -> tuple[Any, float]:
        async with opened(world, **how) as team:
            places = asyncio.Semaphore(at_once)

            async def one(number: int) -> None:
                async with places:
                    assert isinstance(await team.write(new_question(number)), Done)

            await asyncio.gather(*(one(number) for number in range(writes)))
            return team.counts, asyncio.get_running_loop().time()

    return run(writing())


def test_many_writes_at_once_meet_no_limit_and_lose_no_time() -> None:
    world = a_world()
    found, took = counts(world, 300)
    assert found["requests"] == 301
    assert found.get("throttled", 0) == found.get("noise", 0) == 0
    assert took == pytest.approx(300 / 30, rel=0.01)
    assert not [it for it in world.requests if it.error_id]


@pytest.mark.parametrize("every", [3, 10])
def test_backoffs_are_honoured_without_one_violation(every: int) -> None:
    """F40."""
    rule = Backoff("questions/add", every=every, seconds=7)
    world = a_world(backoff=(rule,))
    found, took = counts(world, 30)
    assert found.get("throttled", 0) == 0
    assert not [it for it in world.requests if it.error_id]
    assert took >= (30 // every - 1) * 7


@pytest.mark.parametrize("error", [407, 502])
def test_pauses_between_writes_are_learned(error: int) -> None:
    """F55."""
    world = a_world(write_gap_s=5, gap_error=error)
    found, took = counts(world, 30)
    assert found.get("throttled", 0) + found.get("paused", 0) <= 8
    assert took < 30 * 6 * 1.5


@pytest.mark.parametrize("banned_as", ["html", "json"])
def test_a_ban_stops_everything_until_one_knock_is_answered(banned_as: str) -> None:
    """F41: somebody else on this address makes the burst."""
    world = a_world(questions=3, banned_as=banned_as, ban_s=100)

    async def reading() -> tuple[int, list[str], float]:
        stage = staged(world)
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            await team.check(Need(write=False))
            burst = httpx.ASGITransport(app=stage._inner.app)  # noqa: SLF001 - the same address
            for _ in range(40):
                request = httpx.Request("GET", "http://sandbox.localhost/2.3/me")
                await burst.handle_async_request(request)
            results = await asyncio.gather(*(everything(team, QUESTIONS) for _ in range(5)))
        assert [len(it) for it in results] == [3] * 5
        return len(stage.requests), stage.paths, asyncio.get_running_loop().time()

    requests, paths, took = run(reading())
    assert 100 <= took < 200
    assert paths.count("GET me") <= 6
    assert requests < 40


@pytest.mark.parametrize(
    ("met", "at_least", "at_most"),
    [
        pytest.param(answers(200, '{"items": [{"user_'), 31, 36, id="half a body"),
        pytest.param(answers(200, PAGE), 31, 36, id="a page with status 200"),
        pytest.param(
            answers(400, {"error_id": 500, "error_name": "internal_error", "error_message": "x"}),
            31,
            36,
            id="the API's own error",
        ),
        pytest.param(answers(429, PAGE), 92, 93, id="the ban's page: the control"),
        pytest.param(answers(503, PAGE), 92, 93, id="an error page"),
        pytest.param(fails(httpx.ReadError("reset")), 92, 93, id="a reset"),
    ],
)
def test_a_knock_that_goes_astray_is_repeated_soon_and_a_ban_is_not(
    met: Act, at_least: float, at_most: float
) -> None:
    async def reading() -> float:
        world = a_world(questions=3)
        knocks = [None, met]

        def at(_: int, request: httpx.Request) -> Act | None:
            if request.url.path.endswith("/me"):
                return knocks.pop(0) if knocks else None
            return None if stage.paths.count("GET me") > 1 else answers(429, PAGE)

        stage = staged(world, at)
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            await team.check(Need(write=False))
            assert len(await everything(team, QUESTIONS)) == 3
        assert stage.paths.count("GET me") == 3
        return asyncio.get_running_loop().time()

    assert at_least <= run(reading()) <= at_most


def test_knocks_that_go_astray_again_and_again_are_a_ban_after_all() -> None:
    async def reading() -> tuple[float, int]:
        world = a_world(questions=3)

        def at(_: int, request: httpx.Request) -> Act | None:
            me = stage.paths.count("GET me")
            odd = request.url.path.endswith("/me") and 1 < me < 7
            return answers(200, PAGE) if odd else None if me > 1 else lost

        lost = answers(429, PAGE)
        stage = staged(world, lambda n, request: None if n == 1 else at(n, request))
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            await team.check(Need(write=False))
            assert len(await everything(team, QUESTIONS)) == 3
        return asyncio.get_running_loop().time(), stage.paths.count("GET me")

    took, knocks = run(reading())
    assert 31 + 61 <= took <= 31 + 61 + 20
    assert knocks == 7


def test_a_server_that_falls_silent_is_given_up_after_some_minutes() -> None:
    """F41."""

    async def reading() -> float:
        world = a_world(questions=3)
        silent = False

        def at(_: int, __: httpx.Request) -> Act | None:
            return fails(httpx.ReadError("reset")) if silent else None

        async with opened(world, mode=Mode.READ, stage=staged(world, at)) as team:
            await everything(team, QUESTIONS)
            silent = True
            with pytest.raises(BudgetExhausted, match="shut this address out"):
                await everything(team, QUESTIONS)
        return asyncio.get_running_loop().time()

    assert 300 <= run(reading()) <= 900


def test_the_quota_of_the_day_stops_writes_before_it_stops_reads() -> None:
    """F42."""
    world = a_world(quota_max=100)

    async def writing() -> tuple[list[Outcome], int]:
        async with opened(world) as team:
            await team.check(Need(write=False))
            outcomes = [await team.write(new_question(number)) for number in range(120)]
            return outcomes, len(await everything(team, QUESTIONS))

    outcomes, found = run(writing())
    done = [it for it in outcomes if isinstance(it, Done)]
    held = [it for it in outcomes if isinstance(it, NotApplied)]
    assert len(done) + len(held) == 120
    assert 85 <= len(done) <= 90
    assert found == len(done)
    assert all(it.resume_after_s for it in held)


def test_equal_seeds_give_equal_runs() -> None:
    def once() -> tuple[list[str], list[float]]:
        world = a_world(questions=150)
        faults = on("/questions", *[fails(httpx.ReadError("x")), None, answers(500, PAGE)])
        _, stage, _ = read(world, faults)
        return [str(it.url) for it in stage.requests], stage.times

    assert once() == once()


def test_a_cancelled_write_leaves_nothing_behind_that_hinders_the_next() -> None:
    async def writing() -> Outcome:
        world = a_world()
        stage = staged(world, on(ADD, *[hang] * 8))
        async with opened(world, stage=stage) as team:
            tasks = [asyncio.create_task(team.write(new_question(it))) for it in range(8)]
            await asyncio.sleep(10)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return await team.write(new_question(9))

    assert isinstance(run(writing()), Done)
