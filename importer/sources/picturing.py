"""Images and files of pages: which come along as assets, and what stands for those that don't.

Knows no source's form: files come with the pages, in any number of places under any name. Whether a
file is an image is said by its first bytes, as the site will see it. Only an image inside a text is
ever held whole, and that is no larger than its text.
"""

import base64
import hashlib
import io
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from importer.model.draft import Asset
from importer.model.pictures import MOST_BYTES, is_named_as_image, media_type_of
from importer.sources.files import candidates, folded, plain_destination
from importer.sources.losses import Images, Losses, LossKind
from importer.sources.page import File, Page
from importer.sources.raw_images import in_prose
from importer.sources.reader import Attachments
from importer.sources.storing import Look, Store
from importer.text.grammar import label_key
from importer.text.scanning import Form, destinations

__all__ = ["PageFiles", "uses"]

_REMOTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_REFERENCE = re.compile(r"!\[([^\[\]]{0,1000})\](?:\[([^\[\]]{0,1000})\]|(?![\[(]))")
_NOT_HERE = "not in the source; it is shown as long as the old wiki has it at"
_OTHER = "the site takes png, jpeg, gif, bmp and webp"


@dataclass(frozen=True, slots=True)
class _Found:
    """What an image's destination leads to: an asset, another URL, or nothing, and why."""

    target: str | None
    fate: str
    why: str = ""


