"""Which files a manifest may read, and which bytes may stand in them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from importer.manifests import load_manifest, paths
from importer.manifests.paths import Folder, PathFault
from importer.model.ids import Field
from importer.text.digests import digest_text
from importer.text.links import Text
from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    assert_told_of,
    fields_of,
    findings,
    load,
    load_one,
    page,
    put,
    question,
    questions,
)


def naming(path: str) -> str:
    """A manifest whose only question has its body in the file *path*."""
    return questions(question(body="", more=f"body_file: ^^'{path}'"))


def rules_of(folder: Path, files: dict[str, str | bytes]) -> list[tuple[str, str]]:
    return [(str(it.span), it.rule) for it in findings(folder, files)]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(f"{HEAD}team: \u00e9\n".encode("latin-1"), "3:7", id="Latin-1"),
        pytest.param(HEAD.encode("utf-16"), "1:1", id="UTF-16 with a mark"),
        # In two bytes each, half of them NUL, until the first that can't begin a character.
        pytest.param(f"{HEAD}# \u00e9\n".encode("utf-16-le"), "3:6", id="UTF-16 without one"),
        pytest.param(HEAD.encode("utf-32"), "1:1", id="UTF-32"),
        pytest.param(f"{HEAD}team: ".encode() + b"\xed\xa0\x80\n", "3:7", id="a lone surrogate"),
        pytest.param(f"{HEAD}team: ".encode() + b"\xc0\xaf\n", "3:7", id="an overlong form"),
        pytest.param(f"{HEAD}team: ".encode() + b"\xf4\x90\x80\x80\n", "3:7", id="out of range"),
        pytest.param(f"{HEAD}team: \u00e9\u00e9".encode()[:-1], "3:8", id="cut in a character"),
        pytest.param(f"{HEAD}\r\n\r\nx".encode() + b"\xff", "5:2", id="behind CRLF"),
    ],
)
def test_what_is_not_utf_8_is_refused_where_it_begins(
    folder: Path, data: bytes, place: str
) -> None:
    """F66."""
    assert rules_of(folder, {MANIFEST: data}) == [(f"{MANIFEST}:{place}", "encoding")]


@pytest.mark.parametrize("name", ["a.md", "a.yaml", "body.txt"])
def test_every_file_of_a_manifest_is_utf_8(folder: Path, name: str) -> None:
    files: dict[str, str | bytes] = {
        "a.md": b"---\nkey: \xff\n",
        "a.yaml": b"# x\nk\xff\n",
        "body.txt": b"one\n\n t\xff\n",
    }
    text = f"{HEAD}include: [{name}]\n" if name != "body.txt" else naming(name).replace("^^", "")
    places = {"a.md": "2:6", "a.yaml": "2:2", "body.txt": "3:3"}
    found = rules_of(folder, {MANIFEST: text, name: files[name]})
    assert found == [(f"{name}:{places[name]}", "encoding")]


def test_a_byte_order_mark_and_crlf_change_nothing(folder: Path) -> None:
    text = questions(question(body=f"|\n    {BODY}\n    Two.\n", more="body_file: b.md"))
    text = text.replace("  body_file: b.md\n", "  answers:\n  - {key: x, body_file: b.md}\n")
    plain = load(folder, {MANIFEST: text, "b.md": f"{BODY}\n\nTwo.\n"})
    bom = b"\xef\xbb\xbf"
    other = load(
        folder,
        {
            MANIFEST: bom + text.replace("\n", "\r\n").encode(),
            "b.md": bom + f"{BODY}\r\n\r\nTwo.\r\n".encode(),
        },
    )
    assert other.items == plain.items


def test_places_count_characters_behind_a_byte_order_mark(folder: Path) -> None:
    """And the mark itself counts for none: editors don't show it."""
    data = "\ufeff" + f"{HEAD}team: '\U0001f98a\u00e9'\nxx: 1\n"
    assert rules_of(folder, {MANIFEST: data}) == [
        (f"{MANIFEST}:3:7", "team-grammar"),
        (f"{MANIFEST}:4:1", "unknown-key"),
    ]
    data = f"{HEAD}tags: [{{name: '\U0001f98a', tpyo: 1}}]\n"
    assert rules_of(folder, {MANIFEST: data}) == [(f"{MANIFEST}:3:20", "unknown-key")]


