"""What grows with a source lies on a shelf, and is found there as in a dict or a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.sources import Known, Mapped, Shelf, shape
from importer.sources.losses import Loss, LossKind
from importer.sources.reader import Options
from tests.sources.factories import page, parted

LOSS = Loss(LossKind.TEXT, Place("a.md", 1), "x", "y")


@given(st.lists(st.tuples(st.text(st.characters()), st.integers())))
def test_a_table_is_a_dict(pairs: list[tuple[str, int]]) -> None:
    with Shelf() as shelf:
        table = shelf.table()
        for key, value in pairs:
            table.setdefault(key, value)
        wanted = dict(reversed(pairs))
        assert dict(table) == wanted
        assert (len(table), bool(table)) == (len(wanted), bool(wanted))
        assert all(key in table for key in wanted)
        assert "no such key" not in table


def test_half_a_character_is_a_name_too() -> None:
    with Shelf() as shelf:
        table = shelf.table()
        table["\ud800"] = "\udfff"
        assert dict(table) == {"\ud800": "\udfff"}


def test_a_spool_is_a_list_also_while_others_are_written() -> None:
    with Shelf() as shelf:
        one, other = shelf.spool(), shelf.spool()
        for number in range(250):
            one.append((number, LOSS))
        for each in one:
            other.append(each)
        assert list(other) == list(one) == [(number, LOSS) for number in range(250)]
        assert (len(one), one[-1], one[3:5]) == (250, (249, LOSS), [(3, LOSS), (4, LOSS)])
        assert list(Mapped(one, lambda it: it[0]))[:3] == [0, 1, 2]


def test_a_page_that_is_known_keeps_its_key_and_no_new_one_takes_it() -> None:
    known = Known(
        key_of={"page 1": "old"}.get,  # type: ignore[arg-type]  # None is as good as ""
        is_taken={"old", "how-do-i-get-in-here"}.__contains__,
        is_dropped={"page 3"}.__contains__,
    )
    pages = [
        page("How do I get out of here?", identity="page 1", answers=("A text. " * 9,)),
        page("How do I get in here?", identity="page 2", answers=("B text. " * 9,)),
        page("How do I stay in here?", identity="page 3", answers=("C text. " * 9,)),
        page("How do I get in here now?", identity="page 2", answers=("D text. " * 9,)),
    ]
    drafts, losses = parted(shape(lambda: pages, Options(), known))
    assert [(it.key, it.sources) for it in drafts] == [
        ("old", ("page 1",)),
        ("how-do-i-get-in-here-2", ("page 2",)),
        ("how-do-i-get-in-here-now", ("page 2 (2)",)),
    ]
    assert ["by hand" in it.why for it in losses if it.kind is LossKind.SKIPPED] == [True]


def test_a_page_that_says_the_same_as_another_is_remembered_with_it() -> None:
    pages = [page(identity="page 1"), page(identity="page 2")]
    drafts, _ = parted(shape(lambda: pages, Options()))
    assert [it.sources for it in drafts] == [("page 1", "page 2")]
    known = Known(key_of={"page 1": "kept", "page 2": "kept"}.__getitem__)
    drafts, _ = parted(shape(lambda: pages[1:], Options(), known))
    assert [it.key for it in drafts] == ["kept"]


@given(st.lists(st.tuples(st.text(max_size=2), st.lists(st.integers()))))
def test_lists_grow_by_their_names(pairs: list[tuple[str, list[int]]]) -> None:
    wanted: dict[str, list[int]] = {}
    with Shelf() as shelf:
        lists = shelf.lists()
        for name, values in pairs:
            lists.add(name, *values)
            wanted.setdefault(name, []).extend(values)
        assert {name: list(lists.all(name)) for name in wanted} == wanted
        assert all(lists.first(name) == values[0] for name, values in wanted.items() if values)
        assert list(lists.all("no such name")) == []
