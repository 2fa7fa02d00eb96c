"""Where posts live on the web, and which addresses lead to them.

Source of the paths: links in recorded API answers (observed): `/c/TEAM/questions/ID/SLUG`,
`/c/TEAM/questions/ID/SLUG/ANSWER#ANSWER`, the short forms `/q/ID` and `/a/ID`, and
`/c/TEAM/articles/ID/SLUG`. That collections stand at `/collections/ID` is inferred.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from importer.model.ids import Kind, Ref

__all__ = ["Site"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "sandbox.localhost"})
# Behind `/q/ID` and `/a/ID` stands who shares the link. A question's slug may be a number, too, but
# one number alone behind the question's is read as an answer's.
_PATH = re.compile(
    r"/(?:questions/(?P<qid>\d{1,18})"
    r"(?:/(?:(?P<only>\d{1,18})|[^/?#]*)|/[^/?#]+/(?P<deep>\d{1,18}))?"
    r"|q/(?P<short>\d{1,18})(?:/\d+)?"
    r"|a/(?P<aid>\d{1,18})(?:/\d+)?"
    r"|articles/(?P<article>\d{1,18})(?:/[^/?#]*)?"
    r"|collections/(?P<collection>\d{1,18})(?:/[^/?#]*)?)/?",
    re.ASCII,
)
_PATHS = {Kind.ANSWER: "a", Kind.ARTICLE: "articles", Kind.COLLECTION: "collections"}
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Site:
    """A team's web address: `base` has no final slash, e.g. `https://stackoverflowteams.com/c/acme`.

    `local` marks a team on this machine, whose port changes from one serving to the next: there,
    every loopback host counts as the same.
    """

    base: str
    local: bool = False

    @property
    def host(self) -> str:
        """The host's name, which is what an Enterprise's main site is called."""
        return urlsplit(self.base).hostname or ""

    def address(self, ref: Ref) -> str:
        """Return the address of *ref* without slug: a new title doesn't change it."""
        path = _PATHS.get(ref.kind, "questions")
        return f"{self.base}/{path}/{ref.id}"

    def find(self, url: str) -> Ref | None:
        """Return the post that *url* leads to, or None when it leads elsewhere or to a detail."""
        path, _, fragment = self._path(url).partition("#")
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        answer = match["aid"] or match["deep"] or match["only"]
        if fragment and fragment != answer:
            if answer or match["article"] or match["collection"] or not _NUMBER.fullmatch(fragment):
                return None
            answer = fragment
        if answer:
            return Ref(Kind.ANSWER, int(answer))
        if match["article"]:
            return Ref(Kind.ARTICLE, int(match["article"]))
        if match["collection"]:
            return Ref(Kind.COLLECTION, int(match["collection"]))
        return Ref(Kind.QUESTION, int(match["qid"] or match["short"]))

    def is_named_in(self, markdown: str) -> bool:
        """Tell, fast, whether *markdown* can hold an address of the team at all."""
        return self.base in markdown or (self.local and "http" in markdown)

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
