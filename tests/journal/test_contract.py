"""What every journal keeps to, whatever it is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import ExitCode, JournalError
from importer.model.fields import Value
from importer.model.ids import ChangeId, Field, Key, Kind, Ref, RunId, Verb
from importer.model.incident import Incident
from importer.model.ledger import Operation, State
from importer.model.report import ResultState
from importer.ports import Journal
from importer.text.canonical import VERSION as CANONICAL
from importer.text.links import Text
from tests.journal.factories import (
    LINEAGE,
    START,
    binding,
    digest,
    exported,
    fields,
    journal_at,
    operation,
    report_of,
    run_of,
    wait,
    write_one,
)


@pytest.fixture(params=["memory", "file", "PostgreSQL", "git"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    match request.param:
        case "memory":
            opened = journal_at(None)
        case "file":
            opened = journal_at(tmp_path / "journal.db")
        case "git":
            opened = journal_at(request.getfixturevalue("git_ref"))
        case _:
            opened = journal_at(request.getfixturevalue("server"))
    yield opened
    wait(opened.close())


def test_a_new_journal_knows_nothing_and_says_so(journal: Journal) -> None:
    ledger = wait(journal.ledger())
    assert not ledger.exists
    assert (ledger.lineage, ledger.serial, ledger.bindings, ledger.open) == (LINEAGE, 0, {}, ())
    assert (ledger.watermark, ledger.canonical_version) == (None, None)


def test_grave_incidents_stay_with_their_run_untold_until_somebody_was_told(
    journal: Journal,
) -> None:
    grave = Incident(
        "two posts bear its marker", Key("a"), (Ref(Kind.QUESTION, 5),), severe=True, url="/q/5"
    )
    slight = Incident("the echo differs", Key("b"))

    async def act() -> None:
        for name, met in (("run-1", (grave, slight)), ("run-2", (slight,)), ("run-3", (grave,))):
            run = run_of(name, plan=name)
            await journal.begin(run)
            await journal.end(run, replace(report_of(run), incidents=met))

    wait(act())
    assert [it.incidents for it in wait(journal.runs())] == [(grave,), (), (grave,)]
    assert [it.untold for it in wait(journal.runs())] == [True, False, True]
    wait(journal.note_told([RunId("run-1")]))
    assert [it.untold for it in wait(journal.runs())] == [False, False, True]
    assert wait(journal.runs())[0].incidents == (grave,)
    assert "two posts bear its marker" in str(wait(exported(journal)))
    assert wait(journal.holder()) is None


def test_an_operation_comes_back_as_it_was_recorded(journal: Journal) -> None:
    opened = operation(
        fields=fields("body"), parent=Ref(Kind.QUESTION, 3), evidence="timeout", opened_at=START
    )

    async def act() -> None:
        await journal.begin(run_of())
        await journal.intend(opened)
        assert (await journal.ledger()).open == (opened,)
        assert await journal.history() == (opened,)

    wait(act())


def test_the_holder_is_the_run_that_is_open(journal: Journal) -> None:
    async def act() -> None:
        assert await journal.holder() is None
        await journal.begin(run_of())
        assert await journal.holder() == run_of().id
        # Of its own run a ledger says nothing.
        assert (await journal.ledger()).under_way is None
        await journal.end(run_of(), report_of(run_of()))
        assert await journal.holder() is None

    wait(act())


def test_a_done_operation_leaves_its_binding_and_is_open_no_more(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await write_one(journal, "rollback", 7)
        ledger = await journal.ledger()
        assert ledger.open == ()
        assert ledger.bindings == {Key("rollback"): binding("rollback", 7)}
        assert ledger.canonical_version == CANONICAL
        (kept,) = await journal.history()
        assert (kept.state, kept.ref) == (State.DONE, Ref(Kind.QUESTION, 7))
        assert kept.fields == fields("rollback")
        assert kept.opened_at is not None
        assert kept.ended_at is not None
        assert kept.opened_at < kept.ended_at

    wait(act())


def test_a_second_open_operation_on_a_key_is_refused(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await journal.intend(operation())
        with pytest.raises(JournalError, match="rollback is open already"):
            await journal.intend(operation(verb=Verb.UPDATE))
        await journal.intend(operation("other"))
        assert len((await journal.ledger()).open) == 2

    wait(act())


def test_a_key_is_free_again_after_its_operation_ended(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await journal.intend(operation())
        await journal.settle(operation(state=State.ABSENT, evidence="looked twice"), None)
        await journal.intend(operation(attempt=2))
        (opened,) = (await journal.ledger()).open
        assert opened.attempt == 2

    wait(act())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(operation(state=State.DONE, attempt=2), id="another attempt"),
        pytest.param(operation(state=State.DONE, run="run-0"), id="another run"),
        pytest.param(operation("else", state=State.DONE), id="another change"),
        pytest.param(operation(), id="not an end"),
    ],
)
def test_settling_what_is_not_open_fails_and_changes_nothing(
    journal: Journal, wrong: Operation
) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await journal.intend(operation())
        with pytest.raises(JournalError):
            await journal.settle(wrong, binding())
        ledger = await journal.ledger()
        assert len(ledger.open) == 1
        assert ledger.bindings == {}

    wait(act())


def test_an_operation_can_be_settled_only_once(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await write_one(journal, "rollback", 7)
        again = operation(state=State.DONE, ref=Ref(Kind.QUESTION, 8))
        with pytest.raises(JournalError, match="is not open"):
            await journal.settle(again, binding(number=8))
        assert (await journal.ledger()).bindings[Key("rollback")].ref.id == 7

    wait(act())


@pytest.mark.parametrize(
    ("state", "bound"),
    [
        pytest.param(State.DONE, False, id="a delete that was done unbinds"),
        pytest.param(State.REJECTED, True, id="a refused delete doesn't"),
    ],
)
def test_a_delete_takes_the_binding_away(journal: Journal, state: State, bound: bool) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await journal.bind([binding()])
        await journal.intend(operation(verb=Verb.DELETE))
        await journal.settle(operation(verb=Verb.DELETE, state=state), None)
        assert bool((await journal.ledger()).bindings) is bound

    wait(act())


def test_the_latest_refusal_of_a_change_is_remembered_until_it_succeeds(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        for attempt, evidence in ((1, "title too short"), (2, "title is taken")):
            await journal.intend(operation(attempt=attempt, fields=fields("body")))
            ended = operation(attempt=attempt, state=State.REJECTED, evidence=evidence)
            await journal.settle(ended, None)
        (rejected,) = (await journal.ledger()).rejected
        assert (rejected.attempt, rejected.evidence) == (2, "title is taken")
        assert rejected.fields == fields("body")

        await journal.intend(operation(attempt=3))
        await journal.settle(operation(attempt=3, state=State.DONE), binding())
        assert (await journal.ledger()).rejected == ()

    wait(act())


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Text("see [it](\0) and \ud800", ("key:a",)), id="text with a hole"),
        pytest.param("1.10", id="line"),
        pytest.param("", id="empty line"),
        pytest.param(True, id="flag"),
        pytest.param(False, id="flag off"),
        pytest.param(("c#", "no"), id="names"),
        pytest.param((), id="no names"),
    ],
)
def test_a_kept_value_comes_back_with_its_type(journal: Journal, value: Value) -> None:
    name = digest("value")

    async def act() -> None:
        await journal.begin(run_of())
        await journal.keep([(name, value)])
        assert await journal.texts([name]) == {name: value}
        await journal.intend(operation())
        assert await journal.texts([name, digest("unknown")]) == {name: value}
        assert type((await journal.texts([name]))[name]) is type(value)

    wait(act())


def test_more_texts_than_one_question_to_the_store_can_name_come_back(journal: Journal) -> None:
    values = [(digest(f"text {n}"), f"text {n}") for n in range(1201)]

    async def act() -> None:
        await journal.begin(run_of())
        await journal.keep(values)
        await journal.intend(operation())
        assert await journal.texts([name for name, _ in values]) == dict(values)

    wait(act())


def test_a_binding_is_replaced_whole_and_can_be_forgotten(journal: Journal) -> None:
    newer = binding(
        number=9,
        base={},
        parent=Ref(Kind.QUESTION, 1),
        marked={Field.TITLE: digest("title")},
        stamp="s",
        protected=True,
    )

    async def act() -> None:
        await journal.begin(run_of())
        await journal.bind([binding(), binding("other", 8)])
        await journal.bind([newer])
        assert (await journal.ledger()).bindings[Key("rollback")] == newer
        await journal.unbind([Key("rollback"), Key("never-bound")])
        assert list((await journal.ledger()).bindings) == ["other"]

    wait(act())


def test_bindings_can_be_remembered_outside_a_run(journal: Journal) -> None:
    wait(journal.bind([binding()]))
    assert wait(journal.ledger()).exists


def test_an_intent_outside_a_run_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no run is open"):
        wait(journal.intend(operation()))


def test_an_ended_run_uses_its_plan_up_and_raises_the_serial(journal: Journal) -> None:
    run = run_of()

    async def act() -> None:
        await journal.begin(run)
        before = await journal.ledger()
        assert (before.serial, before.consumed) == (0, frozenset())
        await journal.end(
            run, report_of(run, ResultState.DONE, ResultState.DONE, ResultState.STALE)
        )
        after = await journal.ledger()
        assert (after.serial, after.consumed) == (1, frozenset([run.plan_digest]))
        assert (after.watermark, after.exists) == (run.started_at, True)
        (kept,) = await journal.runs()
        assert (kept.outcome, kept.exit_code, kept.counts) == ("done", 0, {"done": 2, "stale": 1})
        assert kept.ended_at is not None

    wait(act())


@pytest.mark.parametrize(
    ("code", "used"),
    [(ExitCode.DONE, True), (ExitCode.DECISION, True), (ExitCode.PARTLY, False)],
)
def test_a_plan_that_was_carried_out_partly_is_not_used_up(
    journal: Journal, code: ExitCode, *, used: bool
) -> None:
    run = run_of()

    async def act() -> None:
        await journal.begin(run)
        await journal.end(run, report_of(run, exit_code=code))
        assert (run.plan_digest in (await journal.ledger()).consumed) is used

    wait(act())


def test_a_stopped_run_says_what_stopped_it(journal: Journal) -> None:
    run = run_of()

    async def act() -> None:
        await journal.begin(run)
        await journal.end(run, report_of(run, stopped_by="signal", exit_code=143))
        (kept,) = await journal.runs()
        assert (kept.outcome, kept.exit_code) == ("signal", 143)

    wait(act())


def test_a_run_can_neither_begin_twice_nor_end_unbegun(journal: Journal) -> None:
    run, other = run_of(), run_of("run-2")

    async def act() -> None:
        with pytest.raises(JournalError, match="is not open"):
            await journal.end(run, report_of(run))
        await journal.begin(run)
        with pytest.raises(JournalError, match="still open"):
            await journal.begin(other)
        await journal.end(run, report_of(run))
        with pytest.raises(JournalError, match="already"):
            await journal.begin(run)
        await journal.begin(other)
        assert [it.id for it in await journal.runs()] == ["run-1", "run-2"]

    wait(act())


def test_history_can_be_asked_by_run_and_by_key(journal: Journal) -> None:
    async def act() -> None:
        for run in (run_of("run-1"), run_of("run-2")):
            await journal.begin(run)
            for key in ("one", "two"):
                ended = operation(key, run=run.id, verb=Verb.UPDATE, state=State.DONE)
                await journal.intend(operation(key, run=run.id, verb=Verb.UPDATE))
                await journal.settle(ended, None)
            await journal.end(run, report_of(run))
        named = [(it.run, it.key) for it in await journal.history()]
        assert named == [("run-1", "one"), ("run-1", "two"), ("run-2", "one"), ("run-2", "two")]
        assert [it.key for it in await journal.history(run=RunId("run-2"))] == ["one", "two"]
        assert [it.run for it in await journal.history(key=Key("one"))] == ["run-1", "run-2"]
        both = await journal.history(RunId("run-1"), Key("two"))
        assert [it.change for it in both] == [ChangeId("two!update")]

    wait(act())


@pytest.mark.parametrize("use", ["ledger", "runs", "history"])
def test_a_closed_journal_says_that_it_is_closed(journal: Journal, use: str) -> None:
    wait(journal.close())
    wait(journal.close())
    with pytest.raises(JournalError, match="closed"):
        wait(getattr(journal, use)())


def test_a_closed_journal_takes_nothing_more(journal: Journal) -> None:
    wait(journal.close())
    with pytest.raises(JournalError, match="closed"):
        wait(journal.keep([(digest("a"), "a")]))


def test_text_that_no_file_can_hold_does_not_stop_a_write(journal: Journal) -> None:
    async def act() -> None:
        await journal.begin(run_of())
        await journal.intend(operation(evidence="lone \ud800 and NUL \0"))
        (kept,) = await journal.history()
        assert kept.evidence == "lone ? and NUL \0"

    wait(act())


def test_an_export_holds_every_run_operation_binding_and_text(journal: Journal) -> None:
    run = run_of()

    async def act() -> list[str]:
        await journal.begin(run)
        await write_one(journal, "one", 1)
        await write_one(journal, "two", 2)
        await journal.end(run, report_of(run))
        return await exported(journal)

    lines = [json.loads(line) for line in wait(act())]
    types = [line["type"] for line in lines]
    assert types == ["journal", "run", *["operation"] * 2, *["binding"] * 2, *["text"] * 2]
    assert lines[0] == {"type": "journal", "format_version": 1, "lineage": LINEAGE}
    assert {line["value"][1] for line in lines if line["type"] == "text"} == {
        "text of one",
        "text of two",
    }
