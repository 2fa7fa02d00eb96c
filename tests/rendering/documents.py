"""Documents in every form, rendered with the shipped templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importer.rendering import Format, render_plan
from tests.conftest import ROOT

if TYPE_CHECKING:
    from importer.model.plan import Plan

TEMPLATES = ROOT / "plan-templates"


def text_of(plan: Plan, **looks: Any) -> str:
    return render_plan(plan, format=Format.TEXT, templates=TEMPLATES, **looks)


def markdown_of(plan: Plan, **looks: Any) -> str:
    return render_plan(plan, format=Format.MARKDOWN, templates=TEMPLATES, **looks)


def html_of(plan: Plan) -> str:
    return render_plan(plan, format=Format.HTML, templates=TEMPLATES)
