"""A team that a client nobody here wrote has filled is exported, wiped, filled again: the same.

so4t_api from PyPI, unmodified, as in `tests/clients`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from importer.sandbox import World, open_world
from tests.cli.stage import Program
from tests.cli.test_export import assert_in_sync, export, manifest_in, plan, said
from tests.clients.serving import while_served
from tests.clients.test_so4t_api import HOSTS, UNHURRIED, _Mapped

QUESTIONS = 500
TEAM = "sandbox:team.db"


def fill(client: Any) -> None:
    """Ask 500 questions, answer some of them, and let some lead to others."""
    asked: list[str] = []
    for number in range(QUESTIONS):
        body = f"Step {number} of *all*:\n\n```sh\nmake step-{number}\n```\n\n> What comes then?"
        if asked and not number % 7:
            body += f"\n\nAfter [that]({asked[-1]})."
            body += f' And <b>{number}</b> &amp; more: `a | b`, "it\'s", 100 %, [x]: no.'
        title = f'How do I do step {number % 250} & what is "it"?' + "!" * (number // 250)
        made = client.add_question(title, body, ["steps", f"part-{number % 5}"])
        asked.append(made["webUrl"])
        if not number % 25:
            for part in "ab":
                text = f"{part}. Like so, in step {number}:\n\n1. one\n2. two"
                client.add_answer(made["id"], text)


@pytest.fixture
def filled(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's file, filled over a socket."""
    world = open_world(home / "team.db", behaviour=UNHURRIED)
    _with_client(world, fill, monkeypatch)
    world.close()
    return home


def _with_client(
    world: World, work: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("so4t_api.so4t_api")
    begin = requests.Session.__init__
    token = world.tokens("acme").read_write

    def client(url: str) -> None:
        def mapped(session: requests.Session) -> None:
            begin(session)
            for host in HOSTS:
                session.mount(host, _Mapped(url))

        with monkeypatch.context() as patch:
            patch.setattr(requests.Session, "__init__", mapped)
            work(module.StackClient("https://stackoverflowteams.com/c/acme", token))

    while_served(world, client)


@pytest.mark.usefixtures("unhurried", "filled")
def test_a_team_that_another_client_filled_goes_out_and_in_again(cli: Program) -> None:
    document = export(cli, "--out", "out", "--namespace", "steps")
    assert document["totals"]["exported"] == document["totals"]["found"] == 540
    assert_in_sync(plan(cli))
    export(cli, "--out", "copy", "--namespace", "steps", "--no-ids")
    new = "sandbox:new.db"
    applied = cli("apply", "copy", "--url", new, "--yes")
    assert applied.code == 0, applied.out
    export(cli, "--out", "again", "--namespace", "steps", team=new)
    again = manifest_in("again")
    assert {it.remote_id for it in again.items} == {None}, "what bears our marker needs no id"
    assert said(again) == said(manifest_in("copy")) == said(manifest_in("out"))
    assert_in_sync(plan(cli, "again", team=new))
