"""Where posts live on the web, and which addresses lead to them.

Source of the paths: links in recorded API answers (observed): `/c/TEAM/questions/ID/SLUG`,
`/c/TEAM/questions/ID/SLUG/ANSWER#ANSWER`, the short forms `/q/ID` and `/a/ID`,
`/c/TEAM/articles/ID/SLUG`, and `/images/a/GUID.png` below the site. That collections stand at
`/collections/ID` is inferred.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from importer.model.ids import Kind, Ref
from importer.text.digests import Digest

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
# What we write of an image ends with the digest of its bytes, in a fragment that browsers ignore.
_FRAGMENT = "#ti="
_PICTURE = re.compile(r"(?P<url>https?://[^\s<>()#]{1,500})#ti=(?P<digest>[a-z2-7]{26})", re.ASCII)
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

    def find_picture(self, url: str) -> tuple[str, Digest] | None:
        """Return the address of an image of the team that we wrote, and its digest; else None.

        That images stand on the host of the team's pages is observed; another's are no images of
        the team, whatever their fragment says.
        """
        match = _PICTURE.fullmatch(url)
        if match is None or "/images/" not in match["url"] or not self._is_host_of(match["url"]):
            return None
        return match["url"], Digest(match["digest"])

    def picture(self, url: str, digest: Digest) -> str:
        """Return what is written to show the image at *url*: a fresh runner finds it by that."""
        return f"{self._served_now(url)}#ti={digest}"

    def _is_host_of(self, url: str) -> bool:
        try:
            theirs, ours = urlsplit(url), urlsplit(self.base)
            if self.local and theirs.hostname in _LOOPBACK:
                return ours.hostname in _LOOPBACK
            return (theirs.scheme, theirs.netloc) == (ours.scheme, ours.netloc)
        except ValueError:
            return False

    def _served_now(self, url: str) -> str:
        """Return *url* with the port that a team on this machine has this time."""
        if not self.local or not self._is_host_of(url):
            return url
        ours = urlsplit(self.base)
        return urlunsplit(urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc))

    def is_named_in(self, markdown: str) -> bool:
        """Tell, fast, whether *markdown* can hold an address of the team at all."""
        if self.base in markdown or (self.local and "http" in markdown):
            return True
        return _FRAGMENT in markdown

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
