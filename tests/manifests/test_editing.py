"""Minimal edits: what is edited changes, every other byte stays."""

from __future__ import annotations

import difflib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from importer.errors import JournalError, PlanStale
from importer.manifests.editing import Edited, Editor
from importer.manifests.spelling import Plain
from importer.model.ids import Field, Key
from importer.text.links import Text
from tests.conftest import ROOT
from tests.manifests.pages import BODY, HEAD, MANIFEST, PAGES, TAGGED, by_key, page, put

LAST = (
    "  - {key: last, title: 'What comes last in here?', "
    f"body: '{BODY}', seen: {{body: abcdefgh}}}}"
)
MIXED = f"""\
# How we keep our questions.
version: 1
namespace: handbook
defaults: {{tags: [handbook]}}

questions:
  # The first one.
  - key: rollback            # never change this
    title: "How do I roll back a deploy?"
    tags: [deploys,  'on-call']   # two
    body: |

      Run the tool:

          roll back --now

      {BODY}

    answers:
      - {{key: cli, accepted: true, body: "{BODY}"}}
      - key: ui
        body: >-
          {BODY}
          And more.
  - key: pat
    title: What is a personal access token?
    tags:
      - "tokens"   # all of them
      - security
    body: {BODY}
    answer: {BODY}

  # The last one.
{LAST}
"""


Files = dict[str, str | bytes]
Edit = tuple[str, str, Plain | None]


def edited(folder: Path, files: Files, *edits: Edit) -> Edited:
    put(folder, files)
    editor = Editor(Path(MANIFEST))
    for key, name, value in edits:
        editor.set(Key(key), name, value)
    return editor.finish()


def changes(result: Edited) -> list[str]:
    """The lines taken out and put in, of all files."""
    rows: list[str] = []
    for it in result.files:
        old, new = it.before.decode().split("\n"), it.after.decode().split("\n")
        diff = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
        rows += [row for row in diff if not row.startswith("@@")]
    return rows


