"""The v2.3 methods about the API itself: filters, errors, site figures, write permissions."""

from importer.sandbox.reading import live
from importer.sandbox.v2.calls import Call, Found, Method, no_method
from importer.sandbox.v2.errors import ERRORS, ApiError, ErrorId
from importer.sandbox.v2.filters import Filter, create_filter, find_filter
from importer.sandbox.v2.lens import Json
from importer.sandbox.v2.params import text_vector, vector
from importer.sandbox.values import User

__all__ = ["METHODS"]

_FILTERS_MAX = 20


def _create_filter(call: Call) -> Found:
    params = call.params
    made = create_filter(
        call.world.store,
        base=params.text("base") or "default",
        include=params.words("include"),
        exclude=params.words("exclude"),
        unsafe=params.flag("unsafe") or False,
    )
    return _bare(call, "filter", [_described(made)])


def _filters(call: Call) -> Found:
    names = text_vector(call.path["filters"], most=_FILTERS_MAX, name="filters")
    known = [(name, find_filter(call.world.store, name)) for name in names]
    items = [
        _described(chosen) if chosen else {"filter": name, "filter_type": "invalid"}
        for name, chosen in known
    ]
    return _bare(call, "filter", items)


def _described(chosen: Filter) -> Json:
    return {
        "filter": chosen.id,
        "filter_type": "safe" if chosen.safe else "unsafe",
        "included_fields": sorted(chosen.fields),
    }


def _errors(call: Call) -> Found:
    items = [
        {"error_id": int(error), "error_name": error.name.lower(), "description": text}
        for error, text in ERRORS.items()
    ]
    return _bare(call, "error", items)


def _error(call: Call) -> Found:
    found = vector(call.path["id"])
    if found is None or len(found) != 1:
        raise no_method()
    try:
        error = ErrorId(found[0])
    except ValueError:
        raise ApiError.bad(parameter="id") from None
    raise ApiError(error, "simulated")


def _bare(call: Call, kind: str, items: list[Json]) -> Found:
    """Answer without a team: only what the filter asks for, strings as they are."""
    wanted = call.chosen.of(kind)
    shown = [{name: item[name] for name in item if name in wanted} for item in items]
    return Found(kind, shown, total=lambda: len(shown))


def _info(call: Call) -> Found:
    world, team = call.world, call.team
    questions = live(team, "question")
    accepted = live(team, "question").also("accepted_id IS NOT NULL")
    counted = {
        "total_questions": world.count_posts(questions),
        "total_accepted": world.count_posts(accepted),
        "total_unanswered": world.count_posts(
            live(team, "question").also("id NOT IN (SELECT parent_id FROM posts WHERE parent_id)")
        ),
        "total_answers": world.count_posts(live(team, "answer")),
        "total_comments": world.count_team_comments(team),
        "total_votes": world.count_team_votes(team),
        "total_users": len(world.users(team.slug)),
    }
    rest = ("total_badges", "new_active_users", "questions_per_minute", "answers_per_minute")
    zeros = dict.fromkeys((*rest, "badges_per_minute"), 0)
    return call.found("info", [counted | zeros | {"api_revision": "sandbox"}])


def _permissions(call: Call) -> Found:
    behaviour = call.world.behaviour
    gaps = {
        "question": behaviour.write_gap_s,
        "answer": behaviour.write_gap_s,
        "comment": behaviour.write_gap_s,
        "article": behaviour.article_gap_s,
    }
    users = [user for user in (call.world.find_user(i) for i in call.ids()) if user]
    items = [
        _permission(user, kind, int(gap), can=call.team.writes)
        for user in users
        if user.team_id == call.team.id
        for kind, gap in gaps.items()
    ]
    return call.paged("write_permission", items)


def _permission(user: User, kind: str, gap_s: int, *, can: bool) -> Json:
    """Tell what the user, not the token, may do."""
    return {
        "user_id": user.id,
        "object_type": kind,
        "can_add": can,
        "can_edit": can,
        "can_delete": can,
        "max_daily_actions": 10_000,
        "min_seconds_between_actions": gap_s,
    }


METHODS = (
    Method("filters/create", _create_filter, "open", ("GET", "POST")),
    Method("filters/{filters}", _filters, "open"),
    Method("errors", _errors, "open"),
    Method("errors/{id}", _error, "open"),
    Method("info", _info),
    Method("users/{ids}/write-permissions", _permissions),
    Method("me/write-permissions", _permissions),
)
