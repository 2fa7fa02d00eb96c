"""How a document is to look: format, templates, and what the reader's terminal can do."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Required, TypedDict

__all__ = ["Format", "Look", "Looks"]


class Format(StrEnum):
    """What `--format` offers."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class Looks(TypedDict, total=False):
    """The keywords of every `render_...`; `Look` says what each means."""

    format: Required[Format]
    templates: Required[Path]
    template: Path | None
    color: bool
    width: int | None
    verbose: bool
    utf8: bool
    max_chars: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """`templates` is the folder of ours, `template` a user's own file.

    `width` is the terminal's in columns; None for a pipe, where nothing is wrapped. `verbose`
    folds and cuts nothing. Without `utf8` our own symbols are ASCII. `max_chars` is how long a
    Markdown document may be; None: as long as a pull request's comment, unless it is verbose.
    """

    format: Format
    templates: Path
    template: Path | None = None
    color: bool = False
    width: int | None = None
    verbose: bool = False
    utf8: bool = True
    max_chars: int | None = None