@pytest.mark.parametrize(
    ("key", "name", "value", "expected"),
    [
        pytest.param(
            "rollback", "title", "How do I roll back?: a \"tale\"",
            ['-    title: "How do I roll back a deploy?"',
             '+    title: "How do I roll back?: a \\"tale\\""'],
            id="a quoted title stays quoted",
        ),
        pytest.param(
            "pat", "title", "What is a personal token?",
            ["-    title: What is a personal access token?",
             "+    title: What is a personal token?"],
            id="a plain title stays plain",
        ),
        pytest.param(
            "pat", "title", "What is a token: this #one?",
            ["-    title: What is a personal access token?",
             '+    title: "What is a token: this #one?"'],
            id="a plain title is quoted where it must be",
        ),
        pytest.param(
            "last", "title", "What's last, in here?",
            [f"-{LAST}",
             f"+{LAST.replace('What comes last', 'What' + chr(39) * 2 + 's last,')}"],
            id="a title within brackets",
        ),
        pytest.param(
            "rollback", "id", 12,
            ["+    id: 12"],
            id="a new key has a line of its own",
        ),
        pytest.param(
            "rollback#cli", "id", 12,
            [f'-      - {{key: cli, accepted: true, body: "{BODY}"}}',
             f'+      - {{key: cli, id: 12, accepted: true, body: "{BODY}"}}'],
            id="a new key within brackets",
        ),
        pytest.param(
            "rollback", "tags", ("deploys", "new-one"),
            ["-    tags: [deploys,  'on-call']   # two",
             "+    tags: [deploys,  'new-one']   # two"],
            id="a tag in place of another",
        ),
        pytest.param(
            "pat", "tags", ("tokens", "security", "1.0"),
            ['+      - "1.0"'],
            id="a tag that looks like a number, in lines",
        ),
        pytest.param(
            "pat", "tags", ("tokens", "a", "security"),
            ["+      - a"],
            id="a tag more, in lines",
        ),
        pytest.param(
            "pat", "tags", ("security",),
            ['-      - "tokens"   # all of them'],
            id="a tag less, in lines",
        ),
        pytest.param(
            "rollback", "tags", ("on-call", "z"),
            ["-    tags: [deploys,  'on-call']   # two",
             "+    tags: ['on-call', z]   # two"],
            id="one goes and one comes",
        ),
        pytest.param(
            "rollback", "body", f"Run the tool:\n\n    roll back --then\n\n{BODY}\n",
            ["-          roll back --now", "+          roll back --then"],
            id="one line of a block",
        ),
        pytest.param(
            "rollback", "body", f"  Indented.\n{BODY}",
            ["-    body: |", "-      Run the tool:", "-", "-          roll back --now", "-",
             "+    body: |2", "+        Indented."],
            id="a block that begins indented says how far",
        ),
        pytest.param(
            "pat", "body", f"\ttab\n\n{BODY}\n",
            [f"-    body: {BODY}", "+    body: |2", "+      \ttab", "+", f"+      {BODY}"],
            id="a block that begins with a tab says so, too",
        ),
        pytest.param(
            "rollback#ui", "body", f"{BODY}\nAnd more: two\n",
            ["-        body: >-", "+        body: |-", "-          And more.",
             "+          And more: two"],
            id="folded lines become literal ones",
        ),
        pytest.param(
            "pat", "body", f"{BODY}\n\nMore.\n",
            [f"-    body: {BODY}", "+    body: |", f"+      {BODY}", "+", "+      More."],
            id="a plain text becomes a block when it has lines",
        ),
        pytest.param(
            "rollback#cli", "body", f"{BODY}\n\nMore.\n",
            [f'-      - {{key: cli, accepted: true, body: "{BODY}"}}',
             f'+      - {{key: cli, accepted: true, body: "{BODY}\\n\\nMore."}}'],
            id="within brackets lines are escaped",
        ),
        pytest.param(
            "rollback#cli", "accepted", None,
            [f'-      - {{key: cli, accepted: true, body: "{BODY}"}}',
             f'+      - {{key: cli, body: "{BODY}"}}'],
            id="a mark less",
        ),
        pytest.param(
            "last", "seen", {"title": "bcdefghi", "body": "abcdefgh"},
            [f"-{LAST}",
             f"+{LAST.replace('gh}}', 'gh, title: bcdefghi}}')}"],
            id="digests beside others",
        ),
        pytest.param(
            "last", "seen", None,
            [f"-{LAST}",
             f"+{LAST.replace(', seen: {body: abcdefgh}', '')}"],
            id="digests taken out",
        ),
        pytest.param(
            "pat#answer", "body", f"{BODY} Yes.",
            [f"-    answer: {BODY}", f"+    answer: {BODY} Yes."],
            id="an answer in short form",
        ),
        pytest.param(
            "pat#answer", "id", 7,
            [f"-    answer: {BODY}", "+    answers:", "+      - key: answer", "+        id: 7",
             f"+        body: {BODY}"],
            id="an answer in short form that has to say more",
        ),
    ],
)  # fmt: skip
def test_an_edit_changes_its_own_lines(
    folder: Path, key: str, name: str, value: Plain | None, expected: list[str]
) -> None:
    result = edited(folder, {MANIFEST: MIXED}, (key, name, value))
    assert result.refused == ()
    assert sorted(changes(result)) == sorted(expected)


def test_a_mark_moves_from_one_answer_to_another(folder: Path) -> None:
    edits = ("rollback#ui", "accepted", True), ("rollback#cli", "accepted", None)
    result = edited(folder, {MANIFEST: MIXED}, *edits)
    assert result.refused == ()
    assert "+        accepted: true" in changes(result)


def test_an_answer_in_short_form_takes_a_text_and_a_digest(folder: Path) -> None:
    text = f"{BODY}\n\nMore.\n"
    result = edited(
        folder,
        {MANIFEST: MIXED},
        ("pat#answer", "body", text),
        ("pat#answer", "seen", {"body": "abcdefgh"}),
    )
    assert result.refused == ()
    item = by_key(result.manifest)["pat#answer"]
    assert item.fields[Field.BODY] == Text(text)
    assert item.seen == {Field.BODY: "abcdefgh"}


def test_line_ends_mark_and_missing_end_stay(folder: Path) -> None:
    head = f"{TAGGED}questions:\n- key: a\n  title: How do I do thing a?\n"
    text = f"{head}  body: |\n    {BODY}\n    Two"
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    result = edited(
        folder, {MANIFEST: data}, ("a", "body", f"{BODY}\nThree\nFour\n"), ("a", "id", 3)
    )
    (file,) = result.files
    expected = text.replace("Two", "Three\n    Four").replace("- key: a\n", "- key: a\n  id: 3\n")
    assert file.after == b"\xef\xbb\xbf" + expected.replace("\n", "\r\n").encode()


