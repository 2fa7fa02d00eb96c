"""The law of the map file: what is written is read, whatever the source calls its pages."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources import Account, Fate, map_lines, read_map

_TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("'\"=+-@\t\r\n,; |a"),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"),
    ),
    max_size=30,
)
_ACCOUNTS = st.lists(
    st.builds(
        Account,
        place=st.just(Place("a", 1)),
        title=_TEXT,
        fate=st.sampled_from(Fate),
        why=_TEXT,
        keys=st.lists(st.sampled_from(["a", "b/c"]), max_size=2).map(tuple),
        kind=st.sampled_from([Kind.ARTICLE, Kind.QUESTION, None]),
        tags=st.lists(_TEXT, max_size=3).map(tuple),
        owner=_TEXT,
        edited=st.sampled_from([None, datetime(2024, 5, 2, tzinfo=UTC)]),
        page=_TEXT.map(lambda text: f"p{text.strip()}p"),
    ).filter(lambda it: bool(it.keys) == (it.fate is not Fate.SKIPPED)),
    max_size=5,
)


@given(_ACCOUNTS)
def test_f83_a_map_is_read_as_it_was_written_and_says_nothing(accounts: list[Account]) -> None:
    table = "".join(map_lines(accounts))
    rows = read_map(table.encode(), "map.csv")
    assert [row.page for row in rows] == [it.page for it in accounts]
    assert all(cell.is_sent for row in rows for cell in row.cells.values())


@given(_ACCOUNTS, st.sampled_from(["keep", "title"]))
def test_what_somebody_filled_in_counts_in_the_next_map(
    accounts: list[Account], column: str
) -> None:
    chosen = [
        Account(it.place, it.title, it.fate, page=it.page, keys=it.keys, chosen=(column,))
        for it in accounts
    ]
    rows = read_map("".join(map_lines(chosen)).encode(), "map.csv")
    for row in rows:
        assert all(cell.is_sent is (cell.name != column) for cell in row.cells.values())
