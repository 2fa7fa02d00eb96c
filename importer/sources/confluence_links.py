"""Confluence's short links, `/x/LIQHD`: a page's id in base 64, its lowest byte first.

As https://community.atlassian.com/t5/Confluence-questions/qaq-p/186555 tells it, read in November
2026: `+` is `_` and `/` is `-`, the other way round than elsewhere.
"""

import base64
import re

__all__ = ["short_name", "without_short_links"]

_SHORT = re.compile(
    r"""(\bhref\s*=\s*["'])(?:https?:)?(//[^/"'<>]+(?:/[^"'<>]*?)?)?/x/([A-Za-z0-9_-]{1,12})(?=["'#?])"""
)


def short_name(number: str) -> str:
    """Return what the short link of the page with that id ends in; empty for no id."""
    if not number.isdecimal() or len(number) > 18:
        return ""
    data = int(number).to_bytes(8, "little")
    return base64.b64encode(data, b"_-").decode().rstrip("A=")


def without_short_links(text: str, address: str) -> str:
    """Return a page whose short links, if they lead to the wiki at *address*, say the id in full.

    Their case counts, and that of no other link does.
    """
    home = re.sub(r"^https?:", "", address.rstrip("/")).lower()

    def said(match: re.Match[str]) -> str:
        if match[2] and match[2].lower() != home:
            return match[0]
        padded = match[3].ljust(12, "A")[:12].encode()
        number = int.from_bytes(base64.b64decode(padded, b"_-")[:8], "little")
        return f"{match[1]}/pages/viewpage.action?pageId={number}"

    return _SHORT.sub(said, text) if "/x/" in text else text
