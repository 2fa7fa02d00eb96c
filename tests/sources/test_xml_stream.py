"""XML is read one element at a time, whatever its encoding; entities and DTDs are refused."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from importer.errors import UsageError
from importer.sources.xml_stream import elements

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rows><row>&b;</row></rows>"""
OUTSIDE = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><row>&x;</row></r>'


def rows(data: bytes) -> list[tuple[int, str | None]]:
    found = elements(io.BytesIO(data), "dump.xml", {"row"})
    return [(line, element.text) for line, element in found]


def test_elements_are_found_at_any_depth_by_their_local_name() -> None:
    data = b'<a xmlns="urn:x">\n<b><row k="v">1<row>2</row></row></b>\n<row/></a>'
    (first, second) = elements(io.BytesIO(data), "dump.xml", {"row"})
    assert (first[0], first[1].get("k"), first[1][0].text) == (2, "v", "2")
    assert (second[0], second[1].text) == (3, None)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("<a><row>é</row></a>".encode(), id="UTF-8"),
        pytest.param("\ufeff<a><row>é</row></a>".encode(), id="with a BOM"),
        pytest.param("<a><row>é</row></a>".encode("utf-16"), id="UTF-16"),
        pytest.param(
            "<?xml version='1.0' encoding='iso-8859-1'?><a><row>é</row></a>".encode("latin-1"),
            id="Latin-1",
        ),
    ],
)
def test_any_encoding_is_read(data: bytes) -> None:
    assert rows(data) == [(1, "é")]


def test_what_xml_forbids_does_not_end_the_reading() -> None:
    assert rows(b"<a><row>\x01&#0;&#x1F;\xff&#9;&#233;</row></a>") == [(1, "\ufffd" * 4 + "\té")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(LAUGHS, "document type or entities", id="a billion laughs"),
        pytest.param(OUTSIDE, "document type or entities", id="an entity from outside"),
        pytest.param(b"<a><row>1</row><row>2", r"dump\.xml:1: it breaks off", id="truncated"),
        pytest.param(b"PK\x03\x04", "is no XML", id="no XML"),
        pytest.param(b"", "no element found", id="empty"),
        pytest.param(b"<a>" * 300, "nested too deeply", id="nested"),
    ],
)
def test_what_is_dangerous_or_broken_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        rows(data)


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        left = 2_000

        def read(self, size: int = -1) -> bytes:
            del size
            self.left -= 1
            return b"<a>" if self.left == 1_999 else self._more()

        def _more(self) -> bytes:
            if self.left < 0:
                return b""
            return b"</a>" if self.left == 0 else b"<row>" + b"x" * 10_000 + b"</row>"

    tracemalloc.start()
    found = elements(Endless(), "dump.xml", {"row"})
    assert len([line for line, _ in found]) == 1_998
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
