"""Files that come along with drafts: copied whole, once, and nowhere but below the manifest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from importer.errors import UsageError
from importer.manifests import load_manifest
from importer.manifests.writing import write_manifest
from importer.model.draft import Asset, Draft, DraftAnswer, Place
from importer.model.ids import Kind
from tests.pictures import png

BODY = "This is a text of more than thirty characters, as a post must have."


def asset(name: str, content: bytes, digest: str = "", size: int | None = None) -> Asset:
    opened: Callable[[], IO[bytes]] = lambda: io.BytesIO(content)  # noqa: E731 - it is a value
    whole = digest or hashlib.sha256(content).hexdigest()
    return Asset(name, len(content) if size is None else size, whole, opened)


def draft(key: str, text: str, *assets: Asset) -> Draft:
    body = f"{BODY} {text}"
    answers = (DraftAnswer("answer", body),)
    title = f"How do I get into {key}?"
    return Draft(key, title, ("a",), body, answers, Place("faq.md", 1), assets=assets)


def test_links_lead_to_the_copies_and_the_manifest_loads(tmp_path: Path) -> None:
    flow, logo = asset("flow.png", png(1)), asset("logo.png", png(2))
    text = "![x](asset:flow.png) [y][z] `asset:flow.png` [asset:flow.png](asset:no.png)"
    made = [
        draft("a", f"{text}\n\n[z]: asset:logo.png", flow, logo),
        draft("b/c/d", "![x](<asset:flow.png>)", flow),
    ]
    paths = write_manifest(tmp_path, made, namespace="x")
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == {
        "assets/flow.png", "assets/logo.png", "content/a.md", "content/b/c/d.md",
        "teams-importer.yaml",
    }  # fmt: skip
    assert (tmp_path / "assets/flow.png").read_bytes() == png(1)
    first = (tmp_path / "content/a.md").read_text()
    assert (
        "![x](../assets/flow.png) [y][z] `asset:flow.png` [asset:flow.png](asset:no.png)" in first
    )
    assert "[z]: ../assets/logo.png" in first
    assert "![x](<../../../assets/flow.png>)" in (tmp_path / "content/b/c/d.md").read_text()
    manifest, problems = load_manifest(tmp_path / "teams-importer.yaml")
    assert problems == ()
    assert sum(it.kind is Kind.IMAGE for it in manifest.items) == 2


def test_a_second_call_goes_on_and_each_content_is_read_once(tmp_path: Path) -> None:
    opened = []

    def content() -> IO[bytes]:
        opened.append(1)
        return io.BytesIO(png())

    picture = Asset("a.png", len(png()), hashlib.sha256(png()).hexdigest(), content)
    made = [draft("a", "![x](asset:a.png)", picture), draft("b", "![x](asset:a.png)", picture)]
    write_manifest(tmp_path, made, namespace="x")
    assert len(opened) == 1
    (tmp_path / "assets/a.png").unlink()
    (tmp_path / "assets/a.png.teams-importer.tmp").write_bytes(b"half")
    write_manifest(tmp_path, made, namespace="x")
    assert (tmp_path / "assets/a.png").read_bytes() == png()


@pytest.mark.parametrize("name", ["../a.png", "a/b.png", ".a", "", "A.png", "a..b", "/a", "a b"])
def test_a_name_that_is_none_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name for a file"):
        write_manifest(tmp_path / "out", [draft("a", "", asset(name, png()))], namespace="x")
    assert not list(tmp_path.rglob("*"))


def test_one_name_for_two_contents_is_refused(tmp_path: Path) -> None:
    made = [draft("a", "", asset("a.png", png(1))), draft("b", "", asset("a.png", png(2)))]
    with pytest.raises(UsageError, match="two different files"):
        write_manifest(tmp_path, made, namespace="x")
    assert not list(tmp_path.rglob("*"))


def broken() -> IO[bytes]:
    message = "gone"
    raise OSError(message)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(asset("a.png", png(1), "0" * 64), id="other bytes"),
        pytest.param(asset("a.png", png(1, 500), size=9), id="longer than it said"),
        pytest.param(Asset("a.png", 9, "0" * 64, broken), id="gone"),
    ],
)
def test_a_file_that_changed_meanwhile_stops_before_the_manifest(
    tmp_path: Path, changed: Asset
) -> None:
    with pytest.raises(UsageError, match="changed while it was read"):
        write_manifest(tmp_path, [draft("a", "![x](asset:a.png)", changed)], namespace="x")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", ["assets", "assets/a.png"])
def test_a_link_in_the_new_folder_is_not_followed(tmp_path: Path, place: str) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    for folder in (outside, (out / place).parent):
        folder.mkdir(exist_ok=True, parents=True)
    target = outside / "a.png" if place.endswith("png") else outside
    (out / place).symlink_to(target)
    with pytest.raises(UsageError, match="not empty"):
        write_manifest(out, [draft("a", "", asset("a.png", png()))], namespace="x")
    assert not list(outside.iterdir())


def test_another_file_in_its_place_is_kept(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/a.png").write_bytes(png(2))
    with pytest.raises(UsageError, match=r"not empty: assets/a\.png"):
        write_manifest(tmp_path, [draft("a", "", asset("a.png", png(1)))], namespace="x")
    assert (tmp_path / "assets/a.png").read_bytes() == png(2)
