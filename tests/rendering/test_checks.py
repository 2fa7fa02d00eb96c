"""Findings as CI services read them: within their limits, at the right lines, and harmless."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings

from importer.errors import Problem, Severity, Span
from importer.model.ids import Field
from importer.model.plan import BlockedCode, Plan, Side
from importer.rendering import (
    CHECK_FORMATS,
    plan_checked,
    problems_checked,
    render_checked,
    render_counts,
)
from importer.rendering.blocked_rules import BLOCKED_RULES
from importer.rendering.findings import Checked
from importer.text.links import plain
from tests.factories import (
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_guard,
    a_plan,
    a_problem,
    an_update,
    hostile_texts,
    plans,
)
from tests.rendering.cases import PLANS

MANIFEST = Span("docs/teams-importer.yaml", 1, 1)
_COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^:,\r\n]*,?)*)::([^\r\n]*)", re.MULTILINE)
_RULES = {"title-length": ("the title's length is {length}", "{hint}")}

# What both services ask for, from their references; the published schemas are not at hand offline.
_CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer"}},
                    },
                },
            },
        },
        "additionalProperties": False,
    },
}
_TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
_SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "automationDetails": {"type": "object"},
                    "originalUriBaseIds": {"type": "object"},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {"type": "array"},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "id": {"type": "string", "minLength": 1},
                                                "shortDescription": _TEXT,
                                                "help": _TEXT,
                                                "defaultConfiguration": {"type": "object"},
                                            },
                                            "additionalProperties": False,
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": _TEXT,
                                "locations": {"type": "array", "minItems": 1},
                                "partialFingerprints": {
                                    "type": "object",
                                    "additionalProperties": {"type": "string", "minLength": 1},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def checked(problems: list[Problem], *files: str) -> Checked:
    return problems_checked(problems, files, _RULES)


def commands_in(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Return what a runner would read: kind, properties and message, decoded."""
    found = []
    for line in text.splitlines():
        if line.startswith("::"):
            match = _COMMAND.fullmatch(line)
            assert match is not None, line
            pairs = [it.split("=", 1) for it in match[2].split(",")]
            found.append((match[1], {k: _decoded(v) for k, v in pairs}, _decoded(match[3])))
    return found


def _decoded(text: str) -> str:
    for code, sign in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def a_full_plan() -> Plan:
    return a_plan(
        a_create(),
        drift=(a_drift(Field.BODY, plain("old\n"), plain("new\n")),),
        blocked=(a_guard(), a_conflict(Side(Field.TITLE, "Ours it is", "Theirs it is", "Base"))),
    )


def test_a_problem_is_annotated_at_its_place_and_the_log_shows_where_it_is() -> None:
    problem = Problem("title-length", "50% is: short, odd", Span("a,b:c.md", 3, 8), "Say more.")
    text = render_checked(checked([problem]), "github")
    assert "file=a%2Cb%3Ac.md,line=3,col=8" in text
    assert "50%25 is: short, odd%0ASay more." in text
    ((kind, facts, message),) = commands_in(text)
    assert (kind, facts["file"], facts["line"], facts["col"]) == ("error", "a,b:c.md", "3", "8")
    assert message == "a,b:c.md:3:8: 50% is: short, odd\nSay more."


def test_no_more_than_ten_of_a_kind_are_annotated_and_the_last_says_how_many_more() -> None:
    problems = [
        *(a_problem(path="a.md", line=line) for line in range(1, 31)),
        *(a_problem(path=f"{name}.md", line=9) for name in "bcd"),
        *(a_problem("odd", path="z.md", line=it, severity=Severity.WARNING) for it in (1, 2)),
    ]
    text = render_checked(checked(problems), "github")
    found = commands_in(text)
    kinds = [kind for kind, *_ in found]
    assert kinds == ["error"] * 10 + ["warning"] * 2
    assert [it["file"] for _, it, _ in found[:4]] == ["a.md", "b.md", "c.md", "d.md"]
    assert "24 more errors" in found[9][1]["title"]
    assert "file" not in found[9][1]
    plain_lines = [line for line in text.splitlines() if line.startswith("a.md:")]
    assert len(plain_lines) == 24
    assert text.endswith("validate: 33 errors, 2 warnings\n")