HIDDEN = {
    "NUL": "\0",
    "ESC": "\x1b",
    "BEL": "\x07",
    "VT": "\x0b",
    "CR": "\r",
    "DEL": "\x7f",
    "CSI": "\x9b",
    "NEL": "\x85",
    "LINE SEPARATOR": "\u2028",
    "PARAGRAPH SEPARATOR": "\u2029",
    "RLO": "\u202e",
    "LRE": "\u202a",
    "PDF": "\u202c",
    "RLI": "\u2067",
    "PDI": "\u2069",
    "BOM inside": "\ufeff",
    "noncharacter": "\ufffe",
    "noncharacter of the last plane": "\U0010ffff",
}


@pytest.mark.parametrize("char", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("where", ["title", "body", "comment", "page", "body file"])
def test_a_character_nobody_sees_is_refused_where_it_stands(
    folder: Path, char: str, where: str
) -> None:
    """F66."""
    sign = f"^^{char}"
    files: dict[str, str | bytes] = {
        "title": {MANIFEST: questions(question(title=f"How do I {sign}do this?"))},
        "body": {MANIFEST: questions(question(body=f"|\n    {BODY}\n    a{sign}b"))},
        "comment": {MANIFEST: f"{HEAD}# a{sign}b\n"},
        "page": {MANIFEST: PAGES, "a.md": page(body=f"{BODY}\n\na{sign}b")},
        "body file": {MANIFEST: naming("b.txt").replace("^^", ""), "b.txt": f"{BODY}\nx{sign}x\n"},
    }[where]  # type: ignore[assignment]  # a table of tables
    (problem,) = assert_told(folder, files, "control-character")
    assert f"U+{ord(char):04X}" in problem.message
    assert char not in str(problem)


@pytest.mark.parametrize(
    ("escape", "told"),
    [
        (r"\e[31m", ["U+001B"]),
        (r"\x1b", ["U+001B"]),
        (r"\0", ["U+0000"]),
        (r"\a\b", ["U+0007", "U+0008"]),
        (r"\N", ["U+0085"]),
        (r"\L\P", ["U+2028", "U+2029"]),
        (r"\u202e", ["U+202E"]),
        (r"\uFEFF", ["U+FEFF"]),
        (r"\U0010FFFF", ["U+10FFFF"]),
        (r"\r", ["U+000D"]),
    ],
)
def test_an_escaped_character_nobody_sees_is_refused(
    folder: Path, escape: str, told: list[str]
) -> None:
    """F66: every YAML loader lets these through: the file looks clean and the value isn't."""
    text = questions(question(body=f'{"^^" * len(told)}"{BODY}{escape}"'))
    problems = assert_told_of(folder, text, *["control-character"] * len(told))
    assert [it.message.split()[2] for it in problems] == told
    assert all("as an escape" in it.message for it in problems)


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\uD83E\uDD8A"])
def test_an_escaped_surrogate_is_refused(folder: Path, escape: str) -> None:
    text = questions(question(body=f'"{BODY}{escape}"'))
    assert [it.rule for it in findings(folder, {MANIFEST: text})] == ["yaml-syntax"]


@pytest.mark.parametrize(
    "text",
    ["\u05e9\u05dc\u05d5\u05dd \u200f(1)", "\u0645\u0631\u062d\u0628\u0627", "a\u200db", "\u00a0x"],
)
def test_letters_of_every_script_are_welcome(folder: Path, text: str) -> None:
    made = load_one(
        folder, questions(question(title=f"How do I do this: {text}?")).replace("this:", "this -")
    )
    assert text in str(fields_of(made, "a")[Field.TITLE])


def test_a_file_of_a_terabyte_is_refused(folder: Path) -> None:
    """F67: a sparse one costs nothing on the disk, and must cost nothing here."""
    put(folder, {MANIFEST: naming("b.md").replace("^^", "")})
    with (folder / "b.md").open("wb") as file:
        file.truncate(2**40)
    (problem,) = findings(folder, {})
    assert problem.rule == "file-too-large"
    assert "64 MB" in problem.message


@pytest.mark.parametrize(("size", "rules"), [(1000, []), (1001, ["file-too-large"])])
def test_a_file_may_have_so_many_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, size: int, rules: list[str]
) -> None:
    monkeypatch.setattr(paths, "MAX_BYTES", 1000)
    files: dict[str, str | bytes] = {
        MANIFEST: naming("b.md").replace("^^", ""),
        "b.md": "x" * size,
    }
    assert [it.rule for it in findings(folder, files)] == rules


