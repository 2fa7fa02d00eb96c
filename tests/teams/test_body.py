from __future__ import annotations

import gzip
import zlib

import pytest

from importer.teams.body import LIMIT, decode
from importer.teams.exchange import Trouble

TEXT = b'{"items":[' + b"1," * 5_000 + b"1]}"
PACKED = gzip.compress(TEXT)


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        pytest.param(TEXT, "", id="not compressed"),
        pytest.param(TEXT, "identity", id="not compressed, and said so"),
        pytest.param(PACKED, "gzip", id="gzip"),
        pytest.param(PACKED, " GZIP", id="gzip, spelled otherwise"),
        pytest.param(PACKED, "", id="gzip, the header lost on the way"),
        pytest.param(gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]), "gzip", id="two members"),
        pytest.param(zlib.compress(TEXT), "deflate", id="deflate"),
        pytest.param(raw_deflate(TEXT), "deflate", id="deflate without its envelope"),
    ],
)
def test_a_whole_body_is_decoded(raw: bytes, encoding: str) -> None:
    assert decode(raw, encoding) == TEXT


def test_an_empty_body_is_empty_whatever_its_header_says() -> None:
    assert decode(b"", "gzip") == b""


@pytest.mark.parametrize("cut", [1, 8, 12, len(PACKED) // 2, len(PACKED) - 3])
def test_a_gzip_body_cut_off_anywhere_is_no_body(cut: int) -> None:
    assert decode(PACKED[:-cut], "gzip") is Trouble.TRUNCATED


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        pytest.param(TEXT, "gzip", id="not compressed at all"),
        pytest.param(PACKED[:20] + b"\xff\xff\xff\xff" + PACKED[24:], "gzip", id="corrupt"),
        pytest.param(PACKED[:-4] + b"\0\0\0\0", "gzip", id="a wrong length"),
        pytest.param(PACKED + b"trailing", "gzip", id="garbage behind it"),
        pytest.param(TEXT, "br", id="a coding not asked for"),
        pytest.param(PACKED, "gzip, gzip", id="two codings"),
        pytest.param(TEXT, "deflate", id="no deflate either"),
    ],
)
def test_a_garbled_body_is_no_body(raw: bytes, encoding: str) -> None:
    assert decode(raw, encoding) in {Trouble.GARBLED, Trouble.TRUNCATED}


def test_a_body_at_the_limit_passes_and_one_beyond_does_not() -> None:
    assert decode(gzip.compress(b"a" * 1_000), "gzip", 1_000) == b"a" * 1_000
    assert decode(gzip.compress(b"a" * 1_001), "gzip", 1_000) is Trouble.TOO_LARGE
    assert decode(b"a" * 1_001, "", 1_000) is Trouble.TOO_LARGE


def test_a_bomb_is_stopped_at_the_limit() -> None:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    zeros = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(zeros) for _ in range(80)) + packer.flush()
    assert len(bomb) < 1024 * 1024
    assert LIMIT == 64 * 1024 * 1024
    assert decode(bomb, "gzip") is Trouble.TOO_LARGE
