"""What is asked of API v3 before anything else: who the token is, and whether it may write.

The probes answer a question that cannot exist, without a body. Source: that the write flag is
looked at before the content is inferred from how the vendor's policies are declared; that a
refusal is 403 and looks the same for a token that only reads and for a user without rights is
observed.
"""

from collections.abc import Mapping

from importer.errors import ServiceError
from importer.model.ids import UserId
from importer.teams.access import Probes
from importer.teams.exchange import Reply, Request
from importer.teams.outcome import Misshapen
from importer.teams.v3.members import user_of

__all__ = ["is_refused", "me_request", "names_no_experts", "probes", "role", "told_apart", "who"]

_NOBODYS = 2**31 - 1
"""No question has the largest id there is."""

_FORBIDDEN = 403
_MEMBER = "registered"
_BODY = '{"body": "A probe of the importer: it checks a permission and changes nothing at all."}'


def me_request(*, by_key_alone: bool = False) -> Request:
    """Return the request that names the token's user; for a key, which has none, a cheap list."""
    if by_key_alone:
        return Request("GET", "tags", "tags")
    return Request("GET", "users/me", "users/me")


def probes() -> Probes:
    """Return the probes, in the order they are sent."""
    answer = ("POST", "questions/{id}/answers", f"questions/{_NOBODYS}/answers")
    return Probes(
        empty=Request("POST", "questions", "questions", json="{}", harmless=True),
        nowhere=Request(*answer, json=_BODY, harmless=True),
        empty_nowhere=Request(*answer, json="{}", harmless=True),
    )


def is_refused(reply: Reply) -> bool:
    """Tell whether a probe was refused for want of the right to write."""
    return reply.heard.error is not None and reply.heard.error.id == _FORBIDDEN


def told_apart(one: Reply, other: Reply) -> bool:
    """Tell whether two refusals say different things."""
    return _refusal(one) != _refusal(other)


def _refusal(reply: Reply) -> tuple[int, str]:
    error = reply.heard.error
    return (error.id, error.message) if error else (0, "")


def who(wrapper: Mapping[str, object]) -> tuple[UserId, str]:
    """Return the user's id and name."""
    try:
        return user_of(wrapper)
    except Misshapen as defect:
        text = f"the API does not say who the token's user is: {defect}"
        raise ServiceError(text, remedy="Check --url; report it if that is right.") from None


def role(wrapper: Mapping[str, object]) -> str:
    """Return what the user is: `Registered`, `Moderator` or `Admin` (observed); empty: not told."""
    told = wrapper.get("role")
    return told if isinstance(told, str) else ""


def names_no_experts(role: str) -> bool:
    """Tell whether a user of *role* is known to be refused when naming a tag's experts.

    Only moderators and administrators may (documented). A role of another name may be anything.
    """
    return role.casefold() == _MEMBER
