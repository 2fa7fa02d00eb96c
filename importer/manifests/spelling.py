"""Values as YAML: in the style that is there already, as far as the new value can have it."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from importer.manifests.nodes import parse
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.manifests.yaml_text import quoted
from importer.text.digests import Digest

__all__ = ["Plain", "as_read", "block", "scalar", "spelled"]

Plain: TypeAlias = str | bool | int | tuple[str | int, ...] | Mapping[str, "Plain"]
"""What an edit can state: a text, a flag, a number, a list, or some of these by name."""

# What an editor takes for a number, a date or a flag, though it is the text that counts here.
_MISREAD = re.compile(r"[-+.]?[0-9].*|null|true|false|yes|no|on|off|y|n|~", re.IGNORECASE)


def scalar(text: str, style: str = "", *, flow: bool = False) -> str:
    """Return *text* as a scalar of *style* where it can be one, else in double quotes."""
    if style == "'" and "\n" not in text:
        single = "'" + text.replace("'", "''") + "'"
        if _reads_as(single, text, flow=flow):
            return single
    if style == "" and text and not _MISREAD.fullmatch(text) and _reads_as(text, text, flow=flow):
        return text
    return quoted(text)


def _reads_as(written: str, text: str, *, flow: bool) -> bool:
    """Tell whether YAML reads what is *written* as *text*, in brackets or in a block."""
    if "\n" in written:
        return False
    whole = f"k: [{written}, z]\n" if flow else f"k: {written}\nz: z\n"
    source = Source("", "", whole, Digest(""))
    findings = Findings()
    data = parse(source, findings)
    wanted = {"k": [text, "z"]} if flow else {"k": text, "z": "z"}
    return data == wanted and not source.cut and not findings.problems


def spelled(value: Plain, *, flow: bool = False) -> str:
    """Return *value* on one line; a list or mapping in brackets."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return scalar(value, flow=flow)
        case tuple():
            return f"[{', '.join(spelled(it, flow=True) for it in value)}]"
        case _:
            rows = (f"{name}: {spelled(it, flow=True)}" for name, it in value.items())
            return f"{{{', '.join(rows)}}}"


def as_read(value: Plain | None) -> object:
    """Return *value* as it is read from YAML: every scalar its text."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple():
            return [as_read(it) for it in value]
        case Mapping():
            return {name: as_read(it) for name, it in value.items()}
        case _:
            return value


def block(text: str, *, indent: int, parent: int, marks: str = "") -> tuple[str, str]:
    """Return header and lines (each with its end) of *text* as a literal block.

    *indent* is how far its lines are indented, *parent* how far the key is. *marks* are those of
    the block that was there: how it ends stays, how it is indented is said where it must be.
    """
    lines = text.rstrip("\n").split("\n")
    chomping = "".join(it for it in marks if it in "+-")
    told = any(it.isdigit() for it in marks) or _needs_telling(lines)
    header = f"|{indent - parent if told else ''}{chomping}"
    return header, "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)


def _needs_telling(lines: Iterable[str]) -> bool:
    """Tell whether the first line with any words is indented, or one of blanks comes before it."""
    for line in lines:
        if line.strip(" "):
            return line.startswith((" ", "\t"))
        if line:
            return True
    return False
