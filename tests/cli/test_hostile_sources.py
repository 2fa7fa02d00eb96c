"""Sources that somebody made to do harm, or that broke on their way, through the command line.

A whole that is damaged or dangerous is an error with the next step, and nothing is written; a bad
page is listed, and the others are read. Nothing is ever written outside the output folder.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.sources import READERS
from tests.cli.stage import Program, Result
from tests.cli.test_convert import MEDIAWIKI, SOURCES, TEXT
from tests.sources.test_parts import packed

ZIPPED = [name for name in SOURCES if name != "faq"]
JSON = ["discourse", "json", "so4t-json", "zendesk"]
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
GOOD = f"# The way to get in\n\n{TEXT}\n"


def converted(cli: Program, reader: str, path: Path | str) -> Result:
    return cli("convert", reader, path, "--out", "out", "--namespace", "x", "--verbose")


def refused(cli: Program, home: Path, reader: str, path: Path, said: str) -> None:
    before = sorted(home.parent.rglob("*"))
    done = converted(cli, reader, path)
    assert (done.code, said in done.err) == (64, True), done.err
    assert "Traceback" not in done.err
    # What to do next stands below what is wrong.
    assert len(done.err.strip().splitlines()) > 1
    assert sorted(home.parent.rglob("*")) == before


def encrypted(data: bytes) -> bytes:
    """Return a zip whose files are marked as encrypted, in both of their headers."""
    marked = bytearray(data)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        begin = marked.find(sign)
        while begin >= 0:
            marked[begin + at] |= 1
            begin = marked.find(sign, begin + 4)
    return bytes(marked)


def sharing(data: bytes) -> bytes:
    """Return a zip whose last file claims the first one's bytes."""
    marked = bytearray(data)
    last = marked.rindex(b"PK\x01\x02")
    marked[last + 42 : last + 46] = bytes(4)
    return bytes(marked)


ZIPS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda data: data[:-30], "damaged or not whole"),
    "empty": (lambda _: b"", "damaged or not whole"),
    "no zip": (lambda _: b"no zip at all", "damaged or not whole"),
    "encrypted": (encrypted, "is encrypted"),
    "ratio": (lambda _: packed({"a.md": bytes(60 * 2**20)}), "a zip bomb"),
    "shared bytes": (lambda _: sharing(packed({"a": b"1" * 999, "b": b"2" * 999})), "a zip bomb"),
}


@pytest.mark.parametrize("harm", ZIPS)
@pytest.mark.parametrize("reader", ZIPPED)
def test_a_bad_zip_is_refused_by_every_reader(
    cli: Program, home: Path, reader: str, harm: str
) -> None:
    name, text = SOURCES[reader]
    change, said = ZIPS[harm]
    (home / "in.zip").write_bytes(change(packed({name: text.encode()})))
    refused(cli, home, reader, Path("in.zip"), said)


