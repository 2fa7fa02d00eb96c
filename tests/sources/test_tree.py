"""The files of a source, and what is refused: names that climb out, links, bombs, damage."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.sources.tree import Unreadable, decoded, digest_in, open_tree, whole


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_folder_and_a_zip_of_it_are_the_same(tmp_path: Path) -> None:
    files = {"a.md": b"one", "sub/b c.md": b"two", ".git/config": b"x", "sub/.hidden": b"x"}
    for name, data in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    for tree in (open_tree(tmp_path / "in"), open_tree(zipped(tmp_path / "in.zip", files))):
        assert dict(tree.names) == {"a.md": 3, "sub/b c.md": 3}
        assert whole(tree, "sub/b c.md") == b"two"
        assert tree.refused == ()
        assert digest_in(tree, "a.md").startswith("7692c3ad")
    assert dict(open_tree(tmp_path / "in" / "a.md").names) == {"a.md": 3}


@pytest.mark.parametrize(
    "name", ["../out.md", "/etc/passwd", "a/../../out.md", "C:/out.md", "..\\out.md"]
)
def test_a_name_that_climbs_out_is_refused_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    tree = open_tree(zipped(tmp_path / "in.zip", {name: b"x", "a.md": b"one"}))
    assert list(tree.names) == ["a.md"]
    assert [it.why for it in tree.refused] == ["a path that climbs out of the archive; left out"]


def test_links_are_not_followed_out_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text("one")
    (folder / "b.md").symlink_to("a.md")
    (folder / "c.md").symlink_to("../secret.md")
    tree = open_tree(folder)
    assert list(tree.names) == ["a.md", "b.md"]
    assert [it.what for it in tree.refused] == ["c.md"]
    entry = zipfile.ZipInfo("link.md")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert [it.why for it in open_tree(tmp_path / "in.zip").refused] == [
        "a link, not a file; left out"
    ]


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"a.xml": bytes(60 * 2**20)})
    with pytest.raises(UsageError, match=r"would unpack to 62,914,560: a zip bomb"):
        open_tree(path)


def test_files_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.md": b"one" * 1_000, "b.md": b"two" * 1_000})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(UsageError, match="share their bytes"):
        open_tree(path)


def test_a_damaged_zip_is_told_and_a_damaged_file_in_it_too(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a.md": b"one" * 1_000})
    data = bytearray(path.read_bytes())
    (tmp_path / "cut.zip").write_bytes(data[:-30])
    with pytest.raises(UsageError, match="damaged or not whole"):
        open_tree(tmp_path / "cut.zip")
    data[36:40] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="damaged"):
        whole(open_tree(path), "a.md")
    assert digest_in(open_tree(path), "a.md") == ""


def test_nothing_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        open_tree(tmp_path / "none")


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        pytest.param(b"\xef\xbb\xbfa\r\nb\rc", None, ("a\nb\nc", ""), id="BOM and line ends"),
        pytest.param(b"\xe9", "cp1252", ("é", "cp1252"), id="as told"),
        pytest.param("é".encode("utf-16"), None, ("\ufeffé", "utf-16"), id="UTF-16"),
    ],
)
def test_bytes_become_text(data: bytes, encoding: str | None, expected: tuple[str, str]) -> None:
    text, other = decoded(data, encoding)
    assert (text.lstrip("\ufeff"), other) == (expected[0].lstrip("\ufeff"), expected[1])


@pytest.mark.parametrize("encoding", [None, "ascii", "no-such"])
def test_bytes_that_are_no_text_are_told(encoding: str | None) -> None:
    with pytest.raises(Unreadable, match=r"not UTF-8.* in line 2"):
        decoded(b"a\n\xe9", encoding)
