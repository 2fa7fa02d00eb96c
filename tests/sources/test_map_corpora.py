"""The map file over public wikis: sent out and read back unedited, it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.model.draft import Draft
from importer.sources import (
    READERS,
    Account,
    Loss,
    Options,
    PageMap,
    Stage,
    accounted,
    map_lines,
    read_map,
    shape,
    tally,
)

# Of all others, a whole conversion by the command line tells the same.
SOURCES = {
    "faq": "faq-30seconds/data/questions",
    "so4t-csv": "so4t-csv-templates/data",
}

Result = Draft | Loss | Account


def converted(name: str, path: Path, table: str = "") -> list[Result]:
    page_map = PageMap(read_map(table.encode(), "map.csv") if table else [])
    stage = Stage(lambda: READERS[name].read(path, Options()), page_map=page_map)
    return list(accounted(shape(stage, Options(reserved=stage.keys()))))


@pytest.mark.parametrize("name", SOURCES)
def test_a_map_that_nobody_edited_gives_the_same_again(corpora: Path, name: str) -> None:
    path = corpora / SOURCES[name]
    first = converted(name, path)
    accounts = [it for it in first if isinstance(it, Account)]
    assert len({it.page for it in accounts}) == len(accounts) == tally(first).pages
    table = "".join(map_lines(accounts))
    assert converted(name, path, table) == first
    # As another program saves it.
    assert converted(name, path, table.replace("\r\n", "\n").removeprefix("\ufeff")) == first
