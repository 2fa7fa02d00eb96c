"""Over API v3 posts that look as they did are not read: what happens on the site is seen all the
same. Every test plans through v3 with a warm journal, and through v2.3 as its control."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from importer.execution import RunOptions
from importer.model.ids import Field, Key
from importer.model.manifest import Item, Manifest, OnDrift, Policy
from importer.model.plan import Plan
from importer.sandbox import Behaviour, Post
from tests.planning.stage import article
from tests.stage import Stage, answer, manifest, question

OTHER = "Somebody said another thing, and it is as long as it has to be."


def a_stage(*items: Item, **behaviour: Any) -> tuple[Stage, Manifest]:
    stage = Stage(
        behaviour=Behaviour(burst_per_s=0, article_gap_s=0, **behaviour),
        options=RunOptions(settle_s=0.0, parallelism=8),
        api="3",
    )
    wanted = manifest(*(items or HANDBOOK))
    assert stage.apply(wanted).exit_code == 0
    stage.clock.base += timedelta(minutes=5)
    return stage, wanted


HANDBOOK = (
    question("one"),
    answer("one#a", accepted=True),
    answer("one#b"),
    question("two"),
    answer("two#a"),
    article("leave"),
)


def through_both(stage: Stage, wanted: Manifest, **decisions: Any) -> tuple[Plan, Plan]:
    plans = []
    for api in ("3", "2.3"):
        stage.api = api
        plans.append(stage.plan(wanted, **decisions))
    stage.api = "3"
    return plans[0], plans[1]


def seen(plan: Plan) -> list[object]:
    """Return what a plan found out."""
    return [
        sorted(it.id for it in plan.changes),
        sorted((it.key, it.field) for it in plan.drift),
        sorted((str(it.key), it.code) for it in plan.blocked),
        sorted(str(it.ref) for it in plan.orphans),
    ]


def reads(stage: Stage) -> list[str]:
    """Return the paths of the last plan's requests for posts."""
    before = len(stage.world.requests)
    stage.plan(manifest(*HANDBOOK))
    return [it.path for it in stage.world.requests[before:]]


def by_key(stage: Stage, key: str) -> Post:
    if "#" not in key:
        return stage.by_title()[f"What is the story of {key}?"]
    return next(it for it in stage.answers() if f"answer of {key} " in it.body)


def edit_question(stage: Stage) -> None:
    stage.world.edit(stage.bo, by_key(stage, "one").id, body=OTHER)


def edit_title(stage: Stage) -> None:
    stage.world.edit(stage.bo, by_key(stage, "one").id, title="What is another title of one?")


def edit_tags(stage: Stage) -> None:
    stage.world.edit(stage.bo, by_key(stage, "one").id, tags=["testing", "more"])


def edit_answer(stage: Stage) -> None:
    stage.world.edit(stage.bo, by_key(stage, "one#b").id, body=OTHER)


def edit_without_a_trace(stage: Stage) -> None:
    """What the HTML doesn't show: another way to write the same list item."""
    post = by_key(stage, "two#a")
    stage.world.edit(
        stage.bo, post.id, body=post.body.replace("The answer", "<!-- so -->The answer")
    )


def edit_article(stage: Stage) -> None:
    chidi = stage.world.users("acme")[2]
    stage.world.edit(chidi, stage.world.articles("acme")[0].id, body=OTHER)


def mark_set(stage: Stage) -> None:
    stage.world.accept(stage.ada, by_key(stage, "two#a").id)


def mark_taken(stage: Stage) -> None:
    stage.world.unaccept(stage.ada, by_key(stage, "one#a").id)


def delete_answer(stage: Stage) -> None:
    stage.world.delete(stage.world.users("acme")[2], by_key(stage, "one#b").id)


def delete_question(stage: Stage) -> None:
    stage.world.delete(stage.world.users("acme")[2], by_key(stage, "two").id)


def foreign_answer(stage: Stage) -> None:
    stage.world.answer(stage.bo, by_key(stage, "one").id, body=OTHER)


def foreign_question(stage: Stage) -> None:
    stage.world.ask(stage.bo, title="What does somebody else ask?", body=OTHER, tags=["more"])


HAPPENINGS: list[Callable[[Stage], None]] = [
    edit_question, edit_title, edit_tags, edit_answer, edit_without_a_trace, edit_article,
    mark_set, mark_taken, delete_answer, delete_question, foreign_answer, foreign_question,
]  # fmt: skip


def named(happening: object) -> str:
    return getattr(happening, "__name__", str(happening))


@pytest.mark.parametrize("happening", HAPPENINGS, ids=named)
@pytest.mark.parametrize("moment_s", [0, 1, 300], ids="{} s later".format)
def test_what_happened_on_the_site_is_seen(
    happening: Callable[[Stage], None], moment_s: int
) -> None:
    stage, wanted = a_stage()
    # The stage waits a minute after each run; the site's day has whole seconds.
    stage.clock.base += timedelta(seconds=moment_s)
    happening(stage)
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == seen(over_v23)


def test_where_nothing_happened_nothing_is_read_and_nothing_found() -> None:
    stage, wanted = a_stage()
    over_v3, _ = through_both(stage, wanted)
    assert seen(over_v3) == [[], [], [], []]
    assert not [it for it in reads(stage) if it.rsplit("/", 1)[-1].isdigit()]


