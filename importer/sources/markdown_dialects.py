"""Blocks that only some dialects of Markdown know: containers, admonitions, tabs, definitions.

GitLab, MkDocs, Docusaurus and Pandoc have their own; the team's site would show their signs. What
they mean is said in Markdown that every site knows. Nothing in code is touched.
"""

import re
from collections.abc import Sequence

from importer.sources.lines import Numbered, code_flags, indent_of
from importer.sources.losses import Losses, LossKind

__all__ = ["plain_blocks"]

_TOC = re.compile(
    r"\s{0,3}(?:\[\[_TO(?:C|SP)_[^\[\]\n]{0,60}\]\]|\[_TOC_\]|\[\[?TOC\]\]?|\{:toc\}|\$\{toc\})\s*",
    re.IGNORECASE,
)
_MULTILINE = re.compile(r" {0,3}>>>[ \t]*")
_CONTAINER = re.compile(
    r" {0,3}:{3,}[ \t]*(?:\{[ \t]*\.?([A-Za-z][\w-]{0,40})[^}\n]{0,200}\}|([A-Za-z][\w-]{0,40}))"
    r"(?:\[([^\]\n]{0,300})\])?(?:\{[^}\n]{0,200}\})?(?:[ \t]+([^\n]{0,300}))?"
)
_CONTAINER_END = re.compile(r" {0,3}(:{3,})[ \t]*")
_ADMONITION = re.compile(
    r"( {0,3})(!!!|\?\?\?\+?|===[!+]?)[ \t]+([A-Za-z][\w -]{0,60}?)?[ \t]*"
    r"(?:\"([^\"\n]{0,300})\")?[ \t]*"
)
_DEFINED = re.compile(r" {0,3}:[ \t]+(\S.*)")
_NO_TERM = re.compile(r"\s*(?:[-*+>|#]|\d{1,9}[.)]\s|:|```|~~~|<|\Z)")
_DEEPEST = 20
_WHY_BOX = "a box of its own; a quotation now"