@pytest.mark.parametrize(
    "path",
    [
        "../secret.md",
        "x/../../secret.md",
        "./../secret.md",
        "/etc/passwd",
        "/proc/self/environ",
        "//server/share/x",
        "..",
    ],
)
def test_a_body_file_outside_the_folder_is_refused(folder: Path, path: str) -> None:
    """F68."""
    (problem,) = assert_told_of(folder, naming(path), "path-leaves")
    assert "below the folder" in problem.remedy


@pytest.mark.parametrize("path", ["\\\\server\\share", "C:\\x.md", "a\\..\\b.md"])
def test_a_path_of_another_system_is_refused(folder: Path, path: str) -> None:
    assert_told_of(folder, naming(path), "path-name")


@pytest.mark.parametrize(
    "pattern",
    ["../*.md", "/etc/*", "x/../../*.md", "/proc/self/environ", "**/../../*.md"],
)
def test_a_pattern_outside_the_folder_is_refused(folder: Path, pattern: str) -> None:
    assert_told_of(folder, f"{HEAD}include: [^^'{pattern}']\n", "path-leaves")


def test_two_dots_inside_the_folder_are_fine(folder: Path) -> None:
    text = naming("x/../b.md").replace("^^", "")
    made = load(folder, {MANIFEST: text, "b.md": BODY})
    assert list(made.files) == ["b.md", MANIFEST]


def test_a_body_file_is_relative_to_the_file_that_names_it(folder: Path) -> None:
    row = question(body="", more="body_file: ../b/x.md")
    files = {
        MANIFEST: f"{TAGGED}include: [a/*]\n",
        "a/a.yaml": f"questions:\n{row}",
        "b/x.md": BODY,
    }
    assert fields_of(load(folder, files), "a")[Field.BODY] == Text(f"{BODY}\n")


@pytest.fixture
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.md"
    path.write_text(page("secret"))
    return path


@pytest.mark.parametrize("to", ["secret", "/proc/self/environ", "/dev/zero", "/dev/null"])
def test_a_link_that_leads_out_is_not_followed(folder: Path, secret: Path, to: str) -> None:
    """F68."""
    (folder / "b.md").symlink_to(secret if to == "secret" else to)
    assert_told_of(folder, naming("b.md"), "path-leaves")
    assert_told_of(folder, f"{HEAD}include: [^^'*.md']\n", "path-leaves")


def test_a_folder_that_leads_out_is_not_entered(folder: Path, secret: Path) -> None:
    (folder / "out").symlink_to(secret.parent)
    assert_told_of(folder, naming("out/secret.md"), "path-leaves")
    assert_told_of(folder, f"{HEAD}include: [^^'**/*.md']\n", "path-leaves")
    assert_told_of(folder, f"{HEAD}include: [^^'out/*.md']\n", "path-leaves")


def test_a_folder_whose_name_begins_like_ours_is_outside(folder: Path) -> None:
    here = folder / "here"
    put(folder, {f"here/{MANIFEST}": naming("b.md").replace("^^", ""), "here-too/b.md": BODY})
    (here / "b.md").symlink_to("../here-too/b.md")
    with pytest.raises(PathFault) as caught:
        Folder(here).read("b.md")
    assert caught.value.rule == "path-leaves"


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    put(folder, {"real/b.md": BODY})
    (folder / "b.md").symlink_to("real/b.md")
    made = load_one(folder, naming("b.md").replace("^^", ""))
    assert fields_of(made, "a")[Field.BODY] == Text(f"{BODY}\n")


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "broken link", "circle", "none"])
@pytest.mark.parametrize("named", ["body_file", "include"])
def test_what_is_no_file_is_refused_and_never_waited_for(
    folder: Path, kind: str, named: str
) -> None:
    """F68."""
    path = folder / "b.md"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as it:
                it.bind("b.md")
        case "broken link":
            path.symlink_to("nowhere.md")
        case "circle":
            path.symlink_to("b.md")
        case _:
            pass
    rule = {
        "folder": "file-special",
        "pipe": "file-special",
        "socket": "file-special",
        "broken link": "file-missing",
        "circle": "file-unreadable",
        "none": "file-missing",
    }[kind]
    if named == "body_file":
        assert_told_of(folder, naming("b.md"), rule)
    else:
        rule = "include-nothing" if kind in {"folder", "none"} else rule
        assert_told_of(folder, f"{HEAD}include: [^^b.md]\n", rule)


