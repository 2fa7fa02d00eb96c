"""Globs over the paths of a source: `*` and `?` within a folder, `**` across folders."""

import re
from functools import lru_cache

__all__ = ["fits"]

_PART = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_FORMS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def fits(path: str, glob: str) -> bool:
    """Tell whether *glob* stands for *path*, whatever the case."""
    return _compiled(glob).fullmatch(path) is not None


@lru_cache(maxsize=1_000)
def _compiled(glob: str) -> re.Pattern[str]:
    parts = (_FORMS.get(part, re.escape(part)) for part in _PART.findall(glob))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
