"""The documentation says what is so: tests, extras, commands, options, links, made pages."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest

from importer.errors import ExitCode
from tests.cli.documented import blocks_of, commands_in
from tests.conftest import ROOT
from tests.reference import PAGES
from tests.reference.commands import commands

FAULTS = ROOT / "docs" / "faults.md"
ROWS = (*range(1, 13), *range(20, 38), *range(40, 58), *range(60, 72), 80, 82, 83, 84, 85, 86)
_ROW = re.compile(r"^\| (F\d\d) \|", re.MULTILINE)
DOCS = (ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").glob("*.md")))
COMMANDS = dict(commands())
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\((?!https?:|key:)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_what_the_code_says(name: str) -> None:
    """`make reference` writes it again."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_is_in_the_docs(name: str) -> None:
    command = COMMANDS[name]
    text = "\n".join(it.read_text(encoding="utf-8") for it in DOCS)
    assert f"teams-importer {name}" in text
    options = [it for it in command.params if isinstance(it, click.Option)]
    for option in [long for it in options for long in it.opts if long.startswith("--")]:
        assert re.search(rf"{option}(?![\w-])", text), option


@pytest.mark.parametrize("page", DOCS, ids=lambda it: str(it.relative_to(ROOT)))
def test_every_command_in_a_block_is_one(page: Path) -> None:
    """Also where a block isn't run: the command is there, and takes what it is given."""
    for lines in blocks_of(page, all_of_them=True):
        for words in commands_in(lines):
            length = 2 if " ".join(words[:2]) in COMMANDS else 1
            name, rest = " ".join(words[:length]), words[length:]
            taken = {it for param in COMMANDS[name].params for it in param.opts}
            named = {it.partition("=")[0] for it in rest if it.startswith("-") and it != "-"}
            assert named <= taken | {"--help"}, f"{name} {named - taken}"


@pytest.mark.parametrize("page", DOCS, ids=lambda it: str(it.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(_CODE.sub("", text)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", DOCS, ids=lambda it: str(it.relative_to(ROOT)))
def test_every_file_of_tests_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/.]+)", page.read_text(encoding="utf-8"))
    assert not [it for it in named if not (ROOT / it).exists()]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the forges make them."""
    titles = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = [re.sub(r"[^\w\- ]", "", it.lower()).replace(" ", "-") for it in titles]
    assert len(plain) == len(set(plain)), page
    return set(plain)


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(_LINK.findall(index))
    assert {it.name for it in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked


def test_the_readme_is_shorter_than_200_lines() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 200


def test_the_readme_has_every_exit_code() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| code | meaning |")[2]
    cells = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert [int(it) for cell in cells for it in cell.split(",")] == list(ExitCode)


def test_every_variable_that_the_program_reads_is_in_the_docs() -> None:
    text = "\n".join(it.read_text(encoding="utf-8") for it in DOCS)
    sources = [it.read_text(encoding="utf-8") for it in (ROOT / "importer").rglob("*.py")]
    read = {
        it for source in sources for it in re.findall(r"\"(TEAMS_IMPORTER_[A-Z_]*[A-Z])\"", source)
    }
    assert "TEAMS_IMPORTER_TOKEN" in read
    assert not {it for it in read if not re.search(rf"{it}(?!\w)", text)}
