"""The v3 routes of user groups and of tags' subject matter experts."""

from collections.abc import Callable

from importer.sandbox.reading import Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.forms import EXPERTS, GROUP, IDS
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.params import Listing
from importer.sandbox.v3.problems import missing
from importer.sandbox.v3.tags import the_tag
from importer.sandbox.values import Group, Shares

__all__ = ["ROUTES"]

_GROUPS = Listing({"name": "name", "size": "size"}, direction="asc")
_ONE = "user-groups/{userGroupId}"
_EXPERTS = "tags/{tagId}/subject-matter-experts"


def _list(call: Call) -> Json:
    where = Where(["team_id = ?"], [call.team.id])
    world = call.world
    return call.listed("UserGroup", world.select_groups, world.count_groups, where, _GROUPS)


def _the_group(call: Call) -> Group:
    number = call.id("userGroupId")
    group = call.world.group(number)
    if group is None or group.team_id != call.team.id:
        raise missing(noun="user group", number=number)
    return group


def _group(call: Call) -> Json:
    return call.lens().show("UserGroup", _the_group(call))


def _make(call: Call) -> Json:
    form = call.form
    made = call.world.make_group(
        call.user,
        name=form["name"],
        description=form["description"],
        member_ids=form["userIds"] or (),
    )
    return call.lens().show("UserGroup", made)


def _replace(call: Call) -> Json:
    """Put a group anew; what is left out is blanked. Observed in a client of the vendor."""
    form = call.form
    made = call.world.replace_group(
        call.user,
        _the_group(call).id,
        name=form["name"],
        description=form["description"],
        member_ids=form["userIds"] or (),
    )
    return call.lens().show("UserGroup", made)


def _add_members(call: Call) -> Json:
    group = call.world.add_members(call.user, _the_group(call).id, call.form)
    return call.lens().show("UserGroup", group)


def _remove_member(call: Call) -> Json:
    group = call.world.remove_member(call.user, _the_group(call).id, call.id("userId"))
    return call.lens().show("UserGroup", group)


def _experts(call: Call) -> Json:
    call.world.check_experts_on()
    return call.lens().show("SubjectMatterExperts", call.world.experts(the_tag(call).id))


def _set_experts(call: Call) -> Json:
    call.world.check_experts_on()
    wanted = Shares(tuple(call.form["userIds"] or ()), tuple(call.form["userGroupIds"] or ()))
    experts = call.world.set_experts(call.user, the_tag(call).id, wanted)
    return call.lens().show("SubjectMatterExperts", experts)


def _add_experts(shares: Callable[[list[int]], Shares]) -> Callable[[Call], Json]:
    def run(call: Call) -> Json:
        call.world.check_experts_on()
        experts = call.world.add_experts(call.user, the_tag(call).id, shares(call.form))
        return call.lens().show("SubjectMatterExperts", experts)

    return run


def _remove_expert(part: str, shares: Callable[[list[int]], Shares]) -> Callable[[Call], None]:
    def run(call: Call) -> None:
        call.world.check_experts_on()
        call.world.remove_experts(call.user, the_tag(call).id, shares([call.id(part)]))

    return run


def _users(ids: list[int]) -> Shares:
    return Shares(user_ids=tuple(ids))


def _user_groups(ids: list[int]) -> Shares:
    return Shares(group_ids=tuple(ids))


_ALL = "SubjectMatterExperts"
_OFF = (422,)
_NOUN = "user group"

ROUTES = (
    Route("GET", "user-groups", _list, "UserGroup", listing=_GROUPS, noun=_NOUN, refuses=()),
    Route(
        "POST", "user-groups", _make, "UserGroup", 201, "write", GROUP, noun=_NOUN, refuses=(500,)
    ),
    Route("GET", _ONE, _group, "UserGroup", noun=_NOUN),
    Route("PUT", _ONE, _replace, "UserGroup", 200, "write", GROUP, noun=_NOUN),
    Route("POST", f"{_ONE}/members", _add_members, "UserGroup", 200, "write", IDS, noun=_NOUN),
    Route(
        "DELETE",
        f"{_ONE}/members/{{userId}}",
        _remove_member,
        "UserGroup",
        access="write",
        noun=_NOUN,
    ),
    Route("GET", _EXPERTS, _experts, _ALL, noun="tag", refuses=(404, 422)),
    Route("PUT", _EXPERTS, _set_experts, _ALL, 200, "write", EXPERTS, noun="tag", refuses=_OFF),
    Route(
        "POST",
        f"{_EXPERTS}/users",
        _add_experts(_users),
        _ALL,
        200,
        "write",
        IDS,
        noun="tag",
        refuses=_OFF,
    ),
    Route(
        "POST",
        f"{_EXPERTS}/user-groups",
        _add_experts(_user_groups),
        _ALL,
        200,
        "write",
        IDS,
        noun="tag",
        refuses=_OFF,
    ),
    Route(
        "DELETE",
        f"{_EXPERTS}/users/{{userId}}",
        _remove_expert("userId", _users),
        status=204,
        access="write",
        noun="tag",
        refuses=_OFF,
    ),
    Route(
        "DELETE",
        f"{_EXPERTS}/user-groups/{{userGroupId}}",
        _remove_expert("userGroupId", _user_groups),
        status=204,
        access="write",
        noun="tag",
        refuses=_OFF,
    ),
)
