"""The v3 routes of a team's members."""

from importer.sandbox.reading import BY_ID, Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.lens import Json, email_of
from importer.sandbox.v3.params import Listing
from importer.sandbox.v3.problems import missing
from importer.sandbox.values import User

__all__ = ["ROUTES", "the_user"]

_USERS = Listing({"reputation": "reputation"})


def the_user(call: Call, number: int) -> User:
    """Find a member of the team; raises `Problem`."""
    user = call.world.find_user(number)
    if user is None or user.team_id != call.team.id:
        raise missing(noun="user", number=number)
    return user


def _members(call: Call) -> Where:
    return Where(["team_id = ?"], [call.team.id])


def _list(call: Call) -> Json:
    world = call.world
    return call.listed("User", world.select_users, world.count_users, _members(call), _USERS)


def _me(call: Call) -> Json:
    return call.lens().show("UserDetails", call.user)


def _user(call: Call) -> Json:
    return call.lens().show("UserDetails", the_user(call, call.id("userId")))


def _by_email(call: Call) -> Json:
    wanted = call.path["email"].casefold()
    for user in call.world.select_users(_members(call), BY_ID):
        if email_of(user, call.team).casefold() == wanted:
            return call.lens().show("UserDetails", user)
    raise missing(noun="user", number=wanted)


def _by_external_id(call: Call) -> list[Json]:
    where = _members(call).also("external_id = ?", call.path["externalId"])
    return call.lens().show_all("User", call.world.select_users(where, BY_ID))


def _watched_tags(call: Call) -> list[Json]:
    """Name no tags. An array by the vendor's text, one object by the contract; inferred."""
    the_user(call, call.id("userId"))
    return []


ROUTES = (
    Route("GET", "users", _list, "User", listing=_USERS, noun="user", refuses=()),
    Route("GET", "users/me", _me, "UserDetails", noun="user"),
    Route("GET", "users/by-email/{email}", _by_email, "UserDetails", access="admin", noun="user"),
    Route(
        "GET",
        "users/by-external-id/{externalId}",
        _by_external_id,
        "[User]",
        access="admin",
        noun="user",
        refuses=(),
    ),
    Route("GET", "users/{userId}", _user, "UserDetails", noun="user"),
    Route("GET", "users/{userId}/watched-tags", _watched_tags, "[TagSummary]", noun="user"),
)
