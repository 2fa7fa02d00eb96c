"""A folder of files from drafts: what is written is read back the same, nothing is written over."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.errors import ManifestError, UsageError
from importer.manifests import load_manifest
from importer.manifests.writing import write_manifest
from importer.model.draft import Draft, DraftAnswer, Place
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind
from importer.text.canonical import canonical_text
from importer.text.links import Text

BODY = "This is a text of more than thirty characters, as a post must have."


def draft(key: str = "vpn", title: str = "How do I get into the VPN?", **more: object) -> Draft:
    given = {
        "tags": ("access",),
        "body": BODY,
        "answers": (DraftAnswer("answer", BODY),),
        "place": Place("faq.md", 1),
    }
    return Draft(key, title, **(given | more))  # type: ignore[arg-type]  # a test names its fields


def loaded(folder: Path) -> dict[str, dict[Field, Value]]:
    manifest, problems = load_manifest(folder / "teams-importer.yaml")
    assert problems == ()
    return {it.key: dict(it.fields) for it in manifest.items}


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_question_becomes_one_readable_file(tmp_path: Path) -> None:
    answers = (DraftAnswer("cli", "Use\nthe `vpn` command: " + BODY, accepted=True),)
    made = draft("access/vpn", answers=answers, origin=("old/vpn.md#top",))
    paths = write_manifest(tmp_path, [made], namespace="handbook", team="acme")
    assert paths == (tmp_path / "content/access/vpn.md", tmp_path / "teams-importer.yaml")
    assert paths[1].read_text() == (
        "# yaml-language-server: $schema=../schemas/manifest.schema.json\n"
        "version: 1\n"
        "namespace: handbook\n"
        "team: [acme]\n"
        'include: ["content/**/*.md"]\n'
    )
    assert paths[0].read_text() == (
        "---\n"
        "key: access/vpn\n"
        "title: How do I get into the VPN?\n"
        "tags: [access]\n"
        'origin: ["old/vpn.md#top"]\n'
        "---\n"
        "\n"
        f"{BODY}\n"
        "\n"
        "<!-- answer: cli accepted -->\n"
        "\n"
        f"Use\nthe `vpn` command: {BODY}\n"
    )


def test_an_article_says_so_and_of_what_type_it_is(tmp_path: Path) -> None:
    made = draft("jsx", "The JSX handbook", answers=(), kind=Kind.ARTICLE, type="how-to-guide")
    paths = write_manifest(tmp_path, [made], namespace="handbook")
    assert (
        paths[0]
        .read_text()
        .startswith("---\nkey: jsx\nkind: article\ntitle: The JSX handbook\ntype: how-to-guide\n")
    )
    assert loaded(tmp_path)["jsx"][Field.TYPE] == "how-to-guide"


HOSTILE = (
    "a: b", " #", "no", "1.10", "null", "'", '"', "\\", "---", "- ", "? ", "{{ x }}", "[x]", "&a",
    "*a", "!tag", "%", "@", "`", "|", ">", "\U0001f98a", "\u00e9", "\u65e5", "\u200b", "~", "=",
    "<<", "0x1f", "12:30:45", "2024-01-01", ", ", "}", "<b>", "\u00a0", "e\u0301", ".", ":", "#",
)  # fmt: skip


def texts(low: int, high: int) -> st.SearchStrategy[str]:
    pieces = st.lists(st.sampled_from(HOSTILE) | st.text("abc ", max_size=6), max_size=20)
    return pieces.map(lambda it: f"{''.join(it)}{'x' * low}"[:high].strip())


@given(
    title=texts(20, 150),
    tags=st.lists(
        st.sampled_from(("no", "1.10", "c#", "c++", "null", "a")), min_size=1, max_size=5
    ),
    body=texts(40, 400),
    origin=st.lists(texts(1, 50), max_size=3),
    accepted=st.booleans(),
    teams=st.lists(st.sampled_from(("no", "0", "acme-1")), max_size=2, unique=True),
)
@example(
    title="'\": no - # x: {}[]",
    tags=["no"],
    body="--- x " * 9,
    origin=["- a: #b"],
    accepted=True,
    teams=["no"],
)
def test_what_is_written_is_read_back_the_same(
    title: str, tags: list[str], body: str, origin: list[str], *, accepted: bool, teams: list[str]
) -> None:
    made = draft(
        title=title,
        tags=tuple(tags),
        body=body,
        answers=(DraftAnswer("a.b-c", f"{body}\n\n\n{body}  \nx", accepted=accepted),),
        origin=tuple(origin),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_manifest(folder, [made], namespace="1.10", team=teams)
        manifest, _ = load_manifest(folder / "teams-importer.yaml")
    question, answer = sorted(manifest.items, key=lambda it: it.key)
    assert (manifest.namespace, manifest.teams) == ("1.10", tuple(teams))
    assert question.fields[Field.TAGS] == tuple(sorted(set(tags)))
    assert question.fields[Field.BODY] == Text(canonical_text(body))
    assert question.fields[Field.TITLE] == canonical_text(title).strip()
    assert [canonical_text(it).strip() for it in question.origin] == [
        canonical_text(it).strip() for it in origin
    ]
    assert (answer.key, answer.kind) == (Key("vpn#a.b-c"), Kind.ANSWER)
    assert answer.fields[Field.BODY] == Text(canonical_text(made.answers[0].body))
    assert answer.fields.get(Field.ACCEPTED, False) is accepted


def test_links_by_key_lead_to_the_items(tmp_path: Path) -> None:
    other = draft("a/b", "How do I get out again?", body=f"[x](key:vpn#answer) {BODY}")
    write_manifest(tmp_path, [draft(), other], namespace="n")
    body = loaded(tmp_path)["a/b"][Field.BODY]
    assert isinstance(body, Text)
    assert body.targets == ("key:vpn#answer",)


def test_the_order_of_drafts_changes_no_byte(tmp_path: Path) -> None:
    drafts = [draft("b", "What is the second one?"), draft("a", "What is the first one?")]
    write_manifest(tmp_path / "one", drafts, namespace="n")
    write_manifest(tmp_path / "two", drafts[::-1], namespace="n")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_no_drafts_make_a_manifest_that_loads(tmp_path: Path) -> None:
    write_manifest(tmp_path, [], namespace="n")
    assert loaded(tmp_path) == {}


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param({"notes.txt": "x"}, id="another file"),
        pytest.param({"teams-importer.yaml": "version: 1\n"}, id="another manifest"),
        pytest.param({"content/vpn.md": "edited by hand"}, id="an edited page"),
        pytest.param({"content/old.md": "x"}, id="another page"),
        pytest.param({"empty/": ""}, id="an empty folder"),
    ],
)
def test_nothing_that_is_there_is_written_over(tmp_path: Path, strange: dict[str, str]) -> None:
    for name, text in strange.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text(text)
    before = files(tmp_path)
    with pytest.raises(UsageError, match="is not empty"):
        write_manifest(tmp_path, [draft()], namespace="n")
    assert files(tmp_path) == before


def test_a_link_in_the_place_of_a_file_is_strange(tmp_path: Path) -> None:
    write_manifest(tmp_path / "there", [draft()], namespace="n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "content").symlink_to(tmp_path / "there" / "content")
    with pytest.raises(UsageError, match="content"):
        write_manifest(tmp_path / "here", [draft()], namespace="n")


def test_writing_again_goes_on_where_a_crash_left_off(tmp_path: Path) -> None:
    drafts = [draft(), draft("b", "What is the second one?")]
    write_manifest(tmp_path / "whole", drafts, namespace="n")
    write_manifest(tmp_path / "torn", drafts, namespace="n")
    (tmp_path / "torn" / "teams-importer.yaml").unlink()
    torn = tmp_path / "torn" / "content" / "b.md"
    torn.rename(torn.with_name("b.md.teams-importer.tmp")).write_text("half")
    write_manifest(tmp_path / "torn", drafts, namespace="n")
    assert files(tmp_path / "torn") == files(tmp_path / "whole")
    write_manifest(tmp_path / "torn", drafts, namespace="n")
    assert files(tmp_path / "torn") == files(tmp_path / "whole")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="not a folder"):
        write_manifest(tmp_path / "file", [], namespace="n")


@pytest.mark.parametrize(
    ("drafts", "namespace", "said"),
    [
        pytest.param([draft(), draft()], "n", "names two", id="a key twice"),
        pytest.param([draft("../x")], "n", "not a key", id="a path for a key"),
        pytest.param([draft()], "N!", "not a key", id="the namespace"),
    ],
)
def test_a_name_that_is_no_key_is_refused(
    tmp_path: Path, drafts: list[Draft], namespace: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        write_manifest(tmp_path / "out", drafts, namespace=namespace)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<!-- answer: another -->", id="an answer's line"),
        pytest.param("<!-- anwser: another -->", id="nearly one"),
        pytest.param("```\nleft open", id="an open fence before the answer"),
    ],
)
def test_a_text_that_would_be_read_as_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        write_manifest(tmp_path / "out", [draft(body=f"{BODY}\n\n{text}")], namespace="n")
    assert {it.span.path for it in caught.value.problems} == {"content/vpn.md"}
    assert not (tmp_path / "out").exists()


def test_a_line_of_an_answer_in_code_is_text(tmp_path: Path) -> None:
    body = f"{BODY}\n\n```\n<!-- answer: x -->\n```"
    write_manifest(tmp_path, [draft(body=body)], namespace="n")
    assert loaded(tmp_path)["vpn"][Field.BODY] == Text(canonical_text(body))