def test_a_device_is_not_read() -> None:
    """Named by a link, since only root makes devices; the folder is the file system's root."""
    with pytest.raises(PathFault) as caught:
        Folder(Path("/")).read("dev/zero")
    assert caught.value.rule == "file-special"


def test_a_link_swapped_in_behind_the_check_is_not_followed(
    folder: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F68."""
    put(folder, {"b.md": BODY})
    real = Folder._resolve  # noqa: SLF001 - the moment between check and opening

    def swap(self: Folder, path: str) -> str:
        found = real(self, path)
        (folder / "b.md").unlink()
        (folder / "b.md").symlink_to(secret)
        return found

    monkeypatch.setattr(Folder, "_resolve", swap)
    with pytest.raises(PathFault) as caught:
        Folder(folder).read("b.md")
    assert caught.value.rule == "file-unreadable"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
def test_a_refused_file_is_closed_again(folder: Path) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    before = len([*Path("/proc/self/fd").iterdir()])
    for name in ("folder", "pipe") * 5:
        with pytest.raises(PathFault, match="file-special"):
            Folder(folder).read(name)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_the_digest_is_that_of_the_bytes_that_were_parsed(folder: Path) -> None:
    """F68."""
    data = f"\ufeff{BODY}\r\n"
    made = load(folder, {MANIFEST: naming("b.md").replace("^^", ""), "b.md": data})
    assert made.files["b.md"] == digest_text(data)
    other = load(folder, {"b.md": f"{BODY}\n"})
    assert other.items == made.items
    assert other.digest != made.digest


# Patterns

TREE = (
    "a.md", "b.markdown", "c.yaml", "d.yml", "x/a.md", "x/y/a.md", "x/y/z.yaml", ".hidden.md",
    ".git/a.md", "x/.git/a.md", "U.MD", "n[1].md",
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.md", ["a.md", "n[1].md"]),
        ("*", ["U.MD", "a.md", "b.markdown", "c.yaml", "d.yml", "n[1].md"]),
        ("**/*.md", ["a.md", "n[1].md", "x/a.md", "x/y/a.md"]),
        ("x/**/*.md", ["x/a.md", "x/y/a.md"]),
        ("x/**", ["x/a.md", "x/y/a.md", "x/y/z.yaml"]),
        ("**/y/*", ["x/y/a.md", "x/y/z.yaml"]),
        ("?.y*ml", ["c.yaml", "d.yml"]),
        ("[ab].*", ["a.md", "b.markdown"]),
        (".*.md", [".hidden.md"]),
        ("**/.git/*.md", [".git/a.md", "x/.git/a.md"]),
        ("./a.md", ["a.md"]),
        ("x/../a.md", ["a.md"]),
        ("n[[]1].md", ["n[1].md"]),
        ("X/*.md", []),
        ("x", []),
        ("**", ["U.MD", "a.md", "b.markdown", "c.yaml", "d.yml", "n[1].md", "x/a.md",
                "x/y/a.md", "x/y/z.yaml"]),
    ],
)  # fmt: skip
def test_a_pattern_matches_files_below_the_folder(
    folder: Path, pattern: str, expected: list[str]
) -> None:
    put(folder, dict.fromkeys(TREE, ""))
    assert Folder(folder).glob(pattern) == (expected, [])


def test_a_folder_is_walked_once_however_many_links_lead_to_it(folder: Path) -> None:
    put(folder, {"x/a.md": ""})
    (folder / "x/up").symlink_to("..")
    (folder / "y").symlink_to("x")
    (folder / "circle").symlink_to("circle")
    assert Folder(folder).glob("**/*.md") == (["x/a.md"], [])


def test_a_file_is_read_once_however_many_patterns_match_it(folder: Path) -> None:
    text = f'{TAGGED}include: ["a.md", "*.md", "**"]\n'
    made = load(folder, {MANIFEST: text, "a.md": page("a"), "b.md": page("b")})
    assert [it.key for it in made.items] == ["a", "b"]


def test_a_pattern_that_matches_nothing_is_refused(folder: Path) -> None:
    text = f'{HEAD}include: [^^"none/*.md", ^^"teams-importer.yaml"]\n'
    assert_told_of(folder, text, "include-nothing", "include-nothing")


def test_a_file_of_another_kind_is_refused(folder: Path) -> None:
    files = {MANIFEST: f'{HEAD}include: [^^"*.*"]\n', "a.txt": ""}
    (problem,) = assert_told(folder, files, "include-kind")
    assert "`a.txt`" in problem.message


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.md", "A.md"), ("\u00e9.md", "e\u0301.md"), ("x/a.md", "X/a.md"), ("\u00df.md", "SS.md")],
)
def test_names_that_are_one_on_other_machines_are_refused(
    folder: Path, one: str, other: str
) -> None:
    """F61."""
    put(folder, {one: page("a"), other: page("b")})
    if len([*folder.rglob("*.md")]) < 2:
        pytest.skip("this file system takes them for one")
    (problem,) = assert_told_of(folder, f"{TAGGED}include: [^^'**/*.md']\n", "path-clash")
    first, second = sorted([one, other])
    assert f"`{second}` and `{first}`" in problem.message or "\\u" in problem.message


def test_a_file_is_not_a_page_and_a_body_at_once(folder: Path) -> None:
    text = f'{TAGGED}include: ["*.md"]\nquestions:\n' + question(body="", more="body_file: ^^b.md")
    assert_told(folder, {MANIFEST: text, "b.md": page("b")}, "file-twice")


def test_the_manifest_is_nobodys_body(folder: Path) -> None:
    assert_told_of(folder, naming(MANIFEST), "file-twice")


def test_one_file_can_be_the_body_of_several_items(folder: Path) -> None:
    rows = [question(key, body="", more="body_file: b.md") for key in "ab"]
    made = load(folder, {MANIFEST: questions(*rows), "b.md": BODY})
    assert fields_of(made, "a")[Field.BODY] == fields_of(made, "b")[Field.BODY]


@pytest.mark.skipif(os.name != "posix" or os.uname().sysname != "Linux", reason="names are bytes")
def test_a_name_that_is_no_text_is_refused(folder: Path) -> None:
    put(folder, {MANIFEST: PAGES})
    with open(b"\xff.md", "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(page().encode())
    (problem,) = findings(folder, {})
    assert (str(problem.span), problem.rule) == (f"{MANIFEST}:4:11", "path-name")
    assert str(problem).encode()


@pytest.mark.parametrize(
    ("name", "seen"),
    [("a\nb.md", "a\\nb.md"), ("\u202egnp.md", "\\u202egnp.md"), ("\x1b[2J.md", "\\x1b[2J.md")],
)
def test_the_name_of_a_file_is_shown_harmless(folder: Path, name: str, seen: str) -> None:
    (problem,) = findings(folder, {MANIFEST: PAGES, name: "no front matter"})
    assert problem.span.path == seen
    assert str(problem).startswith(f"{seen}:1:1: error:")


def test_a_place_far_down_is_named_whole(folder: Path) -> None:
    deep = "/".join("a-folder-with-quite-a-name" for _ in range(8))
    files = {
        MANIFEST: f'{TAGGED}include: ["**/*.md"]\n',
        f"{deep}/a.md": page("a"),
        f"{deep}/b.md": page("^^a", title="How do I do thing b?"),
    }
    (problem,) = assert_told(folder, files, "duplicate-item")
    assert f"{deep}/a.md:2:6" in problem.message


@pytest.mark.parametrize(
    ("here", "given", "seen"),
    [
        pytest.param(".", "m/teams-importer.yaml", "m/teams-importer.yaml", id="from above"),
        pytest.param("m", "teams-importer.yaml", "teams-importer.yaml", id="from its folder"),
        pytest.param("m/x", "../teams-importer.yaml", "../teams-importer.yaml", id="from below"),
        pytest.param("m", "{root}/m/teams-importer.yaml", "teams-importer.yaml", id="absolute"),
        pytest.param("m/x", "{root}/m/teams-importer.yaml", "{root}/m/teams-importer.yaml",
                     id="absolute, from below"),
    ],
)  # fmt: skip
def test_a_place_is_named_as_seen_from_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, here: str, given: str, seen: str
) -> None:
    put(folder, {"m/teams-importer.yaml": HEAD, "m/x/y.md": ""})
    monkeypatch.chdir(folder / here)
    made, _ = load_manifest(Path(given.format(root=folder)))
    assert made.span.path == seen.format(root=folder)


def test_a_manifest_that_is_not_there_is_a_problem_with_a_place(folder: Path) -> None:
    assert rules_of(folder, {}) == [(f"{MANIFEST}:1:1", "file-missing")]
