"""What a plan says, in which order, and what it folds away."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from importer.model.ids import Field, Key, Kind, Ref, Verb
from importer.model.plan import Cost, Decisions, Double, ManualStep, Orphan, Plan, Reason, Side
from importer.planning.plan_file import plan_bytes
from importer.rendering import Format, render_plan
from importer.rendering.plan_view import plan_view
from importer.text.links import Text, plain
from tests.factories import (
    SITE,
    a_change,
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_field,
    a_guard,
    a_plan,
    an_accept,
    an_answer,
    an_update,
)
from tests.rendering.cases import PLANS
from tests.rendering.documents import TEMPLATES, markdown_of, text_of

DRIFT = (a_drift(Field.TAGS, ("a",), ("b",)), a_drift(Field.TITLE, "One", "Two"))
ORPHAN = Orphan(Key("old"), Ref(Kind.QUESTION, 9), "", "Old")
STEP = ManualStep(Key("tag:a"), "set the description", f"{SITE}/tags/a/info")


def _last_line(plan: Plan) -> str:
    return text_of(plan).rstrip("\n").rpartition("\n")[2]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(a_plan(), "No changes. 40 items match the team.", id="empty"),
        pytest.param(a_plan(unchanged=1), "No changes. 1 item matches the team.", id="one"),
        pytest.param(a_plan(unchanged=0), "No changes. 0 items match the team.", id="nothing"),
        pytest.param(
            a_plan(drift=DRIFT),
            "No changes to make; 2 drifted fields are kept. 40 items match the team.",
            id="drift only",
        ),
        pytest.param(
            a_plan(drift=DRIFT[:1], blocked=(a_guard(),), orphans=(ORPHAN,), manual=(STEP, STEP)),
            "No changes to make; 1 drifted field is kept, 1 item is blocked, 1 orphan is kept, "
            "2 steps are to do by hand. 40 items match the team.",
            id="all but changes",
        ),
        pytest.param(
            a_plan(a_create()),
            "Plan: 1 to create, 0 to update, 0 to delete; 40 unchanged.",
            id="a create",
        ),
        pytest.param(
            a_plan(
                *(a_create(str(number)) for number in range(1_200)),
                an_update(),
                an_accept(),
                a_delete(),
                drift=DRIFT,
                blocked=(a_guard(),),
                orphans=(ORPHAN,),
                manual=(STEP,),
            ),
            "Plan: 1,200 to create, 2 to update, 1 to delete; 2 drifted (kept), 1 blocked, "
            "1 orphaned (kept), 1 by hand; 40 unchanged.",
            id="everything",
        ),
    ],
)
def test_the_last_line_counts_it_all(plan: Plan, expected: str) -> None:
    assert _last_line(plan) == expected
    assert f"**{expected}**" in markdown_of(plan).replace("`", "")


def test_a_double_is_told_apart_from_an_orphan() -> None:
    """Naming it under `removed:`, as an orphan's advice goes, would remove the key's own post."""
    double = replace(ORPHAN, ref=Ref(Kind.ARTICLE, 9), double_of=Ref(Kind.ARTICLE, 4))
    text = text_of(a_plan(orphans=(double,)))
    assert "Doubles, further posts with the marker of a key (1)" in text
    assert "article/9; the post of its key is article/4" in text
    assert "Delete them on the site" in text
    assert "removed:" not in text
    assert "Orphans" not in text
    assert _last_line(a_plan(orphans=(double,))).startswith(
        "No changes to make; 1 double is on the site."
    )


REMOVED = Double(
    Key("one"), Ref(Kind.QUESTION, 9), "https://e.x/questions/9", "One?", Ref(Kind.QUESTION, 4)
)
LEFT = replace(REMOVED, ref=Ref(Kind.QUESTION, 11), stays="others have engaged with it")


def test_what_apply_removes_as_a_double_is_listed_and_counted() -> None:
    plan = a_plan(doubles=(REMOVED, LEFT))
    text = text_of(plan)
    assert "question/9; question/4 counts" in text
    assert "question/11; question/4 counts" in text
    assert "others have engaged with it" in text
    assert text.index("question/9") < text.index("Delete them on the site; what somebody wrote")
    assert _last_line(plan).startswith(
        "Plan: 0 to create, 0 to update, 1 to delete (1 as a double); 1 doubled;"
    )
    view = plan_view(plan, verbose=False, utf8=True)
    assert view["has_changes"]
    assert (view["counts"]["changes"], view["counts"]["removals"]) == (1, 1)


def test_doubles_that_stay_are_nothing_to_carry_out() -> None:
    plan = a_plan(doubles=(LEFT,))
    assert _last_line(plan).startswith("No changes to make; 1 double is on the site.")
    assert not plan_view(plan, verbose=False, utf8=True)["has_changes"]


def test_a_double_of_what_is_removed_says_when_it_goes() -> None:
    double = replace(ORPHAN, double_of=Ref(Kind.QUESTION, 4), removed=True)
    assert "question/4, which goes; once it is gone, this one is the key's" in text_of(
        a_plan(a_delete(), orphans=(double,))
    )


def test_sections_come_with_what_waits_and_what_deletes_first() -> None:
    text = text_of(PLANS["every action"])
    titles = ("Blocked", "To delete", "To update", "To create", "New tags", "Drift", "Orphans")
    places = [text.index(f"\n{title}") for title in (*titles, "By hand", "Notes")]
    assert places == sorted(places)


def test_what_follows_on_a_new_post_stands_behind_the_new_posts() -> None:
    new = a_plan(an_answer("a#b"), an_accept("a#b"), an_accept("old#b"))
    text = text_of(new)
    assert "To update (1)\n  ~ answer old#b: mark as accepted" in text
    assert "To update on the posts just created (1)\n  ~ answer a#b: mark as accepted" in text
    assert text.index("To create (1)") < text.index("To update on the posts")
    assert _last_line(new) == "Plan: 1 to create, 2 to update, 0 to delete; 40 unchanged."


def test_the_experts_of_a_new_tag_follow_on_the_post_that_brings_it() -> None:
    fields = (a_field(Field.EXPERTS, (), ("user:12",)),)
    experts = a_change("tag:git", Verb.SET, Reason.NEW, kind=Kind.TAG, fields=fields)
    plan = a_plan(a_create(brings_tags=("git",)), experts)
    shown = text_of(plan)
    assert "To update (" not in shown
    assert shown.index("To create (1)") < shown.index("tag tag:git")


def test_a_list_in_order_is_compared_line_by_line_and_a_new_one_counted() -> None:
    items = ("key:one", "article/9")
    change = a_field(Field.ITEMS, items, ("article/9", "key:one"))
    plan = a_plan(a_change("s", Verb.UPDATE, Reason.EDITED, kind=Kind.COLLECTION, fields=(change,)))
    assert "items    +1 -1 lines" in text_of(plan)
    new = a_change(
        "s",
        Verb.CREATE,
        Reason.NEW,
        kind=Kind.COLLECTION,
        fields=(a_field(Field.ITEMS, None, items),),
    )
    shown = text_of(a_plan(new))
    assert "items    2 items" in shown
    assert f"{SITE}/articles/9" in shown


def test_a_guard_is_the_first_of_the_blocked() -> None:
    text = text_of(a_plan(blocked=(a_conflict(), a_guard())))
    assert text.index("! guard") < text.index("! question vpn/setup")


def test_a_section_without_entries_is_not_there() -> None:
    assert "To delete" not in text_of(a_plan(a_create()))
    assert "To delete" in text_of(a_plan(a_delete()))


def test_the_legend_explains_only_the_symbols_that_occur() -> None:
    text = text_of(a_plan(a_create(), drift=DRIFT))
    assert "  + create\n  ≠ drift, kept\n" in text
    assert "- delete" not in text


def test_without_utf8_our_own_symbols_are_ascii() -> None:
    plan = a_plan(drift=DRIFT, manual=(STEP,))
    assert {"≠", "✎"} <= set(text_of(plan))
    assert text_of(plan, utf8=False).isascii()
    assert "  <> question pat" in text_of(plan, utf8=False)


BODY = "".join(f"line {number}\n" for number in range(10))


def test_a_new_question_shows_its_first_lines_and_all_of_them_when_verbose() -> None:
    plan = a_plan(a_create(body=BODY))
    folded, whole = text_of(plan), text_of(plan, verbose=True)
    assert "body     10 lines, 70 characters" in folded
    assert "line 2" in folded
    assert "line 3" not in folded
    assert "7 more lines" in folded
    assert "line 9" in whole
    assert "more line" not in whole


def test_a_new_questions_title_is_said_once() -> None:
    assert text_of(a_plan(a_create(title="When is it?"))).count("When is it?") == 1


def test_an_accepted_mark_is_one_line_of_words() -> None:
    text = text_of(a_plan(an_accept(), an_accept("rollback#old", after=False)))
    assert "~ answer rollback#cli: mark as accepted (edited) content/rollback.md:14" in text
    assert "~ answer rollback#old: take the accepted mark off (edited)" in text


def test_the_second_write_of_a_cycle_says_so_and_shows_no_text() -> None:
    change = an_update(a_field(Field.BODY, plain("a"), plain("b")), reason=Reason.LINKS)
    assert "(links: second write of a cycle)" in text_of(a_plan(change))
    assert "  body" not in text_of(a_plan(change))
    assert "  body" in text_of(a_plan(change), verbose=True)


def test_a_new_tag_is_a_line_of_its_own_with_who_brings_it() -> None:
    plan = a_plan(a_create(brings_tags=("oncall",)), new_tags=("oncall",))
    assert "\n  + new tag: oncall (comes with oncall/freeze)\n" in text_of(plan)


@pytest.mark.parametrize(
    ("site", "target", "shown"),
    [
        pytest.param(SITE, "key:oncall/freeze", "(key:oncall/freeze)", id="an item"),
        pytest.param(SITE, "question/12", f"({SITE}/questions/12)", id="a question"),
        pytest.param(SITE, "answer/13", f"({SITE}/a/13)", id="an answer"),
        pytest.param("", "question/12", "(question/12)", id="a question, site unknown"),
        pytest.param(SITE, "no ref", "(no ref)", id="neither"),
    ],
)
def test_a_hole_shows_where_it_leads(site: str, target: str, shown: str) -> None:
    change = a_change(
        "a",
        Verb.CREATE,
        Reason.NEW,
        fields=(a_field(Field.BODY, None, Text("[x](\0)", (target,))),),
    )
    assert f"[x]{shown}" in text_of(a_plan(change, site=site))


def test_a_changed_link_alone_is_a_change_of_the_line() -> None:
    before, after = (Text("See [it](\0) now.\n", (target,)) for target in ("key:a", "key:b"))
    text = text_of(a_plan(an_update(a_field(Field.BODY, before, after))))
    assert "| ~ See [it](key:[-a-]{+b+}) now." in text


def test_a_changed_word_in_a_long_line_shows_with_its_neighbours_only() -> None:
    line = " ".join(f"word{number}" for number in range(300))
    change = an_update(a_field(Field.BODY, plain(line), plain(line.replace("word150", "other"))))
    shown = next(it for it in text_of(a_plan(change)).split("\n") if "{+" in it)
    assert "[-word150-]{+other+}" in shown
    assert len(shown) < 200
    whole = next(it for it in text_of(a_plan(change), verbose=True).split("\n") if "{+" in it)
    assert "word0 " in whole


def test_a_tab_shows_where_it_changed_and_as_blanks_elsewhere() -> None:
    before, after = "\tkept by all\n\tgo  on\n", "\tkept by all\n\tgo\ton\n"
    text = text_of(a_plan(an_update(a_field(Field.BODY, plain(before), plain(after)))))
    assert "|       kept by all" in text
    assert r"go[-  -]{+\t+}on" in text


def test_a_blocked_item_shows_what_writing_it_would_change() -> None:
    side = Side(Field.TITLE, "Ours is it", "Theirs is it")
    assert "title    [-Theirs-]{+Ours+} is it" in text_of(a_plan(blocked=(a_conflict(side),)))


def test_drift_shows_what_the_site_changed() -> None:
    drift = a_drift(Field.TITLE, "Ours is it", "Theirs is it")
    assert "title    [-Ours-]{+Theirs+} is it" in text_of(a_plan(drift=(drift,)))


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        pytest.param(
            Cost(1, 0, 0.2, 10_000, 1),
            [
                "about 1 request (1 write, 0 reads), less than 0.1% of the day's 10,000",
                "less than 1 s at the documented pace",
                "1 question comes to the top of everybody's page",
            ],
            id="small",
        ),
        pytest.param(
            Cost(25_000, 300, 7_500.0, 10_000, 4_000),
            [
                "about 25,300 requests (25,000 writes, 300 reads), 253% of the day's 10,000",
                "at least 2 h 5 min at the documented pace, on 3 days",
                "4,000 questions come to the top of everybody's page",
            ],
            id="more than a day's",
        ),
        pytest.param(
            Cost(10, 3, 65.0, 0, 0),
            [
                "about 13 requests (10 writes, 3 reads)",
                "at least 1 min 5 s at the documented pace",
                "0 questions come to the top of everybody's page",
            ],
            id="no quota known",
        ),
    ],
)
def test_the_cost_is_told(cost: Cost, expected: list[str]) -> None:
    text = text_of(a_plan(a_create(), cost=cost))
    assert all(line in text for line in expected)


def test_a_plan_without_changes_costs_nothing_to_tell() -> None:
    assert "cost " not in text_of(a_plan(cost=Cost(per_day=10_000)))


def test_decisions_are_told_as_the_options_they_came_from() -> None:
    decisions = Decisions(only=("faq/*",), prune=True, max_deletes="5%", limit=0)
    text = text_of(a_plan(decisions=decisions))
    for option in ("--only faq/*", "--prune", "--max-deletes 5%", "--limit 0"):
        assert f"Decided  {option}\n" in text
    assert "--max-creates" not in text


def test_json_is_the_plan_files_own_json() -> None:
    for plan in PLANS.values():
        document = render_plan(plan, format=Format.JSON, templates=TEMPLATES)
        assert document.encode() == plan_bytes(plan)
        assert json.loads(document)["namespace"] == "handbook"


def test_a_line_of_content_never_begins_a_line_of_a_narrow_terminal() -> None:
    text = text_of(a_plan(a_create(body=("x" * 90 + " ") * 3 + "\n"), an_answer()), width=50)
    assert all(len(line) <= 50 for line in text.split("\n"))
    assert all(line.startswith("        |   ") for line in text.split("\n") if "xxx" in line)


def test_a_plan_of_5000_creates_is_rendered_in_two_seconds() -> None:
    body = "A line of text that is long enough to read.\n" * 30
    plan = a_plan(*(a_create(f"item/{number}", f"Title {number}", body) for number in range(5_000)))
    start = time.process_time()
    text = text_of(plan)
    assert time.process_time() - start < 2
    assert text.count("  + question item/") == 5_000
