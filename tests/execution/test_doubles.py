"""Two live posts with one key: the plan says which counts and which goes, and apply does that."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from importer.errors import ExitCode
from importer.model.ids import Key, Kind, Ref, Verb
from importer.model.live import Refs, Scope, Under
from importer.model.manifest import Manifest
from importer.model.plan import Plan
from importer.model.report import ResultState
from importer.model.writing import Outcome, Write
from importer.planning.plan_file import load, save
from importer.ports import Hold, Read
from tests.faults import Faulty
from tests.stage import Stage, answer, manifest, question

WANTED = manifest(question("one"), answer("one#a"))
FIRST, SECOND = Ref(Kind.QUESTION, 1), Ref(Kind.QUESTION, 3)
OF_FIRST, OF_SECOND = Ref(Kind.ANSWER, 2), Ref(Kind.ANSWER, 4)


def doubled(wanted: Manifest = WANTED, api: str = "auto") -> Stage:
    """Return a stage on which question 3 and answer 4 are bound, and 1 and 2 are there again."""
    stage = Stage(api=api)
    stage.apply(wanted)
    stage.undo()
    stage.apply(wanted)
    for number in (1, 2):
        stage.world.undelete(stage.ada, number)
    return stage


def there(stage: Stage) -> list[int]:
    return sorted(it.id for it in (*stage.questions(), *stage.answers()))


def fates(plan: Plan) -> dict[Ref, str]:
    return {it.ref: it.stays for it in plan.doubles}


def bound(stage: Stage) -> dict[Key, Ref]:
    ledger = stage.act(stage.journal().ledger())
    return {key: it.ref for key, it in ledger.bindings.items()}


def saved(plan: Plan) -> Plan:
    return load(save(plan, "2026-01-05T00:00:00Z", "somebody")).plan


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
def test_the_plan_lists_what_apply_removes_and_the_lowest_ids_stay(api: str) -> None:
    stage = doubled(api=api)
    plan = saved(stage.plan(WANTED))
    assert (plan.changes, plan.orphans) == ((), ())
    assert {it.ref: it.counts for it in plan.removals} == {SECOND: FIRST, OF_SECOND: OF_FIRST}
    assert (plan.cost.writes, plan.is_idle) == (2, False)
    report = stage.apply(plan)
    assert report.exit_code == ExitCode.UNKNOWN, "that there were two is grave enough"
    gone = {it.ref for it in report.results if it.verb is Verb.DELETE}
    assert gone == {SECOND, OF_SECOND}
    assert there(stage) == [1, 2]
    assert bound(stage) == {"one": FIRST, "one#a": OF_FIRST}
    assert stage.plan(WANTED).is_idle
    assert stage.apply(WANTED).exit_code == ExitCode.DONE


def test_over_v3_only_the_look_before_a_removal_tells_that_others_have_engaged() -> None:
    stage = doubled(api="3")
    stage.world.vote(stage.bo, 3)
    stage.world.comment_on(stage.bo, 4, body="It helped me, too.")
    plan = stage.plan(WANTED)
    report = stage.apply(plan)
    assert report.exit_code == ExitCode.UNKNOWN
    assert there(stage) == [1, 2, 3, 4]
    assert any("others have engaged with it" in it.what for it in report.incidents)


def engage(stage: Stage) -> None:
    stage.world.answer(stage.bo, 3, body="A colleague's answer, and it is long enough.")


def edit_question(stage: Stage) -> None:
    (post,) = (it for it in stage.questions() if it.id == 3)
    body = f"Bo knows better. {post.body}"
    stage.world.edit(stage.bo, 3, title=post.title, tags=post.tags, body=body)


def edit_answer(stage: Stage) -> None:
    (post,) = (it for it in stage.answers() if it.id == 4)
    stage.world.edit(stage.bo, 4, body=f"Bo knows better. {post.body}")


def answer_by_hand(stage: Stage) -> None:
    stage.world.answer(stage.ada, 3, body="The token's own person adds this by hand here.")


TOUCHES = pytest.mark.parametrize("touch", [engage, edit_question, edit_answer, answer_by_hand])


@TOUCHES
def test_a_pair_is_never_torn(touch: Callable[[Stage], None]) -> None:
    """Where either of them stays both do, and the plan says so before."""
    stage = doubled()
    touch(stage)
    before = there(stage)
    plan = saved(stage.plan(WANTED))
    assert plan.removals == ()
    assert set(fates(plan)) == {SECOND, OF_SECOND}
    report = stage.apply(plan)
    assert report.exit_code == ExitCode.UNKNOWN
    assert there(stage) == before
    assert all("take over first" in it.what for it in report.incidents)
    again = stage.plan(WANTED)
    assert again.blocked == (), "no misfit"
    # Somebody does as the plan says: what counts is the key's, and nothing is left to say.
    stage.world.delete(stage.world.user("acme", "Chidi Okafor"), 3)
    last = stage.plan(WANTED)
    assert (last.changes, last.blocked, last.doubles) == ((), (), ())
    assert stage.apply(WANTED).exit_code == ExitCode.DONE
    assert bound(stage) == {"one": FIRST, "one#a": OF_FIRST}


@TOUCHES
def test_what_moves_between_the_answer_and_its_question_tears_no_pair(
    touch: Callable[[Stage], None],
) -> None:
    """The answer went, its question stays: the keys are those of the pair that is whole."""
    stage = doubled()

    class Slipping(Faulty):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            if write.ref == OF_SECOND:
                outcome = await self.team.write(write, hold)
                if touch is edit_answer:
                    stage.world.comment_on(stage.bo, 3, body="A comment, in that very moment.")
                else:
                    touch(stage)
                return outcome
            return await self.team.write(write, hold)

    stage.apply(WANTED, wrap=Slipping)
    assert {1, 2, 3} <= set(there(stage))
    assert 4 not in there(stage)
    assert bound(stage) == {"one": FIRST, "one#a": OF_FIRST}
    plan = stage.plan(WANTED)
    assert (plan.changes, plan.blocked) == ((), ())
    assert set(fates(plan)) == {SECOND}


def test_what_the_plan_left_to_a_person_stays_though_nothing_speaks_for_it_any_more() -> None:
    stage = doubled()
    engage(stage)
    plan = saved(stage.plan(WANTED))
    stage.world.delete(stage.bo, 5)
    stage.apply(plan)
    assert there(stage) == [1, 2, 3, 4]
    stage.apply(WANTED)
    assert there(stage) == [1, 2], "the control: a plan that shows it"


def test_a_double_from_between_plan_and_apply_is_removed_and_told() -> None:
    stage = Stage()
    stage.apply(WANTED)
    stage.undo()
    stage.apply(WANTED)
    plan = saved(stage.plan(WANTED))
    assert plan.is_idle
    for number in (1, 2):
        stage.world.undelete(stage.ada, number)
    report = stage.apply(plan)
    assert len(report.incidents) == 2
    assert there(stage) == [1, 2]


def test_only_leaves_the_doubles_of_other_keys_alone() -> None:
    wanted = manifest(question("one"), answer("one#a"), question("two"))
    stage = doubled(wanted)
    plan = stage.plan(wanted, only=("two",))
    assert plan.doubles == ()
    before = there(stage)
    report = stage.apply(wanted, only=("two",))
    assert there(stage) == before
    assert all("`--only` leaves it out" in it.what for it in report.incidents)
    assert len(report.incidents) == 2


def test_where_the_post_that_counted_is_gone_the_other_is_kept_and_bound() -> None:
    stage = doubled()
    plan = saved(stage.plan(WANTED))
    for number in (2, 1):
        stage.world.delete(stage.ada, number)
    report = stage.apply(plan)
    assert there(stage) == [3, 4]
    assert report.incidents == ()
    assert bound(stage) == {"one": SECOND, "one#a": OF_SECOND}
    assert stage.plan(WANTED).is_idle


def test_the_post_that_counts_is_looked_at_right_before_each_removal() -> None:
    wanted = manifest(question("one"), question("two"))
    stage = Stage()
    stage.apply(wanted)
    stage.undo()
    stage.apply(wanted)
    for number in (1, 2):
        stage.world.undelete(stage.ada, number)
    chidi = stage.world.user("acme", "Chidi Okafor")
    deleted: list[int] = []

    class Meddling(Faulty):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            outcome = await self.team.write(write, hold)
            assert write.ref is not None
            if not deleted:
                deleted.append(3 - (write.ref.id - 2))
                stage.world.delete(chidi, deleted[0])
            return outcome

    report = stage.apply(wanted, wrap=Meddling)
    kept = deleted[0] + 2
    assert kept in there(stage)
    assert len(there(stage)) == 2
    assert any("this one is the key's now" in it.what for it in report.incidents)
    assert sorted(it.id for it in bound(stage).values()) == there(stage)
    assert stage.plan(wanted).is_idle


def test_of_three_the_lowest_stays_and_is_the_keys() -> None:
    stage = doubled(manifest(question("one")))
    (post, _) = stage.questions()
    stage.undo("run-3")
    stage.act(stage.journal().unbind([Key("one")]))
    stage.world.delete(stage.ada, 1)
    stage.apply(manifest(question("one")))
    for number in (1, 2):
        stage.world.undelete(stage.ada, number)
    assert there(stage) == [1, 2, 3]
    stage.apply(manifest(question("one")))
    assert there(stage) == [post.id]
    assert bound(stage) == {"one": FIRST}
    assert stage.plan(manifest(question("one"))).is_idle


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 6])
def test_what_counts_may_go_at_any_look(moment: int) -> None:
    """Somebody deletes the pair that counts between two of our reads: ours is kept, whole."""
    stage = doubled()

    class Vanishing(Faulty):
        reads = 0

        def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
            if isinstance(scope, Refs | Under):
                Vanishing.reads += 1
                if Vanishing.reads == moment:
                    stage.world.delete(stage.world.user("acme", "Chidi Okafor"), 1)
            return super().read(scope)

    report = stage.apply(WANTED, wrap=Vanishing)
    left = {it.id for it in stage.questions()}
    assert left == {3}
    assert 4 in there(stage)
    assert bound(stage) == {"one": SECOND, "one#a": OF_SECOND}
    plan = stage.plan(WANTED)
    assert (plan.changes, plan.blocked, plan.doubles) == ((), (), ())
    assert not any("delete it on the site" in it.what for it in report.incidents)


def test_undoing_a_run_that_removed_doubles_names_them_and_waits_for_a_person() -> None:
    stage = doubled()
    stage.apply(WANTED)
    plan, report = stage.undo()
    assert {it.page.rpartition("/")[2] for it in plan.manual} == {"3", "4"}
    assert report.exit_code == ExitCode.DECISION
    assert there(stage) == [1, 2]


def test_an_undo_removes_no_doubles() -> None:
    stage = doubled()
    stage.apply(manifest(*WANTED.items, question("new")), only=("new",))
    before = there(stage)
    plan, report = stage.undo()
    assert [it.key for it in plan.changes] == ["new"]
    assert there(stage) == before[:-1]
    assert all("an undo removes no doubles" in it.what for it in report.incidents)
    assert {it.state for it in report.results} == {ResultState.DONE}


def test_a_colleagues_copy_is_no_double() -> None:
    stage = Stage()
    stage.apply(WANTED)
    (post,) = stage.questions()
    stage.world.ask(stage.bo, title=post.title or "", body=post.body, tags=post.tags)
    plan = stage.plan(WANTED)
    assert (plan.doubles, plan.orphans, plan.is_idle) == ((), (), True)
    assert stage.apply(plan).exit_code == ExitCode.DONE
