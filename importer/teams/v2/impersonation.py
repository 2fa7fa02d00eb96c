"""Tokens that act as somebody else, as an Enterprise site makes them for a service key.

Source: `POST access-tokens/exchange` with the account's id, the shape of its answer, and the two
refusals below are observed in a client of the vendor's and in a third party's. The vendor calls it
legacy: off by default, and gone with API v2.3. The tokens stay in this process and are never shown.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from importer.errors import AccessError, ImporterError, ServiceError
from importer.model.ids import UserId
from importer.ports import Clock
from importer.teams.exchange import Reply, Request, Said
from importer.teams.objects import items_of
from importer.teams.outcome import Misshapen
from importer.teams.secret import Secret
from importer.teams.transport import Transport
from importer.teams.v2.calls import scope_of
from importer.teams.v2.errors import demand

__all__ = ["Impersonation", "probe"]

_NOBODYS = 2**31 - 1
"""No account has the largest id there is."""

_BAD_PARAMETER, _DENIED = 400, 403
_SWITCHED_OFF = "access_tokens"
"""The parameter that a site names whose impersonation is off (observed)."""

_AHEAD_S = 120.0
"""A token that ends so soon is not used any more."""


@dataclass(frozen=True, slots=True)
class _Lent:
    """A token that acts as somebody; `until` is Unix time, None where the answer didn't say."""

    token: Secret
    until: float | None


def probe() -> Request:
    """Return a request for a token of nobody: it tells whether the site makes any."""
    return _exchange(_NOBODYS)


def _exchange(account_id: int) -> Request:
    method = "access-tokens/exchange"
    form = (("exchange_type", "impersonate"), ("account_id", str(account_id)))
    # Harmless: one token more changes nothing in the team.
    return Request("POST", method, method, form=form, harmless=True, token_field="access_tokens")  # noqa: S106 - a field's name


class Impersonation:
    """Lends tokens, one per author and run. Whoever can't be acted for is remembered, with why."""

    def __init__(self, transport: Transport, team: str, clock: Clock) -> None:
        self._transport = transport
        self._team = team
        self._clock = clock
        self._lent: dict[UserId, _Lent] = {}
        self._refused: dict[UserId, ImporterError] = {}
        self._one_by_one: dict[UserId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def why_not(self) -> str:
        """Ask whether the site makes such tokens at all; "" where nothing speaks against it.

        That it says so before it looks for the account is inferred. Where it doesn't, the first
        write in somebody's name is what tells.
        """
        ended = await self._transport.send(probe())
        error = ended.heard.error if isinstance(ended, Reply) else None
        if error is None:
            try:
                demand(probe(), ended, self._team)
            except ImporterError as obstacle:
                return f"the site could not be asked for tokens of others: {obstacle.message}"
            return ""
        if error.id == _DENIED:
            return f"the site makes tokens for others for its service keys only ({error})"
        if error.id != _BAD_PARAMETER:
            return f"the site makes no tokens for others ({error})"
        if error.message == _SWITCHED_OFF:
            return f"impersonation is switched off on this site ({error})"
        return ""

    async def token_of(self, author: UserId) -> Secret:
        """Return a token that acts as *author*; raises what stands in its way."""
        async with self._one_by_one[author]:
            if author in self._refused:
                raise self._refused[author]
            lent = self._lent.get(author)
            if lent is None or self._is_over(lent):
                try:
                    lent = await self._borrow(author)
                except AccessError as error:
                    self._refused[author] = error
                    raise
                self._lent[author] = lent
            return lent.token

    def drop(self, author: UserId, token: Secret) -> None:
        """Forget *token*, which the server doesn't take any more; the next one is made anew."""
        lent = self._lent.get(author)
        if lent is not None and lent.token == token:
            del self._lent[author]

    def give_up(self, author: UserId, why: str) -> None:
        """Ask for no more tokens of *author* in this run."""
        self._refused.setdefault(author, AccessError(why))

    async def _borrow(self, author: UserId) -> _Lent:
        account = await self._account_of(author)
        asked = _exchange(account)
        ended = await self._transport.send(asked)
        if isinstance(ended, Reply) and ended.heard.said in {Said.REFUSAL, Said.DENIAL}:
            text = f"user {author} can't be acted for: {ended.heard.error}"
            raise AccessError(text)
        item = _only(demand(asked, ended, self._team), asked)
        token, until = item.get("access_token"), item.get("expires_on_date")
        if not isinstance(token, str) or not token:
            text = f"{asked}: the answer holds no token"
            raise ServiceError(text, remedy="Report it: the API may have changed.")
        return _Lent(Secret(token), float(until) if type(until) is int else None)

    async def _account_of(self, author: UserId) -> int:
        """Return the account of a user: one person has a user in each team, and one account."""
        asked = Request("GET", "users/{ids}", f"users/{author}", scope_of(self._team))
        ended = await self._transport.send(asked)
        found = demand(asked, ended, self._team).get("items")
        if not found:
            text = (
                f"user {author} can't be acted for: there is no such user here (correct `author:`)"
            )
            raise AccessError(text)
        account = _only({"items": found}, asked).get("account_id")
        if type(account) is not int:
            text = f"user {author} can't be acted for: the API doesn't tell the account"
            raise AccessError(text)
        return account

    def _is_over(self, lent: _Lent) -> bool:
        server_s = self._transport.server_time_s()
        now_s = self._clock.now().timestamp() if server_s is None else server_s
        return lent.until is not None and lent.until - now_s < _AHEAD_S


def _only(wrapper: Mapping[str, object], asked: Request) -> Mapping[str, object]:
    try:
        (item,) = items_of(wrapper)
    except (Misshapen, ValueError) as defect:
        text = f"{asked}: {defect}"
        raise ServiceError(text, remedy="Report it: the API may have changed.") from None
    return item
