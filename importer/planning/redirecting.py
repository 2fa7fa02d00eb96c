"""From old addresses to live ones: which item a former page is now, and where two claim it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from pydantic import TypeAdapter

from importer.model.ids import Field, Key, Kind
from importer.model.manifest import Item, Manifest

__all__ = ["Claim", "Conflict", "Pending", "Redirect", "Redirects", "redirects", "redirects_schema"]

_MARKDOWN = (".md", ".markdown")


@dataclass(frozen=True, slots=True, order=True)
class Redirect:
    """An old address and the live one of the item that it has become."""

    old: str
    new: str
    kind: Kind
    key: Key
    title: str


@dataclass(frozen=True, slots=True)
class Pending:
    """An item that can't be redirected to yet, and its old addresses as the manifest has them."""

    key: Key
    kind: Kind
    title: str
    old: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One of several items that say an address was theirs."""

    key: Key
    new: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An address that several items claim; it is redirected nowhere."""

    old: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Redirects:
    """All that is known of old addresses.

    `waiting` are items that have no post yet; `unaddressed` those of which no old address is a
    whole URL.
    """

    namespace: str
    redirects: tuple[Redirect, ...]
    waiting: tuple[Pending, ...] = ()
    unaddressed: tuple[Pending, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    format_version: int = 1

    @property
    def is_whole(self) -> bool:
        """Tell whether every old address leads to a post."""
        return not (self.waiting or self.unaddressed or self.conflicts)


def redirects(manifest: Manifest, urls: Mapping[Key, str], address: str = "") -> Redirects:
    """Return where the old addresses of the items lead; *urls* are the live posts'.

    *address* is where the source stood: it completes the addresses of an item of which none is a
    whole URL.
    """
    rows: dict[str, list[Redirect]] = {}
    waiting: list[Pending] = []
    unaddressed: list[Pending] = []
    for item in manifest.items:
        if not item.origin:
            continue
        old = _whole(item.origin, address)
        pending = Pending(item.key, item.kind, _title(item, manifest), old or item.origin)
        if item.key not in urls:
            waiting.append(pending)
        elif not old:
            unaddressed.append(pending)
        else:
            for each in old:
                row = Redirect(each, urls[item.key], item.kind, item.key, pending.title)
                rows.setdefault(_compared(each), []).append(row)
    fine = [its[0] for its in rows.values() if len({it.new for it in its}) == 1]
    conflicts = [
        Conflict(its[0].old, tuple(Claim(it.key, it.new) for it in its))
        for its in rows.values()
        if len({it.new for it in its}) > 1
    ]
    return Redirects(
        manifest.namespace,
        tuple(sorted(fine)),
        tuple(waiting),
        tuple(unaddressed),
        tuple(sorted(conflicts, key=lambda it: it.old)),
    )


def redirects_schema() -> dict[str, object]:
    """Return the JSON schema of what `redirects --format json` prints."""
    schema = TypeAdapter(Redirects).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _whole(origin: tuple[str, ...], address: str) -> tuple[str, ...]:
    whole = tuple(it for it in origin if it.startswith(("https://", "http://")))
    if whole or not address:
        return whole
    return tuple(_below(address, it) for it in origin)


def _below(address: str, path: str) -> str:
    """Return the address of a file of the source. Wikis show Markdown pages without a suffix."""
    base = address.rstrip("/") + "/"
    if path.startswith("/"):
        return urljoin(base, quote(path, safe="/?&=#%~:@!$'()*+,;"))
    file, sharp, anchor = path.partition("#")
    stem = next((file[: -len(it)] for it in _MARKDOWN if file.lower().endswith(it)), file)
    return f"{base}{quote(stem)}{sharp}{quote(anchor)}"


def _compared(url: str) -> str:
    """Return what is the same for two spellings of one address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = unquote(parts.path).rstrip("/")
    return f"{parts.netloc.lower()}{path}?{parts.query}#{parts.fragment}"


def _title(item: Item, manifest: Manifest) -> str:
    named = item if Field.TITLE in item.fields else None
    if named is None and item.parent is not None:
        named = next((it for it in manifest.items if it.key == item.parent), None)
    value = named.fields.get(Field.TITLE, "") if named else ""
    return str(value) if isinstance(value, str) else ""
