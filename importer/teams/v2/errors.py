"""How API v2.3 answers: its wrapper, its errors, and the error of ours that each becomes.

Source: the error ids and their meaning are the vendor's own list (documented). That the status is
always 400 is documented too, others were observed: the body decides, the status comes second.
Server texts are shown, never parsed, but for the seconds in "more requests available in N seconds".
"""

import json
import math
import re
from collections.abc import Mapping

from importer.errors import (
    AccessError,
    ApiMissing,
    BudgetExhausted,
    ImporterError,
    KeyMissing,
    ServiceError,
    TeamForeign,
    TeamUnknown,
    TokenInvalid,
)
from importer.teams.access import key_opens_nothing
from importer.teams.demanding import demanded
from importer.teams.exchange import (
    ApiError,
    Ended,
    Heard,
    Quota,
    Reply,
    Request,
    Said,
)

__all__ = ["NO_METHOD", "Wrapper", "demand", "listen", "refusal"]

Wrapper = Mapping[str, object]

NO_METHOD = 404
_BAD_PARAMETER = 400
_ACCESS_DENIED = 403
_SAID = {
    _BAD_PARAMETER: Said.REFUSAL,
    401: Said.DENIAL,
    402: Said.DENIAL,
    _ACCESS_DENIED: Said.DENIAL,
    NO_METHOD: Said.REFUSAL,
    405: Said.DENIAL,
    406: Said.DENIAL,
    407: Said.REFUSAL,
    409: Said.REPEATED,
    500: Said.FAILURE,
    502: Said.THROTTLE,
    503: Said.THROTTLE,
}
_WRITE_FAILED = 407
_MISSING = frozenset({404, 410})
_FORBIDDEN = 403
_TURNED_AWAY = (
    "Something in front of the API turns programs away (a challenge page, or the token is void). "
    "Try from another network, or ask who runs it to let this program through."
)

_AVAILABLE_IN = re.compile(r"available in (\d{1,7}) seconds")
_DEFAULT_WAIT_S = 30.0
_DEFAULT_BACKOFF_S = 10.0
_LONGEST_S = 10.0**7
_LONGEST_TEXT = 500
_LATER = "The same command goes on later."


def listen(status: int, body: bytes, headers: Mapping[str, str]) -> Heard:  # noqa: ARG001 - the body says it all in this dialect
    """Return what *body* says; anything but the API's own shape says nothing."""
    found = _json_object(body)
    if found is None:
        return Heard(Said.NOTHING)
    backoff_s, quota = _backoff_s(found.get("backoff")), _quota(found)
    if "error_id" not in found:
        if not isinstance(found.get("items"), list):
            # Its content goes no further: whose it is isn't known, nor what it repeats of ours.
            return Heard(Said.NOTHING, backoff_s=backoff_s, quota=quota)
        return Heard(Said.ANSWER, found, backoff_s=backoff_s, quota=quota)
    error = _error(found)
    said = _SAID.get(error.id, Said.NOTHING) if error else Said.NOTHING
    wait_s, available = None, None
    if said is Said.THROTTLE and backoff_s is None:
        available = _AVAILABLE_IN.search(str(found.get("error_message", "")))
        wait_s = float(available[1]) if available else _DEFAULT_WAIT_S
    if error and error.id == _WRITE_FAILED and backoff_s is not None:
        said = Said.PAUSE
    guessed = wait_s is not None and available is None
    return Heard(said, {}, error, wait_s, backoff_s, quota, guessed)


def _json_object(body: bytes) -> Wrapper | None:
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _error(found: Wrapper) -> ApiError | None:
    number, name, message = (found.get(f"error_{part}") for part in ("id", "name", "message"))
    if type(number) is not int or not isinstance(name, str):
        return None
    shown = " ".join(str(message or "").split())[:_LONGEST_TEXT]
    return ApiError(number, name[:100], "".join(c for c in shown if c.isprintable()))


def _backoff_s(value: object) -> float | None:
    """Return the seconds; a value that can't be one still asks for patience."""
    if value is None:
        return None
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if math.isnan(seconds) or isinstance(value, bool):
        return _DEFAULT_BACKOFF_S
    return min(seconds, _LONGEST_S) if seconds > 0 else None


def _quota(found: Wrapper) -> Quota | None:
    highest, remaining = found.get("quota_max"), found.get("quota_remaining")
    if type(highest) is int and type(remaining) is int and highest > 0:
        return Quota(highest, remaining)
    return None


