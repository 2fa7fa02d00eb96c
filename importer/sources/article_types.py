"""The four types of articles, under any of the names that exports give them."""

import re

__all__ = ["article_type"]

_TYPES = ("knowledge-article", "announcement", "how-to-guide", "policy")


def article_type(name: str) -> str:
    """Return the manifest's word for `knowledgeArticle`, `How-to guide` and the like, or ""."""
    words = re.sub(r"[^a-z]+", "", name.lower())
    return next((it for it in _TYPES if it.replace("-", "") == words), "")
