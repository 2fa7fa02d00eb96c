"""What becomes of the images and files of a page: along with it, elsewhere, or named and listed."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from importer.manifests.writing import write_manifest
from importer.model.draft import Draft
from importer.model.pictures import MOST_BYTES
from importer.sources import Account, Attachments, File, Images, LossKind, Options
from importer.sources.files import candidates
from importer.sources.losses import Losses
from importer.sources.picturing import PageFiles
from importer.sources.storing import Store
from tests.pictures import BMP, GIF, HTML, JPEG, SVG, WEBP, png
from tests.sources.factories import (
    LONG,
    Result,
    content_of,
    converted,
    named,
    page,
    parted,
    results_of,
    shaped,
    wiki,
)


def file(path: str, content: bytes, **more: object) -> File:
    opened: Callable[[], IO[bytes]] = lambda: io.BytesIO(content)  # noqa: E731 - it is a value
    return File(path, len(content), open=opened, **more)  # type: ignore[arg-type]


def shown(text: str, *files: File, **more: Any) -> tuple[str, list[str], Images, Draft]:
    """Return what becomes of a text, the losses of its images and links, and their count."""
    results = results_of(page(answers=(f"{LONG} {text}",), files=files, **more))
    (draft,), losses = parted(results)
    (account,) = (it for it in results if isinstance(it, Account))
    kinds = (LossKind.IMAGE, LossKind.LINK)
    told = [f"{it.kind} {it.what}" for it in losses if it.kind in kinds]
    return draft.answers[0].body.removeprefix(f"{LONG} "), told, account.images, draft


FLOW = file("img/My Flow.png", png(1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("![a](<img/My Flow.png>)", "![a](<asset:my-flow.png>)", id="in brackets"),
        pytest.param("![a](img/My%20Flow.png)", "![a](asset:my-flow.png)", id="in escapes"),
        pytest.param(
            "![a](./img/../img/My%20Flow.png)", "![a](asset:my-flow.png)", id="roundabout"
        ),
        pytest.param("![a](/img/My%20Flow.png)", "![a](asset:my-flow.png)", id="from the root"),
        pytest.param("![a](img/My%20Flow.png?raw=1#x)", "![a](asset:my-flow.png)", id="question"),
        pytest.param(
            '![a](img/My%20Flow.png "The flow")', '![a](asset:my-flow.png "The flow")', id="title"
        ),
        pytest.param(
            "![a][b]\n\n[b]: img/My%20Flow.png",
            "![a][b]\n\n[b]: asset:my-flow.png",
            id="by reference",
        ),
        pytest.param("`![a](img/My%20Flow.png)`", "`![a](img/My%20Flow.png)`", id="in code"),
    ],
)
def test_an_image_of_the_source_comes_along(text: str, expected: str) -> None:
    body, losses, images, draft = shown(text, FLOW)
    assert (body, losses) == (expected, [])
    copied = 0 if text.startswith("`") else 1
    assert images == Images(found=copied, copied=copied)
    (asset,) = draft.assets or (None,)
    if asset is not None:
        assert asset.name == "my-flow.png"
        assert asset.open().read() == png(1)
        assert asset.digest == hashlib.sha256(png(1)).hexdigest()
    assert bool(asset) is bool(copied)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(png(), "flow.png", id="png"),
        pytest.param(JPEG, "flow.jpg", id="jpeg"),
        pytest.param(GIF, "flow.gif", id="gif"),
        pytest.param(BMP, "flow.bmp", id="bmp"),
        pytest.param(WEBP, "flow.webp", id="webp"),
        pytest.param(png(0, MOST_BYTES), "flow.png", id="as large as may be"),
    ],
)
def test_a_name_ends_as_its_bytes_are(content: bytes, name: str) -> None:
    _, losses, _, draft = shown("![a](flow.txt)", file("flow.txt", content))
    assert ([it.name for it in draft.assets], losses) == ([name], [])


@pytest.mark.parametrize(
    ("files", "images", "why"),
    [
        pytest.param((), Images(1, missing=1), "not in the source", id="missing"),
        pytest.param((file("a.png", SVG),), Images(1, unfit=1), "no image that can be", id="svg"),
        pytest.param((file("a.png", HTML),), Images(1, unfit=1), "no image that can be", id="html"),
        pytest.param((file("a.png", b""),), Images(1, unfit=1), "no image that can be", id="empty"),
        pytest.param(
            (file("a.png", png(0, MOST_BYTES + 1)),),
            Images(1, too_large=1),
            "2,097,153 bytes, and the site takes 2,097,152",
            id="too large",
        ),
        pytest.param((File("a.png", 9, "ab"),), Images(1, unfit=1), "it can't be had", id="closed"),
    ],
)
def test_an_image_that_stays_behind_is_named_and_listed(
    files: tuple[File, ...], images: Images, why: str
) -> None:
    results = results_of(page(answers=(f"{LONG} ![x](a.png)",), files=files))
    (draft,), losses = parted(results)
    assert draft.answers[0].body == f"{LONG} x (image not moved: `a.png`)"
    (told,) = (it.why for it in losses if it.kind is LossKind.IMAGE)
    assert told.startswith(why)
    assert [it.images for it in results if isinstance(it, Account)] == [images]
    assert draft.assets == ()


def test_what_still_lives_somewhere_is_shown_from_there() -> None:
    there = "https://wiki.example/download/a.svg"
    body, losses, images, _ = shown("![x](a.svg)", file("a.svg", SVG, address=there))
    assert (body, losses, images) == (f"![x]({there})", ["image a.svg"], Images(1, unfit=1))


def test_images_elsewhere_stay_there_and_are_listed_once() -> None:
    text = "![a](https://i.example/a.png) ![b](//i.example/b.png) ![c](https://i.example/a.png)"
    body, losses, images, _ = shown(text)
    assert body == text
    assert losses == ["image https://i.example/a.png", "image //i.example/b.png"]
    assert images == Images(3, remote=3)
    body, losses, images, _ = shown("![a](/up/a.png)", home="https://w.example")
    assert (body, images) == ("![a](https://w.example/up/a.png)", Images(1, remote=1))
    assert losses == ["image /up/a.png"]


def test_an_image_of_the_old_wiki_is_said_to_go_with_it() -> None:
    text = "![a](https://W.example/a.png) ![b](https://i.example/b.png)"
    given = page(answers=(f"{LONG} {text}",))
    _, losses = shaped(given, options=Options(address="https://w.example/wiki"))
    told = {it.what: it.why for it in losses if it.kind is LossKind.IMAGE}
    assert "gone when the wiki is" in told["https://W.example/a.png"]
    assert "gone" not in told["https://i.example/b.png"]


def test_a_file_inside_a_link_leaves_a_note() -> None:
    uri = data(b"%PDF" * 10_000, "application/pdf")
    body, losses, images, _ = shown(f"[x][y]\n\n[spec]({uri})\n\n[y]: {uri}")
    note = "(link not moved: `data:application/pdf;base64,JVBERiVQREYl...`)"
    assert body == f"x {note}\n\nspec {note}"
    assert (len(losses), images) == (2, Images())


def test_a_definition_counts_as_often_as_images_use_it() -> None:
    text = "![a][x] ![x] ![][x] [x] `![x]`\n\n[x]: flow.png\n[y]: other.png"
    body, losses, images, _ = shown(text, file("flow.png", png()))
    assert body.startswith(
        "![a][x] ![x] ![][x] [x] `![x]`\n\n[x]: asset:flow.png\n(link not moved: y"
    )
    assert (losses, images) == (["link other.png"], Images(3, copied=3))


@pytest.mark.parametrize(
    ("text", "expected", "images"),
    [
        pytest.param(
            'a <img alt="The [a]" src="flow.png" width=3> b',
            "a ![The \\[a\\]](asset:flow.png) b",
            Images(1, copied=1),
            id="raw",
        ),
        pytest.param(
            "a <img\n  src='flow.png'\n  alt='a > b'\n/> b",
            "a ![a > b](asset:flow.png) b",
            Images(1, copied=1),
            id="over lines",
        ),
        pytest.param(
            'a <img src="https://i.example/a.png"> b',
            'a <img src="https://i.example/a.png"> b',
            Images(1, remote=1),
            id="raw and elsewhere",
        ),
        pytest.param(
            'a <img src="none.png" alt="n">', "a n (image not moved: `none.png`)",
            Images(1, missing=1), id="raw and missing",
        ),
        pytest.param(
            "a\n\n<table>\n<tr><td>![x](flow.png)</td></tr>\n</table>",
            "a\n\n<table>\n<tr><td>\n\n![x](asset:flow.png)\n\n</td></tr>\n</table>",
            Images(1, copied=1),
            id="within raw HTML",
        ),
        pytest.param(
            'a `<img src="flow.png">`\n\n```\n<img src="flow.png">\n```',
            'a `<img src="flow.png">`\n\n```\n<img src="flow.png">\n```',
            Images(),
            id="in code",
        ),
        pytest.param(
            "![x](upload://abc.png)", "x (image not moved: `upload://abc.png`)",
            Images(1, missing=1), id="a scheme of the source",
        ),
    ],
)  # fmt: skip
def test_raw_html_holds_no_image_back(text: str, expected: str, images: Images) -> None:
    body, _, counted, _ = shown(text, file("flow.png", png()))
    assert (body, counted) == (expected, images)


def test_an_image_in_a_title_stands_above_the_text(tmp_path: Path) -> None:
    wiki(tmp_path, {"Home.md": f"# ![logo](a.png) The way to get in\n\n{LONG}\n"})
    (tmp_path / "a.png").write_bytes(png())
    (draft,), _ = parted(converted("markdown", tmp_path))
    assert draft.title == "logo The way to get in"
    assert draft.body == f"**![logo](asset:a.png) The way to get in**\n\n{LONG}"
    _, _, images, _ = shown("", title="How do I get ![x](a.png) in?", body=LONG)
    assert images == Images(1, missing=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("![a](a.png =300x200)", "![a](asset:a.png)", id="size in brackets"),
        pytest.param("![a](a.png){width=100}", "![a](asset:a.png)", id="size in braces"),
        pytest.param("`![a](a.png =3x2)`", "`![a](a.png =3x2)`", id="in code"),
        pytest.param("![[a.png|300]]", "![](<asset:a.png>)", id="embedded"),
        pytest.param(
            "![[deep one.png|The deep]]", "![The deep](<asset:deep-one.png>)", id="by name"
        ),
        pytest.param("[[a.png|alt=A|width=3px]]", "![A](<asset:a.png>)", id="with options"),
    ],
)
def test_a_wikis_own_forms_of_images(tmp_path: Path, text: str, expected: str) -> None:
    wiki(tmp_path, {"Home.md": f"# The way to get in\n\n{LONG} {text}\n"})
    (tmp_path / "x/y").mkdir(parents=True)
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "x/y/deep one.png").write_bytes(png(2))
    (draft,), _ = parted(converted("markdown", tmp_path))
    assert draft.body == f"{LONG} {expected}"


def data(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_an_image_inside_the_text_becomes_a_file() -> None:
    body, losses, images, draft = shown(f"![x]({data(png(7))}) ![y]({data(png(7))})")
    assert body == "![x](asset:image.png) ![y](asset:image.png)"
    assert (losses, images) == ([], Images(2, copied=2))
    assert [it.open().read() for it in draft.assets] == [png(7)]
    large = png(7, 500_000)
    body, _, images, _ = shown(f'a <img src="{data(large)}" alt="x"> b')
    assert (body, images) == ("a ![x](asset:image.png) b", Images(1, copied=1))


@pytest.mark.parametrize(
    ("uri", "images"),
    [
        pytest.param(data(SVG, "image/svg+xml"), Images(1, unfit=1), id="svg"),
        pytest.param("data:image/png;base64,AAA~", Images(1, unfit=1), id="no base64"),
        pytest.param("data:image/png", Images(1, unfit=1), id="nothing"),
        pytest.param(data(png(0, MOST_BYTES + 1)), Images(1, too_large=1), id="too large"),
    ],
)
def test_an_image_inside_the_text_that_is_none_leaves_a_short_note(
    uri: str, images: Images
) -> None:
    body, losses, counted, draft = shown(f"![x]({uri}) and on")
    assert body.startswith("x (image not moved: `data:image/")
    assert body.endswith("`) and on")
    assert len(body) < 100
    assert (len(losses), counted, draft.assets) == (1, images, ())


def test_equal_names_of_different_pages_are_different_files_and_equal_bytes_one() -> None:
    text = f"{LONG} ![x](flow.png)"
    pages = [
        page(f"How does flow {at} go?", answers=(f"{text} {at}",), files=(file(path, content),))
        for at, (path, content) in enumerate(
            [("flow.png", png(1)), ("FLOW.PNG", png(2)), ("x/flöw.png", png(3)), ("y.png", png(1))]
        )
    ]
    fitting = [
        page(
            it.title,
            answers=tuple(each.text.replace("flow.png", it.files[0].path) for each in it.answers),
            files=it.files,
        )
        for it in pages
    ]
    drafts, losses = shaped(*fitting)
    names = [asset.name for it in drafts for asset in it.assets]
    second, third = (hashlib.sha256(png(n)).hexdigest()[:12] for n in (2, 3))
    assert names == ["flow.png", f"flow-{second}.png", f"flow-{third}.png", "flow.png"]
    assert not named(losses, LossKind.IMAGE)


@pytest.mark.parametrize("limit", [{"most_files": 1}, {"most_bytes": 100}])
def test_there_are_never_too_many_files(limit: dict[str, Any]) -> None:
    store, losses = Store(**limit), Losses("faq.md")
    given = page(files=tuple(file(f"{at}.png", png(at)) for at in range(3)))
    files = PageFiles(given, store, losses)
    targets = [files.target_of(f"{at}.png") for at in (0, 1, 2, 0)]
    assert targets == ["asset:0.png", None, None, "asset:0.png"]
    assert files.images == Images(4, copied=2, too_large=2)
    assert {it.why for it in losses.found} == {
        "there are too many files to take them all along; its place is named in the text"
    }


def test_a_name_made_to_be_taken_is_not(tmp_path: Path) -> None:
    digest = hashlib.sha256(png(3)).hexdigest()[:12]
    names = ("flow.png", f"flow-{digest}.png", "x/flow.png")
    given = [file(name, png(at)) for at, name in enumerate(names, 1)]
    body = " ".join(f"![x]({it.path})" for it in given)
    _, _, _, draft = shown(body, *given)
    assert len({it.name for it in draft.assets}) == 3
    write_manifest(tmp_path, [draft], namespace="x")


def test_two_pages_that_say_the_same_and_show_different_files_are_two() -> None:
    same: dict[str, Any] = {"answers": (f"{LONG} ![x](flow.png)",)}
    drafts, _ = shaped(
        page(files=(file("flow.png", png(1)),), **same),
        page(files=(file("flow.png", png(1, 500)),), **same),
        page(files=(file("flow.png", png(1)),), **same),
    )
    assert len(drafts) == 2


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd.png",
        "CON .png",
        "..png",
        "\u202egnp.exe",
        "a\\b\\c.png",
        "日本.png",
        "x" * 300,
    ],
)
def test_names_are_safe_everywhere(title: str) -> None:
    _, _, _, draft = shown("![x](a)", file("a", png(), title=title))
    (asset,) = draft.assets
    assert asset.name.isascii()
    assert asset.name == asset.name.lower()
    assert "/" not in asset.name
    assert not asset.name.startswith(".")
    assert asset.name.endswith(".png")
    assert len(asset.name) <= 100


@pytest.mark.parametrize(
    ("text", "expected", "lost"),
    [
        pytest.param(
            "[the flow](flow.png)", "![the flow](asset:flow.png)", ["link flow.png"], id="link"
        ),
        pytest.param(
            "[![x](small.png)](flow.png)",
            "![x](asset:small.png)",
            ["link flow.png"],
            id="from a smaller one",
        ),
        pytest.param(
            "[spec](spec.pdf)", "spec (link not moved: `spec.pdf`)", ["link spec.pdf"], id="file"
        ),
        pytest.param(
            "[plan](plan.pdf)", "[plan](https://w.example/plan.pdf)", [], id="file that lives on"
        ),
    ],
)
def test_a_link_to_a_file(text: str, expected: str, lost: list[str]) -> None:
    files = (
        file("flow.png", png(1)),
        file("small.png", png(2)),
        file("spec.pdf", b"%PDF"),
        file("plan.pdf", b"%PDF-1", address="https://w.example/plan.pdf"),
    )
    body, losses, _, _ = shown(text, *files)
    assert (body, losses) == (expected, lost)


def test_files_are_listed_with_their_digests_or_copied() -> None:
    given = page(files=(file("a/Spec 1.pdf", b"%PDF"), file("b.svg", SVG), file("c.png", png())))
    digest = hashlib.sha256(b"%PDF").hexdigest()
    (draft,), losses = shaped(given)
    assert draft.assets == ()
    assert named(losses, LossKind.FILE) == [
        "faq.md:1 a/Spec 1.pdf", "faq.md:1 b.svg", "faq.md:1 c.png",
    ]  # fmt: skip
    assert f"a file of 4 bytes, SHA-256 {digest}; it stays where it is" in {it.why for it in losses}
    (draft,), losses = shaped(given, options=Options(attachments=Attachments.COPY))
    assert [it.name for it in draft.assets] == ["b.svg", "c.png", "spec-1.pdf"]
    why = f"a file of 4 bytes, SHA-256 {digest}; copied to assets/spec-1.pdf; no API uploads it"
    assert why in {it.why for it in losses}


def test_a_split_page_brings_its_images_along() -> None:
    text = "\n\n".join(f"## Part {at}\n\n![x](flow.png)\n\n{'Words. ' * 3_000}" for at in range(3))
    results = results_of(page(answers=(text,), files=(file("flow.png", png()),)))
    (draft,), _ = parted(results)
    assert len(draft.answers) > 1
    assert [it.name for it in draft.assets] == ["flow.png"]
    assert [it.images for it in results if isinstance(it, Account)] == [Images(3, copied=3)]


def test_a_path_never_leads_out() -> None:
    assert candidates("../../../etc/passwd", "a") == ()
    assert candidates("..%2f..%2fetc/passwd", "") == ()
    assert candidates("https://a.example/b.png", "") == ()
    assert candidates("b.png", "a") == ("a/b.png", "b.png")


def images_of(results: list[Result]) -> Images:
    return sum((it.images for it in results if isinstance(it, Account)), Images())


def test_a_wiki_folder_brings_its_images_along(tmp_path: Path) -> None:
    page_text = (
        "# The way to get in\n\n![a](img/a.png) [[img/b.png]] [[/img/b.png|alt=The b]]\n"
        '<img src="img/A.PNG" width="3"> ![r](https://w.example/wiki/img/b.png)\n'
        "![c][c] [pdf](../x/spec.pdf)\n\n[c]: img/c.png\n"
    )
    wiki(tmp_path, {"sub/Home.md": page_text, "x/spec.pdf": "%PDF", "x/none.txt": "x"})
    for at, name in enumerate(("sub/img/a.png", "img/b.png", "sub/img/c.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(at))
    options = Options(address="https://w.example/wiki")
    results = converted("markdown", tmp_path, options)
    (draft,), losses = parted(results)
    assert images_of(results) == Images(6, copied=6)
    assert [it.name for it in draft.assets] == ["a.png", "b.png", "c.png"]
    assert draft.body.count("asset:") == 6
    assert "[pdf](https://w.example/wiki/x/spec.pdf)" in draft.body
    assert named(losses, LossKind.FILE) == ["sub/Home.md:1 x/spec.pdf", "x/none.txt:1 x/none.txt"]
    packed = tmp_path / "wiki.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(tmp_path.rglob("*.*")):
            if path != packed:
                archive.write(path, path.relative_to(tmp_path))
    (again,), _ = parted(converted("markdown", packed, options))
    assert (again.body, again.assets) == (draft.body, draft.assets)
    assert [content_of(it) for it in again.assets] == [png(0), png(1), png(2)]


def test_a_link_by_path_is_never_led_to_a_file_elsewhere(tmp_path: Path) -> None:
    wiki(tmp_path, {"a/Home.md": f"# The way to get in\n\n{LONG} ![a](logo.png)\n"})
    (tmp_path / "b").mkdir()
    (tmp_path / "b/logo.png").write_bytes(png())
    results = converted("markdown", tmp_path)
    assert images_of(results) == Images(1, missing=1)
    assert "b/logo.png:1 b/logo.png" in named(parted(results)[1], LossKind.FILE)


def test_links_that_lead_out_of_the_source_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(png())
    inside = wiki(tmp_path / "in", {"Home.md": "# The way in\n\n![a](a.png) ![b](out/secret.png)"})
    (inside / "a.png").symlink_to(outside / "secret.png")
    (inside / "out").symlink_to(outside)
    for reader in ("markdown", "faq"):
        results = converted(reader, inside)
        drafts, losses = parted(results)
        assert [it.assets for it in drafts if it.assets] == []
        told = {(it.what, it.why) for it in losses if it.kind is LossKind.FILE}
        assert told == {
            ("a.png", "a link that leads out of the folder; left out"),
            ("out", "a link to a folder, which is not followed; left out"),
        }
        assert images_of(results) in (Images(2, missing=2), Images())


def test_a_single_file_shows_the_images_beside_it_and_nothing_else(tmp_path: Path) -> None:
    text = "# How do I get in?\n\n![a](img/a.png) ![b](../b.png) [key](id_rsa) ![k](link.png)\n"
    faq = wiki(tmp_path / "in", {"faq.md": text, "id_rsa": "secret"}) / "faq.md"
    (tmp_path / "b.png").write_bytes(png())
    (tmp_path / "in/img").mkdir()
    (tmp_path / "in/img/a.png").write_bytes(png())
    (tmp_path / "in/link.png").symlink_to(tmp_path / "b.png")
    for reader in ("faq", "markdown"):
        results = converted(reader, faq, Options(attachments=Attachments.COPY))
        (draft,), _ = parted(results)
        assert [it.name for it in draft.assets] == ["a.png"]
        assert images_of(results) == Images(3, copied=1, missing=2)


def test_a_large_file_is_never_held_whole(tmp_path: Path) -> None:
    wiki(tmp_path, {"Home.md": f"# The way in\n\n{LONG} ![a](a.png) [b](b.bin)"})
    for name in ("a.png", "b.bin"):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(200 * 2**20)
    tracemalloc.start()
    try:
        results = converted("markdown", tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert images_of(results) == Images(1, too_large=1)
    assert peak < 10 * 2**20