class PageFiles:
    """The files of one page, and what becomes of the images in its texts.

    `assets` are those that come along, by name; `images` is the count of images.
    """

    def __init__(self, page: Page, store: Store, losses: Losses) -> None:
        self.assets: dict[str, Asset] = {}
        self.counted: Counter[str] = Counter()
        self._page = page
        self._store = store
        self._losses = losses
        self._folder = posixpath.dirname(page.place.path)
        self._files = _by_name(page.files)
        self._known: dict[str, _Found] = {}
        self._shown: set[str] = set()

    @property
    def images(self) -> Images:
        """Return what became of the images so far."""
        return Images(found=self.counted.total(), **self.counted)

    def file(self, destination: str) -> File | None:
        """Return the page's file that a destination leads to."""
        plain = plain_destination(destination)
        if not self._files:
            return None
        names = (unquote(plain), plain, *candidates(plain, self._folder))
        exact = next((self._files[name] for name in names if name in self._files), None)
        return exact or next((it for name in names if (it := self._files.get(folded(name)))), None)

    def address_of(self, destination: str) -> str:
        """Return the URL where the file lives that a link leads to; "" where none is known."""
        file = self.file(destination)
        return file.address if file is not None else ""

    def target_of(self, destination: str, times: int = 1) -> str | None:
        """Return where an image leads from now on; None when its destination stays, or goes.

        It is counted, *times* of it; what is lost is listed.
        """
        found = self._known.get(destination)
        if found is None:
            found = self._known[destination] = self._found(destination)
            if found.why:
                self._losses.add(LossKind.IMAGE, self._page.place.line, destination, found.why)
        self.counted[found.fate] += times
        return found.target

    def _found(self, destination: str) -> _Found:
        plain = plain_destination(destination)
        if plain[:5].lower() == "data:":
            return self._inline(plain)
        file = self.file(destination)
        if file is not None:
            return self._picture(file)
        if _REMOTE.match(plain):
            return _Found(None, "remote", self._elsewhere(plain))
        if plain.startswith("/") and self._page.home:
            there = f"{self._page.home}{destination}"
            return _Found(there, "remote", f"{_NOT_HERE} {there}")
        return _Found(None, "missing", "not in the source; its place is named in the text")

    def _elsewhere(self, address: str) -> str:
        host = self._store.host
        if host and urlsplit(address).netloc.lower() == host:
            return "on the old wiki itself, and not in the source; it is gone when the wiki is"
        return "an image elsewhere; it stays there, and is shown there"

    def _picture(self, file: File) -> _Found:
        if file.open is None and file.address:
            return _Found(file.address, "remote", f"{_NOT_HERE} {file.address}")
        fate, why = "unfit", f"no image that can be uploaded: {_OTHER}"
        if file.size > MOST_BYTES:
            fate, why = "too_large", f"{file.size:,} bytes, and the site takes {MOST_BYTES:,}"
        else:
            look = self._store.look(file)
            if look.fault:
                why = look.fault
            elif look.media_type is not None:
                asset = self._store.asset(file, look)
                if asset is not None:
                    self.assets[asset.name] = asset
                    self._shown.add(file.path)
                    return _Found(f"asset:{asset.name}", "copied")
                fate, why = "too_large", "there are too many files to take them all along"
        if file.address:
            return _Found(file.address, fate, f"{why}; it stays at {file.address}")
        return _Found(None, fate, f"{why}; its place is named in the text")

    def _inline(self, plain: str) -> _Found:
        data = _data_of(plain)
        if data is None:
            return _Found(None, "unfit", "an image inside the text that is damaged; left out")
        if len(data) > MOST_BYTES:
            why = (
                f"{len(data):,} bytes inside the text, and the site takes {MOST_BYTES:,}; left out"
            )
            return _Found(None, "too_large", why)
        digest = hashlib.sha256(data).hexdigest()

        def opened() -> IO[bytes]:
            return io.BytesIO(data)

        file = File(f"data:{digest}", len(data), digest, title="image", open=opened)
        look = Look(digest, len(data), media_type_of(data))
        asset = self._store.asset(file, look) if look.media_type else None
        if asset is None:
            return _Found(None, "unfit", f"an image inside the text: {_OTHER}; left out")
        self.assets[asset.name] = asset
        return _Found(f"asset:{asset.name}", "copied")

    def is_dead(self, destination: str, form: Form) -> bool:
        """Tell whether an image's destination has to go, even where it is no path."""
        known = self._known.get(destination) if form is not Form.LINK else None
        return known is not None and known.target is None and known.fate != "remote"

    def stays(self, destination: str) -> None:
        """Count an image elsewhere that no Markdown says."""
        self.target_of(destination)

    def with_links_shown(self, markdown: str) -> str:
        """Return *markdown* with its links to images of the source as images.

        No API has a place for a file to link to, but images can be shown. A link around an image
        that leads to a larger one goes: its image stays.
        """
        if not self._files or "](" not in markdown:
            return markdown
        parts: list[str] = []
        position = 0
        for found in destinations(markdown):
            if found.form is not Form.LINK or found.link_start < position:
                continue
            destination = markdown[found.start : found.end]
            inner = markdown[found.text_start : found.text_end]
            if not self._can_be_shown(destination):
                continue
            if "![" in inner:
                why = "a link from an image to its file; the image stays"
                parts += [markdown[position : found.link_start], inner]
            else:
                why = "a link to an image; the image is shown in its place"
                parts += [markdown[position : found.link_start], "!"]
                parts.append(markdown[found.link_start : found.link_end])
            self._losses.add(LossKind.LINK, self._page.place.line, destination, why)
            position = found.link_end
        return "".join([*parts, markdown[position:]])

    def _can_be_shown(self, destination: str) -> bool:
        file = self.file(destination)
        if file is None or not is_named_as_image(file.title or file.path):
            return False
        return file.size <= MOST_BYTES and self._store.look(file).media_type is not None

    def list_files(self) -> None:
        """List the page's files that no text shows, and copy them where that is asked for."""
        for file in self._page.files:
            # Of what can't be had, and was nothing but a place to lead to, nothing is lost.
            if file.path in self._shown or (file.open is None and file.address):
                continue
            look = self._store.look(file)
            shown = file.title or file.path
            there = f"it stays at {file.address}" if file.address else "it stays where it is"
            if look.fault and not look.digest:
                why = f"a file of {file.size:,} bytes; {look.fault}"
                self._losses.add(LossKind.FILE, self._page.place.line, shown, why)
                continue
            if self._store.attachments is Attachments.COPY:
                asset = self._store.asset(file, look)
                if asset is not None:
                    self.assets[asset.name] = asset
                    there = f"copied to assets/{asset.name}; no API uploads it"
            why = f"a file of {look.size:,} bytes, SHA-256 {look.digest}; {there}"
            self._losses.add(LossKind.FILE, self._page.place.line, shown, why)


def _by_name(files: tuple[File, ...]) -> Mapping[str, File]:
    """Return the files by all their names, and by what other systems take for the same names."""
    exact: dict[str, File] = {}
    alike: dict[str, File] = {}
    for file in files:
        for name in (file.path, *file.names):
            exact.setdefault(name, file)
            alike.setdefault(folded(name), file)
    return {**alike, **exact}


def _data_of(plain: str) -> bytes | None:
    """Return the bytes of a `data:` URI; None when they are damaged."""
    head, comma, body = plain.partition(",")
    if not comma:
        return None
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    clean = re.sub(r"\s+", "", unquote(body))
    try:
        return base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True)
    except ValueError:
        return None


def uses(markdown: str) -> Mapping[str, int]:
    """Return how many images name each reference definition, by its destination."""
    if "]:" not in markdown or "![" not in markdown:
        return {}
    named = Counter(label_key(it[2] or it[1]) for it in in_prose(markdown, _REFERENCE))
    found: dict[str, int] = {}
    for it in destinations(markdown) if named else ():
        if it.form is Form.DEFINITION:
            label = label_key(markdown[it.link_start : it.start].rpartition("]:")[0][1:])
            # Of equal labels the first counts.
            times = named.pop(label, 0)
            destination = markdown[it.start : it.end]
            found[destination] = found.get(destination, 0) + times
    return found
