"""What is asked of API v2.3 before anything else: who the token is, and whether it may write.

The probes edit an answer that cannot exist, or ask without title and body; both ask for a preview.
They can change nothing, whatever the server looks at first. Source: the meaning of error 403 and of
`preview` is documented; which check comes first is not, hence three probes.
"""

import html
from collections.abc import Mapping

from importer.errors import ServiceError
from importer.model.ids import UserId
from importer.teams.access import Probes
from importer.teams.exchange import Reply, Request
from importer.teams.objects import items_of
from importer.teams.outcome import Misshapen
from importer.teams.v2.calls import scope_of
from importer.teams.v2.shapes import user_of

__all__ = ["is_refused", "me_request", "probes", "told_apart", "who"]

_NOBODYS = 2**31 - 1
"""No answer has the largest id there is."""

_ACCESS_DENIED = 403
_PREVIEW = ("preview", "true")
_BODY = ("body", "A probe of the importer: it checks a permission and changes nothing at all.")


def me_request(team: str, *, by_key_alone: bool = False) -> Request:
    """Return the request that names the token's user; it costs one call and needs no filter.

    A key alone has no user (observed): then any cheap list shows that it opens the site.
    """
    if by_key_alone:
        return Request("GET", "tags", "tags", (*scope_of(team), ("pagesize", "1")))
    return Request("GET", "users/{ids}", "me", scope_of(team))


def probes(team: str) -> Probes:
    """Return the probes, in the order they are sent."""
    query = scope_of(team)
    edit = ("POST", "answers/{id}/edit", f"answers/{_NOBODYS}/edit", query)
    return Probes(
        empty=Request("POST", "questions/add", "questions/add", query, (_PREVIEW,), harmless=True),
        nowhere=Request(*edit, form=(_BODY, _PREVIEW), harmless=True),
        empty_nowhere=Request(*edit, form=(_PREVIEW,), harmless=True),
    )


def is_refused(reply: Reply) -> bool:
    """Tell whether a probe was refused for want of the right to write."""
    return reply.heard.error is not None and reply.heard.error.id == _ACCESS_DENIED


def told_apart(one: Reply, other: Reply) -> bool:
    """Tell whether two refusals say different things."""
    return _refusal(one) != _refusal(other)


def _refusal(reply: Reply) -> tuple[int, str]:
    error = reply.heard.error
    return (error.id, error.message) if error else (0, "")


def who(wrapper: Mapping[str, object]) -> tuple[UserId, str]:
    """Return the user's id and name; the default filter gives the name encoded for HTML."""
    try:
        (user,) = items_of(wrapper)
        number, name = user_of(user)
    except (Misshapen, ValueError) as defect:
        text = f"the API does not say who the token's user is: {defect}"
        raise ServiceError(text, remedy="Check --url; report it if that is right.") from None
    return number, html.unescape(name)