def test_too_many_files_are_a_bomb(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importer.sources.zips._MOST_FILES", 10)
    (home / "in.zip").write_bytes(packed({f"{n}.md": b"x" for n in range(11)}))
    refused(cli, home, "markdown", Path("in.zip"), "holds 11 files: a zip bomb")


@pytest.mark.parametrize("depth", [5, 50])
def test_zips_in_zips_without_end_are_refused(cli: Program, home: Path, depth: int) -> None:
    data = packed({f"Home {'a' * 32}.md": GOOD.encode()})
    for _ in range(depth):
        data = packed({"Part.zip": data})
    (home / "in.zip").write_bytes(data)
    refused(cli, home, "notion", Path("in.zip"), "without end")


def test_a_bomb_within_a_zip_is_refused(cli: Program, home: Path) -> None:
    (home / "in.zip").write_bytes(packed({"Part.zip": packed({"a.md": bytes(60 * 2**20)})}))
    refused(cli, home, "notion", Path("in.zip"), "a zip bomb")


@pytest.mark.parametrize("reader", ZIPPED)
def test_what_climbs_out_or_links_is_left_out_and_the_rest_is_read(
    cli: Program, home: Path, reader: str
) -> None:
    name, text = SOURCES[reader]
    link = zipfile.ZipInfo("link.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(home / "in.zip", "w") as archive:
        archive.writestr(name, text)
        archive.writestr(link, "/etc/passwd")
        for outside in ("../../up.md", "/abs.md", "C:\\drive.md", "a/../../mid.md"):
            archive.writestr(outside, text)
    before = {it for it in home.parent.rglob("*") if not it.is_relative_to(home)}
    done = converted(cli, reader, "in.zip")
    assert done.code == 0, done.err
    assert done.out.count("a path that climbs out of the archive; left out") == 4
    assert done.out.count("a link, not a file; left out") == 1
    assert "1 pages in, 1 migrated" in done.err
    assert {it for it in home.parent.rglob("*") if not it.is_relative_to(home)} == before
    assert {it.name for it in home.iterdir()} == {"in.zip", "out"}


def test_links_in_a_folder_lead_nowhere(cli: Program, home: Path) -> None:
    (home / "secret").mkdir()
    (home / "secret" / "key.md").write_text("# A key of somebody\n\nc4n4ry c4n4ry c4n4ry c4n4ry")
    (home / "in").mkdir()
    (home / "in" / "good.md").write_text(GOOD)
    (home / "in" / "folder").symlink_to(home / "secret")
    (home / "in" / "file.md").symlink_to(home / "secret" / "key.md")
    done = converted(cli, "markdown", "in")
    assert done.code == 0, done.err
    assert "a link to a folder, which is not followed" in done.out
    assert "a link that leads out of the folder" in done.out
    assert not [it for it in (home / "out").rglob("*.md") if "c4n4ry" in it.read_text()]


def test_names_that_differ_in_case_alone_are_pages_of_their_own(cli: Program, home: Path) -> None:
    pages = {name: f"# The way number {n}\n\n{TEXT} {n}" for n, name in enumerate(("A.md", "a.md"))}
    (home / "in.zip").write_bytes(packed({name: text.encode() for name, text in pages.items()}))
    assert converted(cli, "markdown", "in.zip").code == 0
    files = [it.name for it in (home / "out" / "content").iterdir()]
    assert sorted(it.lower() for it in files) == ["a-2.md", "a.md"]
    assert cli("validate", "out").code == 0


def test_an_encrypted_file_among_others_is_listed(cli: Program, home: Path) -> None:
    stream = io.BytesIO(packed({"a.md": GOOD.encode(), "b.md": GOOD.encode()}))
    data = bytearray(stream.getvalue())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (home / "in.zip").write_bytes(data)
    done = converted(cli, "markdown", "in.zip")
    assert (done.code, "it is encrypted; left out" in done.out) == (0, True)


@pytest.mark.parametrize(
    ("reader", "name", "text"),
    [
        ("mediawiki", "a.xml", LAUGHS + MEDIAWIKI.replace("Left.", "&b;")),
        ("confluence", "entities.xml", f"{LAUGHS}<hibernate-generic>&b;</hibernate-generic>"),
        ("stackexchange", "Posts.xml", f'{LAUGHS}<posts><row Title="&b;"/></posts>'),
        ("stackexchange", "Users.xml", f'{LAUGHS}<users><row DisplayName="&b;"/></users>'),
    ],
)
def test_entities_are_refused_before_they_grow(
    cli: Program, home: Path, reader: str, name: str, text: str
) -> None:
    (home / "in").mkdir()
    own, good = SOURCES[reader]
    if reader == "stackexchange":
        (home / "in" / own).write_text(good)
    (home / "in" / name).write_text(text)
    refused(cli, home, reader, Path("in"), "declares a document type")


@pytest.mark.parametrize(
    ("reader", "name", "text"),
    [
        ("confluence", "page.xml", f"{LAUGHS}<p>{TEXT} &b;<ac:link/></p>"),
        ("confluence", "page.html", f'{LAUGHS}<div id="main-content">{TEXT} &b;</div>'),
        ("notion", f"P {'a' * 32}.html", f'{LAUGHS}<div class="page-body">{TEXT} &b;</div>'),
        ("json", "p.json", json.dumps([{"title": "A page", "format": "html",
                                        "body": f"{LAUGHS}{TEXT} &b;"}])),
    ],
)  # fmt: skip
def test_entities_in_a_page_stay_unread(
    cli: Program, home: Path, reader: str, name: str, text: str
) -> None:
    (home / "in").mkdir()
    (home / "in" / name).write_text(text)
    assert converted(cli, reader, "in").code == 0
    (page,) = (home / "out" / "content").rglob("*.md")
    assert "haha" not in page.read_text()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xml", MEDIAWIKI.encode()[:-9], "a.xml:1: it breaks off"),
        ("a.xml.gz", gzip.compress(MEDIAWIKI.encode())[:-9], "damaged or not whole"),
        ("a.xml.gz", b"no gzip", "damaged or not whole"),
        ("a.xml.bz2", bz2.compress(MEDIAWIKI.encode())[:-9], "damaged or not whole"),
        ("a.xml.gz", gzip.compress(b"<mediawiki>" + b" " * (40 * 2**20)), "a bomb"),
        ("a.xml.bz2", bz2.compress(b"<mediawiki>" + b" " * (40 * 2**20)), "a bomb"),
        ("a.xml", b"<a>" * 10_000, "nested too deeply"),
    ],
    # What is packed holds the time, and a test has to have the same name for each worker.
    ids=["cut", "cut gz", "no gz", "cut bz2", "gz bomb", "bz2 bomb", "nested"],
)
def test_a_cut_dump_or_a_packed_bomb_is_refused(
    cli: Program, home: Path, name: str, data: bytes, said: str
) -> None:
    (home / name).write_bytes(data)
    refused(cli, home, "mediawiki", Path(name), said)


