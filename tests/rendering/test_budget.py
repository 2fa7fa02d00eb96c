"""A document fits one pull-request comment, whatever the plan's size, and stays well-formed."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from importer.model.ids import Field, Key, Kind, Ref, Verb
from importer.model.plan import Double, ManualStep, Orphan, Reason
from importer.model.report import ResultState
from importer.rendering import Format, render_report
from importer.rendering.budget import MARKS, fit
from importer.text.lengths import LEAST_CHARACTERS, MOST_CHARACTERS, characters_in
from importer.text.links import plain
from tests.factories import (
    HOSTILE,
    SITE,
    a_change,
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_field,
    a_guard,
    a_plan,
    a_report,
    a_result,
    an_update,
    hostile_texts,
    plans,
)
from tests.rendering.documents import TEMPLATES, markdown_of
from tests.rendering.test_hostile import assert_inert

if TYPE_CHECKING:
    from importer.model.plan import Blocked, Change, Plan

GITHUB = 65_536
_AREAS = ("oncall", "handbook/people", "vpn", "policies/2026")


def _text(chance: random.Random, most: int) -> str:
    lines = [
        chance.choice([*HOSTILE, "````", "~~~", "</details>", "A plain line.", "🙂" * 9, ""])
        for _ in range(chance.randint(0, most))
    ]
    return "\n".join([*lines, "The end."]) + "\n"


def _change(chance: random.Random, number: int, lines: int) -> Change:
    key = f"{chance.choice(_AREAS)}/page-{number}"
    title = chance.choice([*HOSTILE, "How do I get there?"])
    match chance.choice(list(Verb)):
        case Verb.CREATE:
            return a_create(key, title, body=_text(chance, lines))
        case Verb.UPDATE:
            bodies = (plain(_text(chance, lines)), plain(_text(chance, lines)))
            return an_update(
                a_field(Field.TITLE, "Before", title), a_field(Field.BODY, *bodies), key=key
            )
        case Verb.SET:
            return a_change(
                f"{key}#answer",
                Verb.SET,
                Reason.EDITED,
                kind=Kind.ANSWER,
                fields=(a_field(Field.ACCEPTED, False, True),),
            )
        case Verb.DELETE:
            return a_delete(key, title)


def _blocked(number: int) -> Blocked:
    return a_conflict(key=f"{_AREAS[number % len(_AREAS)]}/conflict-{number}")


def a_random_plan(seed: int, changes: int, conflicts: int, *, lines: int = 2) -> Plan:
    """Return a plan of so many changes, whose texts have up to so many lines."""
    chance = random.Random(seed)
    return a_plan(
        *(_change(chance, number, lines) for number in range(changes)),
        blocked=(a_guard(), *(_blocked(number) for number in range(conflicts))),
        orphans=tuple(
            Orphan(Key(f"orphan/{it}"), Ref(Kind.QUESTION, it), f"{SITE}/questions/{it}", "Old")
            for it in range(chance.randint(0, 40))
        ),
        doubles=(Double(Key("twice"), Ref(Kind.QUESTION, 95), "", "Twice", Ref(Kind.QUESTION, 7)),),
        manual=(ManualStep(Key("tag:vpn"), "set its description", f"{SITE}/tags/vpn/info"),),
        drift=(a_drift(Field.TAGS, ("a", "b"), ("a",)),),
        notes=("There is no journal here.",),
    )


def named_in(document: str) -> set[str]:
    """Return the keys that a reader finds: in headlines, in summaries, and in lists by folder."""
    tokens = MarkdownIt("commonmark").parse(document)
    found = {
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type == "code_inline"
    }
    elements = "".join(it.content for it in tokens if it.type == "html_block")
    for summary in re.findall("<code>([^<]*)</code>", elements):
        found.add(re.sub(r"&#(\d+);", lambda it: chr(int(it[1])), summary))
    for token in tokens:
        if token.type == "fence" and token.info == "text":
            found |= _listed(token.content)
    return found


def _listed(content: str) -> set[str]:
    folder, found = "", set()
    for line in content.splitlines():
        words = line.split()
        if not line.startswith(" "):
            folder = words.pop(0).removesuffix(":") if words[0].endswith("/:") else ""
        found |= {folder + word for word in words}
    return found


def must_be_named(plan: Plan) -> set[str]:
    """Return the keys of what waits for a person, and of what is deleted."""
    return {
        *(it.key for it in plan.blocked if it.key),
        *(it.key for it in plan.changes if it.verb is Verb.DELETE),
        *(it.key for it in plan.removals),
    }


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 30), st.integers(0, 60))
@settings(max_examples=12, deadline=None)
def test_a_random_plan_fits_a_comment_and_names_what_matters(
    seed: int, changes: int, conflicts: int, lines: int
) -> None:
    plan = a_random_plan(seed, changes, conflicts, lines=lines)
    document = markdown_of(plan)
    assert characters_in(document) <= MOST_CHARACTERS < GITHUB
    assert must_be_named(plan) <= named_in(document)
    assert_inert(document)


@given(st.integers(0, 2**32), st.integers(0, 1_000))
@settings(max_examples=2, deadline=None)
def test_a_plan_of_5_000_changes_fits_a_comment_and_names_what_matters(
    seed: int, conflicts: int
) -> None:
    plan = a_random_plan(seed, 5_000, conflicts)
    assert len(plan.changes) == 5_000
    document = markdown_of(plan)
    assert characters_in(document) <= MOST_CHARACTERS < GITHUB
    assert must_be_named(plan) <= named_in(document)
    assert "There is no journal here." in document
    assert "`tag:vpn`: set its description" in document
    for section in ("To create", "To update", "To delete"):
        assert f"### {section} (" in document
    assert_inert(document)


def test_5_000_deletions_are_all_named() -> None:
    plan = a_plan(*(a_delete(f"handbook/people/{number}") for number in range(5_000)))
    document = markdown_of(plan)
    assert characters_in(document) <= MOST_CHARACTERS
    assert must_be_named(plan) <= named_in(document)
    assert_inert(document)


def test_names_beyond_what_any_comment_holds_are_counted() -> None:
    """The control: 2,000 keys of 90 characters are 180,000; the comment says how many more."""
    keys = [f"{number:05}-{'x' * 84}" for number in range(2_000)]
    document = markdown_of(a_plan(*(a_delete(key) for key in keys)))
    assert MOST_CHARACTERS - 1_000 < characters_in(document) <= MOST_CHARACTERS
    found = named_in(document)
    named = [key for key in keys if key in found]
    (more,) = re.findall(r"\* ([\d,]+) more entries, shown with --verbose", document)
    assert len(named) + int(more.replace(",", "")) == 2_000
    assert named == keys[: len(named)]


@given(plans(hostile_texts()), st.integers(LEAST_CHARACTERS, 9_000))
@settings(max_examples=15, deadline=None)
def test_whatever_a_plan_holds_it_fits_and_is_inert(plan: Plan, most: int) -> None:
    document = markdown_of(plan, max_chars=most)
    assert characters_in(document) <= most
    assert_inert(document)


def test_the_largest_give_way_first() -> None:
    small = [an_update(a_field(Field.TITLE, "A", "B"), key=f"small-{it}") for it in range(20)]
    body = plain("".join(f"line {it}\n" for it in range(150)))
    large = an_update(a_field(Field.BODY, plain("x\n"), body), key="large")
    whole = characters_in(markdown_of(a_plan(*small, large)))
    document = markdown_of(a_plan(*small, large), max_chars=whole - 400)
    assert document.count("<details>") == 21
    assert "+line 4\n" in document
    assert "line 90" not in document
    assert "more changed lines @@" in document
    assert markdown_of(a_plan(*small, large)).count("+line 90\n") == 1
    tight = markdown_of(a_plan(*small, large), max_chars=5_000)
    assert "\n* question `large`" in tight
    assert "large`: " not in tight


def test_conflicts_stay_whole_where_creates_have_to_give_way() -> None:
    plan = a_plan(
        *(a_create(f"new/{number}") for number in range(2_000)),
        blocked=tuple(a_conflict(key=f"conflict/{number}") for number in range(5)),
    )
    document = markdown_of(plan)
    assert document.count("* why: the manifest and the site both changed") == 5
    assert "more entries, shown with --verbose" in document


def test_small_sections_stay_beside_a_large_one() -> None:
    plan = a_plan(
        *(a_create(f"new/{number}") for number in range(2_000)),
        manual=(ManualStep(Key("tag:vpn"), "set its description", f"{SITE}/tags/vpn/info"),),
        notes=("There is no journal here.",),
    )
    document = markdown_of(plan)
    assert "There is no journal here." in document
    assert "`tag:vpn`" in document


def test_a_verbose_document_is_whole_unless_a_limit_is_given() -> None:
    plan = a_random_plan(7, 200, 10, lines=60)
    whole = markdown_of(plan, verbose=True)
    assert characters_in(whole) > GITHUB
    assert characters_in(markdown_of(plan, verbose=True, max_chars=20_000)) <= 20_000


def test_a_report_fits_and_names_what_failed() -> None:
    results = [
        a_result(
            key=f"page/{number}",
            state=ResultState.REJECTED if number % 3 == 0 else ResultState.DONE,
            why="too long" * 9,
        )
        for number in range(3_000)
    ]
    report = a_report(*results)
    document = render_report(report, format=Format.MARKDOWN, templates=TEMPLATES)
    assert characters_in(document) <= MOST_CHARACTERS
    failed = {it.key for it in results if it.state is ResultState.REJECTED}
    assert failed <= named_in(document)
    assert_inert(document)


@pytest.mark.parametrize("text", ["", "a\n", "é" * 5, "🙂" * 5])
def test_length_is_counted_in_utf_16_units(text: str) -> None:
    assert characters_in(text) == sum(2 if ord(it) > 0xFFFF else 1 for it in text)


def test_a_template_of_ones_own_needs_cuts_alone() -> None:
    cut = str(MARKS["cut"])
    text = "head\n" + "".join(f"{cut}* entry {it}\n" for it in range(2_000)) + f"{cut}foot\n"
    document = fit(text, LEAST_CHARACTERS)
    assert characters_in(document) <= LEAST_CHARACTERS
    assert document.startswith("head\n* entry 0\n")
    assert document.endswith("foot\n")
    assert re.search(r"\* [\d,]+ more entries, shown with --verbose", document)
    assert fit(text, None) == text.replace(cut, "")
