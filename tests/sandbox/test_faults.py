"""Faults of a rehearsal: which ones come follows from the seed, what they do from their names."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from importer.sandbox import (
    PROFILES,
    Behaviour,
    Fault,
    Faults,
    Profile,
    ProfileName,
    SystemClock,
    World,
    create_app,
    open_world,
    profile_of,
)
from importer.sandbox.faults import KINDS, VISIBLE_WITHIN_S, Canned
from importer.sandbox.serving import serve
from tests.sandbox.driver import BODY, TITLE, Caller, Town

Found = Callable[..., Town]
FAULTS = {fault.name: fault for forms in KINDS.values() for fault in forms}
FORM = {"title": TITLE, "body": BODY, "tags": "a", "request_id": "one"}


@dataclass(frozen=True)
class Script(Profile):
    """Exactly these faults, by step; the rest of the time none."""

    rates: Mapping[str, float] = field(default_factory=dict)
    late_s: float = 0.2
    slow_s: float = 0.2
    steps: Mapping[int, Fault] = field(default_factory=dict)

    def fault(self, seed: object, step: int, *, writes: bool) -> Fault | None:  # noqa: ARG002 - as it is called
        return self.steps.get(step)


def _trace(name: ProfileName, seed: int, *, writes: bool = True) -> list[Fault | None]:
    profile = profile_of(name, seed)
    return [profile.fault(seed, step, writes=writes) for step in range(1, 2001)]


@pytest.mark.parametrize("name", PROFILES)
def test_equal_seeds_have_equal_faults(name: ProfileName) -> None:
    assert _trace(name, 7) == _trace(name, 7)
    assert _trace(name, 7) != _trace(name, 8)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("writes", [True, False])
def test_no_profile_has_more_than_two_faults_in_a_row(name: ProfileName, *, writes: bool) -> None:
    for seed in range(20):
        calm = [fault is None for fault in _trace(name, seed, writes=writes)]
        assert all(any(calm[start : start + 3]) for start in range(len(calm) - 2))


def test_every_fault_is_reached_and_reads_are_neither_doubled_nor_late() -> None:
    writes = {fault.name for fault in _trace("storm", 7) if fault}
    reads = {fault.name for fault in _trace("storm", 7, writes=False) if fault}
    assert writes == set(FAULTS)
    assert writes - reads == {"delivered_twice", "late_commit_504", "late_commit_drop"}


def test_in_a_swarm_the_seed_decides_which_kinds_come() -> None:
    on = [frozenset(profile_of("swarm", seed).rates) for seed in range(50)]
    assert len(set(on)) > 40
    assert frozenset().union(*on) == set(KINDS)


def test_every_profile_keeps_its_word_about_settling() -> None:
    for seed in range(50):
        for profile in (profile_of(name, seed) for name in PROFILES):
            late = profile.late_s + max(profile.listing_lag_s, profile.replica_lag_s)
            assert late <= VISIBLE_WITHIN_S


@asynccontextmanager
async def _served(
    *steps: Fault, log: io.StringIO | None = None
) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    """Serve a world whose first requests meet these faults."""
    world = open_world(clock=SystemClock(), behaviour=Behaviour(burst_per_s=0))
    faults = Faults(Script(steps=dict(enumerate(steps, 1))), 1)
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    served = asyncio.create_task(serve(world, ready=url.set_result, faults=faults, log=log))
    headers = {"X-API-Access-Token": world.tokens().read_write}
    try:
        async with httpx.AsyncClient(
            base_url=await url, headers=headers, params={"team": "acme"}, timeout=5
        ) as client:
            yield world, client
    finally:
        served.cancel()
        await asyncio.wait([served])
        world.close()


async def _post(client: httpx.AsyncClient, **form: str) -> httpx.Response | str:
    """Ask a question; an exception is given by name."""
    try:
        return await client.post("/2.3/questions/add", data=FORM | form)
    except httpx.HTTPError as error:
        return type(error).__name__


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in FAULTS.items()])
def test_what_a_fault_does_to_a_write_and_what_its_sender_sees(fault: Fault) -> None:
    async def main() -> tuple[httpx.Response | str, int, int, int]:
        async with _served(fault) as (world, client):
            seen = await _post(client)
            at_once = len(world.questions("acme"))
            await asyncio.sleep(0.25 if fault.takes_effect == "late" else 0)
            later = len(world.questions("acme"))
            assert isinstance(await _post(client), httpx.Response), "the next one meets no fault"
            return seen, at_once, later, len(world.questions("acme"))

    seen, at_once, later, at_last = asyncio.run(main())
    assert at_once == (fault.takes_effect in ("once", "twice"))
    assert later == (fault.takes_effect != "never")
    assert at_last == 1
    match fault.answer:
        case Canned() as canned:
            assert isinstance(seen, httpx.Response)
            assert seen.status_code == canned.status
            wait_s = seen.headers.get("retry-after")
            assert wait_s == (str(canned.retry_after_s) if canned.retry_after_s else None)
            assert "date" in seen.headers
            if canned.error_id is None:
                assert seen.headers["content-type"].startswith("text/html")
            else:
                body = seen.json()
                assert {"error_id", "error_message", "error_name"} <= set(body)
                assert (body["error_id"], body.get("backoff")) == (
                    canned.error_id,
                    canned.backoff_s,
                )
        case "own":
            assert isinstance(seen, httpx.Response)
            assert seen.json()["error_id"] == 409
        case "slow":
            assert isinstance(seen, httpx.Response)
            assert seen.json()["items"][0]["title"] == TITLE
        case "torn":
            assert isinstance(seen, httpx.Response)
            with pytest.raises(json.JSONDecodeError):
                seen.json()
        case "cut":
            assert seen == "RemoteProtocolError"
        case "drop":
            assert seen in ("RemoteProtocolError", "ReadError")


def test_a_write_without_request_id_that_is_delivered_twice_takes_effect_twice() -> None:
    async def main() -> int:
        async with _served(FAULTS["delivered_twice"]) as (world, client):
            await _post(client, request_id="")
            return len(world.questions("acme"))

    assert asyncio.run(main()) == 2


def test_a_slow_body_comes_in_pieces_and_to_an_end() -> None:
    async def main() -> tuple[int, float]:
        async with _served(FAULTS["slow_body"]) as (_, client):
            began, pieces = time.monotonic(), 0
            async with client.stream("GET", "/2.3/errors") as answer:
                async for _piece in answer.aiter_raw():
                    pieces += 1
            return pieces, time.monotonic() - began

    pieces, seconds = asyncio.run(main())
    assert pieces > 3
    assert 0.1 < seconds < 2


def test_a_late_commit_never_comes_when_the_sandbox_ends_before() -> None:
    async def main() -> int:
        async with _served(FAULTS["late_commit_504"]) as (world, client):
            await _post(client)
            return len(world.questions("acme"))

    assert asyncio.run(main()) == 0


def test_the_log_names_the_fault_of_each_request() -> None:
    log = io.StringIO()

    async def main() -> None:
        steps = (FAULTS["drop_after"], FAULTS["502_html_before"], FAULTS["cut_off"])
        async with _served(*steps, log=log) as (_, client):
            for _n in range(4):
                await _post(client, request_id="")
            await client.get("/c/acme/questions")

    asyncio.run(main())
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["status"], line["fault"]) for line in lines] == [
        (0, "drop_after"),
        (502, "502_html_before"),
        (200, "cut_off"),
        (200, None),
        (200, None),
    ]


def test_pages_meet_no_faults_and_are_no_steps(found_town: Found) -> None:
    town = found_town()
    drop = FAULTS["drop_before"]
    app = create_app(town.world, faults=Faults(Script(steps={1: drop, 2: drop}), 1))
    api = Caller(app, town.runner, town.tokens.read_write)
    assert api.page("/c/acme/questions").status_code == 200
    for _ in range(2):
        with pytest.raises(ConnectionAbortedError):
            api.get("/questions")
    assert api.get("/questions").items == []


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_brings_its_staleness_along(found_town: Found, name: ProfileName) -> None:
    town = found_town()
    profile = profile_of(name, 7)
    create_app(town.world, faults=Faults(profile, 7))
    behaviour = town.world.behaviour
    assert behaviour.listing_lag_s == profile.listing_lag_s == (name != "calm")
    assert behaviour.replica_lag_s == profile.replica_lag_s
    assert behaviour.burst_per_s == 0
    assert town.world.seed == 7
