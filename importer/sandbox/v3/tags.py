"""The v3 routes of tags, which can only be read: posts give birth to them. Documented."""

from dataclasses import dataclass

from importer.sandbox.reading import BY_ID, Slice, Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.lens import Json, synonym_id
from importer.sandbox.v3.params import Filter, Listing
from importer.sandbox.v3.problems import missing
from importer.sandbox.values import Tag

__all__ = ["ROUTES", "the_tag"]

_TAGS = Listing(
    {"name": "name", "postCount": "count", "creationDate": "created"},
    (Filter("partialName", "text"), Filter("hasSmes", "flag"), Filter("hasSynonyms", "flag")),
    direction="asc",
)
_SYNONYMS = Listing({})
_KNOWN = "id IN (SELECT tag_id FROM tag_experts)"
_SYNONYMOUS = "name IN (SELECT target FROM synonyms WHERE team_id = ?)"


@dataclass(frozen=True, slots=True)
class _OtherName:
    id: int
    name: str


def the_tag(call: Call) -> Tag:
    """Find the tag that the path names; raises `Problem`."""
    number = call.id("tagId")
    where = Where(["team_id = ?", "id = ?"], [call.team.id, number])
    for tag in call.world.select_tags(where, BY_ID):
        return tag
    raise missing(noun="tag", number=number)


def _list(call: Call) -> Json:
    query, world = call.query, call.world
    where = Where(["team_id = ?"], [call.team.id])
    if part := query.text("partialName"):
        where.also("instr(folded(name), ?) > 0", part.casefold())
    if (wanted := query.flag("hasSynonyms")) is not None:
        where.also(f"{'' if wanted else 'NOT '}{_SYNONYMOUS}", call.team.id)
    if (wanted := query.flag("hasSmes")) is not None:
        where.also(f"{'' if wanted else 'NOT '}{_KNOWN}")
    return call.listed("TagSummary", world.select_tags, world.count_tags, where, _TAGS)


def _tag(call: Call) -> Json:
    return call.lens().show("Tag", the_tag(call))


def _synonyms(call: Call) -> Json:
    tag = the_tag(call)
    where = Where(["team_id = ?", "target = ?"], [call.team.id, tag.name])
    part = Slice("source", tie="source", direction="ASC")
    found = [
        _OtherName(synonym_id(each.source), each.source)
        for each in call.world.select_synonyms(where, part)
    ]
    return call.paged("TagSynonym", found, _SYNONYMS)


def _watchers(call: Call) -> Json:
    """Name nobody: the sandbox's people watch no tags."""
    the_tag(call)
    return {"users": []}


ROUTES = (
    Route("GET", "tags", _list, "TagSummary", listing=_TAGS, noun="tag", refuses=()),
    Route("GET", "tags/{tagId}", _tag, "Tag", noun="tag"),
    Route("GET", "tags/{tagId}/synonyms", _synonyms, "TagSynonym", listing=_SYNONYMS, noun="tag"),
    Route("GET", "tags/{tagId}/tag-watchers", _watchers, "TagWatchers", noun="tag"),
)
