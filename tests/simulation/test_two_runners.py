"""F52: two runners start at the same moment, and the lock between them is taken away.

Each has a journal of its own, as two CI jobs without a common one have. Afterwards each runs again,
one after the other, until both are through: there has to be one post per key.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

import pytest

from importer.errors import ExitCode
from importer.execution import RunOptions, carry_out, draw_plan, recover
from importer.journal import open_journal
from importer.model.ids import RunId
from importer.model.ledger import Run
from importer.model.live import Need
from importer.model.manifest import Manifest
from importer.model.plan import Decisions
from importer.model.report import Report
from importer.planning.identity import lineage_of
from importer.ports import Journal
from importer.sandbox import Behaviour, create_app, open_world
from importer.teams import Connection, Mode, Secret, open_team
from importer.text.digests import Digest
from importer.text.marker import detach
from tests.simulation.chance import Chance
from tests.simulation.wire import Wire
from tests.stage import ORIGIN, answer, manifest, question
from tests.virtual_time import LoopClock, run

SEEDS = 25
COMPLETE = {ExitCode.DONE, ExitCode.DECISION}
WANTED = manifest(
    question("one", body="The first, which leads to [the third](key:three) of them."),
    question("two"),
    answer("two#a", accepted=True),
    answer("two#b"),
    question("three", body="The third, which leads back to [the first](key:one) of them."),
)


class _Team:
    def __init__(self, seed: int, behaviour: Behaviour, api: str = "2.3") -> None:
        self.api = api
        self.clock = LoopClock()
        self.world = open_world(behaviour=behaviour, clock=self.clock, seed=seed)
        self.chance = Chance(seed)
        self.app = create_app(self.world)

    def journal(self) -> Journal:
        lineage = lineage_of(ORIGIN, "acme", "handbook")
        return open_journal(None, lineage=lineage, label="acme", clock=self.clock, create=True)

    async def apply(self, wanted: Manifest, journal: Journal, name: str) -> Report:
        wire = Wire(
            self.app,
            Chance(self.chance.below(name, 2**32)),
            lambda _, __: None,
            lambda _: True,
            lambda _: None,
            (0.01, 0.3),
            lambda _, __: None,
        )
        token = Secret(self.world.tokens("acme").read_write)
        async with open_team(
            Connection(url=ORIGIN, team="acme", token=token, api=self.api),
            mode=Mode.WRITE,
            clock=self.clock,
            app=self.app,
            client_transport=wire,
            random=Random(1),
        ) as team:
            access = await team.check(Need(write=True))
            now = self.clock.now()
            running = Run(RunId(name), "apply", Digest(""), now, author=access.me)
            await journal.begin(running)
            options, stop = RunOptions(), asyncio.Event()
            recovery = await recover(
                team, journal, access, self.clock, options, "handbook", lambda _: None, stop
            )
            drawn = await draw_plan(wanted, team, journal, access, Decisions(), team="acme")
            report = await carry_out(
                drawn.plan,
                drawn=drawn,
                team=team,
                journal=journal,
                access=access,
                clock=self.clock,
                run=running,
                options=options,
                stop=stop,
                observe=lambda _: None,
                recovery=recovery,
            )
            await journal.end(running, report)
            return report

    def keys(self) -> Counter[str]:
        posts = (*self.world.questions("acme"), *self.world.answers("acme"))
        markers = (detach(post.body.replace("\r\n", "\n"))[1] for post in posts)
        return Counter(marker.key for marker in markers if marker is not None)


async def _race(team: _Team) -> list[int]:
    """Let both run at once, then one after the other; return how the last runs ended."""
    journals = [team.journal(), team.journal()]
    starts = (team.apply(WANTED, journal, f"at-once-{n}") for n, journal in enumerate(journals))
    await asyncio.gather(*starts)
    codes = [0, 0]
    for turn in range(4):
        for number, journal in enumerate(journals):
            await asyncio.sleep(300)
            report = await team.apply(WANTED, journal, f"turn-{turn}-{number}")
            codes[number] = report.exit_code
    return codes


@pytest.mark.parametrize("lag_s", [0.0, 60.0])
@pytest.mark.parametrize(
    ("api", "window_s", "seeds"),
    [
        pytest.param("2.3", 0.0, SEEDS, id="no request ids"),
        pytest.param("2.3", 86_400.0, SEEDS, id="request ids"),
        pytest.param("3", 86_400.0, 8, id="an API without any"),
    ],
)
def test_two_runners_without_a_lock_converge_to_one_post_per_key(
    api: str, window_s: float, seeds: int, lag_s: float
) -> None:
    """F52."""
    doubled = 0
    for seed in range(seeds):
        behaviour = Behaviour(request_id_window_s=window_s, listing_lag_s=lag_s)
        team = _Team(seed, behaviour, api)
        codes = run(_race(team))
        assert set(team.keys().values()) == {1}, (seed, team.keys())
        assert set(codes) <= COMPLETE, (seed, codes)
        doubled += bool(team.world.questions("acme", deleted=True))
    if window_s == 0.0 or api == "3":
        assert doubled, "the race was never lost: nothing was proved"
