"""Links that lead nowhere any more: their text stays, and says where they led.

A text is looked over a few times, however many of its links are dead: one page may have thousands.
"""

import re
from collections.abc import Iterator
from html import unescape

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.picturing import PageFiles
from importer.sources.references import inlined
from importer.text.grammar import label_key
from importer.text.links import HOLE
from importer.text.scanning import Destination, Form, destinations

__all__ = ["is_elsewhere", "without_dead_links"]

# What stands behind the destination of a definition: its title, and the line's end.
_REST = re.compile(r""">?[ \t]*(?:"[^"\n]*"|'[^'\n]*'|\([^)\n]*\))?[ \t]*(?:\n|\Z)""")
# `key:` and `asset:` are ours, `wiki:` is what readers make of links by title.
_ELSEWHERE = re.compile(r"(?!key:|wiki:|asset:|file:)[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
# A bracket that ends a link's text, or would if those within were none.
_LINKING = re.compile(rf"(?<!\\)\](?=\((?!{HOLE}|[a-zA-Z][\w+.-]*:|//))")
_SCRIPT = re.compile(r"(?:javascript|vbscript|livescript):", re.IGNORECASE)
_LONGEST = 2_000
_SHORT = 40
# A link that is text now may let the one around it be a link. Nobody nests them so deep.
_MOST_LOOKS = 20


def is_elsewhere(destination: str) -> bool:
    """Tell whether a destination is a URL, and no path of the source."""
    return bool(_ELSEWHERE.match(destination))


def without_dead_links(holed: str, place: Place, losses: Losses, files: PageFiles | None) -> str:
    """Return a text without links that lead nowhere; what went is listed in *losses*."""
    for _ in range(_MOST_LOOKS):
        found = [it for it in destinations(holed) if _is_dead(holed, it, files)]
        if not found:
            return holed
        if any(it.form is Form.DEFINITION for it in found):
            holed = _without_definitions(holed, place, losses, files)
        else:
            holed = _cut(holed, found, place, losses, files)
    why = "links within links, too deep to be told apart; they are text"
    losses.add(LossKind.LINK, place.line, "links", why)
    return _LINKING.sub(r"\]", holed)


def _without_definitions(holed: str, place: Place, losses: Losses, files: PageFiles | None) -> str:
    """Return a text in which no definition leads nowhere: their uses say themselves where to."""
    dead: dict[str, Destination] = {}
    cuts: list[tuple[Destination, int]] = []
    labels: set[str] = set()
    for found in destinations(holed):
        if found.form is not Form.DEFINITION:
            continue
        label = label_key(_label(holed, found))
        if _is_dead(holed, found, files):
            rest = _REST.match(holed, found.link_end)
            cuts.append((found, rest.end() if rest else found.link_end))
            # Of two definitions the first counts: nobody ever saw the other.
            if label not in labels:
                dead[label] = found
        labels.add(label)
    targets = {label: holed[it.start : it.end] for label, it in dead.items()}
    direct, used = inlined(_without(holed, cuts, {}), targets)
    if used >= dead.keys():
        return direct
    instead: dict[int, str] = {}
    for label, found in dead.items():
        if label not in used:
            destination = targets[label]
            losses.add(LossKind.LINK, place.line, destination, _why(found.form, destination))
            said = f"(link not moved: {_label(holed, found)}, {_shown(destination)})"
            # A text right above definitions would take them for its own lines.
            instead[found.start] = f"{said}\n\n"
    return inlined(_without(holed, cuts, instead), targets)[0]


def _label(holed: str, found: Destination) -> str:
    return holed[found.link_start : found.start].rpartition("]:")[0][1:]


def _without(holed: str, cuts: list[tuple[Destination, int]], instead: dict[int, str]) -> str:
    parts: list[str] = []
    position = 0
    for found, end in cuts:
        parts += [holed[position : found.link_start], instead.get(found.start, "")]
        position = end
    return "".join([*parts, holed[position:]])


def _cut(
    holed: str,
    dead: list[Destination],
    place: Place,
    losses: Losses,
    files: PageFiles | None,
) -> str:
    cuts: list[tuple[int, int, str]] = []
    for found in dead:
        destination = holed[found.start : found.end]
        # Those of images are listed as they are counted.
        if found.form is not Form.IMAGE or files is None:
            kind = LossKind.IMAGE if found.form is Form.IMAGE else LossKind.LINK
            losses.add(kind, place.line, destination, _why(found.form, destination))
        cuts += _cuts(holed, found, destination)
    parts: list[str] = []
    position = 0
    for start, end, instead in sorted(cuts):
        parts += [holed[position:start], instead]
        position = end
    return "".join([*parts, holed[position:]])


def _cuts(holed: str, found: Destination, destination: str) -> Iterator[tuple[int, int, str]]:
    """Yield what goes of a link, and what stands there instead; its text stays between."""
    yield found.link_start, found.text_start, ""
    if found.form is Form.IMAGE:
        said = f" (image not moved: {_shown(destination)})"
        is_empty = not holed[found.text_start : found.text_end].strip()
        yield found.text_end, found.link_end, said.lstrip() if is_empty else said
    elif destination.startswith("#") or _is_script(destination):
        yield found.text_end, found.link_end, ""
    else:
        yield found.text_end, found.link_end, f" (link not moved: {_shown(destination)})"


def _is_dead(holed: str, found: Destination, files: PageFiles | None) -> bool:
    destination = holed[found.start : found.end]
    if files and (files.is_dead(destination, found.form) or _is_inline(destination)):
        return True
    if _is_script(destination):
        return True
    footnote = found.form is Form.DEFINITION and holed.startswith("[^", found.link_start)
    is_relative = bool(destination) and destination != HOLE and not is_elsewhere(destination)
    return is_relative and not footnote


def _is_inline(destination: str) -> bool:
    """Tell whether a destination is a whole file by itself."""
    return destination[:5].lower() == "data:"


def _is_script(destination: str) -> bool:
    """Tell whether a browser would run a destination, also one that is written to hide that."""
    return bool(_SCRIPT.match(re.sub(r"[\x00-\x20]", "", unescape(destination))))


def _shown(destination: str) -> str:
    # An image that stands in its own address says nothing by more of it.
    most = _SHORT if _is_inline(destination) else _LONGEST
    bare = destination if len(destination) <= most else f"{destination[:most]}..."
    return f"`` {bare.replace('`', '')} ``" if "`" in bare else f"`{bare}`"


def _why(form: Form, destination: str) -> str:
    if _is_script(destination):
        return "a script, and no address; the link's text stays"
    if form is Form.IMAGE:
        return "a local image; its place is named in the text"
    if _is_inline(destination):
        return "a file inside the text; no API has a place for it, and no browser opens it"
    if destination.startswith("#"):
        return "posts have no anchors; the link's text stays"
    return "no page of this name is moved; the link's text stays, and says where it led"
