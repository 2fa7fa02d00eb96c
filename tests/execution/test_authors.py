"""Exactly once in somebody else's name: recovery and audit look for their posts, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from importer.errors import ExitCode
from importer.execution import OnUnknown, RunOptions
from importer.model.ids import UserId, Verb
from importer.model.plan import BlockedCode
from importer.model.writing import Outcome, Write
from importer.ports import Hold, Team
from importer.sandbox import Behaviour, create_app, open_world
from importer.teams import Connection, Mode, Secret, open_team
from tests.faults import AFTER, BEFORE, Faulty, answering
from tests.stage import ORIGIN, Stage, answer, manifest, question

APIS = ("2.3", "3", "auto")
ADA, BJORN, CHIDI = UserId(1001), UserId(1002), UserId(1003)
SIGNED = manifest(
    question("signed", author=BJORN),
    answer("signed#a", author=CHIDI, accepted=True),
    question("ours"),
)


@dataclass
class Site(Stage):
    """An Enterprise's main site whose service key may act for others."""

    def __post_init__(self) -> None:
        super().__post_init__()
        behaviour = Behaviour(burst_per_s=0, impersonation=True)
        self.world = open_world(tier="enterprise", behaviour=behaviour, clock=self.clock, seed=7)
        self.app = create_app(self.world)
        self.token = self.world.tokens("acme").read_write

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        connection = Connection(
            url=ORIGIN,
            team="",
            token=Secret(self.token),
            api=self.api,
            api_key=Secret(self.world.keys().service),
            impersonate=True,
        )
        async with open_team(connection, mode=mode, app=self.app, clock=self.clock) as team:
            yield team

    def owners(self) -> list[int | None]:
        return [it.owner_id for it in (*self.questions(), *self.answers())]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_an_unknown_outcome_of_anothers_write_is_found_by_looking(
    api: str, number: int, fault: Outcome
) -> None:
    stage = Site(api=api)
    report = stage.apply(SIGNED, wrap=answering({number: fault}))
    assert report.exit_code == ExitCode.DONE, report
    assert sorted(it or 0 for it in stage.owners()) == [ADA, BJORN, CHIDI]
    assert stage.plan(SIGNED).changes == ()


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_the_next_run_finds_what_was_left_open(fault: Outcome) -> None:
    stage = Site()
    stage.options = RunOptions(settle_s=0.0, on_unknown=OnUnknown.PARK)
    report = stage.apply(SIGNED, wrap=answering({0: fault}))
    assert report.exit_code == ExitCode.UNKNOWN
    assert stage.apply(SIGNED).exit_code == ExitCode.DONE
    assert sorted(it or 0 for it in stage.owners()) == [ADA, BJORN, CHIDI]


class Doubling(Faulty):
    """Each create is done twice; the second answer comes."""

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.verb is Verb.CREATE:
            await self.team.write(write, hold)
            write = replace(write, request_id=f"{write.request_id}x")
        return await self.team.write(write, hold)


def test_what_was_made_twice_in_anothers_name_is_taken_back_in_it() -> None:
    stage = Site()
    report = stage.apply(manifest(question("signed", author=BJORN)), wrap=Doubling)
    assert report.exit_code == ExitCode.UNKNOWN
    assert any("is removed" in it.what for it in report.incidents), report.incidents
    assert [(it.id, it.owner_id) for it in stage.questions()] == [(1, BJORN)]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("publishers", [(), (ADA,)], ids=["anybody's", "with publishers"])
def test_a_lost_journal_makes_nothing_twice(api: str, publishers: tuple[UserId, ...]) -> None:
    stage = Site(api=api)
    wanted = replace(SIGNED, publishers=publishers)
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    stage.lose_journal()
    plan = stage.plan(wanted)
    assert (plan.changes, plan.blocked) == ((), ())
    assert len(stage.owners()) == 3


@pytest.mark.parametrize("api", APIS)
def test_a_question_answered_by_another_author_of_ours_is_taken_back(api: str) -> None:
    stage = Site(api=api)
    stage.apply(SIGNED)
    plan, report = stage.undo()
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE), report
    assert stage.owners() == []


@pytest.mark.parametrize("api", APIS)
def test_a_colleagues_answer_beside_ours_keeps_the_question_and_ours(api: str) -> None:
    """The same colleague may be an author of ours: what the run didn't make is theirs."""
    stage = Site(api=api)
    stage.apply(SIGNED)
    (signed,) = [it for it in stage.questions() if it.owner_id == BJORN]
    chidi = next(it for it in stage.world.users("acme") if it.id == CHIDI)
    stage.world.answer(chidi, signed.id, body="Another answer, that Chidi wrote on the site.")
    answers = stage.answers()
    plan, report = stage.undo()
    codes = {it.key: it.code for it in plan.blocked}
    assert codes == {"signed": BlockedCode.ENGAGED, "signed#a": BlockedCode.NEEDS}
    assert report.exit_code == ExitCode.DECISION
    assert stage.answers() == answers
    assert [it.owner_id for it in stage.questions()] == [BJORN]
