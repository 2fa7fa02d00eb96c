"""How a merge is shown: what is written, what of the site's is kept, and whose that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from importer.model.ids import Field, UserId
from importer.model.plan import LastEdit, Reason, Side
from importer.text.links import plain
from tests.factories import HOSTILE, a_conflict, a_drift, a_field, a_plan, an_update
from tests.rendering.documents import markdown_of, text_of

OURS = plain("Ours.\n\nTwo.\n\nThree.\n")
LIVE = plain("One.\n\nTwo.\n\nTheirs.\n")
BOTH = plain("Ours.\n\nTwo.\n\nTheirs.\n")
EDIT = LastEdit(UserId(12), "Ann Lee", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))


def a_merge(edit: LastEdit | None = EDIT) -> str:
    field = replace(a_field(Field.BODY, LIVE, BOTH, live_moved=True), ours=OURS)
    return text_of(a_plan(replace(an_update(field, reason=Reason.MERGED), edit=edit)))


def test_a_merge_shows_what_is_written_and_what_stays_of_the_sites() -> None:
    lines = [it.strip() for it in a_merge().splitlines()]
    written, kept = (lines.index(f"{it} +1 -1 lines") for it in ("body    ", "body (site's, kept)"))
    assert lines[written + 1] == "| ~ [-One-]{+Ours+}."
    assert "| ~ [-Three-]{+Theirs+}." in lines[kept:]


def test_a_merge_names_who_edited_where_that_is_told() -> None:
    assert "(merged with an edit made on the site by Ann Lee (user 12))" in a_merge()
    assert "(merged with an edit made on the site by user 9)" in a_merge(LastEdit(UserId(9)))
    assert "(merged with an edit made on the site)" in a_merge(None)


def test_drift_and_conflicts_name_who_edited_and_when() -> None:
    drift = replace(a_drift(Field.TITLE, "A", "B"), edit=EDIT)
    conflict = replace(a_conflict(Side(Field.TITLE, "A", "B", "C")), edit=LastEdit(UserId(9)))
    shown = text_of(a_plan(drift=(drift,), blocked=(conflict,)))
    assert "edited by Ann Lee (user 12), 2026-03-01 09:30 UTC" in shown
    assert "edited by user 9\n" in shown


def test_a_hostile_name_shows_as_text() -> None:
    for name in HOSTILE:
        drift = replace(a_drift(Field.TITLE, "A", "B"), edit=replace(EDIT, name=name))
        plan = a_plan(drift=(drift,))
        assert len(text_of(plan).splitlines()) == len(
            text_of(a_plan(drift=(replace(drift, edit=EDIT),))).splitlines()
        )
        assert "<script" not in markdown_of(plan)