def test_a_markdown_file_is_edited_in_all_its_parts(folder: Path) -> None:
    text = page(
        "a", f"\n{BODY}\n\n<!-- answer: x -->\n{BODY}\n\n<!-- answer: y accepted -->\n\n{BODY}"
    )
    result = edited(
        folder,
        {MANIFEST: PAGES, "a.md": text},
        ("a", "title", "How is it that we do it?"),
        ("a", "body", f"{BODY}\n\nMore.\n"),
        ("a", "seen", {"body": "abcdefgh"}),
        ("a#x", "accepted", True),
        ("a#x", "seen", {"body": "abcdefgh", "accepted": "bcdefghi"}),
        ("a#y", "accepted", False),
        ("a#y", "id", 9),
        ("a#y", "body", f"Before.\n\n{BODY}\n"),
    )
    assert result.refused == ()
    (file,) = result.files
    assert file.after.decode() == (
        "---\nkey: a\nseen: {body: abcdefgh}\ntitle: How is it that we do it?\n"
        "answers: {x: {seen: {body: abcdefgh, accepted: bcdefghi}}, y: {id: 9}}\n"
        "---\n\n"
        f"{BODY}\n\nMore.\n\n<!-- answer: x accepted -->\n"
        f"{BODY}\n\n<!-- answer: y -->\n\nBefore.\n\n{BODY}\n"
    )
    item = by_key(result.manifest)["a#y"]
    assert item.remote_id == 9
    assert Field.ACCEPTED not in item.fields


def test_a_body_file_is_edited_where_it_stands(folder: Path) -> None:
    text = f"{TAGGED}questions:\n- {{key: a, title: How do I do thing a, body_file: t/b.md}}\n"
    result = edited(
        folder, {MANIFEST: text, "t/b.md": f"\n{BODY}"}, ("a", "body", f"{BODY}\nTwo\n")
    )
    (file,) = result.files
    assert (file.path, file.after.decode()) == ("t/b.md", f"\n{BODY}\nTwo")


SHARED = f"""{HEAD}questions:
- key: a
  title: &t How do I do this thing?
  tags: &g [x]
  body: {BODY}
- key: b
  title: *t
  tags: *g
  body: {BODY}
"""


@pytest.mark.parametrize(
    ("files", "edit", "why"),
    [
        pytest.param({MANIFEST: SHARED}, ("b", "title", "How do I do b?"), "alias", id="an alias"),
        pytest.param({MANIFEST: SHARED}, ("a", "title", "How do I do a?"), "`&t`", id="an anchor"),
        pytest.param({MANIFEST: SHARED}, ("a", "tags", ("x", "y")), "`&g`", id="an anchored list"),
        pytest.param(
            {MANIFEST: f"{TAGGED}questions:\n"
             "- {key: a, title: How do I do thing a, body_file: b.md}\n"
             "- {key: b, title: How do I do thing b, body_file: b.md}\n", "b.md": BODY},
            ("b", "body", f"{BODY} Two."), "another item", id="a file of two items",
        ),
        pytest.param(
            {MANIFEST: PAGES, "a.md": page()}, ("a", "body", f"{BODY}\n<!-- answer: x -->\n{BODY}"),
            "start of an answer", id="an answer's line",
        ),
        pytest.param(
            {MANIFEST: PAGES, "a.md": page()}, ("a", "body", f"{BODY}\n\n```\nopen\n"),
            "ends inside", id="a fence left open",
        ),
        pytest.param(
            {MANIFEST: PAGES, "a.md": page()}, ("a", "body", f"{BODY}\n\x1b[2J"), "U+001B",
            id="a control character",
        ),
        pytest.param(
            {MANIFEST: PAGES, "a.md": page()}, ("a", "title", "short"), "title", id="too short",
        ),
    ],
)  # fmt: skip
def test_what_is_not_safe_is_refused_alone(
    folder: Path, files: Files, edit: tuple[str, str, Plain], why: str
) -> None:
    row = f"questions:\n- {{key: z, title: How do I do thing z, tags: [x], body: '{BODY}'}}\n"
    name = "z.yaml"
    text = str(files[MANIFEST]).replace('"*.md"]', '"*.md", z.yaml]')
    text += "" if "include" in text else "include: [z.yaml]\n"
    files = {**files, MANIFEST: text, name: row}
    result = edited(folder, files, edit, ("z", "id", 4))
    assert [it.key for it in result.refused] == [edit[0]]
    assert why in str(result.refused[0])
    assert [it.path for it in result.files] == [name]
    assert by_key(result.manifest)["z"].remote_id == 4


