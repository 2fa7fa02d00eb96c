"""Carries out a write: the service's checks, in the order it is thought to make them, first."""

from collections.abc import Callable, Mapping

from importer.sandbox.limits import TooSoon
from importer.sandbox.v2 import writes
from importer.sandbox.v2.calls import Call, Found, Method
from importer.sandbox.v2.errors import ApiError, ErrorId

__all__ = ["carry_out"]

_ORDERS = {
    "scope_first": ("scope", "params", "repeat", "existence"),
    "params_first": ("params", "scope", "repeat", "existence"),
    "existence_first": ("existence", "scope", "params", "repeat"),
}


def carry_out(call: Call, method: Method) -> Found:
    """Check a write, then let it take effect, durably; raises `ApiError` and `RuleBroken`.

    A preview does all of it, shows the result and takes it back.
    """
    world, behaviour = call.world, call.world.behaviour
    for name in _ORDERS[behaviour.check_order]:
        _CHECKS[name](call, method)
    sort = "article" if method.makes == "article" else "other"
    _check_gap(call, sort)
    preview = behaviour.honours_preview and bool(call.params.flag("preview"))
    with world.store.transaction(keep=not preview):
        found = method.run(call)
        if preview:
            return writes.veiled(found) if method.makes else found
        _remember(call)
    world.limits.wrote(call.caller, sort)
    return found


def _check_scope(call: Call, _: Method) -> None:
    if call.token is None or not call.token.write:
        raise ApiError(ErrorId.ACCESS_DENIED, "access_token does not have write access")
    if not call.team.writes:
        raise ApiError(ErrorId.ACCESS_DENIED, "the team's plan has no write access")


def _check_params(call: Call, method: Method) -> None:
    optional = call.world.behaviour.partial_edit
    for name in (*method.needs, *(() if optional else method.needs_on_edit)):
        call.params.need(name)
    call.params.flag("preview")


def _check_repeat(call: Call, _: Method) -> None:
    name = call.params.text("request_id")
    sql = "SELECT at FROM request_ids WHERE user_id = ? AND request_id = ?"
    at = call.world.store.value(sql, (call.user.id, name)) if name else None
    if at is not None and _now(call) - at < call.world.behaviour.request_id_window_s:
        raise ApiError(ErrorId.DUPLICATE_REQUEST, "duplicate request")


def _check_existence(call: Call, method: Method) -> None:
    if method.target == ("comment",):
        call.world.live_comment(call.user, call.id())
    elif method.target:
        kinds = [kind for kind in method.target if kind != "comment"]
        call.world.live_post(call.user, call.id(), *kinds)


_CHECKS: Mapping[str, Callable[[Call, Method], None]] = {
    "scope": _check_scope,
    "params": _check_params,
    "repeat": _check_repeat,
    "existence": _check_existence,
}


def _check_gap(call: Call, sort: str) -> None:
    behaviour = call.world.behaviour
    try:
        call.world.limits.check_gap(call.caller, sort, behaviour)
    except TooSoon as soon:
        text = "too many write actions in quick succession"
        raise ApiError(ErrorId(behaviour.gap_error), text, backoff=soon.wait_s) from soon


def _remember(call: Call) -> None:
    """Note the request's id in the same transaction as its effect."""
    name = call.params.text("request_id")
    if name:
        sql = "INSERT OR REPLACE INTO request_ids VALUES (?, ?, ?)"
        call.world.store.run(sql, (call.user.id, name, _now(call)))


def _now(call: Call) -> float:
    return call.world.clock.now().timestamp()
