"""Findings as SARIF 2.1.0, for code scanning and editors.

Paths are relative to `%SRCROOT%`, the repository's root. GitHub follows a finding across commits by
`primaryLocationLineHash`: ours holds no line number, so a finding that moves stays the same one.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from importer import __version__
from importer.planning.plan_file import canonical_json
from importer.rendering.findings import Checked, Finding, Level, fingerprints, ranked
from importer.rendering.phrasing import counted
from importer.text.visible import visible

__all__ = ["MOST_RESULTS", "render_sarif"]

MOST_RESULTS = 25_000
"""GitHub refuses a run with more (documented)."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_FACT = re.compile(r"\{\w+\}")


def render_sarif(checked: Checked) -> str:
    """Return one run; the worst findings, where there are more than code scanning takes."""
    worst = ranked(checked.findings)
    shown, left = worst[:MOST_RESULTS], len(worst[MOST_RESULTS:])
    rules = sorted({it.rule for it in shown})
    run = {
        "tool": {
            "driver": {
                "name": "teams-importer",
                "semanticVersion": __version__,
                "rules": [_rule(name, checked, shown) for name in rules],
            }
        },
        "automationDetails": {"id": f"teams-importer/{checked.command}/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The repository's root."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, **_left_out(left)}],
        "results": list(_results(shown, rules)),
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return canonical_json(document, indent=2) + "\n"


def _rule(name: str, checked: Checked, findings: Sequence[Finding]) -> dict[str, Any]:
    what, remedy = (_general(it) for it in checked.rules.get(name, (name, "")))
    levels = [it.level for it in findings if it.rule == name]
    return {
        "id": name,
        "shortDescription": {"text": what},
        "help": {"text": remedy},
        "defaultConfiguration": {"level": min(levels, key=list(Level).index, default=Level.ERROR)},
    }


def _general(text: str) -> str:
    """Return the template *text* without its facts; one that has nothing else says so."""
    general = _FACT.sub("...", text)
    return general if general.strip(" .") else "What to do is said with each finding."


def _results(findings: Sequence[Finding], rules: Sequence[str]) -> Iterable[dict[str, Any]]:
    places = {name: at for at, name in enumerate(rules)}
    for it, name in zip(findings, fingerprints(findings), strict=True):
        uri = quote(visible(it.span.path))
        yield {
            "ruleId": it.rule,
            "ruleIndex": places[it.rule],
            "level": it.level,
            "message": {"text": it.sentence},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": uri, "uriBaseId": _ROOT},
                        "region": {"startLine": it.span.line, "startColumn": it.span.column},
                    }
                }
            ],
            "partialFingerprints": {
                "primaryLocationLineHash": f"{name}:1",
                "teamsImporter/v1": name,
            },
        }


def _left_out(number: int) -> dict[str, Any]:
    if not number:
        return {}
    text = f"{counted(number, 'more finding')}: a report takes {MOST_RESULTS:,}."
    return {"toolExecutionNotifications": [{"level": "warning", "message": {"text": text}}]}
