"""Old and new addresses in the languages of servers and wikis; each escapes in its own way."""

import csv
import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from string import ascii_letters, digits
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from importer.planning.redirecting import Redirect

__all__ = [
    "SERVERS",
    "STUBS",
    "Address",
    "Stub",
    "addresses",
    "as_csv",
    "distinct",
    "mediawiki_import",
    "stubs",
]

# A spreadsheet takes such a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WIKI_PATH = re.compile(
    r"(?:.*?/-/wikis|/wiki(?:/index\.php)?|/index\.php|/display/[^/]+)/(.+)", re.DOTALL
)
_UNSAFE_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
# Bytes, of the 255 that a file's name can have.
_LONGEST_NAME = 150
_APACHE_PLAIN = frozenset(f"{ascii_letters}{digits}/_-~:;,=&@%")
_APACHE_ESCAPED = frozenset(".^|?*+()[]")


class Address(NamedTuple):
    """An old address as a server sees it: the path is decoded, the query as it is sent."""

    host: str
    path: str
    query: str
    new: str


def addresses(rows: Iterable[Redirect]) -> tuple[list[Address], list[Redirect]]:
    """Return what a server can redirect, those with a query first, and what it can't.

    A browser keeps what follows a `#` to itself; a control character can't be written down.
    """
    found: list[Address] = []
    others: list[Redirect] = []
    for row in rows:
        try:
            parts = urlsplit(row.old)
            host = parts.hostname or ""
        except ValueError:
            others.append(row)
            continue
        path = unquote(parts.path, errors="surrogateescape") or "/"
        said = f"{host}{path}{parts.query}{row.new}"
        if parts.fragment or not host or _CONTROL.search(said) or not _is_text(said):
            others.append(row)
        else:
            found.append(Address(host, path, parts.query, row.new))
    return sorted(found, key=lambda it: (not it.query, it)), others


