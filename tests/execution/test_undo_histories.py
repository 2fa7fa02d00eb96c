"""Random histories, the last run undone: what stood before it, or a reason why not.

And no text that a person wrote is lost: not by the undo, nor by the apply after it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.model.ids import Field
from importer.model.manifest import Fate, OnDrift
from importer.sandbox import Behaviour
from importer.text.marker import detach
from tests.execution.test_histories import FIELDS, ITEMS, History, behaviours, step
from tests.stage import Stage

Posts = dict[int, dict[Field, Any]]

between = st.one_of(
    st.tuples(st.just("human"), st.sampled_from(ITEMS), st.sampled_from(FIELDS)),
    st.tuples(st.just("delete"), st.sampled_from(("two#a", "one")), st.just("")),
)


def seen(stage: Stage) -> Posts:
    """Return what a reader sees of each post, the accepted answer included."""
    found: Posts = {}
    for post in (*stage.questions(), *stage.answers()):
        body, _ = detach(post.body.replace("\r\n", "\n"))
        found[post.id] = {Field.BODY: body.strip()}
        if post.kind == "question":
            found[post.id] |= {
                Field.TITLE: post.title,
                Field.TAGS: tuple(sorted(post.tags)),
                Field.ACCEPTED: post.accepted_id,
            }
    return found


def keys(stage: Stage) -> dict[int, str]:
    posts = (*stage.questions(), *stage.answers())
    markers = {it.id: detach(it.body.replace("\r\n", "\n"))[1] for it in posts}
    return {number: it.key.partition(":")[2] for number, it in markers.items() if it}


@settings(max_examples=80)
@given(
    behaviours,
    st.lists(step, max_size=8),
    st.sampled_from(OnDrift),
    st.lists(between, max_size=2),
)
@example(
    Behaviour(burst_per_s=0),
    [("keep", "", ""), ("human", "one", Field.TITLE)],
    OnDrift.OVERWRITE,
    [],
)
@example(
    Behaviour(burst_per_s=0), [("keep", "", ""), ("remove", "one", Fate.DELETE)], OnDrift.KEEP, []
)
def test_an_undone_run_leaves_what_stood_before_it_or_says_why_not(
    behaviour: Behaviour,
    steps: list[tuple[str, str, Any]],
    on_drift: OnDrift,
    then: list[tuple[str, str, Any]],
) -> None:
    history = History(Stage(behaviour=behaviour))
    for action, key, what in steps:
        history.play(action, key, what)
    stage = history.stage
    before, human = seen(stage), dict(history.human)
    history.apply(on_drift)
    names, run, ran = keys(stage), f"run-{stage.runs}", seen(stage)
    for action, key, what in then:
        history.play(action, key, what)
    now = seen(stage)

    plan, _ = stage.undo(run)

    after = seen(stage)
    told = {it.key for it in plan.blocked} | {it.key for it in plan.manual}
    for post in ran:
        if post not in now or names[post] in told:
            assert after.get(post) == now.get(post) or post in now, "a gone post came back"
            continue
        edited = [it for it in FIELDS if now[post].get(it) != ran[post].get(it)]
        assert not edited or post in before, "an edited new post was deleted"
        if post not in before:
            assert post not in after, f"{names[post]} was created, and is still there"
            continue
        for name, value in after[post].items():
            touched = now[post][name] != ran[post][name]
            wanted = now[post][name] if touched else before[post][name]
            assert value == wanted, f"{name} of {names[post]}"
    live = history._live()  # noqa: SLF001 - a test's own
    history.human = {
        (post, name): written
        for (post, name), written in [*human.items(), *history.human.items()]
        if post in live and live[post][name] == written.value
    }
    history.apply(OnDrift.KEEP)
    assert stage.plan(history.manifest(OnDrift.KEEP)).changes == ()