@pytest.mark.parametrize("policy", [Policy(), Policy(on_drift=OnDrift.OVERWRITE)])
def test_a_drift_that_is_kept_is_never_hidden_by_a_stamp(policy: Policy) -> None:
    """Also after runs that saw it, and over the other dialect's."""
    stage, wanted = a_stage()
    edit_answer(stage)
    edit_question(stage)
    for api in ("3", "2.3", "3", "3"):
        stage.api = api
        assert stage.apply(wanted).exit_code == 0
        stage.api = "3"
        plan = stage.plan(wanted)
        assert {it.key for it in plan.drift} == {"one", "one#b"}
    plan = stage.plan(manifest(*wanted.items, policy=policy))
    is_kept = policy.on_drift is OnDrift.KEEP
    assert {it.key for it in plan.changes} == (set() if is_kept else {"one", "one#b"})


def test_an_edit_in_the_seconds_after_our_write_is_seen() -> None:
    """It was not: two seconds of doubt hid what happened in them, for good."""
    stage = Stage(behaviour=Behaviour(burst_per_s=0), options=RunOptions(settle_s=0.0), api="3")
    wanted = manifest(*HANDBOOK[:3])
    assert stage.apply(wanted).exit_code == 0
    written = max(it.created for it in stage.answers())
    post = by_key(stage, "one#b")
    stage.world.edit(stage.bo, post.id, body=OTHER)
    # As if it had been a second after the last write of the run.
    sql = "UPDATE posts SET edited = ? WHERE id = ?"
    stage.world.store.run(sql, (written + 1, post.id))
    sql = "UPDATE posts SET activity = ? WHERE id IN (?, ?)"
    stage.world.store.run(sql, (written + 1, post.id, post.question_id))
    over_v3, over_v23 = through_both(stage, wanted)
    assert [it.key for it in over_v3.drift] == ["one#b"]
    assert seen(over_v3) == seen(over_v23)


def test_a_mark_that_moved_between_our_answers_is_seen_with_the_next_activity() -> None:
    """The one thing that no list tells. Nothing is written over it: there is no change to make."""
    stage, wanted = a_stage()
    stage.world.accept(stage.ada, by_key(stage, "one#b").id)
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == [[], [], [], []]
    assert over_v23.drift
    foreign_answer(stage)
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == seen(over_v23)


def test_a_mark_that_moved_to_somebody_elses_answer_is_seen() -> None:
    stage, wanted = a_stage()
    foreign_answer(stage)
    stage.apply(wanted)
    stage.world.accept(stage.ada, next(it.id for it in stage.answers() if it.body == OTHER))
    over_v3, over_v23 = through_both(stage, wanted)
    assert over_v3.drift
    assert seen(over_v3) == seen(over_v23)


def test_after_a_run_that_looked_at_it_a_moved_post_is_quiet_again() -> None:
    """A stranger's answer costs its list and itself, and no longer the question."""
    stage, wanted = a_stage()
    foreign_answer(stage)
    page = by_key(stage, "one").id
    assert f"/v3/teams/acme/questions/{page}" in reads(stage)
    assert stage.apply(wanted).exit_code == 0
    assert f"/v3/teams/acme/questions/{page}" not in reads(stage)
    assert f"/v3/teams/acme/questions/{page}/answers" in reads(stage)


def test_a_synonym_made_on_the_site_changes_nothing_of_posts_that_were_not_read() -> None:
    items = (question("one", tags=["k8s"]), question("two", tags=["kubernetes"]))
    stage, wanted = a_stage(*items)
    stage.world.add_synonym(stage.world.users("acme")[2], "k8s", "kubernetes")
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == seen(over_v23) == [[], [], [], []]


@pytest.mark.parametrize("lost", [False, True], ids=["with a journal", "without"])
def test_with_publishers_what_others_wrote_is_not_read_and_what_we_wrote_there_is(
    lost: bool,
) -> None:
    """An answer of ours below a question of somebody else, which the manifest names by its id."""
    stage = Stage(behaviour=Behaviour(burst_per_s=0), options=RunOptions(settle_s=0.0), api="3")
    theirs = stage.world.ask(
        stage.bo, title="What does somebody else ask?", body=OTHER, tags=["more"]
    )
    strangers = [
        stage.world.ask(stage.bo, title=f"Stranger number {n} asks what?", body=OTHER + str(n),
                        tags=["more"])
        for n in range(5)
    ]  # fmt: skip
    adopted = question("theirs", title="What does somebody else ask?", body=OTHER, tags=["more"],
                       remote_id=theirs.id)  # fmt: skip
    wanted = manifest(adopted, answer("theirs#a"), question("one"), publishers=[stage.ada.id])
    assert stage.apply(wanted).exit_code == 0
    stage.clock.base += timedelta(minutes=5)
    if lost:
        stage.lose_journal()
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == seen(over_v23) == [[], [], [], []]
    paths = [it.path for it in stage.world.requests]
    assert not [it for it in paths if it.endswith(tuple(f"/{one.id}" for one in strangers))]


def test_key_of_nothing_is_quiet_without_a_journal() -> None:
    stage, wanted = a_stage()
    stage.lose_journal()
    over_v3, over_v23 = through_both(stage, wanted)
    assert seen(over_v3) == seen(over_v23) == [[], [], [], []]
    assert {it.key for it in over_v3.bindings} == {it.key for it in wanted.items}
    assert Key("one") in {it.key for it in over_v23.bindings}
    assert Field.BODY in wanted.items[0].fields
