"""Wikitext that is nested as nobody writes it: found before a parser loses itself in it."""

import re

__all__ = ["nested_too_deep"]

_SIGN = re.compile(
    r"(?P<open>\{\{|\[\[|^[ \t:*#]*\{\|)|\}\}|\]\]|^[ \t]*\|\}(?!\})"
    r"|<(?P<raw>math|nowiki|pre|source|syntaxhighlight|code|!--)[^<>]{0,1000}",
    re.MULTILINE | re.IGNORECASE,
)
_MOST_LEVELS = 100
# A table in a table is rare, and each takes many levels of HTML.
_MOST_TABLES = 20
# The parser tries each of them anew to the text's end.
_MOST_UNCLOSED = 500
_DEEP_ITEM = re.compile(r"^[*#:;]{100,}", re.MULTILINE)
# A line or two of these signs is an ornament.
_MOST_DEEP = 2_000


def nested_too_deep(text: str) -> bool:
    """Tell whether templates, links, tables or lists stand in each other as nobody writes them.

    Or more of them are begun than end; in code and formulas, nothing counts.
    """
    if sum(map(len, _DEEP_ITEM.findall(text))) > _MOST_DEEP:
        return True
    lower = text.lower()
    missing: set[str] = set()
    # Of each that is open: how deep what ended in it is, and the tables in that.
    opened: list[tuple[int, int, bool]] = []
    at = 0
    while sign := _SIGN.search(text, at):
        at = sign.end()
        if raw := (sign["raw"] or "").lower():
            ending = "-->" if raw == "!--" else f"</{raw}"
            end = -1 if ending in missing else lower.find(ending, at)
            if end < 0:
                missing.add(ending)
            at = max(at, end)
        elif sign["open"]:
            opened.append((0, 0, sign["open"].endswith("|")))
        elif opened:
            levels, tables, is_table = opened.pop()
            levels, tables = levels + 1, tables + is_table
            if levels > _MOST_LEVELS or tables > _MOST_TABLES:
                return True
            if opened:
                around = opened[-1]
                opened[-1] = (max(around[0], levels), max(around[1], tables), around[2])
    return len(opened) > _MOST_UNCLOSED
