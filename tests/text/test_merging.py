"""Three versions of a text become one, or a conflict: never a text that nobody meant."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.text.aligning import kept_lines
from importer.text.blocks import left_open, lines
from importer.text.canonical import canonical_text
from importer.text.links import HOLE, Text, dig, fill, plain
from importer.text.merging import Conflict, Merge, merge_names, merge_texts, with_markers

if TYPE_CHECKING:
    from pathlib import Path

LINE = st.sampled_from(
    ["", "", "one", "two", "three", "four", "five", "- six", "- seven", "# eight", "[n](key:n)"]
)
ODD_LINE = LINE | st.sampled_from(
    ["```", "~~~", "<!--", "-->", "<div>", "    code", "| a | b |", "|---|---|", "> nine", "`"]
)


def text_of(written: list[str]) -> Text:
    return dig(canonical_text("\n".join(written)), lambda it: it if it[:4] == "key:" else None)


def texts(line: st.SearchStrategy[str]) -> st.SearchStrategy[Text]:
    return st.lists(line, max_size=10).map(text_of)


@st.composite
def versions(draw: st.DrawFn, line: st.SearchStrategy[str]) -> tuple[Text, Text, Text]:
    """A base, and two texts made of it by a few edits each."""
    base = draw(st.lists(line, max_size=12))

    def edited() -> Text:
        version = list(base)
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(version)))
            version[at : at + draw(st.integers(0, 2))] = draw(st.lists(line, max_size=2))
        return text_of(version)

    return text_of(base), edited(), edited()


def swapped(merge: Merge) -> Merge:
    return Merge(
        tuple(
            Conflict(it.theirs, it.base, it.ours) if isinstance(it, Conflict) else it
            for it in merge.pieces
        )
    )


def merged(base: str, ours: str, theirs: str) -> str | None:
    """Return the merge of three texts that are written with ` / ` for a line end."""
    given = (it.replace(" / ", "\n") + "\n" for it in (base, ours, theirs))
    found = merge_texts(*(plain(it) for it in given)).text
    return found.holed.removesuffix("\n").replace("\n", " / ") if found else None


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param("a /  / b", "A /  / b", "a /  / B", "A /  / B", id="two paragraphs"),
        pytest.param("a / b / c", "A / b / c", "a / b / C", "A / b / C", id="a line between"),
        pytest.param("a / b", "A / b", "a / B", None, id="neighbouring lines touch"),
        pytest.param("a / b", "A / b", "B / b", None, id="the same line"),
        pytest.param("a / b", "A / b", "A / b", "A / b", id="the same edit"),
        pytest.param("a / b / c", "A / b / c", "A / b / C", "A / b / C", id="one edit in common"),
        pytest.param("a / b / c", "b / c", "a / b / C", "b / C", id="a line taken out"),
        pytest.param("a / b / c", "b / c", "A / b / c", None, id="taken out and edited"),
        pytest.param("a / b", "a / b / c", "a / b / d", None, id="both go on at the end"),
        pytest.param("a / b", "c / a / b", "a / b / d", "c / a / b / d", id="before and behind"),
        pytest.param("a / b", "a / c / b", "a / d / b", None, id="two lines in one place"),
        pytest.param(
            "- a / - b / - c", "- A / - b / - c", "- a / - b / - C", "- A / - b / - C", id="a list"
        ),
    ],
)
def test_edits_that_are_apart_are_merged_and_others_are_not(
    base: str, ours: str, theirs: str, expected: str | None
) -> None:
    assert merged(base, ours, theirs) == expected


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        pytest.param(
            "``` / a / b / c / ```", "``` / A / b / c / ```", "``` / a / b / C / ```", id="a fence"
        ),
        pytest.param(
            "<div> / a / b / c / </div>",
            "<div> / A / b / c / </div>",
            "<div> / a / b / C / </div>",
            id="raw HTML",
        ),
        pytest.param(
            "<!-- / a / b / c / -->",
            "<!-- / A / b / c / -->",
            "<!-- / a / b / C / -->",
            id="a comment",
        ),
        pytest.param(
            "h | i / -|- / a | b / c | d / e | f",
            "h | i / -|- / A | b / c | d / e | f",
            "h | i / -|- / a | b / c | d / e | F",
            id="a table",
        ),
        pytest.param(
            "a /  / b /  / c",
            "``` / a /  / b /  / c / ```",
            "a /  / B /  / c",
            id="put into a fence",
        ),
        pytest.param(
            "a /  / b /  / c /  / d",
            "a /  / ``` / b /  / c /  / d",
            "a /  / b /  / c /  / D",
            id="a fence that is never closed",
        ),
        pytest.param(
            "a /  / b /  / c /  / d",
            "a /  / b / <!-- /  / c /  / d",
            "a /  / b /  / c /  / --> d",
            id="a comment that another edit ends",
        ),
    ],
)
def test_nothing_is_merged_where_lines_would_mean_something_else(
    base: str, ours: str, theirs: str
) -> None:
    assert merged(base, ours, theirs) is None
    assert merged(base, theirs, ours) is None
    assert merged(base, ours, base) == ours


def test_an_edit_outside_of_a_fence_is_merged_with_one_inside() -> None:
    base = "a /  / ``` / b /  / c / ``` /  / d"
    assert merged(base, base.replace("b", "B"), base.replace("d", "D")) == (
        "a /  / ``` / B /  / c / ``` /  / D"
    )


def test_an_inserted_paragraph_may_be_either_side_of_a_blank_line() -> None:
    """The paragraph can be read as put before or behind any blank line that it has of its own."""
    base, ours = "a /  / b /  / c", "a /  / new /  / b /  / c"
    assert merged(base, ours, "a /  / b /  / C") == "a /  / new /  / b /  / C"
    assert merged(base, ours, "a /  / B /  / c") is None
    assert merged(base, ours, "A /  / b /  / c") is None


def test_another_target_is_an_edit_of_its_line() -> None:
    base = Text(f"[a]({HOLE})\n\n[b]({HOLE})\n", ("key:x", "key:y"))
    ours = Text(base.holed, ("key:z", "key:y"))
    theirs = Text(base.holed + "\nMore.\n", base.targets)
    assert merge_texts(base, ours, theirs).text == Text(theirs.holed, ("key:z", "key:y"))
    other = Text(base.holed, ("question/7", "key:y"))
    (conflict,) = merge_texts(base, ours, other).conflicts
    assert (conflict.ours.targets, conflict.base.targets, conflict.theirs.targets) == (
        ("key:z",),
        ("key:x",),
        ("question/7",),
    )


def test_a_link_that_another_edit_turns_into_code_is_a_conflict() -> None:
    base = Text(f"one\ntwo\n[a]({HOLE})\nthree\n", ("key:x",))
    ours = Text(f"`one\ntwo\n[a]({HOLE})\nthree\n", ("key:x",))
    theirs = Text(f"one\ntwo\n[a]({HOLE})\nthree`\n", ("key:x",))
    assert merge_texts(base, ours, theirs).text is None


def test_a_conflict_is_shown_between_the_usual_markers() -> None:
    base = Text(f"one\n\ntwo [a]({HOLE})\n", ("key:a",))
    ours = Text(f"ONE\n\nTwo [b]({HOLE})\n", ("key:b",))
    theirs = Text("one\n\ntwo\n")
    merge = merge_texts(base, ours, theirs)
    assert [len(merge.pieces), len(merge.conflicts)] == [2, 1]
    shown = with_markers(merge, ours="manifest", base="last written", theirs="site")
    assert fill(shown, str) == (
        "ONE\n\n<<<<<<< manifest\nTwo [b](key:b)\n||||||| last written\ntwo [a](key:a)\n"
        "=======\ntwo\n>>>>>>> site\n"
    )


def test_names_merge_as_sets() -> None:
    assert merge_names(("a", "b"), ("a", "b", "c"), ("b", "d")) == ("b", "c", "d")
    assert merge_names((), ("a",), ("a",)) == ("a",)


@given(base=texts(ODD_LINE), other=texts(ODD_LINE))
def test_one_edit_alone_is_the_merge(base: Text, other: Text) -> None:
    for ours, theirs in ((base, other), (other, base), (other, other)):
        assert merge_texts(base, ours, theirs).text == other


@given(three=versions(ODD_LINE))
def test_sides_can_be_swapped(three: tuple[Text, Text, Text]) -> None:
    base, ours, theirs = three
    assert merge_texts(base, theirs, ours) == swapped(merge_texts(base, ours, theirs))


@given(three=versions(ODD_LINE))
def test_what_is_merged_is_canonical_and_means_what_it_meant(
    three: tuple[Text, Text, Text],
) -> None:
    base, ours, theirs = three
    text = merge_texts(base, ours, theirs).text
    if text is None or text in (ours, theirs):
        return
    assert canonical_text(text.holed) == text.holed
    assert left_open(text.holed) is None or text in three
    meant = {(it.text, it.code) for side in (ours, theirs) for it in lines(side.holed)}
    assert {(it.text, it.code) for it in lines(text.holed)} <= meant | {("", False)}


@given(three=versions(LINE))
def test_every_conflict_can_be_settled_for_one_side(three: tuple[Text, Text, Text]) -> None:
    """Base and sides are in the pieces whole: nothing is lost on the way to the markers."""
    base, ours, theirs = three
    merge = merge_texts(base, ours, theirs)
    settled = [it if isinstance(it, Text) else it.ours for it in merge.pieces]
    lost = set(ours.holed.split("\n")) - set(base.holed.split("\n"))
    assert lost <= {line for it in settled for line in it.holed.split("\n")}
    settled = [it if isinstance(it, Text) else it.theirs for it in merge.pieces]
    lost = set(theirs.holed.split("\n")) - set(base.holed.split("\n"))
    assert lost <= {line for it in settled for line in it.holed.split("\n")}


PARAGRAPHS = [f"Paragraph {number} as it was." for number in range(8)]


@given(
    ours=st.dictionaries(st.integers(0, 7), st.just("Our words."), min_size=1),
    theirs=st.dictionaries(st.integers(0, 7), st.just("Their words."), min_size=1),
)
def test_edits_of_different_paragraphs_are_both_in_the_merge(
    ours: dict[int, str], theirs: dict[int, str]
) -> None:
    def edited(edits: dict[int, str]) -> Text:
        found = [edits.get(place, words) for place, words in enumerate(PARAGRAPHS)]
        return plain("\n\n".join(found) + "\n")

    text = merge_texts(edited({}), edited(ours), edited(theirs)).text
    if ours.keys() & theirs.keys():
        assert text is None
    else:
        assert text == edited({**ours, **theirs})


@given(old=st.lists(LINE, max_size=9), new=st.lists(LINE, max_size=9))
@example(old=["a"], new=["a"])
def test_kept_lines_are_the_same_read_either_way(old: list[str], new: list[str]) -> None:
    kept = kept_lines(old, new)
    assert all(old[here] == new[there] for here, there in kept.items())
    assert list(kept) == sorted(kept)
    assert list(kept.values()) == sorted(kept.values())
    assert kept_lines(new, old) == {there: here for here, there in kept.items()}
    back = kept_lines(old[::-1], new[::-1])
    assert {len(old) - 1 - here: len(new) - 1 - there for here, there in back.items()} == kept


def test_a_text_too_long_to_compare_is_a_conflict_as_a_whole() -> None:
    base = [str(it) for it in range(2000)]
    ours, theirs = ["x", *base[1:-1], "x"], ["y", *base[1:-1], "y"]
    assert kept_lines(base, ours) == {}
    found = [plain("\n".join(it) + "\n") for it in (base, ours, theirs)]
    assert len(merge_texts(*found).conflicts) == 1


@pytest.mark.skipif(shutil.which("git") is None, reason="git isn't here")
@settings(max_examples=60, deadline=None)
@given(three=versions(LINE))
def test_what_git_calls_a_conflict_is_none_here_only_where_sides_say_the_same(
    three: tuple[Text, Text, Text], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("merge")
    written = [fill(it, str) for it in three]
    for name, text in zip(("base", "ours", "theirs"), written, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    command = ["git", "merge-file", "--stdout", "--quiet", "--diff3", "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    merge = merge_texts(*three)
    if merge.text is not None:
        assert done.returncode == 0
        assert done.stdout == fill(merge.text, str)
