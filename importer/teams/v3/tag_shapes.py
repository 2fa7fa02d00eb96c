"""API v3's tags, their other names and experts, and the canonical items they become."""

from collections.abc import Sequence
from urllib.parse import quote

from importer.model.ids import Field, Kind, Ref
from importer.model.live import LiveItem, Synonym
from importer.model.site import Site
from importer.teams.objects import Raw, text_of
from importer.teams.v3.members import id_of, ids_of
from importer.text.canonical import canonical_line, canonical_names

__all__ = ["experts_of", "listed_tag", "synonyms_of", "tag_item", "tag_of"]


def tag_of(raw: Raw) -> tuple[int, str]:
    """Read a tag's id and canonical name."""
    return id_of(raw, Kind.TAG), _name(raw)


def tag_item(raw: Raw, site: Site) -> LiveItem:
    """Read a tag: its name, its description, and its experts where a single tag is told."""
    number, name = tag_of(raw)
    fields: dict[Field, str | tuple[str, ...]] = {Field.TITLE: name}
    described = raw.get("description")
    if isinstance(described, str):
        fields[Field.DESCRIPTION] = canonical_line(described)
    experts = raw.get("subjectMatterExperts")
    # Null where the feature is off.
    if isinstance(experts, dict) and raw.get("subjectMatterExpertCount") is not None:
        fields[Field.EXPERTS] = experts_of(experts)
    return LiveItem(Ref(Kind.TAG, number), None, _address(name, site), fields)


def listed_tag(raw: Raw, site: Site) -> LiveItem:
    """Read a tag by its name alone, as everything's reading knows it."""
    number, name = tag_of(raw)
    fields = {Field.TITLE: name}
    return LiveItem(Ref(Kind.TAG, number), None, _address(name, site), fields, stamp=f"v3:{name}")


def experts_of(raw: Raw) -> tuple[str, ...]:
    """Read who is an expert of a tag, as `user:12` and `group:4`."""
    users = [f"user:{it}" for it in ids_of(raw, Kind.TAG, "users")]
    groups = [f"group:{it}" for it in ids_of(raw, Kind.TAG, "userGroups")]
    return canonical_names((*users, *groups), {})


def synonyms_of(items: Sequence[Raw], master: str) -> list[Synonym]:
    """Read the other names of a tag."""
    return [Synonym(name, master) for it in items if (name := _name(it)) != master]


def _name(raw: Raw) -> str:
    return canonical_line(text_of(raw, Kind.TAG, "name")).lower()


def _address(name: str, site: Site) -> str:
    return f"{site.base}/questions/tagged/{quote(name, safe='')}"
