"""The v2.3 errors: their ids, names and texts, and which broken rule becomes which."""

from enum import IntEnum

from importer.sandbox.behaviour import Behaviour
from importer.sandbox.rules import Rule, RuleBroken

__all__ = ["ERRORS", "ApiError", "ErrorId", "refusal_of"]


class ErrorId(IntEnum):
    """The ids an answer can carry; documented by the vendor's own list of errors."""

    BAD_PARAMETER = 400
    ACCESS_TOKEN_REQUIRED = 401
    INVALID_ACCESS_TOKEN = 402
    ACCESS_DENIED = 403
    NO_METHOD = 404
    KEY_REQUIRED = 405
    ACCESS_TOKEN_COMPROMISED = 406
    WRITE_FAILED = 407
    DUPLICATE_REQUEST = 409
    INTERNAL_ERROR = 500
    THROTTLE_VIOLATION = 502
    TEMPORARILY_UNAVAILABLE = 503


ERRORS = {
    ErrorId.BAD_PARAMETER: "A parameter is missing, or its value can't be used",
    ErrorId.ACCESS_TOKEN_REQUIRED: "The method needs an access token",
    ErrorId.INVALID_ACCESS_TOKEN: "The access token is malformed, expired or otherwise wrong",
    ErrorId.ACCESS_DENIED: "The access token lacks a permission the method needs",
    ErrorId.NO_METHOD: "There is no such method",
    ErrorId.KEY_REQUIRED: "The method needs an app key",
    ErrorId.ACCESS_TOKEN_COMPROMISED: "The access token may be known to others and is void now",
    ErrorId.WRITE_FAILED: "A write was rejected; the message says why",
    ErrorId.DUPLICATE_REQUEST: "A request with this request_id was run before",
    ErrorId.INTERNAL_ERROR: "An unexpected error happened and was logged",
    ErrorId.THROTTLE_VIOLATION: "The rate contract was broken",
    ErrorId.TEMPORARILY_UNAVAILABLE: "The method or the whole API is down; come back later",
}


class ApiError(Exception):
    """A refused call: id, message and, rarely, the seconds to wait."""

    def __init__(self, error_id: ErrorId, message: str, *, backoff: int | None = None) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
        self.backoff = backoff

    @classmethod
    def bad(cls, parameter: str) -> "ApiError":
        """Refuse a parameter; the message is its name, as recorded from the service."""
        return cls(ErrorId.BAD_PARAMETER, parameter)


_MISSING = {
    Rule.TITLE_MISSING: "title",
    Rule.BODY_MISSING: "body",
    Rule.TAGS_MISSING: "tags",
    Rule.ARTICLE_TYPE: "article_type",
}


def refusal_of(broken: RuleBroken, behaviour: Behaviour) -> ApiError:
    """Give the error for a broken rule: 400 for what is missing, 407 for what is wrong."""
    match broken.rule:
        case rule if rule in _MISSING:
            return ApiError.bad(_MISSING[rule])
        case Rule.NO_SUCH_POST | Rule.NO_SUCH_COMMENT | Rule.ALREADY_DELETED:
            if behaviour.missing_post == 404:
                return ApiError(ErrorId.NO_METHOD, "no method found with this name")
            return ApiError.bad(parameter="id")
        case Rule.IMPERSONATION_OFF | Rule.NO_SUCH_USER:
            return ApiError.bad(broken.message)
        case Rule.IMPERSONATION_DENIED:
            return ApiError(ErrorId.ACCESS_DENIED, broken.message)
        case Rule.NOT_ALLOWED:
            return ApiError(ErrorId(behaviour.denied_action), broken.message)
        case _:
            return ApiError(ErrorId.WRITE_FAILED, broken.message)
