"""`redirects`: old addresses lead to live posts, in the languages of servers and wikis."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest

from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

WIKI = "https://wiki.example.com"
OLD = {
    "plain": f"{WIKI}/display/OPS/Plain+page",
    "number": f"{WIKI}/pages/viewpage.action?pageId=1",
    "other-number": f"{WIKI}/pages/viewpage.action?pageId=12",
    "unicode": f"{WIKI}/wiki/%C3%9Cber_uns_(alt)",
    "percent": f"{WIKI}/wiki/100%25_$1.50",
    "hostile": f"{WIKI}/wiki/%22;}}_%5Cx_~^.*",
    "root": f"{WIKI}/",
    "case": f"{WIKI}/wiki/Plain_Case",
    "other-case": f"{WIKI}/wiki/Plain_case",
    "slashes": f"{WIKI}:8080/wiki//twice",
}
HOSTILE = ']] <script>alert(1)</script> "; } </nowiki> & ![x](y) | why?'
SANDBOX = ("--url", "sandbox:team.db")


def manifest(home: Path, **more: Any) -> Path:
    rows = [
        question(key, origin=[old], title=f"{HOSTILE} {key}" if key == "hostile" else "")
        for key, old in OLD.items()
    ]
    aliases = question("alias", origin=[f"{WIKI}/x/abc", f"{WIKI}/wiki/Alias", "alias.md"])
    return write_manifest(home, *rows, aliases, **more)


@pytest.fixture
def moved(cli: Program, home: Path) -> Program:
    """The command line, where the manifest has been applied to a sandbox of the folder's own."""
    manifest(home)
    done = cli("apply", "--yes", *SANDBOX)
    assert done.code == 0, done.err
    return cli


def news(cli: Program) -> dict[str, str]:
    """Return the live address of each item."""
    done = cli("redirects", *SANDBOX, "--format", "json")
    return {it["key"]: it["new"] for it in done.document["redirects"]}


def test_every_old_address_and_alias_leads_to_the_post(moved: Program) -> None:
    done = moved("redirects", *SANDBOX)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {it["old"] for it in rows} == {*OLD.values(), f"{WIKI}/x/abc", f"{WIKI}/wiki/Alias"}
    assert all(re.search(r"/questions/\d+", it["new"]) for it in rows)
    assert {it["new"] for it in rows if it["key"] == "alias"} == {news(moved)["alias"]}


def test_without_a_journal_the_markers_tell(moved: Program, home: Path) -> None:
    before = moved("redirects", *SANDBOX, "--format", "json").document
    schema = json.loads((ROOT / "schemas" / "redirects.schema.json").read_text())
    assert set(schema["required"]) <= set(before) <= set(schema["properties"])
    shutil.rmtree(home / ".teams-importer")
    done = moved("redirects", *SANDBOX, "--format", "json")
    assert (done.code, done.document) == (0, before)
    assert moved("redirects", *SANDBOX, "--live", "--format", "json").document == before


def test_the_only_journal_tells_without_a_team_or_a_token(moved: Program) -> None:
    done = moved("redirects")
    assert (done.code, done.out) == (0, moved("redirects", *SANDBOX).out)


def test_what_is_not_live_yet_is_listed(moved: Program, home: Path) -> None:
    document = json.loads((home / "teams-importer.yaml").read_text())
    document["questions"].append(question("later", origin=[f"{WIKI}/wiki/Later"]))
    (home / "teams-importer.yaml").write_text(json.dumps(document))
    done = moved("redirects", *SANDBOX, "--format", "json")
    assert done.code == 11
    assert [(it["key"], it["old"]) for it in done.document["waiting"]] == [
        ("later", [f"{WIKI}/wiki/Later"])
    ]
    assert "no post yet" in done.err
    assert len(done.document["redirects"]) == len(OLD) + 2


def test_two_items_that_claim_an_address_are_reported_and_it_leads_nowhere(
    cli: Program, home: Path
) -> None:
    write_manifest(
        home,
        question("a", origin=[f"{WIKI}/wiki/A%20b"]),
        question("b", origin=[f"{WIKI}/wiki/A b/", f"{WIKI}/wiki/B"]),
    )
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", "json")
    assert done.code == 11
    (conflict,) = done.document["conflicts"]
    assert [it["key"] for it in conflict["claims"]] == ["a", "b"]
    assert [it["old"] for it in done.document["redirects"]] == [f"{WIKI}/wiki/B"]


def test_an_address_completes_what_the_manifest_has_as_files(cli: Program, home: Path) -> None:
    write_manifest(home, question("a", origin=["How to/Do \u00fc.md#part"]))
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", "json")
    assert (done.code, [it["key"] for it in done.document["unaddressed"]]) == (11, ["a"])
    assert "1 item: no whole old address, only a file's name; write the address" in done.err
    assert "0 old addresses lead to posts" in done.err
    done = cli("redirects", *SANDBOX, "--format", "json", "--address", f"{WIKI}/w/")
    assert [it["old"] for it in done.document["redirects"]] == [
        f"{WIKI}/w/How%20to/Do%20%C3%BC#part"
    ]
    assert "1 old address leads to its post" in done.err
    done = cli("redirects", *SANDBOX, "--format", "nginx", "--address", f"{WIKI}/w/")
    assert "no server can redirect" in done.err


