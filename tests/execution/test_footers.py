"""Footers: markers that readers see, written, found again over every API, and seen in lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importer.errors import ExitCode
from importer.model.ids import Field, Key, Kind, UserId
from importer.model.manifest import Fate, Footer, Item, OnDrift, Removed
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report
from importer.sandbox import Behaviour
from importer.text.marker import PREFIX
from tests.planning.stage import article, collection, having, text
from tests.stage import HERE, Stage, answer, manifest, question

WIKI = Footer("https://git.example.org/handbook")
ONLY = replace(WIKI, everywhere=True)
ITEMS = (question("one"), answer("one#a", accepted=True), article("leave"), question("two"))
KINDS = (*ITEMS, collection("start", "one", "leave"))
START = f"*[maintained in git]({WIKI.address}#teams-importer:1;handbook:"


def done(report: Report) -> Report:
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    return report


def nothing_to_do(plan: Plan) -> bool:
    return (plan.changes, plan.blocked, plan.drift, plan.orphans) == ((), (), (), ())


def bodies(stage: Stage) -> list[str]:
    return [it.body for it in (*stage.questions(), *stage.answers())]


def posts(stage: Stage) -> list[int]:
    texts = (*stage.questions(), *stage.answers(), *stage.world.articles("acme"))
    return [it.id for it in texts] + [it.id for it in stage.world.collections("acme")]


def retitled(item: Item) -> Item:
    return having(item, Field.TITLE, "Is this another title of the same thing?")


def reads(stage: Stage) -> int:
    return sum(it.method == "GET" for it in stage.world.requests)


@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
@pytest.mark.parametrize(
    "footer", [WIKI, ONLY, Footer()], ids=["footer", "everywhere", "no address"]
)
@pytest.mark.parametrize("api", ["auto", "3"])
def test_what_bears_a_footer_is_found_over_every_api(api: str, footer: Footer, lose: bool) -> None:
    stage = Stage(api=api)
    wanted = manifest(*KINDS, footer=footer)
    done(stage.apply(wanted))
    for body in bodies(stage):
        assert body.endswith('teams-importer")*')
        assert PREFIX not in body
    if lose:
        stage.lose_journal()
    for other in ("auto", "3"):
        stage.api = other
        assert nothing_to_do(stage.plan(wanted))
    stage.api = "2.3"
    assert nothing_to_do(stage.plan(manifest(*ITEMS, footer=footer)))


def test_the_footer_leads_where_the_manifest_says_else_to_the_team() -> None:
    stage = Stage(api="2.3")
    done(stage.apply(manifest(*ITEMS[:2], footer=WIKI)))
    assert [it.rsplit("\n", 1)[1].startswith(START) for it in bodies(stage)] == [True, True]
    other = Stage(api="2.3")
    done(other.apply(manifest(ITEMS[0], footer=Footer())))
    assert f"]({other.plan(manifest()).site}#teams-importer:1;handbook:one;" in bodies(other)[0]


@pytest.mark.parametrize(
    ("before", "after"), [(None, WIKI), (WIKI, None), (WIKI, Footer("https://elsewhere.example"))]
)
@pytest.mark.parametrize("lose", [False, True], ids=["with a journal", "without"])
def test_another_form_rides_along_with_the_next_edit_and_is_no_reason_to_write(
    before: Footer | None, after: Footer | None, lose: bool
) -> None:
    stage = Stage(api="2.3")
    done(stage.apply(manifest(*ITEMS[:2], footer=before)))
    was = bodies(stage)
    if lose:
        stage.lose_journal()
    assert nothing_to_do(stage.plan(manifest(*ITEMS[:2], footer=after)))
    edited = manifest(retitled(ITEMS[0]), ITEMS[1], footer=after)
    assert [it.id for it in stage.plan(edited).changes] == ["one!update"]
    done(stage.apply(edited))
    now = bodies(stage)
    assert now[0] != was[0]
    assert now[0].count("teams-importer:") == 1
    assert (PREFIX in now[0]) is (after is None)
    assert now[1] == was[1]
    assert nothing_to_do(stage.plan(edited))


@pytest.mark.parametrize("footer", [None, WIKI, ONLY], ids=["comment", "footer", "everywhere"])
def test_a_site_that_gives_texts_with_entities_changes_nothing(footer: Footer | None) -> None:
    stage = Stage(api="3", behaviour=Behaviour(burst_per_s=0, v3_markdown="encoded"))
    body = text('It\'s <b>bold</b>, "quoted" & all that, and long enough for the site.')
    wanted = manifest(having(question("one"), Field.BODY, body), footer=footer)
    done(stage.apply(wanted))
    stage.lose_journal()
    assert nothing_to_do(stage.plan(wanted))


def test_undo_writes_the_footer_that_there_was() -> None:
    stage = Stage(api="2.3")
    done(stage.apply(manifest(ITEMS[0], footer=WIKI)))
    (was,) = bodies(stage)
    done(stage.apply(manifest(retitled(ITEMS[0]), footer=WIKI)))
    _, report = stage.undo(footer=WIKI)
    assert report.exit_code == ExitCode.DONE
    assert bodies(stage) == [was]


def test_where_all_posts_bear_footers_a_list_is_enough_for_those_of_others() -> None:
    stage = Stage(api="3")
    done(stage.apply(manifest(*ITEMS, footer=ONLY)))
    for number in range(40):
        asked = stage.world.ask(
            stage.bo,
            title=f"What does somebody else ask, number {number}?",
            body="A question that is nobody's of ours, and long enough for the site.",
            tags=("testing",),
        )
        stage.world.answer(
            stage.ada, asked.id, body="An answer that is nobody's of ours, and long enough."
        )
    stage.lose_journal()
    counts: dict[bool, int] = {}
    for footer in (WIKI, ONLY):
        before = reads(stage)
        plan = stage.plan(manifest(*ITEMS, footer=footer))
        assert nothing_to_do(plan)
        counts[footer.everywhere] = reads(stage) - before
    assert counts[False] - counts[True] == 40 * 3
    assert counts[True] < 20


@pytest.mark.parametrize("publishers", [(), (1001,)], ids=["nobody named", "publishers"])
def test_a_post_of_ours_that_still_bears_a_comment_is_not_made_twice(
    publishers: tuple[int, ...],
) -> None:
    """The form changes with a post's next edit only, so comments outlive the switch."""
    stage = Stage(api="3")
    assert stage.ada.id == 1001
    done(stage.apply(manifest(*KINDS)))
    edited = manifest(retitled(ITEMS[0]), *KINDS[1:], footer=ONLY, publishers=publishers)
    done(stage.apply(edited))
    assert [PREFIX in it for it in bodies(stage)] == [False, True, True], "one has been edited"
    before = posts(stage)
    for _ in range(2):
        stage.lose_journal()
        assert nothing_to_do(stage.plan(edited))
        done(stage.apply(edited))
    assert posts(stage) == before


