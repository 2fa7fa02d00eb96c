"""What nobody knows of API v3 is a switch of the sandbox: the importer copes with each value.

Each time a handbook is applied, planned again with no change, an edit on the site is seen and
kept, and what the manifest gives up is deleted. A switch that is missing here fails.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from importer.errors import ExitCode
from importer.execution import RunOptions
from importer.model.ids import Field
from importer.model.manifest import Item
from importer.sandbox import Behaviour
from tests.planning.stage import article, collection, having, removed, tag, text
from tests.stage import Stage, answer, manifest, question

LEAVE = having(
    article("policy/leave"), Field.BODY, text("It is <b>one</b> & the 'same' \"leave\".")
)
ITEMS: tuple[Item, ...] = (
    tag("testing", experts=("user:1001",), adds=(Field.EXPERTS,)),
    question("one", body="See [leave](key:policy/leave), and don't say that nobody told you."),
    answer("one#a", accepted=True),
    answer("one#b", body="a < b && \"c\" > 'd', whatever anybody says of it.  \nA new line."),
    question("two"),
    question("three"),
    answer("three#a"),
    LEAVE,
    collection("start", "one", "policy/leave"),
)

SWITCHES: dict[str, list[Any]] = {
    "v3_check_order": ["scope_first", "body_first"],
    "v3_burst": [50, 0, 20, 5],
    "v3_burst_s": [2, 10, 0.5],
    "v3_bucket": [5000, 0, 60, 15],
    "v3_refill": [100, 10],
    "v3_refill_s": [60, 5],
    "v3_retry_after": ["absent", "seconds", "date"],
    "v3_throttled_as": ["problem", "text"],
    "v3_problem_type": ["application/json", "application/problem+json"],
    "v3_untyped": [False, True],
    "v3_wrong_method": [405, 404],
    "v3_deleted_shown": ["moderators", "everyone", "nobody"],
    "v3_lists_deleted": [False, True],
    "v3_empty_pages": [0, 1],
    "v3_answered": ["upvoted", "any"],
    "v3_comment_count": [True, False],
    "v3_markdown": ["plain", "encoded"],
    "v3_lf": [False, True],
    "v3_dates": ["mixed", "zoned", "zoneless"],
    "v3_own_vote": [403, 400],
    "v3_search_lag_s": [0, 60],
    "v3_search_whole": [False, True],
    "v3_dead_content": ["dropped", "unknown"],
    "v3_expert_added_twice": ["harmless", "refused"],
    "v3_expert_not_there": ["refused", "harmless"],
}
# What makes a limit tighter than documented is met, and waited out.
TIGHTER = {"v3_throttled_as": {"v3_burst": 5}, "v3_retry_after": {"v3_burst": 5},
           "v3_refill": {"v3_bucket": 30}, "v3_refill_s": {"v3_bucket": 30}}  # fmt: skip


def test_every_switch_of_v3_is_tried() -> None:
    assert set(SWITCHES) == {it.name for it in fields(Behaviour) if it.name.startswith("v3_")}
    for name, values in SWITCHES.items():
        assert values[0] == getattr(Behaviour(), name), name


def a_stage(api: str, **behaviour: Any) -> Stage:
    stage = Stage(
        behaviour=replace(Behaviour(burst_per_s=0, article_gap_s=0), **behaviour),
        options=RunOptions(settle_s=0.0, parallelism=8),
        api=api,
    )
    chidi = stage.world.users("acme")[2]
    stage.token = stage.world.issue_token(chidi)
    return stage


# Each value but the defaults, which go together in the first case; with both limits tightened,
# also the defaults of how that is told.
CASES = [
    ("v3_burst", 50),
    *((name, value) for name in TIGHTER for value in SWITCHES[name][:1]),
    *((name, value) for name, values in SWITCHES.items() for value in values[1:]),
]


@pytest.mark.parametrize("api", ["3", "auto"])
@pytest.mark.parametrize(("name", "value"), CASES, ids=str)
def test_a_handbook_is_kept_whatever_the_service_turns_out_to_do(
    name: str, value: Any, api: str
) -> None:
    stage = a_stage(api, **{**TIGHTER.get(name, {}), name: value})
    wanted = manifest(*ITEMS)
    report = stage.apply(wanted)
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    for way in (api, "2.3", "3"):
        stage.api = way
        again = stage.plan(wanted)
        assert (again.changes, again.drift, again.orphans) == ((), (), ()), way
    stage.api = api
    edited = stage.by_title()["What is the story of two?"]
    stage.clock.base += timedelta(minutes=5)
    stage.world.edit(stage.bo, edited.id, body="Somebody on the site said so, and at length.")
    drifted = stage.plan(wanted)
    assert [(it.key, it.field) for it in drifted.drift] == [("two", Field.BODY)]
    assert drifted.changes == ()
    rest = [it for it in ITEMS if it.key not in {"three", "three#a", "start"}]
    gone = [removed(it) for it in ("three", "start")]
    # A build that counts no comments says of no post that nobody has engaged in it.
    untold = (name, value, api) == ("v3_comment_count", False, "3")
    report = stage.apply(manifest(*rest, removed=gone), delete_engaged=untold)
    assert report.exit_code == ExitCode.DONE, report.results
    assert len(stage.questions()) == 2
    assert stage.plan(manifest(*rest, removed=gone)).changes == ()
