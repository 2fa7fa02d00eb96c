"""Links of a help centre: by number and language, for the words after the number come and go."""

import re
from urllib.parse import quote

__all__ = ["Links", "article_name", "post_name"]

_LINK = re.compile(
    r"""(?<=["'\s=])((?:https?:)?//[^/"'\s<>]+)?/hc/(?:([a-z]{2,3}(?:-[a-z0-9]{2,8})*)/)?"""
    r"""(articles|community/posts)/(\d+)(?:-[^"'#?\s<>]*)?(?:\?[^"'#\s<>]*)?(?=["'#\s>])""",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)


def article_name(number: str, locale: str) -> str:
    """Return what links call an article in a language."""
    return quote(f"article-{number}-{locale}")


def post_name(number: str) -> str:
    """Return what links call a post of the community."""
    return f"post-{number}"


class Links:
    """The articles and posts that there are, by number, and the hosts they stood at."""

    def __init__(self, address: str) -> None:
        self._hosts = {"", _host(address)}
        self._locales: dict[str, set[str]] = {}
        self._sources: dict[str, str] = {}
        self._posts: set[str] = set()

    def learn_article(self, number: str, locale: str, source: str, address: str) -> None:
        """Learn that there is an article in a language; *source* is the one it was written in."""
        self._locales.setdefault(number, set()).add(locale)
        if source or number not in self._sources:
            self._sources[number] = source.lower() or locale
        self._hosts.add(_host(address))

    def forget(self, number: str, locale: str) -> None:
        """Leave links to an article in a language as they are: it isn't moved."""
        self._locales[number].discard(locale)

    def learn_post(self, number: str, address: str) -> None:
        """Learn that there is a post of the community."""
        self._posts.add(number)
        self._hosts.add(_host(address))

    def source(self, number: str) -> str:
        """Return the language that an article was written in; empty when it is not known."""
        return self._sources.get(number, "")

    def home(self, address: str) -> str:
        """Return the URL of the help centre's site."""
        host = _host(address) or next((it for it in sorted(self._hosts) if it), "")
        return f"https:{host}" if host else ""

    def led(self, html: str) -> str:
        """Return HTML whose links to articles and posts say names that pages have."""
        return _ATTRIBUTE.sub(self._attribute, html)

    def _attribute(self, match: re.Match[str]) -> str:
        return match[1] + _LINK.sub(self._named, f"{match[2]} ")[:-1]

    def _named(self, match: re.Match[str]) -> str:
        host, locale, kind, number = match.groups()
        if _host(host or "") not in self._hosts:
            return match[0]
        if "posts" in kind.lower():
            return f"wiki:{post_name(number)}" if number in self._posts else match[0]
        there = self._locales.get(number)
        if not there:
            return match[0]
        wanted = (locale or "").lower()
        chosen = wanted if wanted in there else self.source(number)
        return f"wiki:{article_name(number, chosen if chosen in there else min(there))}"


def _host(address: str) -> str:
    match = re.match(r"(?:https?:)?(//[^/?#]+)", address, re.IGNORECASE)
    return match[1].lower() if match else ""
