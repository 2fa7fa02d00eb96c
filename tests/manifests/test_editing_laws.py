"""Laws of editing: an edit is what comes back, everything else is as it was, and little changed."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from importer.manifests import Edited, Editor, Plain, load_manifest
from importer.model.ids import Field, Key
from importer.model.manifest import Item
from importer.text.canonical import canonical_text
from importer.text.links import Text
from tests.manifests.pages import BODY, MANIFEST, TAGGED, by_key, put

WORDS = st.sampled_from(
    ["word", "a: b", "# c", "- d", "'e'", '"f"', "{g}", "[h]", "*i", "&j", "%k", "@l", "`m`", "|",
     ">", "!n", "? o", "é", "\U0001f98a", "007", "yes", "~", "\\", "\\n", "  p", ":", ", q", "key:"]
)  # fmt: skip
TITLES = st.lists(WORDS, min_size=1, max_size=5).map(
    lambda it: f"{' '.join(it).strip()} is what?? {'x' * 15}".replace("key:", "k")[:140]
)
LINES = st.lists(WORDS, max_size=4).map(" ".join) | st.sampled_from(
    ["", "", "    code", "---", "=======", "# head", "> quote", "\ttab", "  hard  ", "- item"]
)
BODIES = st.lists(LINES, min_size=1, max_size=6).map(lambda it: "\n".join([*it, BODY]) + "\n")
TAGS = st.lists(
    st.sampled_from(["a", "b", "c", "c++", "c#", "1.0", "no"]), min_size=1, max_size=5, unique=True
)
DIGESTS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8)
ENDS = st.sampled_from(["\n", "\r\n"])


def _block(draw: st.DrawFn, body: str, indent: int) -> str:
    """A body in one of the ways that people write one."""
    lines = "\n".join(f"{' ' * (indent + 2)}{it}" if it else "" for it in body.split("\n"))
    style = draw(st.sampled_from(["|", "|-", "|+", "|2", "quoted"]))
    if style == "quoted":
        quoted = body.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'body: "{quoted}"'.replace("\t", "\\t")
    if style != "|2" and body.lstrip("\n").startswith((" ", "\t")):
        style = "|2"
    return f"body: {style}{draw(st.sampled_from(['', '  # a comment']))}\n{lines.rstrip()}"


@st.composite
def manifests(draw: st.DrawFn) -> tuple[dict[str, bytes], list[str]]:
    """Files of a few questions, each written its own way, and the keys."""
    keys = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    rows, files = [], {}
    end = draw(ENDS)
    for key in keys:
        title = draw(TITLES).replace("'", "''")
        tags = draw(TAGS)
        listed = f"[{', '.join(tags)}]   # tags" if draw(st.booleans()) else (
            "\n" + "\n".join(f"      - '{it}'  # {it}" for it in tags)
        )  # fmt: skip
        body = draw(BODIES)
        if draw(st.booleans()):
            rows.append(f"  # of {key}\n  - key: {key}  # key\n    title: '{title}'\n"
                        f"    tags: {listed}\n    {_block(draw, body, 4)}\n")  # fmt: skip
        else:
            page = f"---\n# of {key}\nkey: {key}\ntitle: '{title}'\ntags: {listed}\n---\n\n{body}"
            page += f"<!-- answer: x -->\n\n{draw(BODIES)}" if draw(st.booleans()) else ""
            files[f"{key}.md"] = page.rstrip("\n") if draw(st.booleans()) else page
    head = f'{TAGGED}include: ["*.md"]\n' if files else TAGGED
    files[MANIFEST] = head + ("questions:\n" + "".join(rows) if rows else "")
    bom = "\ufeff" if draw(st.booleans()) else ""
    return {name: (bom + it).replace("\n", end).encode() for name, it in files.items()}, keys


@st.composite
def edits(draw: st.DrawFn, items: Mapping[str, Item]) -> dict[tuple[str, str], Plain]:
    found: dict[tuple[str, str], Any] = {}
    for number, (key, item) in enumerate(items.items(), 1):
        values: dict[str, st.SearchStrategy[Any]] = {
            "body": BODIES,
            "id": st.just(number),
            "seen": st.fixed_dictionaries({"body": DIGESTS}),
        }
        if item.parent is None:
            values |= {"title": TITLES, "tags": TAGS.map(tuple)}
        else:
            values["accepted"] = st.just(value=True)
        for name in draw(st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True)):
            found[key, name] = draw(values[name])
    return found


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_edited_comes_back_and_all_else_stays(data: st.DataObject) -> None:
    files, _ = data.draw(manifests())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put(folder, files)
        before, _ = load_manifest(folder / MANIFEST)
        wanted = data.draw(edits(by_key(before)))
        editor = Editor(folder / MANIFEST)
        for (key, word), value in wanted.items():
            editor.set(Key(key), word, value)
        edited = editor.finish()
        assert edited.refused == ()
        editor.write(edited)
        after, _ = load_manifest(folder / MANIFEST)
        assert by_key(after).keys() == by_key(before).keys()
        for key, item in by_key(after).items():
            _assert_said(
                item, by_key(before)[key], {w: v for (k, w), v in wanted.items() if k == key}
            )
        _assert_little_changed(edited, files, wanted)


def _assert_said(now: Item, before: Item, wanted: Mapping[str, Any]) -> None:
    """Check that an item says what was wanted of it, and else what it said."""
    fields = dict(before.fields)
    if "title" in wanted:
        fields[Field.TITLE] = wanted["title"].strip()
    if "tags" in wanted:
        fields[Field.TAGS] = tuple(sorted(wanted["tags"]))
    if "accepted" in wanted:
        fields[Field.ACCEPTED] = True
    if "body" in wanted:
        fields[Field.BODY] = Text(canonical_text(wanted["body"]))
    assert dict(now.fields) == fields
    assert now.remote_id == wanted.get("id", before.remote_id)
    assert now.seen == ({Field.BODY: wanted["seen"]["body"]} if "seen" in wanted else before.seen)


def _assert_little_changed(
    edited: Edited, files: Mapping[str, bytes], wanted: Mapping[tuple[str, str], Any]
) -> None:
    """Check that comments, marks and line ends are all there, and files without an edit too."""
    touched = {it.path for it in edited.files}
    keys = {key.partition("#")[0] for key, _ in wanted}
    assert touched <= {MANIFEST, *(f"{key}.md" for key in keys)}
    for it in edited.files:
        assert it.before == files[it.path]
        assert it.after.startswith(b"\xef\xbb\xbf") is it.before.startswith(b"\xef\xbb\xbf")
        bare = it.after.replace(b"\r\n", b"")
        assert not (b"\r\n" in it.before and b"\n" in bare)
        old, new = (side.decode().splitlines() for side in (it.before, it.after))
        comments = [line for line in old if line.lstrip().startswith("# of ")]
        assert comments == [line for line in new if line.lstrip().startswith("# of ")]
        if all(word in ("id", "seen") for _, word in wanted):
            gone = [row for row in difflib.ndiff(old, new) if row.startswith("- ")]
            assert gone == []