REQUESTS = {
    "plain": "/display/OPS/Plain+page",
    "number": "/pages/viewpage.action?pageId=1",
    "other-number": "/pages/viewpage.action?pageId=12",
    "unicode": "/wiki/%c3%9cber_uns_%28alt%29",
    "percent": "/wiki/100%25_%241.50",
    "hostile": "/wiki/%22;%7D_%5cx_~%5E.*",
    "root": "/",
    "alias": "/x/abc",
    "case": "/wiki/Plain_Case",
    "other-case": "/wiki/Plain_case",
}
NOWHERE = (
    "/pages/viewpage.action?pageId=11", "/pages/viewpage.action", "/pages/viewpageXaction?pageId=1",
    "/wiki/100%25_1.50", "/wiki/", "/other",
)  # fmt: skip


class Nginx:
    """The maps of a configuration, as nginx reads its language."""

    def __init__(self, text: str) -> None:
        bare = re.sub(r"(?m)^#.*$", "", text)
        assert re.search(r"map_hash_bucket_size \d+;", bare)
        self.maps: list[dict[str, str]] = []
        for block in re.split(r"map \"[^\"]*\" \$\w+ \{\n", bare)[1:]:
            rows = re.findall(
                r'^    ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*");$', block, re.MULTILINE
            )
            lines = [it for it in block.split("\n") if it.startswith("    ")]
            assert len(lines) == len(rows) + 1, lines
            known = {self._text(key): self._text(value) for key, value in rows}
            plain = [key.lower() for key in known if not key.startswith("~")]
            assert len(set(plain)) == len(plain), "conflicting parameter"
            self.maps.append(known)

    @staticmethod
    def _text(quoted: str) -> str:
        return re.sub(r"\\(.)", r"\1", quoted[1:-1])

    def location(self, host: str, request: str) -> str:
        path, _, query = request.partition("?")
        page, whole = self.maps
        found = self._found(whole, f"{host}{unquote(path)}?{query}") if query else ""
        return found or self._found(page, f"{host}{unquote(path)}")

    @staticmethod
    def _found(rows: dict[str, str], wanted: str) -> str:
        for key, value in rows.items():
            if key.lower() == wanted.lower() and not key.startswith("~"):
                return value
        fitting = (it for it in rows if it.startswith("~") and re.search(it[1:], wanted))
        return rows.get(next(fitting, ""), "")


class Apache:
    """The rules of a configuration, as mod_rewrite reads its language: by bytes, not characters."""

    def __init__(self, text: str) -> None:
        assert text.isascii()
        assert "${" not in text, "a variable of the configuration"
        self.rules: list[tuple[str, str | None, str, str]] = []
        host, query = "", None
        for line in text.split("\n"):
            assert not line.endswith("\\"), "the next line would belong to it"
            word, *rest = self._words(line)
            match word, rest:
                case "RewriteCond", ["%{HTTP_HOST}", wanted, "[NC]"]:
                    host, query = wanted, None
                case "RewriteCond", ["%{QUERY_STRING}", wanted]:
                    assert wanted[0] == "^"
                    query = wanted
                case "RewriteRule", [pattern, new, "[R=301,L,NE,QSD]"]:
                    self.rules.append((host, query, pattern, new))
                case _:
                    assert word in ("", "RewriteEngine") or line.startswith("#"), line

    @staticmethod
    def _words(line: str) -> list[str]:
        """Return the words: a quote before one ends it with the next, whatever stands between."""
        words: list[str] = []
        while line := line.lstrip():
            quote = line[0] if line[0] in "\"'" else ""
            line = line.removeprefix(quote)
            end = 0
            while end < len(line) and not (line[end] == quote if quote else line[end].isspace()):
                end += 2 if line[end] == "\\" and line[end + 1 : end + 2].isspace() else 1
            words.append(line[:end])
            line = line[end + 1 :]
        return words or [""]

    def location(self, host: str, request: str) -> str:
        path, _, query = request.partition("?")
        for name, wanted, pattern, new in self.rules:
            if (
                re.search(name, host)
                and (wanted is None or re.search(wanted, query))
                and re.search(pattern.encode(), unquote_to_bytes(path))
            ):
                assert not re.search(r"(?<!\\)[$%]", new)
                return new.replace("\\", "")
        return ""