def plain_blocks(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with the blocks of dialects as quotations, bold words and lists."""
    lines = _unindented(_without_toc(part, losses), losses)
    return _defined(_contained(_multiline(lines), losses), losses)


def _flags(part: Sequence[Numbered]) -> list[bool]:
    return code_flags([line.text for line in part])


def _without_toc(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    kept = []
    for line, code in zip(part, _flags(part), strict=True):
        if not code and _TOC.fullmatch(line.text):
            why = "a list of the headings; the site makes its own"
            losses.add(LossKind.NAVIGATION, line.number, line.text.strip(), why)
            continue
        kept.append(line)
    return kept


def _titled(number: int, title: str) -> list[Numbered]:
    bare = title.replace("**", "").replace("__", "").strip()
    return [Numbered(number, f"**{bare}**"), Numbered(number, "")] if bare else []


def _quoted(part: Sequence[Numbered]) -> list[Numbered]:
    return [Numbered(it.number, f"> {it.text}".rstrip()) for it in part]


def _apart(number: int, block: Sequence[Numbered]) -> list[Numbered]:
    return [Numbered(number, ""), *block, Numbered(block[-1].number if block else number, "")]


def _unindented(part: Sequence[Numbered], losses: Losses, depth: int = 0) -> list[Numbered]:
    """Return *part* with what admonitions and tabs hold: lines indented by four below their head.

    Their bodies look like code, so the heads are looked for first.
    """
    flags = _flags(part)
    kept: list[Numbered] = []
    at = 0
    while at < len(part):
        line = part[at]
        match = None if flags[at] else _ADMONITION.fullmatch(line.text)
        end = _end_of(part, at + 1, len(match[1]) + 4) if match else at + 1
        is_tab = bool(match and match[2].startswith("==="))
        if match is None or not (match[4] or (match[3] and not is_tab)) or end == at + 1:
            kept.append(line)
            at += 1
            continue
        margin = len(match[1]) + 4
        body = [Numbered(it.number, _shifted(it.text, margin)) for it in part[at + 1 : end]]
        inner = _unindented(body, losses, depth + 1) if depth < _DEEPEST else body
        title = match[4] if match[4] is not None else (match[3] or "").split()[0].capitalize()
        why = "a tab among others; all are shown, one below the other" if is_tab else _WHY_BOX
        losses.add(LossKind.MARKUP, line.number, line.text.strip(), why)
        block = [*_titled(line.number, title), *inner]
        kept += _apart(line.number, block if is_tab else _quoted(block))
        at = end
    return kept


def _end_of(part: Sequence[Numbered], start: int, margin: int) -> int:
    """Return the index after the lines that are indented by *margin*, blank ones between them."""
    end = at = start
    while at < len(part) and (not part[at].text.strip() or indent_of(part[at].text) >= margin):
        at += 1
        if part[at - 1].text.strip():
            end = at
    return end


def _shifted(text: str, margin: int) -> str:
    bare = text.lstrip(" \t")
    return " " * max(0, indent_of(text) - margin) + bare


def _multiline(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* with GitLab's quotations between two lines of `>>>` marked line by line."""
    flags = _flags(part)
    marks = [at for at, it in enumerate(part) if not flags[at] and _MULTILINE.fullmatch(it.text)]
    kept: list[Numbered] = []
    last = 0
    for begin, end in zip(marks[::2], marks[1::2], strict=False):
        kept += part[last:begin]
        kept += _apart(part[begin].number, _quoted(part[begin + 1 : end]))
        last = end + 1
    return [*kept, *part[last:]]


def _contained(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with `:::note` to `:::` as quotations; one that is never closed stays."""
    flags = _flags(part)
    open_at: list[tuple[int, re.Match[str]]] = []
    pairs: dict[int, tuple[int, re.Match[str]]] = {}
    for at, line in enumerate(part):
        if flags[at] or ":::" not in line.text:
            continue
        if _CONTAINER_END.fullmatch(line.text):
            if open_at:
                begin, head = open_at.pop()
                pairs[begin] = (at, head)
        elif len(open_at) < _DEEPEST and (match := _CONTAINER.fullmatch(line.text)):
            open_at.append((at, match))
    return _within(part, 0, len(part), pairs, losses)


def _within(
    part: Sequence[Numbered],
    begin: int,
    end: int,
    pairs: dict[int, tuple[int, re.Match[str]]],
    losses: Losses,
) -> list[Numbered]:
    kept: list[Numbered] = []
    at = begin
    while at < end:
        line = part[at]
        if at not in pairs:
            kept.append(line)
            at += 1
            continue
        last, match = pairs[at]
        name = match[1] or match[2]
        if name.lower() == "mermaid":
            # A drawing's source, in the wikis of Azure DevOps.
            fence = Numbered(part[last].number, "```")
            block = [Numbered(line.number, "```mermaid"), *part[at + 1 : last], fence]
            kept += _apart(line.number, block)
        else:
            losses.add(LossKind.MARKUP, line.number, line.text.strip(), _WHY_BOX)
            title = match[3] or (match[4] or "").rstrip(": ") or name.capitalize()
            inner = _within(part, at + 1, last, pairs, losses)
            kept += _apart(line.number, _quoted([*_titled(line.number, title), *inner]))
        at = last + 1
    return kept


def _defined(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with definitions (a term, and `: what it is` below) as bold words and lists."""
    flags = _flags(part)
    kept: list[Numbered] = []
    # The index of the last line that a definition was made of, blank lines and more of it below.
    item = -1
    count = 0
    for line, code in zip(part, flags, strict=True):
        match = None if code else _DEFINED.fullmatch(line.text)
        if match is None:
            kept.append(line)
            continue
        if item < 0 or not _is_more(kept[item + 1 :]):
            term = _term_in(kept, item)
            if term is None:
                kept.append(line)
                continue
            count += 1
            number, text = kept[term]
            above = [Numbered(number, "")] if term and kept[term - 1].text.strip() else []
            kept[term:] = [*above, *_titled(number, text)]
        kept.append(Numbered(line.number, f"- {match[1]}"))
        item = len(kept) - 1
    if count and part:
        why = "a list of terms; bold words, and what they mean as list items"
        losses.add(LossKind.MARKUP, part[0].number, f"definitions: {count}", why)
    return kept


def _is_more(part: Sequence[Numbered]) -> bool:
    """Tell whether lines below a definition belong to it."""
    return all(not it.text.strip() or it.text.startswith("  ") for it in part)


def _term_in(kept: Sequence[Numbered], item: int) -> int | None:
    """Return the index of the line that a definition below *kept* defines: a line on its own."""
    at = len(kept) - 1
    at -= int(at >= 0 and not kept[at].text.strip())
    if at < 0 or _NO_TERM.match(kept[at].text):
        return None
    alone = at == 0 or at - 1 == item or not kept[at - 1].text.strip()
    return at if alone else None
