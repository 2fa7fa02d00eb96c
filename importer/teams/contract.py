"""The calls that one instance says it has: its own Swagger (OpenAPI) file, as a site serves it.

Instances differ: a site may run an older build, or have switched something off. Only API v3 has
such a file (documented); it is JSON, with the calls under `paths`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from importer.errors import UsageError

__all__ = ["Contract", "read_contract"]

_ABOVE = re.compile(r"^(/api)?(/v3)?(/teams/\{[^/]+\})?(?=/)", re.IGNORECASE)
_HOLE = re.compile(r"\{[^/}]*\}")
_CALLS_WE_KNOW = ("questions", "articles", "collections")
_REMEDY = (
    "Save the JSON that the site's API page (Swagger) names, https://SITE/api/v3 on Enterprise."
)


@dataclass(frozen=True, slots=True)
class Contract:
    """`name` is what people call the file; `calls` are (verb, route), holes in routes nameless."""

    name: str
    calls: frozenset[tuple[str, str]]

    def has(self, verb: str, route: str) -> bool:
        """Tell whether the instance has this call; *route* as our tables write it."""
        return (verb, _nameless(route)) in self.calls


def read_contract(name: str, content: bytes) -> Contract:
    """Return what a Swagger file says. UsageError for one that describes no API v3."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        message = f"{name} is not JSON: no Swagger file"
        raise UsageError(message, remedy=_REMEDY) from None
    paths = document.get("paths") if isinstance(document, dict) else None
    calls = frozenset(_calls(paths)) if isinstance(paths, dict) else frozenset()
    if not any(("GET", route) in calls for route in _CALLS_WE_KNOW):
        message = f"{name} describes no API v3: it has none of its calls"
        raise UsageError(message, remedy=_REMEDY)
    return Contract(name, calls)


def _calls(paths: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for path, verbs in paths.items():
        if isinstance(path, str) and isinstance(verbs, dict):
            for verb in verbs:
                yield str(verb).upper(), _nameless(_ABOVE.sub("", path))


def _nameless(route: str) -> str:
    return _HOLE.sub("{}", route).strip("/").lower()
