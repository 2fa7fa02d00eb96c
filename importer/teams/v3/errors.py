"""How API v3 answers: JSON, two families of problems, plain text; and the error each becomes.

Source: that 401 is plain text and what the problems look like is observed (bodies quoted by a
third-party client's tests); 429, the rate headers and the success codes are documented.
`Retry-After` is not documented: honoured where it comes. Server texts are shown, never parsed.
"""

import json
import math
from collections.abc import Mapping
from typing import TypedDict

from importer.errors import (
    AccessError,
    ApiMissing,
    BudgetExhausted,
    ImporterError,
    ServiceError,
    TokenInvalid,
)
from importer.teams.access import key_opens_nothing
from importer.teams.demanding import demanded
from importer.teams.exchange import (
    ApiError,
    Ended,
    Heard,
    Left,
    Reply,
    Request,
    Said,
)
from importer.teams.headers import retry_after

__all__ = ["NOT_FOUND", "demand", "listen", "refusal"]

NOT_FOUND = 404
_NO_CONTENT = 204
_FORBIDDEN = 403
_NO_API = frozenset({NOT_FOUND, 410, 500})
"""What stands where no API v3 does; 500 is observed for an address that is built wrongly."""
_LONGEST_TEXT = 500
_LONGEST_S = 10.0**7
_GUESSED_S = 2.0
_LATER = "The same command goes on later."
_BUCKET = "x-token-bucket-calls-left"
_REFILL = "x-token-bucket-seconds-until-next-refill"
_BURST = "x-burst-throttle-calls-left"
_BURST_FULL = "x-burst-throttle-seconds-until-full"


def listen(status: int, body: bytes, headers: Mapping[str, str]) -> Heard:
    """Return what an answer says. The status decides: only problems of the API's own shape refuse.

    A 401 is the API's even as text: nothing in front of it asks for the same token. An error in the
    form of API v2.3 is none of its answers.
    """
    told = _told(headers)
    found = _json(body)
    if 200 <= status < 300:
        if isinstance(found, dict) and "error_id" not in found:
            return Heard(Said.ANSWER, found, **told)
        if isinstance(found, list):
            return Heard(Said.ANSWER, {"items": found}, **told)
        # An empty page with status 200 may be anybody's.
        said = Said.ANSWER if status == _NO_CONTENT and not body else Said.NOTHING
        return Heard(said, **told)
    error = _error(status, found, body)
    if status == 429:
        wait_s, guessed = _wait_s(headers)
        return Heard(Said.THROTTLE, {}, error, wait_s, guessed=guessed, **told)
    if status == 401:
        return Heard(Said.DENIAL, {}, error, **told)
    if not isinstance(found, dict) or not {"title", "type", "errors", "detail"} & found.keys():
        return Heard(Said.NOTHING, **told)
    if status == _FORBIDDEN:
        return Heard(Said.DENIAL, {}, error, **told)
    said = Said.REFUSAL if 400 <= status < 500 else Said.FAILURE
    return Heard(said if status >= 400 else Said.NOTHING, {}, error, **told)


def _json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _error(status: int, found: object, body: bytes) -> ApiError:
    """Return the refusal: `detail`, else the joined `errors`, else `title`, else the text."""
    if not isinstance(found, dict):
        plain = body.decode("utf-8", "replace") if not body.lstrip().startswith(b"<") else ""
        return ApiError(status, f"status {status}", _shown(plain))
    kind = found.get("type")
    name = kind.rpartition("/")[2] if isinstance(kind, str) else ""
    title = str(found.get("title") or f"status {status}")
    errors = found.get("errors")
    told = found.get("detail") or (_joined(errors) if isinstance(errors, dict) else "") or title
    return ApiError(status, _shown(name or title)[:100], _shown(str(told)))


def _joined(errors: Mapping[str, object]) -> str:
    texts = (it if isinstance(it, list) else [it] for it in errors.values())
    return " ".join(str(text) for several in texts for text in several)


def _shown(text: str) -> str:
    short = " ".join(text.split())[:_LONGEST_TEXT]
    return "".join(c for c in short if c.isprintable())


class _Told(TypedDict):
    left: Left | None
    burst_left: int | None


def _told(headers: Mapping[str, str]) -> _Told:
    """Return what the headers tell of both limiters."""
    calls, burst = _number(headers.get(_BUCKET)), _number(headers.get(_BURST))
    left = None if calls is None else Left(int(calls), _number(headers.get(_REFILL)))
    return {"left": left, "burst_left": None if burst is None else int(burst)}


def _wait_s(headers: Mapping[str, str]) -> tuple[float, bool]:
    """Return how long to wait after a 429, and whether that is a guess.

    A bucket that is empty is waited for; else the burst limit was met.
    """
    asked = [retry_after(headers.get("retry-after", ""), headers.get("date", ""))]
    if (_number(headers.get(_BUCKET)) or 0.0) < 1.0:
        asked.append(_number(headers.get(_REFILL)))
    if (_number(headers.get(_BURST)) or 0.0) < 1.0:
        asked.append(_number(headers.get(_BURST_FULL)))
    known = [it for it in asked if it is not None]
    return (max(known), False) if known else (_GUESSED_S, True)


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if 0.0 <= number <= _LONGEST_S else None


def demand(
    request: Request, ended: Ended, team: str, *, at_door: bool = False, key_alone: bool = False
) -> Mapping[str, object]:
    """Return the object of a success, or raise what stands in its way.

    *key_alone*: no token was sent.
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
        case 401 if key_alone:
            return key_opens_nothing(team, where)
        case 401:
            named = f"the team {team!r}" if team else "this site"
            return TokenInvalid(
                f"the server does not take the access token for {named} ({where})",
                remedy="It is mistyped, expired, revoked, or of another team, or --team is not "
                "the part after /c/ of the team's address: API v3 gives one answer for all. A "
                "proxy may also remove the header Authorization. Open the team in a browser to "
                "check its name, and make a new token in its account settings.",
            )
        case 403:
            return AccessError(
                f"the access token may not do this ({where})",
                remedy="Its user lacks the right, or the team's plan has no API: ask an admin.",
            )
        case 429:
            return BudgetExhausted(
                f"the server refuses calls for now ({where})",
                remedy=_LATER,
                resume_after_s=reply.heard.wait_s,
            )
        case _:
            return ServiceError(
                f"the server refused to answer ({where})",
                remedy="Run the same command again; report it if it stays.",
            )


def _not_the_api(request: Request, reply: Reply, *, at_door: bool) -> ServiceError:
    what = reply.content_type or "no content type"
    text = f"{request}: status {reply.status} with {what} instead of the API's JSON"
    if 300 <= reply.status < 400:
        remedy = "The server sends elsewhere, and redirects are never followed. Check --url."
    elif reply.status in _NO_API and at_door:
        remedy = "There may be no API v3 at this address: check --url and --team, or use --api 2.3."
        return ApiMissing(text, remedy=remedy)
    elif reply.status == _FORBIDDEN:
        remedy = (
            "Something in front of the API turns programs away (a challenge page). Try from "
            "another network, or ask who runs it to let this program through."
        )
    else:
        remedy = "A proxy or login page may answer in the API's place. Check --url and the network."
    return ServiceError(text, remedy=remedy)
