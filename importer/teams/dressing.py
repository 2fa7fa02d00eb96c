"""Dresses a text for the server and undresses what the server keeps; both once, at the port."""

from collections.abc import Mapping
from types import MappingProxyType

from importer.model.ids import Key, Ref, image_digest, image_key, key_of_target, target_of_key
from importer.model.site import Site
from importer.text.canonical import canonical_text
from importer.text.links import Text, dig, fill
from importer.text.marker import Marker, attach, detach
from importer.text.scanning import destinations

__all__ = ["dress", "pictures_in", "undress"]


_FRAGMENT = "#ti="
_NO_PICTURES: Mapping[Key, str] = MappingProxyType({})


def dress(
    text: Text,
    links: Mapping[Key, Ref],
    site: Site,
    marker: str,
    images: Mapping[Key, str] = _NO_PICTURES,
) -> str:
    """Return the Markdown to send: holes filled with slug-less addresses, *marker* put last.

    *images* are the addresses of uploaded images; what is written bears the image's digest, too.
    ValueError for a hole whose item has no post yet: that is our bug, the order of writes is wrong.
    """

    def destination_of(target: str) -> str:
        key = key_of_target(target)
        if key is None:
            return site.address(Ref.parse(target))
        digest = image_digest(key)
        if digest is not None and key in images:
            return site.picture(images[key], digest)
        if digest is not None or key not in links:
            text = f"nothing is known of the post of {key!r} yet"
            raise ValueError(text)
        return site.address(links[key])

    filled = fill(text, destination_of)
    return attach(filled, marker) if marker else filled


def undress(markdown: str, site: Site) -> tuple[Text, Marker | None]:
    """Return *markdown* in canonical form with a hole for each link into the team, and its marker.

    The holes lead to posts (`question/12`); which item a post belongs to is not known here. An
    image that bears the digest of its bytes is that image (`key:image:...`), wherever it stands.
    """
    bare, marker = detach(markdown)

    def target_of(url: str) -> str | None:
        picture = site.find_picture(url) if _FRAGMENT in url else None
        if picture is not None:
            return target_of_key(image_key(picture[1]))
        ref = site.find(url)
        return None if ref is None else str(ref)

    return dig(canonical_text(bare), target_of), marker


def pictures_in(markdown: str, site: Site) -> Mapping[Key, str]:
    """Return the addresses of the images in *markdown* that bear the digest of their bytes."""
    if _FRAGMENT not in markdown:
        return _NO_PICTURES
    written = (markdown[it.start : it.end] for it in destinations(markdown))
    found = [it for url in written if (it := site.find_picture(url)) is not None]
    return {image_key(digest): url for url, digest in reversed(found)}