def test_ten_are_ten_and_nothing_is_counted() -> None:
    text = render_checked(checked([a_problem(line=it) for it in range(1, 11)]), "github")
    assert len(commands_in(text)) == 10
    assert "more" not in text.replace("Say more", "")


@given(hostile_texts(), hostile_texts())
@settings(max_examples=60)
def test_no_text_makes_a_command_of_its_own(one: str, other: str) -> None:
    problems = [a_problem(one, path=other), *(a_problem(other, line=it) for it in range(1, 13))]
    text = render_checked(checked(problems), "github")
    assert len(commands_in(text)) == 10
    outside = [it for it in text.split("\n") if not it.startswith("::error ")]
    assert not any(line.lstrip().startswith("::") for line in outside)
    assert not any(re.search(r"##\w*\[", line) for line in outside)


@given(plans(hostile_texts()))
@settings(max_examples=25)
def test_every_plan_is_well_formed_in_every_form(plan: Plan) -> None:
    assert_well_formed(plan_checked(plan, MANIFEST))


@pytest.mark.parametrize("name", PLANS)
def test_every_golden_plan_is_well_formed_in_every_form(name: str) -> None:
    assert_well_formed(plan_checked(PLANS[name], MANIFEST))


def assert_well_formed(found: Checked) -> None:
    number = len(found.findings)
    report = json.loads(render_checked(found, "gitlab"))
    jsonschema.validate(report, _CODE_QUALITY)
    assert len({it["fingerprint"] for it in report}) == len(report) == number
    document = json.loads(render_checked(found, "sarif"))
    jsonschema.validate(document, _SARIF)
    (run,) = document["runs"]
    names = [it["id"] for it in run["tool"]["driver"]["rules"]]
    assert [names[it["ruleIndex"]] for it in run["results"]] == [
        it["ruleId"] for it in run["results"]
    ]
    assert len(run["results"]) == number
    suite = ET.fromstring(render_checked(found, "junit"))[0]  # noqa: S314 - written by ourselves
    cases = list(suite)
    assert int(suite.attrib["tests"]) == len(cases)
    assert int(suite.attrib["failures"]) == sum(it.find("failure") is not None for it in cases)
    assert int(suite.attrib["skipped"]) == sum(it.find("skipped") is not None for it in cases)
    assert len(commands_in(render_checked(found, "github"))) <= 30


def test_drift_and_conflicts_point_at_the_lines_of_their_fields() -> None:
    text = render_checked(plan_checked(a_full_plan(), MANIFEST), "github")
    found = {facts["title"]: (kind, facts) for kind, facts, _ in commands_in(text)}
    kind, facts = found["teams-importer: drift/body"]
    assert (kind, facts["file"], facts["line"]) == ("warning", "content/pat.md", "2")
    kind, facts = found["teams-importer: blocked/conflict"]
    assert (kind, facts["file"], facts["line"]) == ("error", "content/vpn.md", "5")
    assert found["teams-importer: blocked/guard"][1]["file"] == MANIFEST.path


def test_junit_has_a_case_for_each_item_and_shows_the_difference() -> None:
    text = render_checked(plan_checked(a_full_plan(), MANIFEST), "junit")
    suite = ET.fromstring(text)[0]  # noqa: S314 - written by ourselves
    cases = {it.attrib["name"]: it for it in suite}
    assert set(cases) == {"guard", "oncall/freeze", "pat", "vpn/setup"}
    assert len(cases["oncall/freeze"]) == 0
    (drift,) = cases["pat"]
    assert drift.attrib["type"] == "drift/body"
    assert "- old\n+ new" in (drift.text or "")
    assert cases["pat"].attrib["file"] == "content/pat.md"


