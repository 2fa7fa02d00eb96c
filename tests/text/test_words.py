from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.words import Mark, WordSpan, compare_texts, compare_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from importer.text.words import Difference, WordLine

KEPT, REMOVED, ADDED = Mark.KEPT, Mark.REMOVED, Mark.ADDED

LINES = st.lists(
    st.sampled_from(["", "# one", "alpha beta gamma", "alpha beta delta", "x", "```", "a  "])
    | st.text(max_size=8).map(lambda text: text.replace("\n", "")),
    max_size=12,
)


def _side(spans: Iterable[WordSpan], mark: Mark) -> str:
    return "".join(span.text for span in spans if span.mark in (KEPT, mark))


def _shown(difference: Difference) -> list[str]:
    """Return the difference as a person sees it: `+`, `-`, `~` and blank, folds as numbers."""
    shown = []
    for hunk in difference.hunks:
        shown.append(f"@{hunk.skipped} {hunk.heading}".strip())
        shown += [_line(line) for line in hunk.lines]
    return [*shown, f"@{difference.skipped}"]


def _line(line: WordLine) -> str:
    marks = {span.mark for span in line}
    sign = {KEPT: " ", REMOVED: "-", ADDED: "+"}[marks.pop()] if len(marks) == 1 else "~"
    shapes = {KEPT: "{}", REMOVED: "[-{}-]", ADDED: "{{+{}+}}"}
    if sign != "~":
        return f"{sign} {line[0].text}"
    return "~ " + "".join(shapes[span.mark].format(span.text) for span in line)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("", "", [], id="nothing"),
        pytest.param("same", "same", [(KEPT, "same")], id="equal"),
        pytest.param("", "new", [(ADDED, "new")], id="from nothing"),
        pytest.param("old", "", [(REMOVED, "old")], id="to nothing"),
        pytest.param(
            "Ship it on Friday.",
            "Ship it on Monday.",
            [(KEPT, "Ship it on "), (REMOVED, "Friday"), (ADDED, "Monday"), (KEPT, ".")],
            id="one word",
        ),
        pytest.param(
            "a quick brown fox",
            "a slow red fox",
            [(KEPT, "a "), (REMOVED, "quick brown"), (ADDED, "slow red"), (KEPT, " fox")],
            id="blanks between two changed words belong to the change",
        ),
        pytest.param(
            "see [it](https://example.com/a) now",
            "see [it](key:oncall/freeze) now",
            [
                (KEPT, "see [it]("),
                (REMOVED, "https://example.com/a"),
                (ADDED, "key:oncall/freeze"),
                (KEPT, ") now"),
            ],
            id="so do signs: an address is replaced whole",
        ),
        pytest.param(
            "see foo_bar(x)",
            "see foo_baz(x)",
            [(KEPT, "see "), (REMOVED, "foo_bar"), (ADDED, "foo_baz"), (KEPT, "(x)")],
            id="a name with underscores is one word",
        ),
        pytest.param(
            "部署失败时回滚",
            "部署成功时回滚",
            [(KEPT, "部署"), (REMOVED, "失败"), (ADDED, "成功"), (KEPT, "时回滚")],
            id="a script without blanks is compared by character",
        ),
        pytest.param(
            "break", "break  ", [(KEPT, "break"), (ADDED, "  ")], id="a hard break is seen"
        ),
    ],
)
def test_the_changed_words_of_a_line(
    before: str, after: str, expected: list[tuple[Mark, str]]
) -> None:
    assert compare_words(before, after) == tuple(WordSpan(*span) for span in expected)