def _is_text(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def as_csv(rows: Iterable[Redirect]) -> str:
    """Return a table with a heading; a cell that a spreadsheet would run begins with `'`."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("old", "new", "kind", "key", "title"))
    for row in rows:
        writer.writerow([_cell(it) for it in (row.old, row.new, row.kind, row.key, row.title)])
    return file.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _nginx(rows: Sequence[Address]) -> str:
    # Its own form of a path: slashes that follow each other are one.
    keys = {it: f"{it.host}{re.sub('/{2,}', '/', it.path)}" for it in rows}
    with_query = {f"{keys[it]}?{it.query}": it.new for it in rows if it.query}
    without = {keys[it]: it.new for it in rows if not it.query}
    longest = max((len(key.encode()) for key in (*with_query, *without)), default=0)
    size = 64
    while size < longest + 32:
        size *= 2
    lines = [
        "# Within `http { }`; within the old site's `server { }`:",
        "#   if ($teams_importer_location) { return 301 $teams_importer_location; }",
        f"map_hash_bucket_size {size};",
        f"map_hash_max_size {max(2048, 2 * len(rows))};",
        'map "$host$uri" $teams_importer_page {',
        '    default "";',
        *_nginx_rows(without),
        "}",
        'map "$host$uri$is_args$args" $teams_importer_location {',
        "    default $teams_importer_page;",
        *_nginx_rows(with_query),
        "}",
    ]
    return "\n".join([*lines, ""])


def _nginx_rows(news: Mapping[str, str]) -> Iterator[str]:
    """Yield a row for each key. A `map` takes no two strings that differ by case alone.

    Such keys are written as regular expressions, which mind the case.
    """
    times = Counter(key.lower() for key in news)
    for key, new in news.items():
        shown = key if times[key.lower()] == 1 else f"~^{_regex(key)}$"
        yield f"    {_nginx_text(shown)} {_nginx_value(new)};"


def _nginx_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _nginx_value(url: str) -> str:
    # In a value, but not in what is compared, `$` begins a variable's name.
    return _nginx_text(url.replace("$", "%24"))


def _apache(rows: Sequence[Address]) -> str:
    lines = [
        "# In the old site's <VirtualHost> or .htaccess; needs mod_rewrite.",
        "RewriteEngine On",
    ]
    for it in rows:
        lines.append(f"RewriteCond %{{HTTP_HOST}} ^{_apache_text(it.host)}(:[0-9]+)?$ [NC]")
        if it.query:
            lines.append(f"RewriteCond %{{QUERY_STRING}} ^{_apache_text(it.query)}$")
        # In what is put in, `%1` stands for something else, and `${...}` in any line.
        new = quote(it.new, safe="/:?#@!&'()*+,;=%~[]").replace("%", "\\%")
        lines.append(f"RewriteRule ^/?{_apache_text(it.path.lstrip('/'))}$ {new} [R=301,L,NE,QSD]")
    return "\n".join([*lines, ""])


def _apache_text(text: str) -> str:
    """Return a pattern for *text*, of characters that mean the same in and out of quotes.

    mod_rewrite divides a line by itself: no backslash keeps a quote from ending a word there.
    """
    return "".join(
        char
        if char in _APACHE_PLAIN
        else f"\\{char}"
        if char in _APACHE_ESCAPED
        else "".join(f"\\x{byte:02x}" for byte in char.encode())
        for char in text
    )


def _regex(text: str) -> str:
    return re.sub(r"([\\.^$|?*+()\[\]{}])", r"\\\1", text)


SERVERS: Mapping[str, Callable[[Sequence[Address]], str]] = MappingProxyType(
    {"nginx": _nginx, "apache": _apache}
)
"""Format to what writes addresses for that server."""


class Stub(NamedTuple):
    """A page for the old wiki that says where the new one is. `title` is the old page's.

    `old` is where that one stood.
    """

    title: str
    file: str
    text: str
    old: str


def stubs(form: str, rows: Iterable[Redirect], address: str = "") -> Iterator[Stub]:
    """Yield a stub for each old page, in a wiki's own language; no two have the same file.

    *address* is where the wiki stood, which tells an old page's title from its address.
    """
    suffix, written = STUBS[form]
    known = list(rows)
    folder = _common_folder(it.old for it in known)
    taken: set[str] = set()
    for row in known:
        title = _old_title(row.old, address, folder, form) or row.title
        # The pages of such a wiki are files, in folders.
        parts = title.split("/") if form == "github-wiki" else [title]
        name = "/".join(_file_name(it) for it in parts if it) or "page"
        file, number = f"{name}{suffix}", 1
        while file.casefold() in taken:
            number += 1
            file = f"{name}-{number}{suffix}"
        taken.add(file.casefold())
        yield Stub(title, file, written(row), row.old)


def _file_name(title: str) -> str:
    safe = _UNSAFE_NAME.sub("_", title).strip(". ").encode("utf-8", "replace")
    return safe[:_LONGEST_NAME].decode(errors="ignore") or "page"


def _common_folder(olds: Iterable[str]) -> str:
    """Return the folder of all old addresses in which no wiki's own path can be seen."""
    paths = [_path(it) for it in olds if not _numbered(it)]
    others = [it.rpartition("/")[0] for it in paths if it and not _WIKI_PATH.search(it)]
    if not others:
        return ""
    parts = [it.split("/") for it in others]
    return "/".join(posixpath.commonprefix(parts)) + "/"


def _path(old: str) -> str:
    try:
        return urlsplit(old).path
    except ValueError:
        return ""


def _numbered(old: str) -> str:
    """Return the title or the number that an address has in its query."""
    try:
        query = parse_qs(urlsplit(old).query)
    except ValueError:
        return ""
    return next((query[it][0] for it in ("title", "pageId", "curid") if it in query), "")


def _old_title(old: str, address: str, folder: str, form: str) -> str:
    """Return a page's title in the old wiki; *folder* is that of pages without a wiki's path."""
    if numbered := _numbered(old):
        return numbered.replace("_", " ")
    path = _path(old)
    base = address.rstrip("/") + "/"
    if address and old.startswith(base):
        # A title with a colon is no address by itself.
        path = path[len(_path(base)) :]
    elif match := _WIKI_PATH.search(path):
        path = match[1]
    else:
        path = path.removeprefix(folder).strip("/")
    match form:
        case "github-wiki":
            return unquote(path)
        case "confluence":
            return unquote(path.replace("+", " "))
        case _:
            return unquote(path).replace("_", " ")


def _wikitext(row: Redirect) -> str:
    return f"This page has moved to [{_bare(row.new)} <nowiki>{escape(row.title)}</nowiki>].\n"


def _storage(row: Redirect) -> str:
    link = f'<a href="{escape(_bare(row.new))}">{escape(row.title)}</a>'
    return f"<p>This page has moved to {link}.</p>\n"


def _markdown(row: Redirect) -> str:
    title = re.sub(r"([\\`*_\[\]<>&#~!|])", r"\\\1", row.title)
    return f"This page has moved to [{title}](<{_bare(row.new)}>).\n"


def _bare(url: str) -> str:
    """Return *url* without what would end it in a wiki's text."""
    return quote(url, safe="/:?#@!$&'()*+,;=%~")


STUBS: Mapping[str, tuple[str, Callable[[Redirect], str]]] = MappingProxyType(
    {
        "mediawiki": (".wiki", _wikitext),
        "confluence": (".xml", _storage),
        "github-wiki": (".md", _markdown),
    }
)
"""Format to the suffix of its files and what writes one."""


def distinct(found: Iterable[Stub]) -> tuple[list[Stub], list[Stub]]:
    """Return what one wiki can have, and the stubs whose titles are those of other ones."""
    fine: dict[str, Stub] = {}
    others: list[Stub] = []
    for stub in found:
        known = fine.setdefault(stub.title[:1].upper() + stub.title[1:], stub)
        if known.text != stub.text:
            others.append(stub)
    return list(fine.values()), others


def mediawiki_import(found: Iterable[Stub]) -> Iterator[str]:
    """Yield the parts of an XML file for a MediaWiki's Special:Import."""
    yield '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10">\n'
    for stub in found:
        title, text = escape(_plain(stub.title), quote=False), escape(stub.text, quote=False)
        yield (
            f"  <page><title>{title}</title><revision><model>wikitext</model>"
            f'<format>text/x-wiki</format><text xml:space="preserve">{text}</text>'
            "</revision></page>\n"
        )
    yield "</mediawiki>\n"


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)
