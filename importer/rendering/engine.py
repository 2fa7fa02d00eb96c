"""Fills templates: ours from a folder, or a user's own file. They see plain dicts, nothing else.

In Markdown and HTML every value a template puts out goes through the escaping, whether its author
thought of it or not; what the filters made is left as it is. The sandbox keeps a user's template
from attributes of Python's and from changing what it is given. It doesn't bound time or memory: a
template is to be reviewed like code.
"""

import re
import traceback
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from importer.errors import UsageError
from importer.planning.intent import comment_of
from importer.rendering.budget import MARKS, fit, name, without_hopeless
from importer.rendering.escaping import (
    code,
    fence,
    fence_html,
    html,
    inert,
    link,
    link_html,
    prose,
    prose_html,
    quiet,
    quiet_html,
)
from importer.rendering.look import Format, Look
from importer.rendering.terminal import paint, wrap
from importer.text.lengths import MOST_CHARACTERS

__all__ = ["fill_template"]

# The user's template goes by this name: it may import one of ours that is called as its file is.
_USERS = "--template"
_SUFFIXES = {Format.TEXT: "txt", Format.MARKDOWN: "md", Format.JSON: "json", Format.HTML: "html"}
_GAP = re.compile(r"\n{3,}")
_BLANKS = re.compile(r" +$", re.MULTILINE)
_INLINED = ("_page.css", "_page.js")
# These make markup of any text, or something else than the same document of the same input.
_UNWANTED = ("attr", "forceescape", "pprint", "random", "safe", "tojson", "urlize", "xmlattr")


class _Environment(ImmutableSandboxedEnvironment):
    """Takes a member before a method: `entry.items` is what the view calls so."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def fill_template(template: str, view: Mapping[str, Any], look: Look) -> str:
    """Return *template* (`plan`, `report`, `losses`) filled with *view* under that same name.

    Raises UsageError when the user's template can't be read or fails, with its file and line.
    """
    environment = _environment(look, _source_of(look.template))
    if (most := _most(look)) is not None:
        view = without_hopeless(view, most)
    chosen = _USERS if look.template else f"{template}.{_SUFFIXES[look.format]}.j2"
    try:
        text = environment.get_template(chosen).render({template: inert(view)})
    except Exception as error:
        if look.template is None:
            raise
        raise _template_error(error, look) from error
    return _finished(text, look)


def _source_of(path: Path | None) -> str:
    """Return the text of a user's template, empty when there is none."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the template {path} can't be read: {error}"
        raise UsageError(message, remedy="Name a UTF-8 file with --template.") from error


@lru_cache(maxsize=8)
def _environment(look: Look, source: str) -> _Environment:
    """Return the environment for *look*; compiling the templates takes longer than filling them."""
    is_text, is_markdown = look.format is Format.TEXT, look.format is Format.MARKDOWN
    users = {_USERS: (source, str(look.template), lambda: True)} if look.template else {}
    environment = _Environment(
        loader=ChoiceLoader([FunctionLoader(users.get), FileSystemLoader(look.templates)]),
        undefined=StrictUndefined,
        # A text needs no more than its view being inert.
        autoescape=not is_text,
        finalize=prose if is_markdown else None,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for unwanted in _UNWANTED:
        del environment.filters[unwanted]
    ink = partial(paint, color=look.color and is_text)
    environment.filters |= {
        # In a page, what makes Markdown makes HTML: nothing goes out that is escaped for another.
        "code": code if is_markdown else html,
        "fence": fence if is_markdown else fence_html,
        "html": html,
        "link": link if is_markdown else link_html,
        "intent": lambda parts: Markup(comment_of(parts)),  # noqa: S704 - digests only
        "name": name if is_markdown else lambda _: Markup(),
        "prose": prose if is_markdown else prose_html,
        "prose_html": prose_html,
        "ink": ink,
        "inked": lambda spans: "".join(ink(it["text"], it["mark"]) for it in spans),
        "plain": lambda spans: "".join(it["text"] for it in spans),
    }
    environment.globals = {
        "inlined": partial(_inlined, look.templates),
        **{mark: sign if is_markdown else Markup() for mark, sign in MARKS.items()},
        "range": environment.globals["range"],
    }
    return environment


def _inlined(folder: Path, name: str) -> dict[str, str]:
    """Return the style or script *name* of ours, and the digest by which a page may allow it."""
    if name not in _INLINED:
        raise TemplateNotFound(name)
    text = (folder / name).read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "digest": f"sha256-{digest}"}  # noqa: S704 - a file of ours


def _template_error(error: Exception, look: Look) -> UsageError:
    place = str(look.template)
    line: int | None
    if isinstance(error, TemplateSyntaxError):
        message, line = error.message or "", error.lineno
        place = error.filename or place
    else:
        frames = traceback.extract_tb(error.__traceback__)
        missing = isinstance(error, TemplateNotFound)
        message = f"there is no template {error}" if missing else str(error) or type(error).__name__
        line = next((it.lineno for it in reversed(frames) if it.filename == place), None)
    where = f"{place}:{line}" if line else place
    return UsageError(
        f"{where}: the template fails: {message}",
        remedy="Mend the template; plan-templates/README.md lists what it is given.",
    )


def _most(look: Look) -> int | None:
    """Return how many characters the document may have; None: as many as it takes."""
    if look.format is not Format.MARKDOWN:
        return None
    return look.max_chars or (None if look.verbose else MOST_CHARACTERS)


def _finished(text: str, look: Look) -> str:
    if look.format is Format.MARKDOWN:
        text = fit(quiet(_GAP.sub("\n\n", text)), _most(look))
    elif look.format is Format.HTML:
        # Blank lines are content there: in a post's code, for one.
        return quiet_html(text.strip("\n") + "\n")
    else:
        text = _BLANKS.sub("", text)
        wrapped = look.width is not None and look.format is Format.TEXT
        text = wrap(text, look.width or 0) if wrapped else text
    # A sign or margin stands before every line of content, so an empty line is never content's.
    return quiet(_GAP.sub("\n\n", text).strip("\n") + "\n")