@pytest.mark.parametrize(
    ("reader", "name"), [("confluence", "entities.xml"), ("stackexchange", "Posts.xml")]
)
def test_damage_in_the_middle_of_a_zip_is_told(
    cli: Program, home: Path, reader: str, name: str
) -> None:
    rows = "".join(f"<row>{os.urandom(30).hex()}</row>" for _ in range(2_000))
    data = bytearray(packed({name: f"<rows>{rows}</rows>".encode()}))
    middle = len(data) // 2
    data[middle : middle + 50] = b"\xff" * 50
    (home / "in.zip").write_bytes(data)
    refused(cli, home, reader, Path("in.zip"), f"{name} is damaged or not whole")


@pytest.mark.parametrize("reader", JSON)
@pytest.mark.parametrize(
    ("text", "said"),
    [('[{"a": [', "damaged or no JSON"), ("[" * 100_000, "damaged or no JSON"), ("", "")],
    ids=["cut", "deep", "empty"],
)
def test_json_that_is_none_is_refused(
    cli: Program, home: Path, reader: str, text: str, said: str
) -> None:
    (home / "articles.json").write_text(text)
    refused(cli, home, reader, Path("articles.json"), said)


@pytest.mark.parametrize("reader", ["confluence", "faq", "json", "markdown", "mediawiki", "notion"])
def test_a_page_of_a_hundred_megabytes_is_skipped_and_the_others_are_read(
    cli: Program, home: Path, reader: str
) -> None:
    (home / "in").mkdir()
    name, text = SOURCES[reader]
    (home / "in" / name).write_text(text)
    huge = {"mediawiki": "huge.mediawiki", "json": "huge.jsonl", "confluence": "huge.xml"}
    with (home / "in" / huge.get(reader, f"huge {'b' * 32}.md")).open("wb") as file:
        file.truncate(100 * 2**20)
    done = converted(cli, reader, "in")
    assert done.code == 0, done.err
    assert "2 pages in, 1 migrated" in done.err
    assert "1 skipped" in done.err


def test_a_text_that_nobody_reads_is_not_converted(cli: Program, home: Path) -> None:
    endless = MEDIAWIKI.replace("Left.", "word " * 1_000_000).replace("home", "nowhere")
    both = endless.replace("</mediawiki>", "") + MEDIAWIKI.replace("<mediawiki>", "")
    (home / "a.xml").write_text(both)
    done = converted(cli, "mediawiki", "a.xml")
    assert "2 pages in, 1 migrated" in done.err
    assert "a text of 5,000,000 characters" in done.out


@pytest.mark.parametrize(
    ("reader", "name", "text"),
    [
        pytest.param("markdown", "a.md", "> " * 20_000 + "x", id="quotations"),
        pytest.param("markdown", "a.md", "[" * 50_000 + "x", id="brackets"),
        pytest.param("confluence", "a.xml", "<ac:link>" * 5_000, id="storage"),
        pytest.param("notion", f"a {'b' * 32}.html",
                     '<div class="page-body">' + "<div><ul><li>" * 2_000 + "x", id="HTML"),
        pytest.param("mediawiki", "a.wiki", "{{a|" * 20_000 + "x", id="templates"),
        pytest.param("mediawiki", "a.wiki", "[[" * 20_000 + "x", id="links"),
        pytest.param("mediawiki", "a.wiki", "*" * 5_000 + "x", id="lists"),
    ],
)  # fmt: skip
def test_nesting_beyond_all_reason_ends_no_reader(
    cli: Program, home: Path, reader: str, name: str, text: str
) -> None:
    (home / "in").mkdir()
    (home / "in" / name).write_text(text)
    good, content = SOURCES[reader]
    (home / "in" / good).write_text(content)
    done = converted(cli, reader, "in")
    assert done.code == 0, done.err
    assert "2 pages in" in done.err
    assert cli("validate", "out").code == 0


@pytest.mark.parametrize("reader", sorted(READERS))
def test_bytes_that_are_no_text_are_told(cli: Program, home: Path, reader: str) -> None:
    name, text = SOURCES[reader]
    (home / "in").mkdir()
    (home / "in" / name).write_bytes(text.encode().replace(b"way", b"w\xffy") + b"\xff\xfe\xfd")
    done = converted(cli, reader, "in")
    assert done.code in (0, 64)
    assert "UTF-8" in done.out + done.err or "U+FFFD" in done.out or reader in XML
    assert "Traceback" not in done.err


# A parser of XML puts U+FFFD in their place; some stop at what stands behind the end.
XML = ("mediawiki", "stackexchange")


@pytest.mark.parametrize("reader", sorted(READERS))
def test_a_file_of_nonsense_is_an_error_or_a_loss(cli: Program, home: Path, reader: str) -> None:
    (home / "in").mkdir()
    (home / "in" / SOURCES[reader][0]).write_bytes(bytes(range(256)) * 40)
    done = converted(cli, reader, "in")
    assert done.code in (0, 64), done.err
    assert "a bug of teams-importer" not in done.err
    assert cli("convert", "auto", "in", "--out", "more", "--namespace", "x").code in (0, 64)