@pytest.mark.parametrize(("form", "server"), [("nginx", Nginx), ("apache", Apache)])
def test_a_hostile_address_changes_no_rule(
    cli: Program, home: Path, form: str, server: type[Nginx | Apache]
) -> None:
    requests = {
        "flag": "/index.php?title=a\"'[OR]'",
        "slash": "/index.php?title=a\\",
        "quote": "/wiki/%22",
        "quote-slash": "/wiki/a%22%5C",
        "blank": "/wiki/%20%22 [F] ${HOME} %{ENV:HOME}",
        "wide": "/wiki/%E6%BC%A2%C2%85%E2%80%A8",
        "last": "/wiki/last",
    }
    rows = [question(key, origin=[f"{WIKI}{it}"]) for key, it in requests.items()]
    write_manifest(home, *rows)
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", form)
    assert done.code == 0, done.err
    served, wanted = server(done.out), news(cli)
    for key, request in requests.items():
        assert served.location("wiki.example.com", request) == wanted[key], request
        assert served.location("other.example.com", request) == ""
    for request in ("/index.php?title=a", "/index.php?title=b", "/wiki/a", "/", "/wiki/\u00e6"):
        assert served.location("wiki.example.com", request) == ""


@pytest.mark.parametrize(("form", "server"), [("nginx", Nginx), ("apache", Apache)])
def test_a_server_leads_each_request_to_its_post_and_no_other(
    moved: Program, form: str, server: type[Nginx | Apache]
) -> None:
    done = moved("redirects", *SANDBOX, "--format", form)
    assert done.code == 0, done.err
    served, wanted = server(done.out), news(moved)
    for key, request in REQUESTS.items():
        assert served.location("wiki.example.com", request) == wanted[key], request
        assert served.location("other.example.com", request) == ""
    assert [served.location("wiki.example.com", it) for it in NOWHERE] == [""] * len(NOWHERE)
    assert "alias.md" not in done.out


def test_stubs_for_a_mediawiki_can_be_imported(moved: Program) -> None:
    done = moved("redirects", *SANDBOX, "--format", "mediawiki", "--address", f"{WIKI}/wiki")
    assert done.code == 0, done.err
    pages = {
        it.findtext("{*}title"): it.findtext("{*}revision/{*}text") or ""
        for it in ET.fromstring(done.out)  # noqa: S314 - our own
    }
    wanted = news(moved)
    assert f"[{wanted['unicode']} " in pages["\u00dcber uns (alt)"]
    hostile = next(text for text in pages.values() if "script" in text)
    assert "<script" not in hostile
    assert hostile.count("<nowiki>") == hostile.count("</nowiki>") == 1
    assert hostile.endswith("</nowiki>].\n")


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("confluence", "1.xml"),
        ("github-wiki", "\u00dcber_uns_(alt).md"),
        ("mediawiki", "100% $1.50.wiki"),
    ],
)
def test_stubs_are_files_below_the_folder_and_harmless(
    moved: Program, home: Path, form: str, file: str
) -> None:
    done = moved("redirects", *SANDBOX, "--format", form, "--out", "stubs")
    assert done.code == 0, done.err
    files = [path for path in (home / "stubs").rglob("*") if path.is_file()]
    written = {path.name: path.read_text() for path in files}
    assert len(written) == len(OLD) + 2
    assert file in written
    assert not any(re.search(r"(?<!\\)<script", text) for text in written.values())
    if form == "confluence":
        for text in written.values():
            assert ET.fromstring(text).tag == "p"  # noqa: S314 - our own
    again = moved("redirects", *SANDBOX, "--format", form, "--out", "stubs")
    assert (again.code, "is not empty" in again.err) == (64, True)


def test_titles_that_are_too_long_for_a_file_are_cut_by_bytes(cli: Program, home: Path) -> None:
    long = "\u6f22" * 90
    rows = [question(f"q{it}", origin=[f"{WIKI}/wiki/{long}{it}"]) for it in range(3)]
    write_manifest(home, *rows)
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", "github-wiki", "--out", "stubs")
    assert done.code == 0, done.err
    names = sorted(path.name for path in (home / "stubs").iterdir())
    assert len(names) == 3
    assert all(name.startswith("\u6f22" * 50) and len(name.encode()) < 200 for name in names)


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(moved: Program, home: Path) -> None:
    document = json.loads((home / "teams-importer.yaml").read_text())
    for row in document["questions"]:
        row["title"] = f"=cmd({row['key']}) is what it says"
    (home / "teams-importer.yaml").write_text(json.dumps(document))
    done = moved("redirects", *SANDBOX)
    titles = [it["title"] for it in csv.DictReader(io.StringIO(done.out))]
    assert all(it.startswith("'=cmd") for it in titles)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--format", "nginx", "--out", "x"), "--out is for stubs", id="out"),
        pytest.param(("--format", "confluence"), "a file for each page", id="no out"),
        pytest.param(("--address", "wiki"), "is no URL", id="address"),
    ],
)
def test_wrong_use_is_told(moved: Program, options: tuple[str, ...], said: str) -> None:
    done = moved("redirects", *SANDBOX, *options)
    assert (done.code, said in done.err) == (64, True)
