"""The table of faults names tests that exist, and that name its rows; the README, what installs."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

FAULTS = ROOT / "docs" / "faults.md"
ROWS = (*range(1, 13), *range(20, 38), *range(40, 58), *range(60, 72), 80, 82, 83, 84, 85, 86)
_ROW = re.compile(r"^\| (F\d\d) \|", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, str]:
    """Return each row's line by its id."""
    lines = FAULTS.read_text().splitlines()
    return {found[1]: line for line in lines if (found := _ROW.match(line))}


@cache
def sources_in(path: Path) -> dict[str, str]:
    """Return the source of each test of a file, decorators included."""
    source = path.read_text()
    lines = source.splitlines()
    return {
        node.name: "\n".join(lines[first_line(node) - 1 : node.end_lineno])
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


def first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(it.lineno for it in node.decorator_list)])


def test_each_row_is_there_once_and_in_order() -> None:
    assert _ROW.findall(FAULTS.read_text()) == [f"F{number:02}" for number in ROWS]


@pytest.mark.parametrize("row", sorted(rows()))
def test_each_test_of_a_row_exists_and_names_it(row: str) -> None:
    named = _TEST.findall(rows()[row])
    assert named
    assert len(named) == rows()[row].count("::")
    for path, name in named:
        source = sources_in(ROOT / path)[name]
        assert re.search(rf"(?<![A-Za-z0-9]){row}(?!\d)", source, re.IGNORECASE), f"{path}::{name}"


def test_the_readme_names_all_extras_in_one_place_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    (listed,) = re.findall(r"All there are:\n(.+?)\n\n", text, re.DOTALL)
    assert set(re.findall(r"`(\w+)` \(", listed)) == extras
    installed = re.findall(r"pip install '[\w.-]+\[([\w,]+)\]'", text)
    assert installed
    assert {it for names in installed for it in names.split(",")} <= extras
    assert set(re.findall(r"extra `(\w+)`", text)) <= extras


def test_what_the_readme_says_to_run_without_a_token_names_its_extra() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    trial = next(it for it in text.split("\n\n") if it.startswith("Try anything without a token"))
    assert "extra `sandbox`" in trial
