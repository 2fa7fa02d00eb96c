"""Posts that were deleted and made anew: what led to the old one leads to the new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importer.errors import ExitCode
from importer.model.ids import Field
from importer.model.manifest import OnDrift
from importer.sandbox import Post
from tests.planning.stage import article, collection, having, text
from tests.stage import Stage, answer, manifest, question

B, BA = question("b"), answer("b#x")
A = question("a", body="It leads to [the other](key:b), and to [its answer](key:b#x) of course.")
TEXT = text("The other is [there](key:b), and so on for long enough.")
LEAVE = having(article("leave"), Field.BODY, TEXT)
START = collection("start", "a", "b")
ALL = (B, BA, A, LEAVE, START)


def staged(api: str) -> Stage:
    """Return a stage on which what the others lead to has been taken back."""
    stage = Stage(api=api)
    assert stage.apply(manifest(B, BA)).exit_code == ExitCode.DONE
    assert stage.apply(manifest(*ALL)).exit_code == ExitCode.DONE
    assert stage.undo("run-1")[1].exit_code == ExitCode.DONE
    assert [it.title for it in stage.questions()] == [A.fields[Field.TITLE]]
    return stage


def new_post(stage: Stage) -> Post:
    return stage.by_title()[str(B.fields[Field.TITLE])]


def assert_relinked(stage: Stage) -> None:
    new = new_post(stage)
    first = stage.by_title()[str(A.fields[Field.TITLE])]
    (there,) = stage.world.articles("acme")
    (start,) = stage.world.collections("acme")
    (its,) = stage.answers()
    assert f"/questions/{new.id}" in first.body
    assert f"/a/{its.id}" in first.body or f"/{its.id}#" in first.body
    assert f"/questions/{new.id}" in there.body
    # Nothing tells whether somebody had taken it out before it was deleted.
    assert new.id not in start.content_ids


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
@pytest.mark.parametrize("api", ["auto", "3"])
def test_what_led_to_a_post_that_is_made_anew_leads_there_again(api: str, lose: bool) -> None:
    stage = staged(api)
    if lose:
        stage.lose_journal()
    report = stage.apply(manifest(*ALL))
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    assert_relinked(stage)
    plan = stage.plan(manifest(*ALL))
    assert (plan.changes, plan.blocked, plan.orphans) == ((), (), ())
    assert [(it.key, it.field) for it in plan.drift] == [("start", Field.ITEMS)]
    overwriting = manifest(*ALL[:4], replace(START, on_drift=OnDrift.OVERWRITE))
    assert stage.apply(overwriting).exit_code == ExitCode.DONE
    (start,) = stage.world.collections("acme")
    assert new_post(stage).id in start.content_ids


@pytest.mark.parametrize("api", ["auto", "3"])
def test_links_that_were_left_dead_are_mended_by_a_later_run(api: str) -> None:
    stage = staged(api)
    wanted = manifest(*ALL[:4])
    stage.apply(wanted, only=("b", "b#x"))
    assert new_post(stage).id
    plan = stage.plan(wanted)
    assert [it.id for it in plan.changes] == ["a!update", "leave!update"]
    assert stage.apply(plan).exit_code == ExitCode.DONE
    plan = stage.plan(wanted)
    assert (plan.changes, plan.blocked, plan.drift) == ((), (), ())


def test_a_text_that_was_edited_here_meanwhile_is_no_conflict() -> None:
    stage = staged("auto")
    edited = having(LEAVE, Field.BODY, text("Now it is [over there](key:b), and quite so."))
    assert stage.apply(manifest(B, BA, A, edited, START)).exit_code == ExitCode.DONE
    (there,) = stage.world.articles("acme")
    assert there.body.startswith("Now it is [over there](")
    assert f"/questions/{new_post(stage).id}" in there.body


def test_what_somebody_edited_besides_is_kept() -> None:
    stage = staged("auto")
    (first,) = stage.questions()
    stage.world.edit(stage.bo, first.id, body=f"Bo says more. {first.body}")
    plan = stage.plan(manifest(*ALL))
    assert [(it.key, it.field) for it in plan.drift] == [("a", Field.BODY), ("start", Field.ITEMS)]
    assert "a!update" not in [it.id for it in plan.changes]


def test_what_somebody_led_elsewhere_is_kept_also_when_that_is_gone() -> None:
    """It differs by a dead post alone; but who edited it last is not one of ours."""
    stage = staged("auto")
    (first,) = stage.questions()
    body = "A question of somebody else's, and long enough for the site."
    other = stage.world.ask(stage.bo, title="What does Bo ask?", body=body, tags=("testing",))
    old = first.body.partition("/questions/")[2].partition(")")[0]
    assert old
    stage.world.edit(
        stage.bo,
        first.id,
        body=first.body.replace(f"/questions/{old})", f"/questions/{other.id})", 1),
    )
    stage.world.delete(stage.bo, other.id)
    plan = stage.plan(manifest(*ALL))
    assert [(it.key, it.field) for it in plan.drift] == [("a", Field.BODY), ("start", Field.ITEMS)]


def test_what_somebody_took_out_of_a_collection_stays_out() -> None:
    stage = Stage()
    assert stage.apply(manifest(*ALL)).exit_code == ExitCode.DONE
    (start,) = stage.world.collections("acme")
    stage.world.replace_collection(
        stage.world.user("acme", "Chidi Okafor"),
        start.id,
        title=start.title,
        description=start.description,
        content_ids=start.content_ids[:1],
    )
    plan = stage.plan(manifest(*ALL))
    assert ([(it.key, it.field) for it in plan.drift], plan.changes) == (
        [("start", Field.ITEMS)],
        (),
    )
