"""The v3 routes of collections."""

from importer.sandbox.reading import Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.forms import COLLECTION, EDITED_COLLECTION
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.params import Filter, Listing
from importer.sandbox.v3.problems import gone, missing
from importer.sandbox.values import Collection, Shares

__all__ = ["ROUTES"]

_VIEWS = ("all", "owned", "editable")
_COLLECTIONS = Listing(
    {"creation": "created", "lastEdit": "edited"},
    (
        Filter("authorIds", "ids"),
        Filter("partialTitle", "text"),
        Filter("permissions", "choice", _VIEWS),
        Filter("from", "moment"),
        Filter("to", "moment"),
    ),
)
_ONE = "collections/{collectionId}"
_NOUN = "collection"


def _list(call: Call) -> Json:
    query, world = call.query, call.world
    where = Where(["team_id = ?"], [call.team.id])
    match query.choice("permissions", _VIEWS):
        case "owned":
            where.also("owner_id = ?", call.user.id)
        case "editable":
            where = world.collections_editable_by(call.user)
        case _:
            pass
    where.also("deleted IS NULL")
    if authors := query.numbers("authorIds"):
        where.among("owner_id", authors)
    if part := query.text("partialTitle"):
        where.also("instr(folded(title), ?) > 0", part.casefold())
    for name, sign in (("from", ">="), ("to", "<=")):
        if (moment := query.moment(name)) is not None:
            where.also(f"created {sign} ?", moment)
    return call.listed(
        "CollectionSummary",
        world.select_collections,
        world.count_collections,
        where,
        _COLLECTIONS,
    )


def _found(call: Call, *, deleted: bool) -> Collection:
    number = call.id("collectionId")
    found = call.world.collection(number)
    if found is None or found.team_id != call.team.id or (found.deleted and not deleted):
        raise missing(_NOUN, number)
    return found


def _collection(call: Call) -> Json:
    """Show a collection, a deleted one too: the vendor's prose says 404, a live suite saw it."""
    return call.lens().show("Collection", _found(call, deleted=call.sees_deleted))


def _make(call: Call) -> Json:
    form = call.form
    made = call.world.make_collection(
        call.user,
        title=form["title"] or "",
        description=form["description"] or "",
        content_ids=form["contentIds"] or (),
        editors=_editors(call),
    )
    return call.lens().show("Collection", made)


def _replace(call: Call) -> Json:
    """Put a collection anew; what is left out is blank, but for the owner. Inferred."""
    form = call.form
    made = call.world.replace_collection(
        call.user,
        _found(call, deleted=False).id,
        title=form["title"] or "",
        description=form["description"] or "",
        content_ids=form["contentIds"] or (),
        editors=_editors(call),
        owner_id=form["ownerId"],
    )
    return call.lens().show("Collection", made)


def _editors(call: Call) -> Shares:
    users, groups = (call.form[name] or () for name in ("editorUserIds", "editorUserGroupIds"))
    return Shares(tuple(users), tuple(groups))


def _delete(call: Call) -> None:
    found = _found(call, deleted=True)
    if found.deleted is not None:
        raise gone(_NOUN)
    call.world.delete_collection(call.user, found.id)


ROUTES = (
    Route(
        "GET",
        "collections",
        _list,
        "CollectionSummary",
        listing=_COLLECTIONS,
        noun=_NOUN,
        refuses=(),
    ),
    Route(
        "POST", "collections", _make, "Collection", 201, "write", COLLECTION, noun=_NOUN, refuses=()
    ),
    Route("GET", _ONE, _collection, "Collection", noun=_NOUN),
    Route("PUT", _ONE, _replace, "Collection", 200, "write", EDITED_COLLECTION, noun=_NOUN),
    Route("DELETE", _ONE, _delete, status=204, access="write", noun=_NOUN),
)
