"""Findings as JUnit XML: a test case for each file or item that was looked at."""

import html
import re
from collections.abc import Iterator, Sequence

from importer.rendering.escaping import quiet_html
from importer.rendering.findings import Checked, Finding, Level
from importer.text.visible import visible

__all__ = ["render_junit"]

# What XML 1.0 has no way to write, and what `visible` leaves as it is.
_UNWRITABLE = re.compile("[\ufffe\uffff]")


def render_junit(checked: Checked) -> str:
    """Return one suite. What waits for somebody, and drift, fails; steps by hand are skipped."""
    cases: dict[str, list[Finding]] = {}
    for it in checked.findings:
        cases.setdefault(it.case, []).append(it)
    rows = [row for name, found in cases.items() for row in _case(name, found, checked.command)]
    passed = [name for name in checked.passed if name not in cases]
    rows += [f"    <testcase {_names(name, checked.command)}/>" for name in passed]
    counts = (
        f'tests="{len(cases) + len(passed)}" failures="{sum(map(_fails, cases.values()))}" '
        f'errors="0" skipped="{sum(map(_waits, cases.values()))}" time="0"'
    )
    page = "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="teams-importer" {counts}>',
            f"  <testsuite name={_quoted(checked.command)} {counts}>",
            *rows,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )
    return quiet_html(page)


def _case(name: str, findings: Sequence[Finding], command: str) -> Iterator[str]:
    span = findings[0].span
    yield (f'    <testcase {_names(name, command)} file={_quoted(span.path)} line="{span.line}">')
    text = _escaped("\n\n".join(map(_told, findings)))
    first = _quoted(findings[0].message)
    if _fails(findings):
        yield f"      <failure message={first} type={_quoted(findings[0].rule)}>{text}</failure>"
    elif _waits(findings):
        yield f"      <skipped message={first}/>"
    else:
        yield f"      <system-out>{text}</system-out>"
    yield "    </testcase>"


def _fails(findings: Sequence[Finding]) -> bool:
    """Tell whether one is an error; in a plan drift counts, since its field is not as written."""
    return any(
        it.level is Level.ERROR or (it.level is Level.WARNING and it.rule.startswith("drift/"))
        for it in findings
    )


def _waits(findings: Sequence[Finding]) -> bool:
    return not _fails(findings) and all(it.level is Level.NOTE for it in findings)


def _names(name: str, command: str) -> str:
    return f'classname="teams-importer.{command}" name={_quoted(name)} time="0"'


def _told(it: Finding) -> str:
    lines = [f"{it.span}: {it.level}: {it.message} [{it.rule}]", it.remedy, *it.detail.split("\n")]
    return "\n".join(visible(line) for line in lines if line)


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # brings an HTTP client along

    return quoteattr(_writable(visible(text)))


def _escaped(text: str) -> str:
    return html.escape(_writable(text), quote=False)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
