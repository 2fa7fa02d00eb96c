"""How long a run looks for what a killed one may have sent."""

from __future__ import annotations

from importer.execution.options import RunOptions
from importer.model.ids import Key, Ref, RunId, Verb
from importer.model.ledger import Run
from importer.model.report import Report
from importer.text.digests import Digest
from tests.journal.factories import fields, operation
from tests.stage import Stage, manifest, question

SETTLE_S = 135
APART_S = 60


def test_what_may_have_followed_a_create_is_looked_for_from_the_same_moment_on() -> None:
    """The settle window is waited for once; after it, two looks a minute apart do."""
    stage = Stage(options=RunOptions(settle_s=SETTLE_S))
    wanted = manifest(question("old"), question("new"))
    stage.apply(manifest(question("old")))
    bound = stage.act(stage.journal().ledger()).bindings[Key("old")].ref
    stage.act(_killed(stage, bound))

    before = stage.clock.now()
    report = stage.apply(wanted)
    took_s = (stage.clock.now() - before).total_seconds() - 60

    assert report.exit_code == 0
    assert SETTLE_S + APART_S <= took_s < SETTLE_S + APART_S + 15
    assert len(stage.questions()) == 2


async def _killed(stage: Stage, bound: Ref) -> None:
    """A run that foresaw a create and an update, and whose end nobody saw."""
    journal = stage.journal()
    name = RunId("run-0")
    await journal.begin(Run(name, "apply", Digest(""), stage.clock.now()))
    for it in (
        operation("new", run=name, fields=fields("new")),
        operation("old", run=name, verb=Verb.UPDATE, ref=bound, fields=fields("other")),
    ):
        await journal.keep([(digests.after, "a text") for digests in it.fields if digests.after])
        await journal.intend(it)
    await journal.end(
        Run(name, "apply", Digest(""), stage.clock.now()),
        Report(name, (), stopped_by="killed", exit_code=1),
    )
