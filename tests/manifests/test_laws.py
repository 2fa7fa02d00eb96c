"""Laws of loading: same files, same manifest; any bytes at all, a manifest or its problems."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.errors import ManifestError, Problem
from importer.manifests import load_manifest
from importer.manifests.nodes import parse
from importer.manifests.rules import RULES, Findings
from importer.manifests.source import Source
from importer.model.manifest import Item, Manifest
from importer.text.digests import digest_text
from tests.manifests.pages import BODY, HEAD, MANIFEST, TAGGED, page, question

Loaded = tuple[Manifest | None, tuple[Problem, ...]]

PIECES = (
    "a", "key: b\n", "title: How do I do it\n",
    "- ", "  ", "\n", ": ", "[", "]", "{", "}", ",", "'",
    '"', "|\n  ", ">\n  ", "&a ", "*a", "!!str ", "# ", "---\n", "...\n", "%YAML 1.2\n", "? ", "\t",
    "questions:\n", "answers:\n", "body: ", "tags: [x]\n", "<!-- answer: x -->\n", "```\n", "<pre>",
    "<!-- ", "-->", "[x](key:b)", "[x](b.md)", "[x]: ../../y.md\n", "\u00e9", "\U0001f98a", "\0",
    "\x1b", "\r\n", "\r", "\ufeff", "\u2028", "\\", "\\e", "version: 1\n", "namespace: n\n", "<<: ",
    "include: ['*']\n", "was: a\n", "body_file: b.md\n", "removed:\n", BODY, "null", "~",
    "<!-- teams-importer:1 n:a -->\n",
)  # fmt: skip
SNIPPETS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join)
KEYS = st.lists(st.from_regex(r"[a-z]{1,3}", fullmatch=True), min_size=1, max_size=6, unique=True)


def load_in(folder: Path, files: Mapping[str, str | bytes]) -> Loaded:
    for name, content in files.items():
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    try:
        return load_manifest(folder / MANIFEST)
    except ManifestError as error:
        return None, error.problems


def loaded(files: Mapping[str, str | bytes]) -> Loaded:
    with tempfile.TemporaryDirectory() as name:
        return load_in(Path(name), files)


def meaning(item: Item) -> object:
    """What an item says, wherever it stands."""
    return item.key, item.kind, item.parent, dict(item.fields), item.was, item.protected


@settings(max_examples=40)
@given(keys=KEYS, order=st.randoms(use_true_random=False))
def test_the_order_in_which_files_were_made_changes_nothing(keys: list[str], order: object) -> None:
    files = {MANIFEST: f'{TAGGED}include: ["*.md"]\n'}
    files |= {f"{key}.md": page(key, f"{BODY} [next](key:{keys[-1]})") for key in keys}
    shuffled = [*files]
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = load_in(folder, files)
        for path in files:
            (folder / path).unlink()
        assert load_in(folder, {path: files[path] for path in shuffled}) == first
    assert first[0] is not None
    assert [it.key for it in first[0].items] == sorted(keys)


@settings(max_examples=40)
@given(keys=KEYS, data=st.data())
def test_the_order_of_patterns_changes_the_order_of_items_alone(
    keys: list[str], data: st.DataObject
) -> None:
    pages = {f"{key}.md": page(key, f"{BODY} [next](key:{keys[-1]})") for key in keys}
    other = data.draw(st.permutations(keys))
    made = [
        loaded({MANIFEST: f"{TAGGED}include: [{', '.join(f'{it}.md' for it in order)}]\n", **pages})
        for order in (keys, other)
    ]
    one, two = (manifest for manifest, _ in made)
    assert one is not None
    assert two is not None
    assert [it.key for it in one.items] == keys
    assert [it.key for it in two.items] == other
    assert sorted(map(repr, map(meaning, one.items))) == sorted(map(repr, map(meaning, two.items)))
    digests = [{k: v for k, v in it.files.items() if k != MANIFEST} for it in (one, two)]
    assert digests[0] == digests[1]


@settings(max_examples=40)
@given(keys=KEYS, data=st.data())
def test_which_file_an_item_stands_in_changes_nothing_but_its_place(
    keys: list[str], data: st.DataObject
) -> None:
    places = {key: data.draw(st.sampled_from(["manifest", "yaml", "page"])) for key in keys}
    bodies = dict.fromkeys(keys, f"{BODY} [next](key:{keys[-1]})")
    rows = {key: question(key, body=bodies[key]) for key in keys}

    def of(place: str) -> Sequence[str]:
        return [key for key in keys if places[key] == place]

    spread = {key: page(key, bodies[key]) for key in of("page")}
    files = {f"{key}.md": text for key, text in spread.items()}
    files["more.yaml"] = f"questions: []\n{''.join(rows[key] for key in of('yaml'))}".replace(
        "[]\n-", "\n-"
    )
    own = "".join(rows[key] for key in of("manifest"))
    include = ["more.yaml", *files] if spread else ["more.yaml"]
    text = f"{TAGGED}include: [{', '.join(dict.fromkeys(include))}]\n"
    files[MANIFEST] = text + (f"questions:\n{own}" if own else "")
    one, _ = loaded(files)
    two, _ = loaded({MANIFEST: f"{TAGGED}questions:\n{''.join(rows.values())}"})
    assert one is not None
    assert two is not None
    assert {it.key: meaning(it) for it in one.items} == {it.key: meaning(it) for it in two.items}


@settings(max_examples=150)
@given(manifest=SNIPPETS, one=SNIPPETS, two=SNIPPETS, whole=st.booleans())
@example(manifest="questions: &a [*a]", one="", two="", whole=True)
@example(manifest="questions:\n- answers: [~, {}]\n  key: [a]", one="", two="", whole=True)
def test_whatever_the_files_hold_there_is_a_manifest_or_its_problems(
    manifest: str, one: str, two: str, *, whole: bool
) -> None:
    """Never another exception; every problem has a rule, a remedy and a place that is there."""
    head = f"{HEAD}include: ['*']\n" if whole else ""
    files = {
        MANIFEST: head + manifest,
        "a.yaml": f"questions:\n- key: a\n  title: How do I do it\n  {one}",
        "b.md": f"---\nkey: b\ntitle: How do I do that\n{two}\n---\n{BODY}\n{one}",
        "c.md": one,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made, problems = load_in(folder, files)
        assert load_in(folder, {}) == (made, problems)
        assert made is not None or problems
        for problem in problems:
            assert problem.rule in RULES
            assert problem.message
            assert problem.remedy
            assert str(problem).replace("\n", "").isprintable()
            _check_place(folder, problem)
    assert list(problems) == sorted(problems, key=lambda it: (it.span, it.rule))


def _check_place(folder: Path, problem: Problem) -> None:
    data = Path(problem.span.path).read_bytes()
    assert Path(problem.span.path).parent == folder
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.split("\n")
    assert 1 <= problem.span.line <= len(lines)
    assert 1 <= problem.span.column <= len(lines[problem.span.line - 1]) + 1


@settings(max_examples=100)
@given(data=st.binary(max_size=60) | SNIPPETS.map(lambda it: it.encode("utf-16")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for name in (MANIFEST, "a.yaml", "a.md"):
        head = {MANIFEST: f"{HEAD}include: ['a.*']\n"} if name != MANIFEST else {}
        made, problems = loaded({**head, name: data})
        assert made is not None or problems


@settings(max_examples=100)
@given(
    st.recursive(
        st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_data_in_quotes_is_read_back_to_the_letter(data: object) -> None:
    text = _flow(data) + "\n"
    findings = Findings()
    read = parse(Source("x", "x", text, digest_text(text)), findings)
    # `<<`, and what can't be seen, are refused; the values are read all the same.
    if {it.rule for it in findings.problems} <= {"control-character"}:
        assert read == data


def _flow(data: object) -> str:
    match data:
        case str():
            return '"' + "".join(f"\\U{ord(char):08x}" for char in data) + '"'
        case list():
            return f"[{', '.join(map(_flow, data))}]"
        case dict():
            return f"{{{', '.join(f'{_flow(k)} : {_flow(v)}' for k, v in data.items())}}}"
        case _:
            raise AssertionError
