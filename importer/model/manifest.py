"""What a team should hold: items, and what the manifest says about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from importer.errors import Span
from importer.model.fields import Fields
from importer.model.ids import Field, FullKey, Key, Kind, UserId, image_digest, key_of_target
from importer.model.pictures import Picture
from importer.model.site import Site
from importer.text.digests import Digest
from importer.text.links import Text

__all__ = [
    "Fate",
    "Footer",
    "Item",
    "Manifest",
    "NewTags",
    "OnDrift",
    "Policy",
    "Removed",
    "footer_of",
    "publishers_of",
    "shown_in",
]


class OnDrift(StrEnum):
    """What becomes of an edit made on the site."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class NewTags(StrEnum):
    """REVIEW blocks a new tag only when it is close to an existing one; DECLARED asks for each."""

    REVIEW = "review"
    DECLARED = "declared"


class Fate(StrEnum):
    """What becomes of the live post of a removed item."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Footer:
    """A small visible link that carries the marker, in place of a hidden comment.

    It leads to `address`; empty: to the team's own pages. `everywhere`: no post of ours bears a
    comment any more, so one that is listed without a footer is none of ours.
    """

    address: str = ""
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds where neither the item nor the command line says otherwise."""

    on_drift: OnDrift = OnDrift.KEEP
    new_tags: NewTags = NewTags.REVIEW
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the manifest.

    `fields` holds canonical values, only of fields the manifest manages (the others belong to the
    site). `spans` says where each field stands, `span` where the item does. `remote_id` binds an
    existing post (`id:`), `seen` maps a field to the digest of the live version the author took
    note of, `was` are former full keys, `origin` old addresses (never sent). `initial` holds what
    the author states of fields left out of `manage:`: a new post gets them, nothing else does.
    `adds` are fields of which the site may hold more than the manifest says: what is missing there
    is added, and nothing taken away. `picture` is what an image's upload takes.
    """

    key: Key
    kind: Kind
    span: Span
    fields: Fields
    parent: Key | None = None
    initial: Fields = field(default_factory=dict)
    spans: Mapping[Field, Span] = field(default_factory=dict)
    remote_id: int | None = None
    seen: Mapping[Field, Digest] = field(default_factory=dict)
    was: tuple[FullKey, ...] = ()
    author: UserId | None = None
    origin: tuple[str, ...] = ()
    protected: bool = False
    on_drift: OnDrift | None = None
    adds: tuple[Field, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """The reviewed end of an item; an answer's key ends its answer alone."""

    key: Key
    fate: Fate
    span: Span


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of one manifest. Items come in the author's order: it is the order of creation.

    `files` maps each file's path, relative to the manifest's folder, to the digest of its bytes;
    `digest` is one over all of the texts. Images are in the items: one that has changed by the time
    it is sent holds up what shows it, and nothing else. `footer`: None where markers are comments.
    """

    namespace: str
    span: Span
    items: tuple[Item, ...]
    digest: Digest
    teams: tuple[str, ...] = ()
    publishers: tuple[UserId, ...] = ()
    policy: Policy = Policy()
    footer: Footer | None = None
    removed: tuple[Removed, ...] = ()
    files: Mapping[str, Digest] = field(default_factory=dict)


def footer_of(manifest: Manifest, site: Site) -> Footer | None:
    """Return the footer with the address that it leads to on *site*; None: markers are comments."""
    footer = manifest.footer
    return replace(footer, address=footer.address or site.base) if footer else None


def shown_in(item: Item) -> tuple[Key, ...]:
    """Return the images that the texts of *item* show."""
    texts = [*item.fields.values(), *item.initial.values()]
    targets = (target for it in texts if isinstance(it, Text) for target in it.targets)
    keys = (key for it in targets if (key := key_of_target(it)) is not None)
    return tuple(dict.fromkeys(key for key in keys if image_digest(key) is not None))


def publishers_of(manifest: Manifest) -> tuple[UserId, ...]:
    """Return whose marked posts are ours: the publishers' and items' own authors'; none: all."""
    if not manifest.publishers:
        return ()
    authors = {it.author for it in manifest.items if it.author is not None}
    return tuple(sorted(authors.union(manifest.publishers)))
