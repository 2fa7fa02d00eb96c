"""How long a Markdown document may be where it is shown as a comment, and how that is counted.

A character is a UTF-16 unit. GitHub's limit is 65,536 of something it calls characters; its storage
(observed: 262,144 bytes) fits code points, and UTF-16 units are never fewer than those.
"""

from typing import Final

__all__ = ["LEAST_CHARACTERS", "MOST_CHARACTERS", "characters_in"]

MOST_CHARACTERS: Final = 60_000
"""A pull request's comment takes 65,536 (observed); GitLab's notes take more.

What is left is for whoever posts it: a first line to find it by, a link to the whole.
"""

LEAST_CHARACTERS: Final = 4_000
"""Less holds no plan: its head, its headings and what is left out of each section."""


def characters_in(text: str) -> int:
    """Return how long *text* is, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
