"""The v3 problems: both families of them, and which broken rule becomes which.

The vendor's validator and its business rules answer differently; both forms are observed, in error
bodies that a client's author recorded. `type`s beyond the recorded ones are built in their style.
"""

from collections.abc import Mapping, Sequence

from importer.sandbox.rules import Rule, RuleBroken

__all__ = ["Problem", "gone", "missing", "refusal_of"]

_VALIDATION = "https://tools.ietf.org/html/rfc7231#section-6.5.1"
_DONE = {"POST": "created", "PUT": "updated", "DELETE": "deleted"}

_UNKNOWN = {
    Rule.NO_SUCH_POST: "post",
    Rule.NO_SUCH_USER: "user",
    Rule.NO_SUCH_GROUP: "user group",
    Rule.NO_SUCH_TAG: "tag",
    Rule.NO_SUCH_COLLECTION: "collection",
    Rule.NO_SUCH_IMAGE: "image",
}


class Problem(Exception):
    """A refused call: a status and the members of its body, `traceId` apart."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors

    @property
    def members(self) -> dict[str, object]:
        """The body's members, without those that are missing."""
        found = {"type": self.kind, "title": self.title, "status": self.status}
        more = {"detail": self.detail, "errors": self.errors}
        return {**found, **{name: value for name, value in more.items() if value is not None}}

    @classmethod
    def invalid(cls, errors: Mapping[str, Sequence[str]]) -> "Problem":
        """Refuse a shape, as the framework does before any code of the vendor's runs."""
        title = "One or more validation errors occurred."
        return cls(400, _VALIDATION, title, errors=errors)

    @classmethod
    def forbidden(cls) -> "Problem":
        """Refuse for want of a right, the token's or the user's: no detail either way."""
        return cls(403, "/v3/errors/forbidden", "Forbidden Action")

    @classmethod
    def of(cls, status: int, kind: str, title: str, detail: str) -> "Problem":
        """Refuse as a business rule does; *kind* is the end of a relative `type`."""
        return cls(status, f"/v3/errors/{kind}", title, detail)


def missing(noun: str, number: object) -> Problem:
    """Say that there is no such thing."""
    name = noun.capitalize()
    return Problem.of(
        404, f"{_folder(noun)}/not-found", f"{name} not found", _unknown(name, number)
    )


def gone(noun: str) -> Problem:
    """Say that a post was deleted before."""
    name = noun.capitalize()
    text = "This post is already deleted"
    return Problem.of(400, f"delete/{name}AlreadyDeleted", f"{name} already deleted.", text)


def refusal_of(broken: RuleBroken, noun: str, verb: str) -> Problem:
    """Give the problem for a broken rule, met while doing something with a *noun*."""
    match broken.rule:
        case Rule.NOT_ALLOWED:
            return Problem.forbidden()
        case rule if rule in _UNKNOWN:
            kind = _UNKNOWN[rule]
            title = f"{kind.capitalize()} not found"
            return Problem.of(404, f"{_folder(kind)}/not-found", title, broken.message)
        case Rule.ALREADY_DELETED:
            return gone(noun)
        case Rule.EXPERTS_OFF:
            title = "Subject matter experts are off."
            return Problem.of(422, "subject-matter-experts/disabled", title, broken.message)
        case Rule.IMAGE_TYPE:
            title = "Unsupported media type"
            return Problem.of(415, "images/UnsupportedMediaType", title, broken.message)
        case Rule.NAME_MISSING:
            return Problem.invalid({"Name": [broken.message]})
        case Rule.PERMISSIONS_MISSING:
            return Problem.invalid({"Permissions": [broken.message]})
        case _:
            title = f"{noun.capitalize()} not {_DONE.get(verb, 'changed')}"
            return Problem.of(400, f"{_folder(noun)}s/ValidationErrors", title, broken.message)


def _folder(noun: str) -> str:
    return noun.replace(" ", "-")


def _unknown(name: str, number: object) -> str:
    return f"{name} ID {number} not found"
