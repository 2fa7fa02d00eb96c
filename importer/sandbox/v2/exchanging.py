"""The v2.3 method that makes a token for somebody else; on Enterprise sites alone."""

from importer.sandbox.v2.calls import Call, Found, Method
from importer.sandbox.v2.entering import checked_token
from importer.sandbox.v2.errors import ApiError, ErrorId

__all__ = ["METHODS"]

_SCOPE = ("custom_timestamps", "write_access")
"""What a token made so may do; both are observed in answers, with others."""


def _exchange(call: Call) -> Found:
    params = call.params
    given = params.words("access_tokens")
    if len(given) != 1:
        raise ApiError.bad(parameter="access_tokens")
    if params.need("exchange_type") != "impersonate":
        raise ApiError.bad(parameter="exchange_type")
    account_id = params.number("account_id")
    if account_id is None:
        raise ApiError.bad(parameter="account_id")
    if call.key is None:
        raise ApiError(ErrorId.KEY_REQUIRED, "key is required")
    token, _ = checked_token(call.world, given[0])
    made = call.world.impersonate(call.key, token, account_id)
    item = {
        "access_token": made.secret,
        "account_id": account_id,
        "expires_on_date": made.expires,
        "original_access_token": token.secret,
        "scope": list(_SCOPE),
    }
    return call.found("exchanged_access_token", [item])


METHODS = (Method("access-tokens/exchange", _exchange, "key", ("POST",)),)
