"""Suggestions as a document: whatever titles say, it drives no terminal, CI service or page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from importer.model.adoption import (
    Adopted,
    AdoptedReport,
    Adoption,
    AdoptionReport,
    Became,
    Likeness,
    Suggestion,
    Told,
)
from importer.model.ids import Field, Key, Kind, Ref
from importer.rendering import Format, render_adopted, render_adoption
from importer.text.digests import Digest
from tests.factories import HOSTILE, a_span
from tests.rendering.documents import TEMPLATES
from tests.rendering.test_hostile import assert_harmless, assert_inert

FORMS = (Format.TEXT, Format.MARKDOWN, Format.JSON)


def suggestion(key: str = "one", number: int = 1, **more: Any) -> Suggestion:
    title = "What is it?"
    given = {"there": title, "how": Likeness.TITLE, "score": 100, "span": a_span(), **more}
    return Suggestion(
        Key(key),
        Kind.QUESTION,
        given.pop("title", title),
        Ref(Kind.QUESTION, number),
        f"https://team.example/q/{number}",
        listed=Digest("aaaaaaaa"),
        **given,
    )


def adoption(*suggestions: Suggestion, **more: Any) -> Adoption:
    return Adoption("handbook", "acme", suggestions, **more)


def shown(value: Adoption, form: Format, *, verbose: bool = False) -> str:
    return render_adoption(AdoptionReport(value), format=form, templates=TEMPLATES, verbose=verbose)


@pytest.mark.parametrize("form", FORMS)
def test_hostile_titles_show_as_text(form: Format) -> None:
    found = [
        suggestion(f"k{number}", number + 1, title=text, there=text, how=how, rivals=number % 2)
        for number, text in enumerate(HOSTILE)
        for how in (Likeness.TITLE, Likeness.SIMILAR, Likeness.KNOWN)
    ]
    told = Told(Key("x"), Kind.QUESTION, HOSTILE[0], Ref(Kind.QUESTION, 9), "", HOSTILE[1], False)
    document = shown(
        adoption(*found, told=(told,), notes=HOSTILE, foreign={"ops": 3}), form, verbose=True
    )
    (assert_inert if form is Format.MARKDOWN else assert_harmless)(document)


@pytest.mark.parametrize("form", FORMS)
def test_accepted_rows_show_as_text(form: Format) -> None:
    rows = [
        Adopted(
            Key(f"k{number}"),
            Kind.ARTICLE,
            text,
            Ref(Kind.ARTICLE, number + 1),
            "",
            Became.BOUND if number % 2 else Became.ALREADY,
            (Field.BODY,),
            unwritten=text,
        )
        for number, text in enumerate(HOSTILE)
    ]
    report = AdoptedReport("handbook", "acme", tuple(rows))
    document = render_adopted(report, format=form, templates=TEMPLATES)
    (assert_inert if form is Format.MARKDOWN else assert_harmless)(document)


@pytest.mark.parametrize(
    ("found", "last"),
    [
        pytest.param(adoption(), "Adopt: every item has its post; nothing to suggest.", id="none"),
        pytest.param(
            adoption(missing=(Key("a"), Key("b")), unclaimed=3),
            "Adopt: 2 items without a post: no post fits, 2 items with none; 3 posts of the team "
            "left over.",
            id="no post fits",
        ),
        pytest.param(
            adoption(suggestion(is_plain=True), suggestion("two", 2, how=Likeness.KNOWN)),
            "Adopt: 1 item without a post: posts for 1 of them (1 equal); 1 item with a post and "
            "no base; 0 posts of the team left over.",
            id="one of each",
        ),
    ],
)
def test_one_line_says_it_all(found: Adoption, last: str) -> None:
    assert shown(found, Format.TEXT).splitlines()[-1] == last


def test_as_json_all_are_there_and_none_of_their_texts() -> None:
    many = adoption(*(suggestion(f"k{number}", number + 1) for number in range(60)))
    document = json.loads(shown(many, Format.JSON))["adoption"]
    assert [it["post"]["id"] for it in document["suggestions"]] == [*range(1, 61)]
    assert "live" not in document["suggestions"][0]
    assert "35 more" in shown(many, Format.TEXT)
    assert "more" not in shown(many, Format.TEXT, verbose=True)