BODY = """\
Intro.

## Before you start

Ask the owner.

```sh
# not a heading
git revert HEAD
```

Rolling back
------------

Run the pipeline again.
Wait for the green light.

### Afterwards
Tell the channel.
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("", "", ["@19"], id="nothing changed"),
        pytest.param(
            "HEAD",
            "HEAD~1",
            [
                "@6 ## Before you start",
                "  ```sh",
                "  # not a heading",
                "~ git revert HEAD{+~1+}",
                "  ```",
                "  ",
                "@8",
            ],
            id="a comment in code is no heading",
        ),
        pytest.param(
            "Wait for the green light.\n",
            "",
            [
                "@13 Rolling back",
                "  ",
                "  Run the pipeline again.",
                "- Wait for the green light.",
                "  ",
                "  ### Afterwards",
                "@1",
            ],
            id="an underlined line is a heading",
        ),
        pytest.param(
            "Tell the channel.\n",
            "Tell the channel.\nThen rest.\n",
            ["@17", "  ### Afterwards", "  Tell the channel.", "+ Then rest.", "@0"],
            id="a heading that is shown is not named again",
        ),
        pytest.param(
            "Intro.",
            "Something else entirely",
            ["@0", "- Intro.", "+ Something else entirely", "  ", "  ## Before you start", "@16"],
            id="lines with nothing in common are a removed and an added one",
        ),
    ],
)
def test_hunks_name_their_heading_and_fold_the_rest(
    old: str, new: str, expected: list[str]
) -> None:
    assert _shown(compare_texts(BODY, BODY.replace(old, new) if old else BODY)) == expected


def test_two_changes_far_apart_are_two_hunks_and_near_ones_are_one() -> None:
    before = "".join(f"line {number}\n" for number in range(30))
    far = before.replace("line 3\n", "").replace("line 25\n", "")
    near = before.replace("line 3\n", "").replace("line 7\n", "")
    assert [hunk.skipped for hunk in compare_texts(before, far).hunks] == [1, 17]
    assert [hunk.skipped for hunk in compare_texts(before, near).hunks] == [1]


def test_lines_are_counted_on_both_sides() -> None:
    difference = compare_texts("one two three\nb\n", "one two four\nc\nd\n")
    assert (difference.removed, difference.added) == (2, 3)


@given(LINES, LINES)
def test_without_folds_a_difference_holds_both_texts(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    difference = compare_texts(before, after, context=100, most_lines=None)
    lines = [line for hunk in difference.hunks for line in hunk.lines]
    old_lines = [_side(line, REMOVED) for line in lines if _has(line, REMOVED)]
    new_lines = [_side(line, ADDED) for line in lines if _has(line, ADDED)]
    if before.removesuffix("\n") == after.removesuffix("\n") and bool(before) == bool(after):
        assert not lines
    else:
        assert "\n".join(old_lines) == before.removesuffix("\n")
        assert "\n".join(new_lines) == after.removesuffix("\n")


def _has(line: WordLine, mark: Mark) -> bool:
    return any(span.mark in (KEPT, mark) for span in line)


@given(st.text(), st.text())
def test_words_put_together_are_both_texts(before: str, after: str) -> None:
    spans = compare_words(before, after)
    assert _side(spans, REMOVED) == before
    assert _side(spans, ADDED) == after


@given(LINES, LINES, st.integers(0, 3), st.integers(0, 5))
def test_every_line_is_shown_folded_or_counted(
    old: list[str], new: list[str], context: int, most: int
) -> None:
    difference = compare_texts("\n".join(old), "\n".join(new), context=context, most_lines=most)
    whole = compare_texts("\n".join(old), "\n".join(new), context=context, most_lines=None)
    lines = [line for hunk in difference.hunks for line in hunk.lines]
    changed = [line for line in lines if {span.mark for span in line} != {KEPT}]
    all_changed = [
        line for hunk in whole.hunks for line in hunk.lines if {it.mark for it in line} != {KEPT}
    ]
    assert len(lines) <= most
    assert len(changed) + difference.left_out == len(all_changed)
    assert (difference.removed, difference.added) == (whole.removed, whole.added)


def _random_lines(symbols: int, count: int, seed: int) -> str:
    chosen = random.Random(seed)
    return "\n".join(str(chosen.randrange(symbols)) for _ in range(count))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            _random_lines(2, 15_000, 1), _random_lines(2, 15_000, 2), id="two lines, 15,000 times"
        ),
        pytest.param(
            _random_lines(200, 1_400, 1), _random_lines(200, 1_400, 2), id="200 lines, mixed"
        ),
        pytest.param(
            "\n".join(f"same {i}" if i % 2 else f"old {i}" for i in range(50_000)),
            "\n".join(f"same {i}" if i % 2 else f"new {i}" for i in range(50_000)),
            id="every second of 50,000 lines",
        ),
        pytest.param("a " * 35_000, "b " * 35_000, id="70,000 characters on one line"),
        pytest.param(
            _random_lines(60, 60_000, 1).replace("\n", " "),
            _random_lines(60, 60_000, 2).replace("\n", " "),
            id="60,000 words on one line",
        ),
    ],
)
def test_monstrous_texts_are_compared_in_a_breath(before: str, after: str) -> None:
    start = time.process_time()
    difference = compare_texts(before, after)
    assert time.process_time() - start < 5
    assert sum(len(hunk.lines) for hunk in difference.hunks) <= 200
