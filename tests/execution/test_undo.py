"""Apply, then undo: the team is as it was, and what others built upon the run stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from importer.errors import ExitCode
from importer.model.ids import Field, Key, RunId, Verb
from importer.model.manifest import Fate, Item, OnDrift, Removed
from importer.model.plan import BlockedCode, Plan
from importer.model.report import ResultState
from importer.sandbox import Behaviour, Post
from importer.text.links import plain
from tests.faults import AFTER, answering
from tests.stage import HERE, Stage, answer, manifest, question

THREE = (
    question("one", body="The first, which leads to [the third](key:three) of them."),
    question("two", tags=["testing", "python"]),
    answer("two#a", accepted=True),
    answer("two#b"),
    question("three", body="The third, which leads back to [the first](key:one) of them."),
)


def posts(stage: Stage) -> dict[int, tuple[object, ...]]:
    """Return what a reader sees of each post, and the marker."""
    return {
        post.id: (post.title, post.tags, post.body, post.accepted_id)
        for post in (*stage.questions(), *stage.answers())
    }


def test_undone_a_first_apply_leaves_the_team_without_posts_and_applies_again() -> None:
    stage = Stage()
    own = stage.world.ask(
        stage.bo, title="What did people ask before?", body="x" * 40, tags=["testing"]
    )
    before = posts(stage)
    first = stage.plan(manifest(*THREE))
    stage.apply(manifest(*THREE))
    plan, report = stage.undo()
    assert (report.exit_code, plan.blocked, plan.manual) == (ExitCode.DONE, (), ())
    assert posts(stage) == before
    assert own.id in before
    again = stage.plan(manifest(*THREE))
    assert [it.id for it in again.changes] == [it.id for it in first.changes]
    assert again.drift + again.blocked == ()
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert stage.plan(manifest(*THREE)).changes == ()
