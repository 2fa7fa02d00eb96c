"""Every template with every case. `make golden` writes the snapshots anew; read the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from importer.errors import Severity
from importer.rendering import (
    Format,
    render_fidelity,
    render_losses,
    render_problems,
    render_report,
)
from tests.factories import HOSTILE, a_problem
from tests.rendering.cases import FIDELITIES, LOSSES, PLANS, REPORTS
from tests.rendering.documents import TEMPLATES, markdown_of, text_of

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

_BOTH = [Format.TEXT, Format.MARKDOWN]

_PROBLEMS = {
    "empty": [],
    "one": [a_problem()],
    "several": [
        a_problem(path="b.yaml", line=30),
        a_problem(path="b.yaml", line=4),
        a_problem("the tag `x` is new", path="a.md", severity=Severity.WARNING),
    ],
    "hostile": [a_problem(text, path=f"{text}.md") for text in HOSTILE],
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_as_text(name: str, snapshot: SnapshotAssertion) -> None:
    assert text_of(PLANS[name]) == snapshot


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_as_markdown(name: str, snapshot: SnapshotAssertion) -> None:
    assert markdown_of(PLANS[name]) == snapshot


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param({"verbose": True}, id="verbose"),
        pytest.param({"utf8": False}, id="ASCII symbols"),
        pytest.param({"color": True}, id="colour"),
        pytest.param({"color": True, "width": 64}, id="colour on a narrow terminal"),
    ],
)
def test_every_action_in_other_looks(looks: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    assert text_of(PLANS["every action"], **looks) == snapshot


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", _BOTH)
def test_a_report(name: str, form: Format, snapshot: SnapshotAssertion) -> None:
    assert render_report(REPORTS[name], format=form, templates=TEMPLATES) == snapshot


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("form", _BOTH)
def test_losses(name: str, form: Format, snapshot: SnapshotAssertion) -> None:
    losses, tally = LOSSES[name]
    assert render_losses(losses, tally, format=form, templates=TEMPLATES) == snapshot


@pytest.mark.parametrize("name", _PROBLEMS)
@pytest.mark.parametrize("form", [*_BOTH, Format.JSON])
def test_problems(name: str, form: Format, snapshot: SnapshotAssertion) -> None:
    assert render_problems(_PROBLEMS[name], form) == snapshot


def test_a_report_as_json(snapshot: SnapshotAssertion) -> None:
    report = REPORTS["everything"]
    assert render_report(report, format=Format.JSON, templates=TEMPLATES) == snapshot


@pytest.mark.parametrize("form", _BOTH)
@pytest.mark.parametrize("name", FIDELITIES)
def test_fidelity(name: str, form: Format, snapshot: SnapshotAssertion) -> None:
    found = render_fidelity(FIDELITIES[name], ["a"], format=form, templates=TEMPLATES)
    assert found == snapshot


def test_losses_as_json(snapshot: SnapshotAssertion) -> None:
    losses, tally = LOSSES["some"]
    assert render_losses(losses, tally, format=Format.JSON, templates=TEMPLATES) == snapshot
