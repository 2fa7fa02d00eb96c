"""Where the v3 API lives, and which route a path leads to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from importer.sandbox.v3 import (
    articles,
    collections,
    groups,
    images,
    posts,
    search,
    tags,
    users,
    votes,
)
from importer.sandbox.v3.calls import Route
from importer.sandbox.values import Team
from importer.sandbox.world import World

__all__ = ["BASES", "PART", "ROUTES", "WORDS", "Base", "Place", "find_place", "match"]

ROUTES: tuple[Route, ...] = (
    *posts.ROUTES,
    *articles.ROUTES,
    *votes.ROUTES,
    *search.ROUTES,
    *tags.ROUTES,
    *users.ROUTES,
    *groups.ROUTES,
    *collections.ROUTES,
    *images.ROUTES,
)
WORDS = {"email": ".+", "externalId": ".+", "imageId": "[^/]+"}
"""Parts of paths that are no ids, and what they may hold."""
PART = re.compile(r"\\?\{(\w+)\\?\}")


@dataclass(frozen=True, slots=True)
class Base:
    """A root of the API: the vendor's own host, or an Enterprise site.

    Below both, teams stand under `teams/`; a site's main site needs no name.
    """

    root: str
    is_enterprise: bool = False

    def find_team(self, world: World, slug: str | None) -> Team | None:
        """Find a team that can be asked about here; the main site for None."""
        if self.is_enterprise:
            return world.enterprise_team(slug)
        return world.hosted_team(slug) if slug is not None else None


BASES = (Base("/v3"), Base("/api/v3", is_enterprise=True))
"""Basic and Business, and Enterprise. Documented."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path taken apart: the team's slug, None for the main site, and what stands below it."""

    team: str | None
    path: str


def find_place(base: Base, path: str) -> Place | None:
    """Take a path apart; None for one that can't lead anywhere."""
    below = path.removeprefix(base.root).strip("/")
    if below.startswith("teams/"):
        _, team, *rest = below.split("/", 2)
        return Place(team, rest[0]) if rest else None
    return Place(None, below) if base.is_enterprise else None


def _pattern(path: str) -> re.Pattern[str]:
    def part(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{WORDS.get(found[1], '[0-9]+')})"

    return re.compile(PART.sub(part, re.escape(path)), re.IGNORECASE)


_PATTERNS = tuple((_pattern(route.path), route) for route in ROUTES)


@lru_cache(maxsize=1024)
def match(path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
    """Give the routes of a path by method, none for an unknown path, and the path's parts."""
    for pattern, route in _PATTERNS:
        if found := pattern.fullmatch(path):
            same = [other for other in ROUTES if other.path == route.path]
            return {other.verb: other for other in same}, found.groupdict()
    return {}, {}
