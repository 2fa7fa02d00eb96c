"""Who calls, and about which team: tokens on the vendor's own host, keys too on Enterprise."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from importer.sandbox.v2.calls import Method, no_method
from importer.sandbox.v2.errors import ApiError, ErrorId
from importer.sandbox.v2.params import Params
from importer.sandbox.values import Key, Team, Token, User
from importer.sandbox.world import World

__all__ = ["Caller", "Door", "EnterpriseDoor", "HostedDoor", "checked_token"]

_TOKEN = "x-api-access-token"  # noqa: S105 - a header's name
_KEY = "x-api-key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and about which team; nothing of it for a method that is open to all."""

    token: Token | None = None
    user: User | None = None
    team: Team | None = None
    key: Key | None = None


class Door(ABC):
    """Lets calls in, below one root."""

    root: str

    def __init__(self, world: World) -> None:
        self._world = world

    @abstractmethod
    def enter(self, headers: Mapping[str, str], params: Params, method: Method) -> Caller:
        """Find out who calls and about which team; raises `ApiError`."""

    def name(self, caller: Caller, address: str) -> str:
        """Name the one whom limits count for."""
        if caller.user is not None:
            return f"user {caller.user.id}"
        return f"key {caller.key.sort}" if caller.key else f"address {address}"


class HostedDoor(Door):
    """The vendor's own host: a token, and the team by its name."""

    root = "/2.3"

    def enter(self, headers: Mapping[str, str], params: Params, method: Method) -> Caller:
        """Ask for a token of the team named."""
        if method.access == "open":
            return Caller()
        if method.access == "key":
            raise no_method()
        token, user = checked_token(self._world, headers.get(_TOKEN))
        return Caller(token, user, self._team(params, user))

    def _team(self, params: Params, user: User) -> Team:
        behaviour = self._world.behaviour
        slug = params.need("team")
        team = self._world.hosted_team(slug)
        if team is None:
            if behaviour.unknown_team == 400:
                raise ApiError(ErrorId.BAD_PARAMETER, f"No team found for name `{slug}`")
            raise ApiError(ErrorId.ACCESS_DENIED, "access denied to this team")
        if team.id != user.team_id:
            raise ApiError(ErrorId(behaviour.foreign_team), "access_token is not for this team")
        if team.tier == "free":
            raise ApiError(ErrorId.ACCESS_DENIED, "the team's plan has no API access")
        return team


class EnterpriseDoor(Door):
    """An Enterprise site: a key is enough to read; a write needs a token besides.

    Without a name the main site is meant; that `team` names a private one is inferred.
    """

    root = "/api/2.3"

    def enter(self, headers: Mapping[str, str], params: Params, method: Method) -> Caller:
        """Ask for a key, and for a token where one is needed."""
        if method.access == "open":
            return Caller()
        team = self._team(params)
        key, secret = self._key(headers, team), headers.get(_TOKEN)
        if key is None and (self._world.behaviour.key_needed == "always" or not secret):
            raise ApiError(ErrorId.KEY_REQUIRED, "key is required")
        if secret is None and method.access != "write":
            if method.access == "read" and team.main_id is not None:
                # A key is the site's; who may look into a private team is for a token to say.
                raise ApiError(ErrorId.ACCESS_TOKEN_REQUIRED, "access_token is required")
            return Caller(team=team, key=key)
        token, user = checked_token(self._world, secret)
        member = self._world.acting_in(user, team)
        if member is None:
            foreign = self._world.behaviour.foreign_team
            raise ApiError(ErrorId(foreign), "access_token is not for this team")
        return Caller(token, member, team, key)

    def _team(self, params: Params) -> Team:
        if self._world.main_site() is None:
            raise no_method()
        slug = params.text("team")
        team = self._world.enterprise_team(slug)
        if team is None:
            raise ApiError(ErrorId.BAD_PARAMETER, f"No team found for name `{slug}`")
        return team

    def _key(self, headers: Mapping[str, str], team: Team) -> Key | None:
        secret = headers.get(_KEY)
        if not secret:
            return None
        key = self._world.find_key(secret)
        if key is None or key.team_id not in (team.id, team.main_id):
            raise ApiError(ErrorId.BAD_PARAMETER, "`key` doesn't match a known application")
        return key


def checked_token(world: World, secret: str | None) -> tuple[Token, User]:
    """Find a valid token and its user; raises `ApiError`."""
    if not secret:
        raise ApiError(ErrorId.ACCESS_TOKEN_REQUIRED, "access_token is required")
    token = world.find_token(secret)
    user = world.find_user(token.user_id) if token else None
    if token is None or user is None:
        raise ApiError(ErrorId.INVALID_ACCESS_TOKEN, "access_token is not valid")
    if token.compromised:
        text = "access_token is known to others and void"
        raise ApiError(ErrorId.ACCESS_TOKEN_COMPROMISED, text)
    if token.expires is not None and world.seconds >= token.expires:
        raise ApiError(ErrorId.INVALID_ACCESS_TOKEN, "access_token is expired")
    return token, user
