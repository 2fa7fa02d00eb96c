"""Confluence's storage format as a markup of pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources.losses import Losses

__all__ = ["RULES", "Storage", "page_name", "read_rules"]

_WORDS = ("quote", "code", "title", "keep", "drop", "show")
RULES: Mapping[str, str] = MappingProxyType(
    {
        "info": "quote", "note": "quote", "tip": "quote", "warning": "quote", "panel": "quote",
        "code": "code", "noformat": "code", "mermaid": "code", "mermaid-cloud": "code",
        "plantuml": "code", "plantumlcloud": "code", "latex": "code", "mathblock": "code",
        "mathinline": "code", "easy-math-block": "code", "eazy-math-inline": "code",
        "markdown": "code", "html": "code", "sql": "code", "expand": "title", "details": "keep",
        "excerpt": "keep", "section": "keep", "column": "keep", "div": "keep", "span": "keep",
        "toc": "drop", "toc-zone": "keep", "children": "drop", "pagetree": "drop", "anchor": "drop",
        "recently-updated": "drop", "livesearch": "drop", "navmap": "drop",
        "pagetreesearch": "drop",
    }
)  # fmt: skip
"""What becomes of a macro, by its name; a person can say otherwise.

quote    a quotation with a bold label       code     a block of code
title    its title in bold, then its text    keep     its text alone
drop     nothing: navigation of the wiki     show     its name and parameters, to be seen
"""


def read_rules(text: str, path: str) -> Mapping[str, str]:
    """Return rules of lines such as `decision: quote`. Raises UsageError for any other line."""
    rules: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, _, rule = line.partition("#")[0].partition(":")
        if not name.strip():
            continue
        if rule.strip() not in _WORDS:
            message = f"{path}:{number}: no rule for a macro: {line.strip()!r}"
            raise UsageError(message, remedy=f"Write `macro: rule`, a rule of {', '.join(_WORDS)}.")
        rules[name.strip()] = rule.strip()
    return MappingProxyType(rules)


def page_name(space: str, title: str) -> str:
    """Return the name by which links find a page: titles are unique within a space."""
    return f"wiki:{quote(f'{space}:{title}', safe='')}"


@dataclass(frozen=True, slots=True)
class Storage:
    """Storage format of a page of *space*. Needs the extra `convert`.

    `users` are names by key, for mentions. `rules` say what becomes of a macro, over our own.
    """

    space: str = ""
    users: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rules: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    name: str = "Confluence storage format"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return storage format as Markdown."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import html_to_markdown
        from importer.sources.storage_converter import storage_to_html

        return html_to_markdown(storage_to_html(text, self, place, losses), place, losses)
