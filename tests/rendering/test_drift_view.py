"""The drift report in every form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from importer.model.drift import Drifted, DriftedField, DriftReport, Fate
from importer.model.ids import Field, Key, Kind, Ref, UserId
from importer.model.plan import LastEdit
from importer.rendering import Format, render_drift
from importer.text.digests import Digest
from importer.text.links import plain
from tests.factories import HOSTILE, SITE, a_span
from tests.rendering.cases import AFTER, BEFORE
from tests.rendering.documents import TEMPLATES

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

EDIT = LastEdit(UserId(12), "Ann Lee", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
THEIRS = plain("Theirs.\n")


def an_item(fate: Fate, *fields: DriftedField, **more: Any) -> Drifted:
    given: dict[str, Any] = {
        "title": "How do I set up the VPN?", "edit": EDIT, "seen": "seen: {body: abcdefgh}",
        "span": a_span(5, "content/vpn.md"),
    }  # fmt: skip
    url = f"{SITE}/questions/30"
    number = Ref(Kind.QUESTION, 30)
    return Drifted(Key("vpn/setup"), Kind.QUESTION, number, url, fate=fate, fields=fields,
                   **{**given, **more})  # fmt: skip


def a_report(*items: Drifted, **more: Any) -> DriftReport:
    return DriftReport("handbook", "acme", SITE, Digest("m" * 26), items, **more)


REPORTS = {
    "none": a_report(),
    "every fate": a_report(
        an_item(
            Fate.CONFLICT,
            DriftedField(Field.TITLE, "How is it ours?", "How is it theirs?", "How was it?"),
            DriftedField(Field.TAGS, ("a", "c"), ("b", "c"), ("c",)),
            DriftedField(Field.BODY, AFTER, THEIRS, BEFORE),
        ),
        an_item(Fate.CONFLICT, DriftedField(Field.BODY, AFTER, THEIRS), edit=LastEdit(UserId(9))),
        an_item(Fate.NO_BASE, DriftedField(Field.BODY, BEFORE, AFTER), edit=None),
        an_item(Fate.GONE, edit=None, seen=""),
        an_item(Fate.OVERWRITTEN, DriftedField(Field.BODY, BEFORE, AFTER, BEFORE)),
        an_item(
            Fate.MERGED,
            DriftedField(Field.BODY, plain("A\n\nb\n"), plain("a\n\nB\n"), plain("a\n\nb\n")),
        ),
        an_item(Fate.KEPT, DriftedField(Field.TAGS, ("a",), ("a", "b"), ("a",))),
        only=("vpn/*",),
    ),
    "hostile": a_report(
        *(
            an_item(
                Fate.CONFLICT,
                DriftedField(Field.TITLE, "Ours", it, "Base"),
                DriftedField(Field.BODY, plain("Ours.\n"), plain(f"{it}\n"), plain("Base.\n")),
                title=it,
                edit=replace(EDIT, name=it),
            )
            for it in HOSTILE
        )
    ),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_a_drift_report(name: str, form: Format, snapshot: SnapshotAssertion) -> None:
    assert render_drift(REPORTS[name], format=form, templates=TEMPLATES) == snapshot


def test_a_drift_report_as_json(snapshot: SnapshotAssertion) -> None:
    found = render_drift(REPORTS["every fate"], format=Format.JSON, templates=TEMPLATES)
    assert found == snapshot
