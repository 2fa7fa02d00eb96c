"""A dry run cannot write: whatever asks, nothing but GET leaves the process."""

from __future__ import annotations

import pytest

from importer.model.ids import Kind
from importer.model.live import Everything, Need
from importer.model.writing import Done
from importer.teams import Breach, Mode
from importer.teams.exchange import Request
from importer.teams.network import open_wires
from importer.teams.origin import Connection, find_endpoint
from importer.teams.secret import Secret
from importer.teams.v2.dialect import wire_of
from importer.teams.v2.door import probes
from tests.teams.stage import Stage, a_world, everything, new_question, opened, staged, titles
from tests.virtual_time import run

NAMED = probes("acme")


@pytest.mark.parametrize("mode", [Mode.READ, Mode.PROBE])
def test_a_write_in_a_mode_that_forbids_it_is_our_bug_and_is_not_sent(mode: Mode) -> None:
    async def writing() -> list[str]:
        world = a_world()
        stage = staged(world)
        async with opened(world, mode=mode, stage=stage) as team:
            with pytest.raises(Breach):
                await team.write(new_question(1))
        assert titles(world) == []
        return stage.paths

    assert run(writing()) == ["GET filters/create"]


def test_a_write_in_the_writing_mode_is_sent() -> None:
    async def writing() -> None:
        world = a_world()
        async with opened(world, mode=Mode.WRITE) as team:
            assert isinstance(await team.write(new_question(1)), Done)
        assert len(titles(world)) == 1

    run(writing())


@pytest.mark.parametrize("mode", list(Mode))
def test_in_the_reading_mode_every_command_sends_nothing_but_get(mode: Mode) -> None:
    async def reading() -> set[str]:
        world = a_world(questions=3)
        stage = staged(world)
        async with opened(world, mode=mode, stage=stage) as team:
            await team.check(Need(write=True))
            await everything(team, Everything((Kind.QUESTION, Kind.ANSWER, Kind.TAG)))
        return {it.method for it in stage.requests}

    assert run(reading()) == ({"GET"} if mode is Mode.READ else {"GET", "POST"})


def send(mode: Mode, request: Request, stage: Stage) -> None:
    async def sending() -> None:
        connection = Connection("sandbox:", "acme", Secret("a-token"))
        endpoint = find_endpoint(connection, in_process=True)
        async with open_wires(
            connection,
            endpoint,
            [wire_of(endpoint)],
            token=Secret("a-token"),
            mode=mode,
            client_transport=stage,
        ) as ((transport,), _):
            await transport.send(request)

    run(sending())


ALMOST = [
    pytest.param(
        Request("POST", "questions/add", "questions/add", (("team", "acme"),), harmless=True),
        id="a probe without its preview",
    ),
    pytest.param(
        Request(
            NAMED.empty.verb,
            NAMED.empty.method,
            NAMED.empty.path,
            NAMED.empty.query,
            (("title", "A real title"), ("preview", "true")),
            harmless=True,
        ),
        id="a probe with content",
    ),
    pytest.param(Request("DELETE", "questions/{id}", "questions/1"), id="another verb"),
    pytest.param(Request("post", "questions/add", "questions/add"), id="a verb in lower case"),
]


@pytest.mark.parametrize("request_", ALMOST)
@pytest.mark.parametrize("mode", [Mode.READ, Mode.PROBE])
def test_what_is_almost_a_probe_is_none(mode: Mode, request_: Request) -> None:
    stage = staged(a_world())
    with pytest.raises(Breach):
        send(mode, request_, stage)
    assert stage.requests == []


@pytest.mark.parametrize("probe", [NAMED.empty, NAMED.nowhere, NAMED.empty_nowhere])
def test_a_named_probe_passes_in_its_mode_and_asks_for_a_preview(probe: Request) -> None:
    stage = staged(a_world())
    with pytest.raises(Breach):
        send(Mode.READ, probe, stage)
    assert stage.requests == []
    send(Mode.PROBE, probe, stage)
    assert len(stage.requests) == 1
    assert ("preview", "true") in probe.form


@pytest.mark.parametrize(
    "path",
    ["//evil.example/x", "../../x", "@evil.example", "\\evil.example", "https://evil.example/x"],
)
def test_no_path_leads_away_from_the_pinned_origin(path: str) -> None:
    stage = staged(a_world())
    send(Mode.READ, Request("GET", "x", path), stage)
    (sent,) = stage.requests
    assert (sent.url.scheme, sent.url.host) == ("http", "sandbox.localhost")
