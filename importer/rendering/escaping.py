"""Makes texts of the manifest and the live team harmless where they are shown.

Three layers. `inert` takes hidden characters and line ends out of every text of a view, before any
template sees it. The Markdown forms put content where nothing in it is read as markup. `quiet`
goes over the finished document, for the log readers of CI services.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from importer.text.visible import visible

__all__ = [
    "code",
    "fence",
    "fence_html",
    "html",
    "inert",
    "link",
    "link_html",
    "prose",
    "prose_html",
    "quiet",
    "quiet_html",
]

# GitHub Actions trims a line and looks for `::` at its start; for `##[` it looks anywhere in a
# line, and Azure Pipelines does so for `##vso[` (observed in the public source of both runners).
_COMMAND_LINE = re.compile(r"^([^\S\n]*)(?=::)", re.MULTILINE)
_COMMAND = re.compile(r"(##\w{0,40})(?=\[)")
_HTML_COMMAND_LINE = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_HTML_COMMAND = re.compile(r"(##\w{0,40})\[")

_TICKS = re.compile(r"`+")
_SIGN = re.compile(r"[^\w ]|_")
# Words nothing is read into: no markup, no mention, no reference, no address.
_WORD = re.compile(
    r"(?!(?i:[0-9a-f]{7,40}|gh-\d+)\b)"
    r"""[("']*(?:[^\W_]+(?:[-'][^\W_]+)*|\d[\d,.]*%?)"""
)
_PIECE = re.compile(r"""`([^`]+)`|(\s+)|(?:([^\s`]*[^\s`,.;:!?)"']|`))?([,.;:!?)"']*)""")
# The path of a post, without anything to decode.
_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9_-]+)*/?(?:#\d+)?")


def inert(value: Any) -> Any:
    """Return a view as plain dicts, lists, strings and numbers, each string on one visible line.

    Markup is left as it is: this room made it, and made it harmless.
    """
    match value:
        case Markup():
            return value
        case str():
            return visible(value)
        case Mapping():
            return {str(name): inert(member) for name, member in value.items()}
        case list() | tuple():
            return [inert(member) for member in value]
        case _:
            return value


def quiet(text: str) -> str:
    r"""Return *text* with a backslash in whatever a CI service would take for a command."""
    return _COMMAND.sub(r"\1\\", _COMMAND_LINE.sub(r"\1\\", text))


def quiet_html(page: str) -> str:
    """Return *page* as `quiet` does a text, with references that a browser reads as the signs."""
    return _HTML_COMMAND.sub(r"\1&#91;", _HTML_COMMAND_LINE.sub(r"\1&#58;", page))


def code(text: object) -> Markup:
    """Return *text* as a Markdown code span; nothing for an empty one."""
    content = visible(str(text))
    if not content:
        return Markup("")
    ticks = "`" * (_longest_run(content) + 1)
    pad = " " if content[0] in "` " or content[-1] in "` " else ""
    return Markup(f"{ticks}{pad}{content}{pad}{ticks}")  # noqa: S704 - a code span holds it


def html(text: object) -> Markup:
    """Return *text* as an HTML code element without any sign: fit for summaries and table cells."""
    content = _SIGN.sub(lambda match: f"&#{ord(match.group())};", visible(str(text)))
    return Markup(f"<code>{content}</code>" if content else "")  # noqa: S704 - letters, digits only


def link(address: object) -> Markup:
    """Return a plain web address as a Markdown link that shows where it leads; others as code."""
    text = str(address)
    return Markup(f"<{text}>") if _ADDRESS.fullmatch(text) else code(text)  # noqa: S704 - as matched


def link_html(address: object) -> Markup:
    """Return a plain web address as an HTML link that shows where it leads; others as code."""
    text = str(address)
    if not _ADDRESS.fullmatch(text):
        return html(text)
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(text)


def prose(value: object) -> Markup:
    """Return *value* as Markdown prose: harmless words as they are, all others as code spans."""
    return _prose(value, code)


def prose_html(value: object) -> Markup:
    """Return *value* as HTML prose: harmless words as they are, all others as code elements."""
    return _prose(value, html)


def _prose(value: object, form: Callable[[object], Markup]) -> Markup:
    if isinstance(value, Markup):
        return value
    shown = ""
    for match in _PIECE.finditer(visible(str(value))):
        quoted, blank, word, stop = match.groups()
        if quoted or (word and not _WORD.fullmatch(word)):
            # Two code spans that touch would be read as one.
            gap = " " if shown.endswith("`") else ""
            shown = f"{shown}{gap}{form(quoted or word)}"
        else:
            shown += blank or word or ""
        shown += stop or ""
    return Markup(shown)  # noqa: S704 - harmless words and code


def fence(lines: Sequence[Mapping[str, Any]], language: str = "diff") -> Markup:
    """Return line views as a fenced block, its fence longer than any run of backticks inside."""
    rows = [row for line in lines for row in _rows(line)]
    ticks = "`" * max(3, max((_longest_run(row) for row in rows), default=0) + 1)
    return Markup("\n".join([f"{ticks}{language}", *rows, ticks]))  # noqa: S704 - a fence holds it


def fence_html(lines: Sequence[Mapping[str, Any]]) -> Markup:
    """Return line views as a preformatted block of HTML."""
    rows = [row for line in lines for row in _rows(line)]
    return Markup("<pre>{}</pre>").format("\n".join(rows))


def _rows(line: Mapping[str, Any]) -> list[str]:
    before, after = visible(line["before"]), visible(line["after"])
    match line["mark"]:
        case "removed":
            return [f"-{before}"]
        case "added":
            return [f"+{after}"]
        case "changed":
            return [f"-{before}", f"+{after}"]
        case "fold":
            return [f"@@ {after} @@"]
        case _:
            return [f" {after}"]


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