def test_the_posts_of_an_author_the_manifest_names_are_read_in_full() -> None:
    stage = Stage(api="3")
    done(stage.apply(manifest(*ITEMS)))
    stage.lose_journal()
    stage.token = stage.world.issue_token(stage.bo)
    named = tuple(replace(it, author=UserId(stage.ada.id)) for it in ITEMS)
    assert nothing_to_do(stage.plan(manifest(*named, footer=ONLY)))
    # The control: of a stranger a list without a footer is enough, and a title is seen in it.
    codes = {it.code for it in stage.plan(manifest(*ITEMS, footer=ONLY)).blocked}
    assert codes == {BlockedCode.EQUAL_TITLE, BlockedCode.NEEDS}


def test_a_question_of_somebody_else_that_ours_edited_last_is_read_in_full() -> None:
    stage = Stage(api="3")
    item = question("one")
    body = "Once upon a time there was a question about one, and somebody else asked it."
    asked = stage.world.ask(
        stage.bo, title=str(item.fields[Field.TITLE]), body=body, tags=("testing",)
    )
    done(stage.apply(manifest(replace(item, remote_id=asked.id, on_drift=OnDrift.OVERWRITE))))
    assert PREFIX in bodies(stage)[0]
    stage.lose_journal()
    assert nothing_to_do(stage.plan(manifest(item, footer=ONLY)))


def test_undo_reads_no_more_of_others_than_a_plan() -> None:
    counts: dict[bool, int] = {}
    for footer in (WIKI, ONLY):
        stage = Stage(api="3")
        body = "A question that is nobody's of ours, and long enough for the site."
        for number in range(20):
            title = f"What does somebody else ask, number {number}?"
            stage.world.ask(stage.bo, title=title, body=body, tags=("testing",))
        done(stage.apply(manifest(ITEMS[0], footer=footer)))
        done(stage.apply(manifest(retitled(ITEMS[0]), footer=footer)))
        before = reads(stage)
        _, report = stage.undo(footer=footer)
        assert report.exit_code == ExitCode.DONE
        counts[footer.everywhere] = reads(stage) - before
    assert counts[False] - counts[True] >= 20


def test_a_foreign_post_with_the_same_title_is_seen_in_the_list_all_the_same() -> None:
    stage = Stage(api="3")
    title = "What is the story of one?"
    stage.world.ask(
        stage.bo, title=title, body="Somebody asked this before us. " * 3, tags=("testing",)
    )
    plan = stage.plan(manifest(ITEMS[0], footer=ONLY))
    assert [it.code for it in plan.blocked] == [BlockedCode.EQUAL_TITLE]


def test_a_post_that_is_bound_by_its_id_is_read_whole() -> None:
    stage = Stage(api="3")
    item = question("one")
    stage.world.ask(
        stage.bo,
        title=str(item.fields[Field.TITLE]),
        body="Once upon a time there was a question about one.",
        tags=("testing",),
    )
    plan = stage.plan(manifest(replace(item, remote_id=1), footer=ONLY))
    assert nothing_to_do(plan), "it says what the item says"
    other = having(item, Field.TITLE, "What is another story of one?")
    blocked = stage.plan(manifest(replace(other, remote_id=1), footer=ONLY)).blocked
    assert [it.code for it in blocked] == [BlockedCode.NO_BASE]


def test_a_mark_on_a_strangers_answer_is_seen_in_the_list() -> None:
    stage = Stage(api="3")
    done(stage.apply(manifest(question("one"), answer("one#a"), footer=ONLY)))
    post = stage.questions()[0]
    other = stage.world.answer(stage.bo, post.id, body="Another answer, which is somebody else's.")
    stage.world.accept(stage.ada, other.id)
    stage.lose_journal()
    plan = stage.plan(manifest(question("one"), answer("one#a", accepted=True), footer=ONLY))
    assert [it.code for it in plan.blocked] == [BlockedCode.CONFLICT]


def test_what_is_removed_is_found_by_its_footer_without_a_journal() -> None:
    stage = Stage()
    done(stage.apply(manifest(*ITEMS, footer=ONLY)))
    stage.lose_journal()
    gone = (Removed(Key("two"), Fate.DELETE, HERE),)
    plan = stage.plan(manifest(*ITEMS[:3], removed=gone, footer=ONLY))
    assert [it.id for it in plan.changes] == ["two!delete"]
    assert plan.changes[0].kind is Kind.QUESTION