def demand(
    request: Request,
    ended: Ended,
    team: str,
    *,
    at_door: bool = False,
    key_alone: bool = False,
) -> Wrapper:
    """Return the wrapper of a success, or raise what stands in its way.

    With *at_door*, on the first call of all, a bad parameter can only be the team. *key_alone*: no
    token was sent.
    """

    def refused(reply: Reply) -> ImporterError:
        return refusal(request, reply, team, at_door=at_door, key_alone=key_alone)

    return demanded(request, ended, refused)


def refusal(
    request: Request,
    reply: Reply,
    team: str,
    *,
    at_door: bool = False,
    key_alone: bool = False,
) -> ImporterError:
    """Return the error that *reply*, no success, amounts to for a reading."""
    error = reply.heard.error
    if error is None or reply.heard.said is Said.NOTHING:
        return _not_the_api(request, reply, at_door=at_door)
    where = f"{request}: {error}"
    match error.id:
        case 401 | 402 if key_alone:
            return key_opens_nothing(team, where)
        case 403 if key_alone:
            # What is closed to everybody here may be open over API v3.
            closed = key_opens_nothing(team, where)
            return TeamForeign(closed.message, remedy=closed.remedy)
        case 401:
            return TokenInvalid(
                f"the server saw no access token ({where})",
                remedy="A proxy between here and the server may remove the header "
                "X-API-Access-Token; ask for it to be let through.",
            )
        case 402:
            return TokenInvalid(
                f"the server does not take the access token ({where})",
                remedy="It is mistyped, expired, revoked, or of another team: the server gives one "
                "answer for all. Make a new one for this team in its account settings.",
            )
        case 403:
            return TeamForeign(
                f"the access token does not open {_named(team)} ({where})",
                remedy="It belongs to another team, the team does not exist, its plan has no API, "
                "or its user may not do this: the server gives one answer for all. Check --team "
                "and who made the token.",
            )
        case 405:
            return KeyMissing(
                f"the server asks for an API key ({where})",
                remedy="An Enterprise site gives keys to applications: name its file with "
                "--api-key-file, or set TEAMS_IMPORTER_API_KEY. API v3 (--api 3) needs none.",
            )
        case 406:
            return TokenInvalid(
                f"the server takes the access token for leaked and has voided it ({where})",
                remedy="Make a new one, and find out where the old one was shown.",
            )
        case 502 | 503:
            return BudgetExhausted(
                f"the server refuses calls for now ({where})",
                remedy=_LATER,
                resume_after_s=reply.heard.wait_s or reply.heard.backoff_s,
            )
        case 400 if at_door and not team:
            return AccessError(
                f"the server does not know the API key ({where})",
                remedy="It is mistyped, revoked, or of another site. Give the key whole, as the "
                "site shows it, or leave it out and use --api 3 with an access token.",
            )
        case 400 if at_door:
            return TeamUnknown(
                f"the server knows no team {team!r} ({where})",
                remedy="Give the part after /c/ of the team's address; it is mistyped, renamed, or "
                "of another server than --url. With an API key, that may be the unknown one.",
            )
        case 404 if at_door:
            text = f"there is no API v2.3 at this address ({where})"
            return ApiMissing(text, remedy="Check --url, or use --api 3.")
        case _:
            return ServiceError(
                f"the server refused to answer ({where})",
                remedy="Run the same command again; report it if it stays.",
            )


def _named(team: str) -> str:
    return f"the team {team!r}" if team else "this site"


def _not_the_api(request: Request, reply: Reply, *, at_door: bool) -> ServiceError:
    what = reply.content_type or "no content"
    text = f"{request}: status {reply.status} with {what} instead of the API's JSON"
    if reply.status in _MISSING and at_door:
        return ApiMissing(text, remedy="Check --url, or use --api 3: there is no API v2.3 there.")
    if reply.status == _FORBIDDEN and at_door:
        return ApiMissing(text, remedy=f"{_TURNED_AWAY} API v2.3 may be switched off: try --api 3.")
    if 300 <= reply.status < 400:
        remedy = "The server sends elsewhere, and redirects are never followed. Check --url."
    elif reply.status in {403, 406}:
        remedy = _TURNED_AWAY
    else:
        remedy = "A proxy or login page may answer in the API's place. Check --url and the network."
    return ServiceError(text, remedy=remedy)
