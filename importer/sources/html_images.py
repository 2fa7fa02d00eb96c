"""Images of HTML where browsers see them and a converter doesn't: late, in code, in forms, in maps.

Works on the soup before anything else does, so that an image is one `<img src>` for all others.
"""

import re
from typing import Protocol

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind

__all__ = ["settle_images"]

# Where pages that load their images late keep the address.
_LATE = ("data-src", "data-original", "data-lazy-src", "data-image-src", "data-url")
_PAINTED = re.compile(r"url\(\s*[\"']?([^\"')]{1,2000})")


class _Lost(Protocol):
    def __call__(self, what: str, why: str, kind: LossKind = LossKind.IMAGE) -> None: ...


def settle_images(soup: BeautifulSoup, place: Place, losses: Losses) -> None:
    """Make every image of a page a plain one; what can't be leaves a note to be seen and a loss."""

    def lost(what: str, why: str, kind: LossKind = LossKind.IMAGE) -> None:
        losses.add(kind, place.line, what, why)

    for tag in soup.select('input[type="image"]'):
        tag.name = "img"
    for tag in soup.find_all("noscript"):
        # For browsers that run no scripts: mostly a second form of the image before it.
        if tag.find("img") and not isinstance(_before(tag), Tag):
            tag.unwrap()
    for tag in soup.find_all("button"):
        if tag.find("img"):
            tag.unwrap()
    for tag in soup.find_all("img"):
        _addressed(tag, lost)
    for code in soup.find_all(("pre", "code")):
        _out_of_code(code, lost)
    for mapped in soup.find_all("map"):
        _say_areas(soup, mapped, lost)
    for tag in soup.select('[style*="url("]'):
        for address in _PAINTED.findall(str(tag["style"])):
            lost(address, "a picture behind the text; dropped", LossKind.DECORATION)


def _before(tag: Tag) -> object:
    """Return what stands right before *tag*, blanks aside, if it is an image."""
    before = tag.previous_sibling
    while isinstance(before, NavigableString) and not before.strip():
        before = before.previous_sibling
    return before if isinstance(before, Tag) and before.name == "img" else None


def _addressed(tag: Tag, lost: _Lost) -> None:
    """Give an image the address that its page would have given it later."""
    source = str(tag.get("src") or "").strip()
    late = next((str(tag[name]).strip() for name in _LATE if tag.get(name)), "")
    if late and (not source or source.startswith("data:")):
        # What stands there until then is a grey dot.
        tag["src"] = late
    elif not source and (several := str(tag.get("srcset") or "").split(",")[-1].split()):
        tag["src"] = several[0]
    elif not source:
        alt = str(tag.get("alt") or "").strip()
        lost(alt or "<img>", "an image without an address; a note stands in its place")
        tag.replace_with(f"{alt} (image without an address)".strip())


def _out_of_code(code: Tag, lost: _Lost) -> None:
    """Put the images in a piece of code behind it: code is text alone."""
    images = code.find_all("img")
    if not images or code.find_parent(("pre", "code")):
        return
    if not code.get_text(strip=True):
        code.unwrap()
        return
    lost(f"images in code: {len(images)}", "they stand behind it", LossKind.MARKUP)
    for image in reversed(images):
        code.insert_after(image.extract())


def _say_areas(soup: BeautifulSoup, mapped: Tag, lost: _Lost) -> None:
    """Make a list of links of an image's areas."""
    areas = [it for it in mapped.find_all("area") if it.get("href")]
    lost(f"areas of an image: {len(areas)}", "a list of links now", LossKind.MARKUP)
    listing = soup.new_tag("ul")
    for area in areas:
        link = soup.new_tag("a", href=str(area["href"]))
        link.string = str(area.get("alt") or area.get("title") or area["href"])
        item = soup.new_tag("li")
        item.append(link)
        listing.append(item)
    for area in mapped.find_all("area"):
        area.decompose()
    if areas:
        mapped.insert_after(listing)
    mapped.unwrap()
