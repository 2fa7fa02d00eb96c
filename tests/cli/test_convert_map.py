"""The report in CSV is the map file: sent out, filled in, read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.stage import Program, Result

TEXT = "This is a text of more than thirty characters as a post must have."
PAGES = {
    "VPN.md": f"# How to get into the VPN\n\n{TEXT} See [the other](Ops.md).\n",
    "Ops.md": f"# Running the thing\n\n{TEXT} Again.\n",
    "=Odd.md": f"# =1+1 and what it is\n\n{TEXT} Odd.\n",
    "Copy.md": f"# Running the thing\n\n{TEXT} Again.\n",
    "Empty.md": "# Nothing here at all\n",
}

Rows = list[dict[str, str]]
Convert = Callable[..., Result]


@pytest.fixture
def convert(cli: Program, home: Path) -> Convert:
    (home / "in").mkdir()
    for name, text in PAGES.items():
        (home / "in" / name).write_text(text)

    def run(out: str, *more: str) -> Result:
        return cli("convert", "markdown", "in", "--out", out, "--namespace", "x", *more)

    return run


def rows_of(path: Path) -> Rows:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def fill(path: Path, cells: Mapping[str, Mapping[str, str]], *, delimiter: str = ",") -> None:
    """Change cells by page and column, and save the table as another program does."""
    rows = rows_of(path)
    for row in rows:
        row.update(cells.get(row["page"], {}))
    save(path, rows, delimiter=delimiter)


def save(path: Path, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def content(folder: Path) -> dict[str, bytes]:
    files = [*folder.rglob("content/*.md"), folder / "teams-importer.yaml"]
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in files}


def test_every_page_has_a_row_and_no_cell_is_a_formula(convert: Convert, home: Path) -> None:
    done = convert("a", "--report", "map.csv")
    assert done.code == 0, done.err
    data = (home / "map.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfpage,keep,kind,title,tags,key,owner,last edited,size,")
    assert data.count(b"\r\n") == 6
    assert (home / "map.csv").stat().st_mode & 0o777 == 0o600
    rows = {row["page"]: row for row in rows_of(home / "map.csv")}
    assert {page: (row["keep"], row["fate"]) for page, row in rows.items()} == {
        "'=Odd.md": ("keep", "migrated"),
        "Copy.md": ("keep", "migrated"),
        "Empty.md": ("skip", "skipped"),
        "Ops.md": ("keep", "merged"),
        "VPN.md": ("keep", "migrated"),
    }
    assert rows["'=Odd.md"]["title"] == "'=1+1 and what it is"
    assert all(row["why"] for row in rows.values() if row["fate"] != "migrated")
    assert not [cell for row in rows.values() for cell in row.values() if cell[:1] in {*"=+-@"}]


def test_a_map_nobody_edited_changes_nothing(convert: Convert, home: Path) -> None:
    convert("a", "--report", "map.csv")
    done = convert("b", "--map", "map.csv", "--report", "again.csv")
    assert done.code == 0, done.err
    assert content(home / "a") == content(home / "b")
    assert (home / "map.csv").read_bytes() == (home / "again.csv").read_bytes()
    assert "map " not in done.out


EDITS = {
    "VPN.md": {"kind": "Question", "title": "How do I get into the VPN?", "tags": "vpn; Access"},
    "Ops.md": {"keep": "SKIP"},
    "'=Odd.md": {"key": "odd/sums"},
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_owners_wrote_is_done_whatever_program_they_use(
    convert: Convert, home: Path, delimiter: str
) -> None:
    convert("a", "--report", "map.csv")
    rows = rows_of(home / "map.csv")
    for row in rows:
        row.update(EDITS.get(row["page"], {}))
    shuffled = [{"note": "x", **dict(reversed(row.items()))} for row in reversed(rows)]
    save(home / "map.csv", shuffled, delimiter=delimiter)
    done = convert("b", "--map", "map.csv", "--report", "b.csv")
    assert done.code == 0, done.err
    files = content(home / "b")
    vpn = files["content/vpn.md"]
    assert b"title: How do I get into the VPN?\ntags: [vpn, access]\n" in vpn
    assert b"kind:" not in vpn
    assert b"<!-- answer: answer -->" in vpn
    assert b"key: odd/sums\n" in (home / "b/content/odd/sums.md").read_bytes()
    told = {row["page"]: row for row in rows_of(home / "b.csv")}
    assert told["Ops.md"]["fate"] == "skipped"
    assert "left out by map.csv:" in told["Ops.md"]["why"]


def test_decisions_hold_when_the_next_map_is_read(convert: Convert, home: Path) -> None:
    """A filled-in cell stays a decision in the report of that conversion."""
    convert("a", "--report", "map.csv")
    fill(home / "map.csv", EDITS)
    convert("b", "--map", "map.csv", "--report", "b.csv")
    done = convert("c", "--map", "b.csv", "--report", "c.csv")
    assert done.code == 0, done.err
    assert content(home / "b") == content(home / "c")
    assert (home / "b.csv").read_bytes() == (home / "c.csv").read_bytes()


def test_parts_of_several_people_are_laid_together(convert: Convert, home: Path) -> None:
    convert("a", "--report", "one.csv", "--report", "two.csv")
    fill(home / "one.csv", {"VPN.md": {"tags": "vpn"}})
    fill(home / "two.csv", {"VPN.md": {"kind": "question"}, "Copy.md": {"keep": "skip"}})
    done = convert("b", "--map", "one.csv", "--map", "two.csv")
    assert done.code == 0, done.err
    vpn = content(home / "b")["content/vpn.md"]
    assert b"tags: [vpn]" in vpn
    assert b"answer" in vpn


def test_two_owners_who_disagree_are_named_with_rows(convert: Convert, home: Path) -> None:
    convert("a", "--report", "one.csv", "--report", "two.csv")
    fill(home / "one.csv", {"VPN.md": {"tags": "vpn"}})
    fill(home / "two.csv", {"VPN.md": {"tags": "network"}})
    done = convert("b", "--map", "one.csv", "--map", "two.csv")
    assert done.code == 3
    assert "two.csv:6:5: error: in the column `tags`: 'network' here, 'vpn' at one.csv:6:5" in (
        done.err
    )
    assert not (home / "b").exists()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param({"keep": "maybe"}, "6:2: error: in the column `keep`: 'maybe'", id="keep"),
        pytest.param({"kind": "page"}, "6:3: error: in the column `kind`: 'page'", id="kind"),
        pytest.param({"tags": "a, b*c"}, "6:5: error: in the column `tags`: 'b*c'", id="tag"),
        pytest.param({"tags": "a b c d e f"}, "6:5: error: in the column `tags`: 6", id="tags"),
        pytest.param({"key": "1.00E+05"}, "6:6: error: in the column `key`: '1.00E+05'", id="key"),
        pytest.param({"key": "copy"}, "6:6: error: in the column `key`: the key", id="taken"),
        pytest.param({"page": ""}, "6:1: error: a row that names no page", id="no page"),
    ],
)
def test_a_cell_that_means_nothing_has_its_place(
    convert: Convert, home: Path, cells: Mapping[str, str], said: str
) -> None:
    convert("a", "--report", "map.csv")
    fill(home / "map.csv", {"VPN.md": cells})
    done = convert("b", "--map", "map.csv")
    assert (done.code, f"map.csv:{said}" in done.err) == (3, True), done.err
    assert "Traceback" not in done.err
    assert not (home / "b").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "map.csv:1: the map's first line names no column `page`", id="empty"),
        pytest.param(b"a,b\r\n", "names no column `page`", id="another table"),
        pytest.param(
            b"page,keep\r\nM\xfcll.md,skip\r\n", "map.csv:2: the map is not in", id="ANSI"
        ),
        pytest.param(b"page,page\r\n", "two columns `page`", id="twice"),
        pytest.param(b'page,keep\r\na,"skip\r\n', "map.csv:2:1: error: the table is", id="open"),
    ],
)
def test_what_is_no_map_is_said_to_be_none(
    convert: Convert, home: Path, data: bytes, said: str
) -> None:
    (home / "map.csv").write_bytes(data)
    done = convert("b", "--map", "map.csv")
    assert (done.code in (3, 64), said in done.err) == (True, True), done.err
    assert not (home / "b").exists()


def test_a_map_in_another_encoding_is_read_when_it_is_named(convert: Convert, home: Path) -> None:
    (home / "map.csv").write_bytes(b"sep=;\r\nPage;Keep;Note\r\nVPN.md;skip;f\xfcr\r\n")
    done = convert("b", "--map", "map.csv", "--encoding", "cp1252")
    assert done.code == 0, done.err
    assert "content/vpn.md" not in content(home / "b")
    (home / "wide.csv").write_bytes("page\tkeep\r\nVPN.md\tskip\r\n".encode("utf-16"))
    assert convert("c", "--map", "wide.csv").code == 0
    assert content(home / "b") == content(home / "c")


def test_pages_that_came_and_went_are_told(convert: Convert, home: Path) -> None:
    convert("a", "--report", "map.csv")
    (home / "in" / "VPN.md").unlink()
    (home / "in" / "New.md").write_text(f"# Something entirely new\n\n{TEXT} New.\n")
    done = convert("b", "--map", "map.csv")
    assert done.code == 0, done.err
    assert "gone, or renamed since" in done.out
    assert "VPN.md" in done.out
    assert "map.csv:6" in done.out
    assert "the map has no row for it" in done.out
    assert "content/new.md" in content(home / "b")


def test_a_page_that_moved_gets_the_key_that_is_free_again(convert: Convert, home: Path) -> None:
    """Or its post would be made a second time, under another key."""
    convert("a", "--report", "map.csv")
    (home / "in" / "VPN.md").rename(home / "in" / "How to get into the VPN.md")
    fill(home / "map.csv", {"VPN.md": {"key": "how-to-get-into-the-vpn"}})
    convert("b", "--map", "map.csv")
    assert "content/how-to-get-into-the-vpn.md" in content(home / "b")


@pytest.mark.parametrize("title", ["'Tis the season for it", "''Quoted'' twice as it is"])
def test_an_apostrophe_that_a_program_takes_off_is_no_edit(
    convert: Convert, home: Path, title: str
) -> None:
    (home / "in" / "'Odd'.md").write_text(f"# {title}\n\n{TEXT} Tis.\n")
    convert("a", "--report", "map.csv")
    rows = rows_of(home / "map.csv")
    for row in rows:
        row.update({name: cell.removeprefix("'") for name, cell in row.items()})
    save(home / "map.csv", rows)
    done = convert("b", "--map", "map.csv")
    assert done.code == 0, done.err
    assert content(home / "a") == content(home / "b")
    assert "map " not in done.out


def test_a_cell_as_it_was_sent_gives_way_to_a_newer_source(convert: Convert, home: Path) -> None:
    convert("a", "--report", "map.csv")
    (home / "in" / "VPN.md").write_text(f"# Getting into our network\n\n{TEXT}\n")
    convert("b", "--map", "map.csv")
    vpn = content(home / "b")["content/vpn.md"]
    assert b"title: Getting into our network\n" in vpn


def test_a_row_cannot_keep_a_page_without_text(convert: Convert, home: Path) -> None:
    convert("a", "--report", "map.csv")
    fill(home / "map.csv", {"Empty.md": {"keep": "keep"}})
    done = convert("b", "--map", "map.csv", "--format", "json")
    told = [it["why"] for it in done.document["losses"] if it["kind"] == "map"]
    assert len(told) == 1
    assert told[0].endswith("has no effect: there is no text on it")


def test_a_footer_says_the_title_that_the_page_had(convert: Convert, home: Path) -> None:
    (home / "rules.yaml").write_text("version: 1\nfooter: short\n")
    convert("a", "--report", "map.csv")
    fill(home / "map.csv", {"VPN.md": {"title": "Working from your home"}})
    convert("b", "--map", "map.csv", "--rules", "rules.yaml")
    page = (home / "b" / "content" / "vpn.md").read_text()
    assert "title: Working from your home" in page
    assert "*Moved from \u201cHow to get into the VPN\u201d.*" in page


def test_a_row_cannot_keep_what_is_no_page(convert: Convert, home: Path) -> None:
    (home / "in" / "_Sidebar.md").write_text("x")
    (home / "map.csv").write_text("page,keep\n_Sidebar.md,keep\n")
    done = convert("b", "--map", "map.csv")
    assert done.code == 0, done.err
    assert "has no effect" in done.out


def test_a_report_never_goes_over_what_is_read(convert: Convert, home: Path) -> None:
    (home / "map.csv").write_text("page,keep\nVPN.md,skip\n")
    done = convert("b", "--map", "map.csv", "--report", "map.csv")
    assert (done.code, "would write over" in done.err) == (64, True)
    assert (home / "map.csv").read_text() == "page,keep\nVPN.md,skip\n"
