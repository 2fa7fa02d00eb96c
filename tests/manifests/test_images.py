"""Images in bodies: found by their links, judged by their bytes, one item per content."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import ManifestError
from importer.manifests import fingerprint, load_manifest, picture_loader
from importer.manifests.measuring import measured
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, image_key, target_of_key
from importer.model.manifest import Item
from importer.model.pictures import MOST_BYTES
from importer.text.digests import digest_bytes
from importer.text.links import Text
from tests.manifests.pages import (
    BODY,
    HERE,
    MANIFEST,
    TAGGED,
    Files,
    assert_told,
    by_key,
    fields_of,
    load,
    page,
    put,
    question,
)
from tests.pictures import BMP, GIF, HTML, JPEG, SVG, WEBP, png

DOT = png()
NOTHING: Files = {}
TREE: Files = {
    MANIFEST: f'{TAGGED}include: ["**/*.md"]\n',
    "x/img/a.png": DOT,
    "x/img/with blank.png": png(1),
    "x/img/note.txt": b"A note, and no picture at all.",
    "img/top.png": png(2),
}


def tree(body: str, more: Files = NOTHING) -> Files:
    """Return a manifest with one page of *body*, whose paths are as seen from x/a.md."""
    return {**TREE, "x/a.md": page("it", f"{BODY}\n\n{body}", title="What is shown here?"), **more}


def text_of(folder: Path, body: str) -> Text:
    value: Value = fields_of(load(folder, tree(body)), "it")[Field.BODY]
    assert isinstance(value, Text)
    return value


def images_of(items: tuple[Item, ...]) -> list[Item]:
    return [it for it in items if it.kind is Kind.IMAGE]


def hole(content: bytes) -> str:
    return target_of_key(image_key(digest_bytes(content)))


@pytest.mark.parametrize(
    ("written", "content"),
    [
        pytest.param("![alt](img/a.png)", DOT, id="inline"),
        pytest.param('![alt](img/a.png "A title")', DOT, id="with a title"),
        pytest.param("![alt](./img/../img/a.png)", DOT, id="a way around"),
        pytest.param("![alt](../img/top.png)", png(2), id="a folder above"),
        pytest.param("![alt](<img/with blank.png>)", png(1), id="in angle brackets"),
        pytest.param("![alt](img/with%20blank.png)", png(1), id="percent-encoded"),
        pytest.param("[![alt](img/a.png)](https://example.com)", DOT, id="in a link"),
        pytest.param("![alt][dot]\n\n[dot]: img/a.png", DOT, id="by reference"),
        pytest.param("![dot]\n\n[dot]: <img/with blank.png>", png(1), id="shortcut"),
    ],
)
def test_an_image_is_a_hole_that_leads_to_its_bytes(
    folder: Path, written: str, content: bytes
) -> None:
    text = text_of(folder, written)
    assert text.targets == (hole(content),)
    assert "img/" not in text.holed


@pytest.mark.parametrize(
    "written",
    [
        "![alt](https://example.com/a.png)",
        "![alt](//example.com/a.png)",
        "`![alt](img/a.png)`",
        "    ![alt](img/a.png)",
        "<!-- ![alt](img/a.png) -->",
        "![alt](#a)",
        "[^1]: img.png is what we call it",
    ],
)
def test_what_is_no_local_image_stays_text(folder: Path, written: str) -> None:
    made = load(folder, tree(written))
    assert images_of(made.items) == []
    assert fields_of(made, "it")[Field.BODY] == Text(f"{BODY}\n\n{written}\n")


def test_an_image_is_one_item_per_content_before_the_first_that_shows_it(folder: Path) -> None:
    files: Files = {
        MANIFEST: (
            f"{TAGGED}questions:\n"
            f"{question('one', body=f'{BODY} ![a](a.png)')}"
            f"  answer: '{BODY} ![c](copy.png) ![b](b.png)'\n"
            f"{question('two', body=f'{BODY} ![c](copy.png)', title='Is there another one?')}"
        ),
        "a.png": DOT,
        "copy.png": DOT,
        "b.png": png(9),
    }
    made = load(folder, files)
    first, second = images_of(made.items)
    assert [it.key for it in made.items] == [first.key, second.key, "one", "one#answer", "two"]
    pictures = {it.key: it.picture for it in made.items if it.picture}
    a = pictures[image_key(digest_bytes(DOT))]
    assert first.key == image_key(digest_bytes(DOT))
    assert (a.path, a.media_type, a.size) == ("a.png", "image/png", len(DOT))
    assert pictures[image_key(digest_bytes(png(9)))].path == "b.png"


def test_a_moved_or_renamed_file_changes_nothing_but_the_place(folder: Path) -> None:
    before = load(folder, tree("![alt](img/a.png)"))
    after = load(folder, tree("![alt](img/moved.png)", {"x/img/moved.png": DOT}))
    assert fields_of(before, "it") == fields_of(after, "it")
    assert before.digest != after.digest, "the page is another one all the same"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (DOT, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (BMP, "image/bmp"),
        (WEBP, "image/webp"),
    ],
)
def test_the_type_shows_in_the_bytes(folder: Path, content: bytes, media_type: str) -> None:
    made = load(folder, tree("![alt](img/it.svg)", {"x/img/it.svg": content}))
    (image,) = images_of(made.items)
    assert image.picture is not None
    assert image.picture.media_type == media_type


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(SVG, "image-type", id="svg"),
        pytest.param(HTML, "image-type", id="a page"),
        pytest.param(b"", "image-type", id="nothing"),
        pytest.param(b"BM is how this text begins, and no picture.", "image-type", id="a text"),
        pytest.param(b"RIFF\x1a\x00\x00\x00WAVEfmt ", "image-type", id="a sound"),
        pytest.param(png(size=MOST_BYTES + 1), "image-too-large", id="a byte too large"),
        pytest.param(None, "file-missing", id="missing"),
    ],
)
def test_f71_what_can_not_be_uploaded_is_told_where_it_is_named(
    folder: Path, content: bytes | None, rule: str
) -> None:
    more: Files = {} if content is None else {"x/img/it.png": content}
    body = f"![alt]({HERE}img/it.png) and again:\n\n![alt]({HERE}img/it.png)"
    assert_told(folder, tree(body, more), rule, rule)


def header(content: bytes) -> int:
    """How many bytes of an image of ours tell its size."""
    return next(at for at in range(len(content)) if is_image(content[:at]))


def is_image(content: bytes) -> bool:
    return any(
        content.startswith(start) and measured(f"image/{name}", content) is not None
        for name, start in STARTS.items()
    )


STARTS = {
    "png": b"\x89PNG",
    "jpeg": b"\xff\xd8\xff",
    "gif": b"GIF8",
    "bmp": b"BM",
    "webp": b"RIFF",
}


@pytest.mark.parametrize("content", [DOT, JPEG, GIF, BMP, WEBP], ids=[*STARTS])
def test_an_image_that_breaks_off_before_its_size_is_told(folder: Path, content: bytes) -> None:
    most = header(content)
    cut = content[: most - 1]
    (problem,) = assert_told(
        folder, tree(f"![alt]({HERE}img/it.png)", {"x/img/it.png": cut}), "image-broken"
    )
    assert "breaks off" in problem.message
    made = load(folder, tree("![alt](img/it.png)", {"x/img/it.png": content}))
    assert len(images_of(made.items)) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"GIF89a", id="six bytes"),
        pytest.param(b"GIF89a" + bytes(7), id="no width"),
        pytest.param(DOT.replace(b"IHDR", b"IDAT"), id="another chunk first"),
        pytest.param(DOT[:16] + bytes(8) + DOT[24:], id="no dots"),
        pytest.param(JPEG.replace(b"\xff\xc0", b"\xff\xc4"), id="a scan without a frame"),
        pytest.param(WEBP.replace(b"VP8L", b"ANIM"), id="no picture in the container"),
        pytest.param(WEBP.replace(b"\x2f", b"\x2e"), id="another signature"),
        pytest.param(b"\xff\xd8\xff" + b"\xff" * 40, id="fill without end"),
    ],
)
def test_what_only_begins_like_an_image_is_none(folder: Path, content: bytes) -> None:
    files = tree(f"![alt]({HERE}img/it.png)", {"x/img/it.png": content})
    assert_told(folder, files, "image-broken")


SHOWN = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(6) + b"\x21\xf9\x04" + bytes(4) + b"\x00"
SHOWN += b"\x2c" + bytes(4) + b"\x01\x00\x01\x00\x00" + b"\x02\x02\x44\x01\x00"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png(size=5_000), id="png, and more behind it"),
        pytest.param(JPEG + b"more", id="jpeg, and more behind it"),
        pytest.param(SHOWN + b";", id="gif"),
        pytest.param(SHOWN, id="gif without the last byte"),
        pytest.param(WEBP + b"more", id="webp, and more behind it"),
        pytest.param(BMP, id="bmp"),
    ],
)
def test_an_image_that_reaches_its_end_is_whole(folder: Path, content: bytes) -> None:
    made = load(folder, tree("![alt](img/it.png)", {"x/img/it.png": content}))
    assert len(images_of(made.items)) == 1


PREVIEW = b"\xff\xe1\x00\x08\xff\xd8\xff\xd9\x00\x00"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(DOT[:-1], id="png"),
        pytest.param(DOT[:40], id="png, before the dots"),
        pytest.param(JPEG[:-1], id="jpeg"),
        pytest.param(JPEG[:2] + PREVIEW + JPEG[2:-2], id="jpeg with a preview"),
        pytest.param(SHOWN[:-1], id="gif"),
        pytest.param(SHOWN[:20], id="gif, before any block ends"),
        pytest.param(SHOWN[:19] + b"\x00;", id="gif, no block"),
        pytest.param(WEBP[:-1], id="webp"),
        pytest.param(BMP[:-1], id="bmp"),
    ],
)
def test_an_image_that_breaks_off_before_its_end_is_told(folder: Path, content: bytes) -> None:
    files = tree(f"![alt]({HERE}img/it.png)", {"x/img/it.png": content})
    assert_told(folder, files, "image-broken")


LOSSY = b"RIFF\x1e\x00\x00\x00WEBPVP8 \x12\x00\x00\x00" + bytes(3) + b"\x9d\x01\x2a"
EXTENDED = b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4)


@pytest.mark.parametrize(
    ("media_type", "content", "size"),
    [
        ("png", DOT, (1, 1)),
        ("gif", b"GIF87a\x40\x01\xc8\x00" + bytes(3), (320, 200)),
        ("bmp", b"BM" + bytes(12) + struct.pack("<Iii", 40, 320, -200), (320, 200)),
        ("bmp", b"BM" + bytes(12) + struct.pack("<IHH", 12, 320, 200), (320, 200)),
        ("webp", LOSSY + struct.pack("<HH", 320, 200), (320, 200)),
        ("webp", EXTENDED + b"\x3f\x01\x00\xc7\x00\x01", (320, 65_736)),
        ("webp", WEBP[:21] + struct.pack("<I", 319 | 199 << 14), (320, 200)),
        ("jpeg", JPEG[:2] + b"\xff" + JPEG[2:], (1, 1)),
        ("jpeg", JPEG[:2] + b"\xff\x01" + JPEG[2:], (1, 1)),
    ],
)
def test_the_size_stands_where_the_format_says(
    media_type: str, content: bytes, size: tuple[int, int]
) -> None:
    assert measured(f"image/{media_type}", content) == size


@given(st.sampled_from([DOT, JPEG, GIF, BMP, WEBP]), st.binary(max_size=40), st.integers(3, 60))
def test_no_bytes_make_it_stumble(content: bytes, noise: bytes, at: int) -> None:
    damaged = content[:at] + noise
    for name in STARTS:
        measured(f"image/{name}", damaged)


def test_an_image_as_large_as_may_be_is_fine(folder: Path) -> None:
    made = load(folder, tree("![alt](img/it.png)", {"x/img/it.png": png(size=MOST_BYTES)}))
    assert len(images_of(made.items)) == 1


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(f"![alt]({HERE}../../a.png)", "link-leaves", id="out of the folder"),
        pytest.param(f"![alt]({HERE}img/note.txt)", "image-type", id="a text"),
        pytest.param(f"![alt]({HERE}img)", "file-special", id="a folder"),
        pytest.param(f"[dot]: {HERE}img/none.png", "file-missing", id="a definition"),
        pytest.param(f"[see it]({HERE}img/a.png)", "link-relative", id="a link is no image"),
    ],
)
def test_a_faulty_image_link_is_told(folder: Path, body: str, rule: str) -> None:
    assert_told(folder, tree(body), rule)


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        pytest.param(f"![y]({HERE}/etc/hostname)", "image-address", id="a path of the machine"),
        pytest.param(f"![y]({HERE}/img/a.png)", "image-address", id="from the manifest's folder"),
        pytest.param(f"![z]({HERE}file:///etc/passwd)", "image-address", id="a file URL"),
        pytest.param(f"![z](<{HERE}FILE:a.png>)", "image-address", id="in upper case"),
        pytest.param(f"![z]({HERE}C:/img/a.png)", "image-address", id="a drive"),
        pytest.param(f"![z]\n\n[z]: {HERE}/img/a.png", "image-address", id="a definition"),
        pytest.param(f'<img src="{HERE}img/a.png">', "image-tag", id="a tag on a line"),
        pytest.param(f"It is <IMG alt='src=\"x\"' src={HERE}a.png />.", "image-tag", id="inline"),
        pytest.param(f"<p>\n<img width=3\n src='{HERE}a.png'></p>", "image-tag", id="in a block"),
        pytest.param(f"> a <img\n> src='{HERE}a.png'>", "image-tag", id="in a quote"),
        pytest.param(f"> <img src='{HERE}a.png'>", "image-tag", id="raw in a quote"),
        pytest.param(f'<img src="{HERE}/etc/hostname">', "image-address", id="a tag's path"),
        pytest.param(f'a <img src="{HERE}file:///a.png">', "image-address", id="a tag's file URL"),
        pytest.param(
            f'<img src="{HERE}a.png"><img src="{HERE}b.png">\n\nand <img src="{HERE}a.png">',
            "image-tag image-tag image-tag",
            id="each of them",
        ),
    ],
)
def test_an_image_that_no_reader_would_see_is_told(folder: Path, body: str, rules: str) -> None:
    problems = assert_told(folder, tree(body), *rules.split())
    assert all("![...](" in it.remedy for it in problems)


@pytest.mark.parametrize(
    "body",
    [
        "[it](/questions/12)",
        "[it](file:///etc/hostname)",
        "![it](/images/a/12.png)",
        "![it](/c/acme/images/a/12.png)",
        '<img src="https://example.org/a.png">',
        "a <img src=//example.org/a.png>",
        "<img src='/images/a/12.png'>",
        "`<img src='a.png'>`",
        "```html\n<img src='a.png'>\n```",
        "    <img src='a.png'>",
        "<!-- <img src='a.png'> -->",
        "a <!-- <img src='a.png'> -->",
        "<div>\n<!-- <img src='a.png'> -->\n</div>",
        "<pre>\n&lt;img src='a.png'>\n</pre>",
        "\\<img src='a.png'>",
        "&lt;img src='a.png'>",
        "<imgx src='a.png'>",
        "<img alt='a.png'>",
        "<img src>",
    ],
)
def test_what_may_be_seen_or_is_text_is_left_alone(folder: Path, body: str) -> None:
    made = load(folder, tree(body))
    assert images_of(made.items) == []
    assert fields_of(made, "it")[Field.BODY] == Text(f"{BODY}\n\n{body}\n")


def test_f71_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.png"
    outside.write_bytes(DOT)
    put(folder, tree("![alt](img/it.png)"))
    (folder / "x/img/it.png").symlink_to(outside)
    with pytest.raises(ManifestError) as told:
        load_manifest(folder / MANIFEST)
    assert [it.rule for it in told.value.problems] == ["path-leaves"]


def test_a_pipe_is_never_waited_for(folder: Path) -> None:
    put(folder, tree("![alt](img/it.png)"))
    os.mkfifo(folder / "x/img/it.png")
    with pytest.raises(ManifestError) as told:
        load_manifest(folder / MANIFEST)
    assert [it.rule for it in told.value.problems] == ["file-special"]


def test_names_that_are_one_on_other_machines_are_refused(folder: Path) -> None:
    files = tree(f"![alt](img/a.png) ![alt]({HERE}img/A.PNG)", {"x/img/A.PNG": png(3)})
    assert_told(folder, files, "path-clash")


def test_a_bodys_length_counts_the_addresses_of_its_images(folder: Path) -> None:
    most = 30_000 - 400
    body = "x" * most + "\n\n" + "![a](img/a.png)\n" * 3
    with pytest.raises(ManifestError) as told:
        load(folder, {**TREE, "x/a.md": page("it", body)})
    assert [it.rule for it in told.value.problems] == ["body-length"]


def test_images_are_files_of_the_manifest_but_not_of_its_digest(folder: Path) -> None:
    put(folder, tree("![alt](img/a.png)"))
    before, _ = load_manifest(folder / MANIFEST)
    assert before.files["x/img/a.png"] == digest_bytes(DOT)
    assert fingerprint(folder / MANIFEST) == ("handbook", before.digest)
    (folder / "x/img/a.png").write_bytes(png(7))
    assert fingerprint(folder / MANIFEST) == ("handbook", before.digest)
    (folder / "x/img/a.png").unlink()
    assert fingerprint(folder / MANIFEST) == ("handbook", before.digest)
    (folder / "x/a.md").write_text("---\nkey: it\n---\n")
    assert fingerprint(folder / MANIFEST) == ("", "")


def test_the_loader_reads_inside_the_folder_and_no_more_than_may_be(folder: Path) -> None:
    put(folder, {**TREE, "large.png": png(size=MOST_BYTES + 1)})
    load_picture = picture_loader(folder)
    assert load_picture("x/img/a.png") == DOT
    assert load_picture("large.png") is None
    assert load_picture("none.png") is None
    assert load_picture("../out.png") is None


def test_the_key_of_an_image_is_in_nobodys_way(folder: Path) -> None:
    made = load(folder, tree("![alt](img/a.png)"))
    (image,) = images_of(made.items)
    assert image.key == f"image:{digest_bytes(DOT)}"
    assert by_key(made)[Key("it")].kind is Kind.QUESTION
