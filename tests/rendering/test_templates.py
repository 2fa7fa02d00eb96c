"""Templates of users: what they get, what they can't do, and what an error says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from importer.errors import ExitCode, UsageError
from importer.rendering import Format, render_losses, render_plan, render_report
from importer.rendering.entries import (
    DetailView,
    EntryView,
    FieldView,
    LegendView,
    LineView,
    PaneView,
    SectionView,
    SpanView,
)
from importer.rendering.loss_view import LossCount, LossView, PageView, loss_view
from importer.rendering.page_view import ChoiceView, PlanPageView, TreeView
from importer.rendering.plan_totals import PlanCounts
from importer.rendering.plan_view import PlanView, plan_view
from importer.rendering.report_view import ReportCounts, ReportView, report_view
from tests.factories import HOSTILE, a_create, a_plan, a_report
from tests.rendering.cases import LOSSES, PLANS, REPORTS
from tests.rendering.documents import TEMPLATES
from tests.rendering.test_hostile import assert_harmless, assert_inert

if TYPE_CHECKING:
    from pathlib import Path

    from importer.model.plan import Plan


def _filled(path: Path, template: str, plan: Plan | None = None, **looks: Any) -> str:
    path = path / "mine.j2"
    path.write_text(template, encoding="utf-8")
    given = {"format": Format.TEXT, "templates": TEMPLATES, "template": path, **looks}
    return render_plan(plan or a_plan(a_create()), **given)


def test_a_users_template_fills_in_the_view(tmp_path: Path) -> None:
    template = (
        "{{ plan.counts.creates }} new in {{ plan.team }}\n"
        "{% for section in plan.sections %}{% for entry in section.entries %}"
        "{{ entry.symbol }} {{ entry.key }} {{ entry.quoted }}\n"
        "{% endfor %}{% endfor %}"
    )
    expected = '1 new in acme\n+ oncall/freeze "When is the release freeze?"\n'
    assert _filled(tmp_path, template) == expected


def test_a_users_template_can_use_the_shipped_ones(tmp_path: Path) -> None:
    shared = '{% import "_shared.txt.j2" as shared %}{{ shared.section(plan.sections[0]) }}'
    assert "To create (1)\n  + question oncall/freeze" in _filled(tmp_path, shared)
    assert _filled(tmp_path, '{% include "plan.txt.j2" %}').startswith("Plan for handbook")


def test_a_users_template_named_as_ours_can_include_ours(tmp_path: Path) -> None:
    mine = tmp_path / "plan.txt.j2"
    mine.write_text('mine\n{% include "plan.txt.j2" %}', encoding="utf-8")
    text = render_plan(a_plan(), format=Format.TEXT, templates=TEMPLATES, template=mine)
    assert text.startswith("mine\nPlan for handbook")


def test_a_users_template_of_markdown_is_escaped_without_its_doing(tmp_path: Path) -> None:
    template = "{% for section in plan.sections %}{% for entry in section.entries %}\n* {{ entry.title }}\n{% endfor %}{% endfor %}"  # noqa: E501 - one template
    plan = a_plan(*(a_create(str(index), title=text) for index, text in enumerate(HOSTILE)))
    document = _filled(tmp_path, template, plan, format=Format.MARKDOWN)
    assert "* `@acme/everybody`" in document
    assert_inert(document)


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{{ plan.namespace }}", id="at the line's start"),
        pytest.param('{{ plan.namespace|upper|replace("X", "") }}', id="through filters"),
        pytest.param("{{ plan.namespace ~ plan.team }}", id="joined"),
        pytest.param("{{ plan.namespace|ink('strong') }}", id="coloured"),
        pytest.param("{% autoescape false %}{{ plan.namespace }}{% endautoescape %}", id="bare"),
        pytest.param("{% set a %}{{ plan.namespace }}{% endset %}{{ a }}", id="by way of a block"),
        pytest.param("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(plan.namespace) }}", id="macro"),
        pytest.param('{{ "%s"|format(plan.namespace) }}', id="formatted"),
    ],
)
@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_users_template_does_content_stays_harmless(
    tmp_path: Path, template: str, text: str
) -> None:
    plan = a_plan(namespace=text, team=text)
    assert_harmless(_filled(tmp_path, template, plan))
    assert_inert(_filled(tmp_path, template, plan, format=Format.MARKDOWN))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param("a\n{{ plan.nothing }}", "mine.j2:2: .*nothing", id="no such member"),
        pytest.param("a\n\n{% if %}", "mine.j2:3: ", id="syntax"),
        pytest.param("{{ ''.__class__.__mro__ }}", "mine.j2:1: .*__class__", id="a dunder"),
        pytest.param("{{ plan.__class__ }}", "mine.j2:1: .*__class__", id="a view's class"),
        pytest.param("{{ plan['__class__'] }}", "mine.j2:1: .*__class__", id="by subscript"),
        pytest.param("{{ plan|attr('__class__') }}", "mine.j2:1: .*attr", id="by filter"),
        pytest.param("{{ self.__init__ }}", "mine.j2:1: .*__init__", id="the template itself"),
        pytest.param("{{ lipsum() }}", "mine.j2:1: .*lipsum", id="a global of jinja's"),
        pytest.param("{{ cycler(1) }}", "mine.j2:1: .*cycler", id="another one"),
        pytest.param("{{ cut.__init__ }}", "mine.j2:1: .*__init__", id="our own global"),
        pytest.param("{{ plan.sections.append(1) }}", "mine.j2:1: .*unsafe", id="a list's write"),
        pytest.param("{{ plan.update({}) }}", "mine.j2:1: .*unsafe", id="a dict's write"),
        pytest.param("{{ '{0.__class__}'.format(1) }}", "mine.j2:1: .*__class__", id="a format"),
        pytest.param("{{ plan.team|safe }}", "mine.j2:1: .*safe", id="escaping switched off"),
        pytest.param("{% for a in range(10**9) %}{% endfor %}", "mine.j2:1: .*big", id="a range"),
        pytest.param("\n{{ 1 / 0 }}", "mine.j2:2: .*division by zero", id="arithmetics"),
        pytest.param(
            '\n{% include "other" %}', "mine.j2:2: .*there is no template other", id="no template"
        ),
        pytest.param('{% include "../README.md" %}', "there is no template", id="outside"),
        pytest.param('{% include "--template" %}', "mine.j2:1: .*recursion", id="itself"),
        pytest.param(
            '\n{% import "_shared.txt.j2" as a %}{{ a.section(1) }}', "mine.j2:2: ", id="misuse"
        ),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(
    tmp_path: Path, template: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        _filled(tmp_path, template)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "plan-templates/README.md" in caught.value.remedy


def test_a_template_that_cannot_be_read_is_wrong_use(tmp_path: Path) -> None:
    bad = tmp_path / "latin.j2"
    bad.write_bytes(b"\xff")
    for path in (tmp_path / "missing.j2", tmp_path, bad):
        with pytest.raises(UsageError, match="can't be read"):
            render_plan(a_plan(), format=Format.TEXT, templates=TEMPLATES, template=path)


def test_a_template_beside_json_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no part in --format json"):
        render_plan(
            a_plan(), format=Format.JSON, templates=TEMPLATES, template=tmp_path / "mine.j2"
        )


def test_a_failure_of_our_own_templates_is_not_the_users_fault(tmp_path: Path) -> None:
    (tmp_path / "plan.txt.j2").write_text("{{ plan.nothing }}")
    with pytest.raises(Exception, match="nothing") as caught:
        render_plan(a_plan(), format=Format.TEXT, templates=tmp_path)
    assert not isinstance(caught.value, UsageError)


def test_a_changed_template_is_read_again(tmp_path: Path) -> None:
    assert _filled(tmp_path, "one") == "one\n"
    assert _filled(tmp_path, "two") == "two\n"


def test_report_and_losses_take_a_users_template_too(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text("{{ report.run }}")
    looks: Any = {"format": Format.TEXT, "templates": TEMPLATES, "template": mine}
    assert render_report(a_report(), **looks) == "2026-03-01-a1b2\n"
    mine.write_text("{{ losses.summary }}")
    assert render_losses([], **looks) == "Convert: nothing lost.\n"


@pytest.mark.parametrize("name", PLANS)
def test_a_view_of_a_plan_is_made_of_plain_values(name: str) -> None:
    _assert_plain(plan_view(PLANS[name], verbose=True, utf8=True))


@pytest.mark.parametrize("name", REPORTS)
def test_a_view_of_a_report_is_made_of_plain_values(name: str) -> None:
    _assert_plain(report_view(REPORTS[name], verbose=True, utf8=True))


@pytest.mark.parametrize("name", LOSSES)
def test_a_view_of_losses_is_made_of_plain_values(name: str) -> None:
    _assert_plain(loss_view(*LOSSES[name], verbose=True, utf8=True))


def _assert_plain(view: object) -> None:
    from importer.rendering.escaping import inert

    def walk(value: object) -> None:
        assert type(value) in (dict, list, str, int, bool)
        if isinstance(value, dict):
            for name, member in value.items():
                assert type(name) is str
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)
        elif isinstance(value, str):
            assert "\n" not in value

    walk(inert(view))


def test_the_readme_names_every_member_of_every_view() -> None:
    readme = (TEMPLATES / "README.md").read_text(encoding="utf-8")
    views = (PlanView, PlanCounts, ReportView, ReportCounts, LossView, LossCount, LegendView)
    parts = (PageView, SectionView, EntryView, FieldView, LineView, SpanView, DetailView)
    pages = (PlanPageView, TreeView, ChoiceView, PaneView)
    for view in (*views, *parts, *pages):
        for member in view.__annotations__:
            assert f"`{member}`" in readme, (view.__name__, member)
