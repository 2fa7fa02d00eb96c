"""docs/errors.md: exit codes, errors, rules of manifests and reasons of blocked items."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from importer import errors
from importer.errors import ExitCode, ImporterError, Severity
from importer.manifests.rules import RULES
from importer.model.plan import BlockedCode
from importer.rendering.blocked_rules import BLOCKED_RULES
from tests.reference.remedies import ERRORS, EXITS
from tests.reference.writing import CODE, MADE, prose, table

__all__ = ["errors_page"]

_HEAD = """\
# Errors, with causes and remedies

Every error is printed with what is wrong, where, and what to do next. Here is all of it, to look up
in advance.

* [Exit codes](#exit-codes): how a command ended, for scripts
* [Errors](#errors): why a command stopped; with `--format json` the `kind` of the document's
  `error`
* [Rules of manifests](#rules-of-manifests): what `validate` finds, each with file, line and column
* [Reasons of blocked items](#reasons-of-blocked-items): what of a plan waits for a person
"""
_RULES = """\
## Rules of manifests

The id stands in brackets behind each problem; it is stable, and that of a check in SARIF, JUnit and
code quality reports. A name in braces is what the problem at hand puts there. Errors end with exit
code 3; a *warning* stops nothing. Limits that only were inferred warn, all others are errors:
[manifest.md](manifest.md#how-long-and-how-many).
"""
_BLOCKED = """\
## Reasons of blocked items

Everything else of the plan is carried out, and the exit code is 11 (`guard`: nothing is carried
out, exit code 4). The plan says of each item what is the matter, and shows all sides of a conflict.
In CI reports the id is `blocked/REASON`.
"""
_HOLE = re.compile(r"(\{\w+\})")


def errors_page() -> str:
    """Return the page's text."""
    lines = [MADE, "", *_HEAD.splitlines(), "", "## Exit codes", ""]
    lines.append("Where several hold, the first of these counts: " + _precedence() + ".")
    lines += ["", *table(("code", "meaning", "what to do"), _exits())]
    lines += ["", "## Errors", "", *table(("kind", "exit code", "cause", "remedy"), _errors())]
    lines += ["", *_RULES.splitlines(), "", *table(("rule", "problem", "remedy"), _rules())]
    lines += ["", *_BLOCKED.splitlines(), "", *table(("reason", "cause", "remedy"), _blocked())]
    return "\n".join(lines) + "\n"


def _precedence() -> str:
    left, ordered = set(ExitCode), []
    while (code := errors.worst(left)) is not ExitCode.DONE:
        ordered.append(str(int(code)))
        left.remove(code)
    return ", ".join(ordered)


def _exits() -> Iterator[tuple[str, str, str]]:
    for code in ExitCode:
        meaning, remedy = EXITS[code]
        yield f"{int(code)}", meaning, remedy


def _errors() -> Iterator[tuple[str, str, str, str]]:
    found = [it for _, it in inspect.getmembers(errors, inspect.isclass)]
    tree = [it for it in found if issubclass(it, ImporterError) and it is not ImporterError]
    for error in sorted(tree, key=lambda it: (it.exit_code, len(it.__mro__), it.__name__)):
        cause = (inspect.getdoc(error) or "").split("\n\n")[0]
        yield f"`{error.__name__}`", f"{int(error.exit_code)}", prose(cause), ERRORS[error]


def _rules() -> Iterator[tuple[str, str, str]]:
    for rule in RULES.values():
        warns = " *(warning)*" if rule.severity is Severity.WARNING else ""
        yield f"`{rule.name}`", _said(rule.text) + warns, _said(rule.remedy)


def _said(template: str) -> str:
    """Return a template's text, its holes in code; one that is nothing else says so."""
    if template in ("{hint}", "{remedy}"):
        return "Said with the problem."
    # A hint ends a sentence where there is one.
    shown = re.sub(r"(: )?\{hint\}|\{bounds\}", "", template)
    return "".join(
        it if it.startswith("`") else _HOLE.sub(r"`\1`", it) for it in CODE.split(prose(shown))
    )


def _blocked() -> Iterator[tuple[str, str, str]]:
    for code in BlockedCode:
        cause, remedy = BLOCKED_RULES[code]
        yield f"`{code}`", cause, remedy
