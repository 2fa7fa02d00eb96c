"""Exports that are parted into zips: in a zip, or beside one another."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.sources.parts import open_parts
from importer.sources.tree import whole


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def nested(depth: int, name: str = "Part") -> bytes:
    data = packed({"a.md": b"one"})
    for _ in range(depth):
        data = packed({f"{name}.zip": data})
    return data


def test_the_files_of_all_parts_are_in_one_tree_and_doubles_are_told(tmp_path: Path) -> None:
    one = packed({"wiki/a.md": b"one", "wiki/x.png": b"x", "wiki/plugin.zip": packed({"z": b"z"})})
    two = packed({"wiki/b.md": b"two", "wiki/x.png": b"x"})
    (tmp_path / "in.zip").write_bytes(packed({"E-Part-1.zip": one, "E-Part-2.zip": two}))
    tree = open_parts(tmp_path / "in.zip")
    assert list(tree.names) == ["wiki/a.md", "wiki/b.md", "wiki/plugin.zip", "wiki/x.png"]
    assert whole(tree, "wiki/b.md") == b"two"
    assert [(it.what, it.why) for it in tree.refused] == [
        ("E-Part-2.zip/wiki/x.png", "a second file of this name; left out")
    ]
    folder = tmp_path / "in"
    folder.mkdir()
    for number, data in enumerate((one, two), 1):
        (folder / f"E-Part-{number}.zip").write_bytes(data)
    assert open_parts(folder).names == tree.names


def test_a_zip_of_pages_is_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(packed({"a.md": b"one", "b.zip": packed({"z": b"z"})}))
    assert list(open_parts(tmp_path / "in.zip").names) == ["a.md", "b.zip"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(packed({"E-Part-1.zip": b"PK\x03\x04"}), "damaged or not whole", id="damaged"),
        pytest.param(nested(5), "without end", id="zips in zips without end"),
        pytest.param(packed({"p.zip": packed({"a": bytes(60 * 2**20)})}), "a zip bomb", id="bomb"),
    ],
)
def test_a_part_that_is_damaged_or_a_bomb_is_told(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "in.zip").write_bytes(data)
    with pytest.raises(UsageError, match=said):
        open_parts(tmp_path / "in.zip")