def test_what_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    put(folder, {MANIFEST: PAGES, "a.md": page("a"), "b.md": page("b")})
    editor = Editor(Path(MANIFEST))
    editor.set(Key("a"), "id", 1)
    editor.set(Key("b"), "id", 2)
    result = editor.finish()
    (folder / "b.md").write_text(page("b", f"{BODY} Now."))
    with pytest.raises(PlanStale, match=r"b\.md"):
        editor.write(result)
    assert (folder / "a.md").read_text() == page("a")
    assert sorted(it.name for it in folder.iterdir()) == ["a.md", "b.md", MANIFEST]


def test_files_are_written_whole_and_keep_their_mode(folder: Path) -> None:
    put(folder, {MANIFEST: PAGES, "a.md": page("a")})
    (folder / "a.md").chmod(0o640)
    editor = Editor(Path(MANIFEST))
    editor.set(Key("a"), "id", 1)
    editor.write(editor.finish())
    assert (folder / "a.md").read_text().startswith("---\nkey: a\nid: 1\n")
    assert (folder / "a.md").stat().st_mode & 0o777 == 0o640


LINED = """\
# above
seen: # what we took in
  # the title's
  title: "bcdefghi" # of May

  # the text's
  body: 'abcdefgh' # of June
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["first", "middle", "last", "page"])
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(None, "# above\n", id="all"),
        pytest.param(
            {"body": "cccccccc"},
            LINED.replace('  title: "bcdefghi" # of May\n', "").replace("abcdefgh", "cccccccc"),
            id="one goes",
        ),
        pytest.param(
            {"title": "cccccccc"},
            LINED.replace("  body: 'abcdefgh' # of June\n", "").replace("bcdefghi", "cccccccc"),
            id="the last one goes",
        ),
        pytest.param(
            {"tags": "cccccccc", "body": "abcdefgh"},
            LINED.replace('title: "bcdefghi"', 'tags: "cccccccc"'),
            id="another comes in its place",
        ),
        pytest.param(
            {"tags": "cccccccc", "body": "dddddddd", "title": "bcdefghi"},
            LINED.replace("abcdefgh", "dddddddd").replace("of May\n", "of May\n  tags: cccccccc\n"),
            id="one more",
        ),
    ],
)
def test_digests_in_lines_of_their_own_are_edited_among_their_comments(
    folder: Path, wanted: Plain | None, expected: str, place: str, end: str
) -> None:
    files = _with_seen(LINED, place, end)
    result = edited(folder, files, ("a", "seen", wanted))
    assert result.refused == ()
    (file,) = result.files
    assert {**files, file.path: file.after} == _with_seen(expected, place, end)


def _with_seen(rows: str, place: str, end: str) -> Files:
    title = "title: How do I do thing a?\n"
    entry = {
        "first": f"{rows}key: a\n{title}body: {BODY}\n",
        "middle": f"key: a\n{rows}{title}body: {BODY}\n",
        "last": f"key: a\n{title}body: {BODY}\n{rows}",
        "page": f"key: a\n{rows}{title}",
    }[place]
    if place == "page":
        files = {MANIFEST: PAGES, "a.md": f"---\n{entry}---\n{BODY}\n"}
    else:
        lines = "".join(f"    {it}" if it.strip() else it for it in entry.splitlines(keepends=True))
        files = {MANIFEST: f"{TAGGED}questions:\n  -\n{lines}"}
    return {name: it.replace("\n", end).encode() for name, it in files.items()}


def test_digests_of_answers_in_the_lines_of_a_front_matter_are_edited(folder: Path) -> None:
    front = 'answers:\n  # the first\n  x:\n    seen:\n      body: "abcdefgh" # x\n  y: {id: 9}\n'
    text = page(
        "a", f"{BODY}\n\n<!-- answer: x -->\n{BODY}\n\n<!-- answer: y -->\n{BODY}", more=front
    )
    files: Files = {MANIFEST: PAGES, "a.md": text}
    (file,) = edited(folder, files, ("a#x", "seen", {"accepted": "cccccccc"})).files
    assert file.after.decode() == text.replace('body: "abcdefgh"', 'accepted: "cccccccc"')
    (file,) = edited(folder, files, ("a#x", "seen", None)).files
    assert file.after.decode() == text.replace('  x:\n    seen:\n      body: "abcdefgh" # x\n', "")


def test_edits_that_fall_together_are_refused_by_their_place(folder: Path) -> None:
    seen = "seen:\n      title: >-\n        bcdefghi\n      body: >-\n        abcdefgh"
    text = f"{TAGGED}questions:\n  - key: a\n    title: How do I?\n    body: {BODY}\n    {seen}"
    text = text.replace("How do I?", "How do I do it, then?")
    result = edited(folder, {MANIFEST: text}, ("a", "seen", {"title": "cccccccc"}))
    (refusal,) = result.refused
    assert str(refusal).startswith(f"{MANIFEST}:10:")
    assert "write one value to a line" in refusal.why


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_files_are_replaced_comes_after_the_last_of_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    put(folder, {MANIFEST: PAGES, "a.md": page("a"), "b.md": page("b")})
    editor = Editor(Path(MANIFEST))
    for key in ("a", "b"):
        editor.set(Key(key), "id", 7 if key == "a" else 8)
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), number)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended = threading.Event()
    # It would meet what the main thread doesn't.
    threading.Thread(target=ended.wait, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            editor.write(editor.finish())
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)
    assert sorted(it.name for it in folder.iterdir()) == ["a.md", "b.md", MANIFEST]
    assert "id: 7" in Path("a.md").read_text()
    assert "id: 8" in Path("b.md").read_text()


KILLED = """
import os, signal
from pathlib import Path
from importer.manifests.replacing import FileEdit, replace_files

Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
before = Path("a.md").read_bytes()
replace_files(Path("."), [FileEdit("a.md", before, b"id: 7")])
"""


def test_what_a_killed_run_left_is_removed_by_the_next_write_and_nothing_else_is(
    folder: Path,
) -> None:
    put(folder, {MANIFEST: PAGES, "a.md": page("a")})

    def write(number: int) -> None:
        editor = Editor(Path(MANIFEST))
        editor.set(Key("a"), "id", number)
        editor.write(editor.finish())

    killed = subprocess.run(
        [sys.executable, "-P", "-c", KILLED], check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = folder.glob(".a.md.*")
    assert left.read_text() == "id: 7"
    others = [folder / it for it in (".a.md.abcdefgh", "a.md.abcdefgh.teams-importer", ".a.md.swp")]
    for it in others:
        it.write_text("theirs")
    made_up = folder / ".a.md.abcdefgh.teams-importer"
    made_up.mkdir()
    link = folder / ".b.md.abcdefgh.teams-importer"
    link.symlink_to("a.md")
    write(7)
    assert left.exists(), "another run may be at it"
    long_ago = left.stat().st_mtime - 601
    for it in (left, made_up, *others, folder / "a.md"):
        os.utime(it, (long_ago, long_ago))
    write(8)
    assert not left.exists()
    assert {it.name for it in folder.iterdir()} == {
        "a.md",
        MANIFEST,
        made_up.name,
        link.name,
        *(it.name for it in others),
    }
    assert "id: 8" in (folder / "a.md").read_text()


def test_a_file_that_nobody_may_write_is_left_alone_with_all_others(folder: Path) -> None:
    put(folder, {MANIFEST: PAGES, "a.md": page("a"), "b.md": page("b")})
    Path("b.md").chmod(0o444)
    editor = Editor(Path(MANIFEST))
    for key in ("a", "b"):
        editor.set(Key(key), "id", 7 if key == "a" else 8)
    with pytest.raises(JournalError, match=r"b\.md can't be written: Permission denied"):
        editor.write(editor.finish())
    assert sorted(it.name for it in folder.iterdir()) == ["a.md", "b.md", MANIFEST]
    assert "id:" not in Path("a.md").read_text() + Path("b.md").read_text()


def test_what_an_editor_saves_between_two_files_is_not_written_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {MANIFEST: PAGES, "a.md": page("a"), "b.md": page("b")}
    put(folder, files)
    editor = Editor(Path(MANIFEST))
    for key in ("a", "b"):
        editor.set(Key(key), "id", 7 if key == "a" else 8)
    edited = editor.finish()
    replace = Path.replace

    def then_save(self: Path, target: Path) -> Path:
        if target.name == "a.md":
            Path("b.md").write_text("Somebody's own words.")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", then_save)
    with pytest.raises(PlanStale, match=r"b\.md changed while it was being worked on"):
        editor.write(edited)
    assert Path("b.md").read_text() == "Somebody's own words."
    assert Path("a.md").read_text() == files["a.md"]
    assert sorted(it.name for it in folder.iterdir()) == ["a.md", "b.md", MANIFEST]
