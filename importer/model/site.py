"""Where posts live on the web, and which addresses lead to them.

Source of the paths: links in recorded API answers (observed): `/c/TEAM/questions/ID/SLUG`,
`/c/TEAM/questions/ID/SLUG/ANSWER#ANSWER`, the short forms `/q/ID` and `/a/ID`, and
`/c/TEAM/articles/ID/SLUG`.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from importer.model.ids import Kind, Ref

__all__ = ["Site"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "sandbox.localhost"})
_PATH = re.compile(
    r"/(?:(?P<question>questions|q)/(?P<qid>\d{1,18})(?:/(?!\d+(?:[/#?]|$))[^/?#]*)?"
    r"(?:/(?P<deep>\d{1,18}))?"
    r"|a/(?P<aid>\d{1,18})(?:/\d+)?"
    r"|articles/(?P<article>\d{1,18})(?:/[^/?#]*)?)/?"
)


@dataclass(frozen=True, slots=True)
class Site:
    """A team's web address: `base` has no final slash, e.g. `https://stackoverflowteams.com/c/acme`.

    `local` marks a team on this machine, whose port changes from one serving to the next: there,
    every loopback host counts as the same.
    """

    base: str
    local: bool = False

    def address(self, ref: Ref) -> str:
        """Return the address of *ref* without slug: a new title doesn't change it."""
        path = {Kind.ANSWER: "a", Kind.ARTICLE: "articles"}.get(ref.kind, "questions")
        return f"{self.base}/{path}/{ref.id}"

    def find(self, url: str) -> Ref | None:
        """Return the post that *url* leads to, or None when it leads elsewhere or to a detail."""
        path = self._path(url)
        match = _PATH.fullmatch(path.partition("#")[0]) if path else None
        if match is None:
            return None
        fragment = path.partition("#")[2]
        answer = match["aid"] or match["deep"]
        if fragment and fragment != answer:
            if match["qid"] and not answer and fragment.isdecimal():
                return Ref(Kind.ANSWER, int(fragment))
            return None
        if answer:
            return Ref(Kind.ANSWER, int(answer))
        if match["article"]:
            return Ref(Kind.ARTICLE, int(match["article"]))
        return Ref(Kind.QUESTION, int(match["qid"]))

    def _path(self, url: str) -> str:
        if url.startswith(self.base + "/"):
            return url[len(self.base) :]
        if not self.local or not url.startswith("http"):
            return ""
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            return ""
        ours = urlsplit(self.base).path
        if host not in _LOOPBACK or not parts.path.startswith(ours + "/") or parts.query:
            return ""
        return parts.path[len(ours) :] + (f"#{parts.fragment}" if parts.fragment else "")