@pytest.mark.parametrize("form", ["junit", "sarif", "gitlab"])
def test_no_report_in_the_log_is_a_command_of_a_ci_service(form: str) -> None:
    line = "##vso[task.setvariable variable=a]b"
    body = f"::error::a\n{line}\n##[error]c ]]> </failure>\n"
    found = checked([a_problem(line, path=line)], "a.md")
    plan = a_plan(drift=(a_drift(Field.BODY, plain("x\n"), plain(body)),))
    text = ""
    for it in (found, plan_checked(plan, MANIFEST)):
        text = render_checked(it, form)
        assert not re.search(r"##\w*\[|^\s*::", text, re.MULTILINE)
    if form == "junit":
        suite = ET.fromstring(text)[0]  # noqa: S314 - written by ourselves
        assert f"+ {line}\n+ ##[error]c ]]> </failure>" in "".join(suite.itertext())


def test_a_warning_fails_no_case_and_a_whole_file_passes() -> None:
    problems = [a_problem(path="a.md"), a_problem(path="b.md", severity=Severity.WARNING)]
    text = render_checked(checked(problems, "a.md", "b.md", "c.md"), "junit")
    suite = ET.fromstring(text)[0]  # noqa: S314 - written by ourselves
    found = {it.attrib["name"]: [child.tag for child in it] for it in suite}
    assert found == {"a.md": ["failure"], "b.md": ["system-out"], "c.md": []}
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "1")


@pytest.mark.parametrize("form", ["gitlab", "sarif"])
def test_a_fingerprint_stays_when_lines_move_and_numbers_change(form: str) -> None:
    before = [a_problem("it has 9 characters"), a_problem("it has 7 characters", line=8)]
    after = [a_problem("it has 8 characters", line=13), a_problem("it has 9 of them", line=20)]
    one, other = (_prints(checked(it), form) for it in (before, after))
    assert len(set(one)) == 2
    assert one[0] == other[0]
    assert other[1] not in one


def _prints(found: Checked, form: str) -> list[str]:
    document = json.loads(render_checked(found, form))
    if form == "gitlab":
        return [it["fingerprint"] for it in document]
    return [
        it["partialFingerprints"]["primaryLocationLineHash"]
        for it in document["runs"][0]["results"]
    ]


def test_each_reason_of_blocked_items_has_a_cause_and_a_remedy_of_its_own_in_sarif() -> None:
    assert set(BLOCKED_RULES) == set(BlockedCode)
    log = json.loads(render_checked(plan_checked(a_full_plan(), MANIFEST), "sarif"))
    told = {it["id"]: it["help"]["text"] for it in log["runs"][0]["tool"]["driver"]["rules"]}
    assert "--max-updates" in told["blocked/guard"]
    assert "seen:" in told["blocked/conflict"]
    assert "--on-drift overwrite" in told["drift/body"]
    assert "`teams-importer pull`" in told["drift/body"]


def test_sarif_names_files_from_the_root_and_rules_without_their_facts() -> None:
    document = json.loads(render_checked(checked([a_problem(path="a b/ü.md")]), "sarif"))
    (run,) = document["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    assert unquote(place["artifactLocation"]["uri"]) == "a b/ü.md"
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "the title's length is ..."
    assert rule["help"]["text"] == "What to do is said with each finding."


def test_sarif_takes_no_more_than_code_scanning_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importer.rendering.sarif.MOST_RESULTS", 2)
    problems = [a_problem(line=it, severity=Severity.WARNING) for it in (1, 2)]
    problems.append(a_problem(line=3))
    run: dict[str, Any] = json.loads(render_checked(checked(problems), "sarif"))["runs"][0]
    assert [it["level"] for it in run["results"]] == ["error", "warning"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "1 more finding" in note["message"]["text"]


def test_counts_are_what_gitlabs_widget_takes() -> None:
    plan = a_plan(a_create(), an_update(), a_delete())
    assert json.loads(render_counts(plan)) == {"create": 1, "update": 1, "delete": 1}
    assert json.loads(render_counts(a_plan())) == {"create": 0, "update": 0, "delete": 0}


def test_nothing_found_is_said_in_every_form() -> None:
    for form in CHECK_FORMATS:
        assert render_checked(checked([], "a.md"), form)
