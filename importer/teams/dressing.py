"""Dresses a text for the server and undresses what the server keeps; both once, at the port."""

from collections.abc import Mapping

from importer.model.ids import Key, Ref, key_of_target
from importer.model.site import Site
from importer.text.canonical import canonical_text
from importer.text.links import Text, dig, fill
from importer.text.marker import Marker, attach, detach

__all__ = ["dress", "undress"]


def dress(text: Text, links: Mapping[Key, Ref], site: Site, marker: str) -> str:
    """Return the Markdown to send: holes filled with slug-less addresses, *marker* put last.

    ValueError for a hole whose item has no post yet: that is our bug, the order of writes is wrong.
    """

    def destination_of(target: str) -> str:
        key = key_of_target(target)
        if key is None:
            return site.address(Ref.parse(target))
        if key not in links:
            text = f"nothing is known of the post of {key!r} yet"
            raise ValueError(text)
        return site.address(links[key])

    filled = fill(text, destination_of)
    return attach(filled, marker) if marker else filled


def undress(markdown: str, site: Site) -> tuple[Text, Marker | None]:
    """Return *markdown* in canonical form with a hole for each link into the team, and its marker.

    The holes lead to posts (`question/12`); which item a post belongs to is not known here.
    """
    bare, marker = detach(markdown)

    def target_of(url: str) -> str | None:
        ref = site.find(url)
        return None if ref is None else str(ref)

    return dig(canonical_text(bare), target_of), marker
