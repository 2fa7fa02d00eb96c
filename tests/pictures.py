"""Pictures for tests: the smallest bytes that are one of each type, and some that are none."""

from __future__ import annotations

import struct
import zlib

__all__ = ["BMP", "GIF", "HTML", "JPEG", "SVG", "WEBP", "png"]


def png(colour: int = 0, size: int = 0) -> bytes:
    """Return a picture of one dot of *colour*, at least *size* bytes long."""

    def chunk(name: bytes, content: bytes) -> bytes:
        whole = name + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    dot = chunk(b"IDAT", zlib.compress(bytes([0, colour])))
    made = b"\x89PNG\r\n\x1a\n" + head + dot + chunk(b"IEND", b"")
    return made + bytes(max(0, size - len(made)))


JPEG = (
    b"\xff\xd8"
    + (b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00\x01" + bytes(8))
    + (b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 1, 1, 1) + b"\x01\x11\x00")
    + (b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00" + b"\x7f\xff\xd9")
)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
BMP = b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + struct.pack("<Iii", 40, 1, 1) + bytes(32)
WEBP = b"RIFF\x16\x00\x00\x00WEBPVP8L" + struct.pack("<IB", 6, 0x2F) + bytes(9)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>It is no picture</title>"
