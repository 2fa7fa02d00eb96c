"""Lines of a page of wikitext that is HTML else: paragraphs, lists by their markers, and code.

A marker of a list begins with \\x01, a block's place is its number between \\x02 and \\x03.
"""

import posixpath
import re

__all__ = ["assembled"]

_BLOCK = re.compile("\x02(\\d+)\x03")
_MARKERS = re.compile("\x01([*#:;]+)")
_KINDS = {"*": "u", "#": "o", ":": "d", ";": "d"}
_OPENING = {"u": "<ul><li>", "o": "<ol><li>", "d": "<blockquote><p>"}
_CLOSING = {"u": "</li></ul>", "o": "</li></ol>", "d": "</p></blockquote>"}
_NEXT = {"u": "</li><li>", "o": "</li><li>", "d": "</p><p>"}


def assembled(text: str, *, within: bool = False) -> str:
    """Return rendered lines as blocks: lists by their markers, paragraphs by blank lines."""
    made: list[str] = []
    waiting: list[str] = []
    code: list[str] = []
    items: list[tuple[str, str]] = []

    def flush() -> None:
        if items:
            made.append(_listed(items))
            items.clear()
        if code:
            made.append(f"<pre>{chr(10).join(code)}</pre>")
            code.clear()
        if waiting:
            joined = "\n".join(waiting)
            made.append(joined if within and not made else f"<p>{joined}</p>")
            waiting.clear()

    for line in text.split("\n"):
        if match := _MARKERS.match(_joined_markers(line)):
            if waiting or code:
                flush()
            items.append((match[1], _joined_markers(line)[match.end() :].strip()))
        elif _BLOCK.fullmatch(line.strip()):
            flush()
            made.append(line.strip())
        elif not line.strip():
            flush()
        elif line.startswith(" ") and not within:
            if waiting or items:
                flush()
            code.append(re.sub(r"</?(?:b|i|code)>", "", line[1:]))
        else:
            if items or code:
                flush()
            waiting.append(line)
    flush()
    return "\n".join(made).replace("\x01", "")


def _joined_markers(line: str) -> str:
    """Return a line whose markers, each found by itself, are one run."""
    run = re.match("(?:\x01[*#:;]+)+", line)
    return f"\x01{run[0].replace(chr(1), '')}{line[run.end() :]}" if run else line


def _listed(items: list[tuple[str, str]]) -> str:
    """Return lines with markers as nested lists; `;a:b` is a term, `:` alone an indentation."""
    made: list[str] = []
    stack = ""
    for marks, text in items:
        kinds = "".join(_KINDS[it] for it in marks)
        common = len(posixpath.commonprefix([stack, kinds]))
        made += [_CLOSING[kind] for kind in reversed(stack[common:])]
        made += [_OPENING[kind] for kind in kinds[common:]] or [_NEXT[kinds[-1]]]
        stack = kinds
        term, colon, rest = text.partition("\x01:") if marks.endswith(";") else ("", "", text)
        said = f"<p>{rest.strip()}</p>" if colon else rest
        made.append(f"<strong>{term.strip()}</strong>{said}" if term else said)
    made += [_CLOSING[kind] for kind in reversed(stack)]
    return "".join(made)
