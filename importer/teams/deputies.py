"""Writes in other people's names: each author's posts with a token that the site lends for it."""

from importer.errors import ImporterError
from importer.model.ids import UserId
from importer.model.live import Ability
from importer.model.writing import NotApplied, Outcome
from importer.ports import Clock, Hold
from importer.teams.dialect import Dialect
from importer.teams.exchange import Reply, Request, Said
from importer.teams.origin import Connection, Endpoint
from importer.teams.outcome import Echo, classify, not_begun
from importer.teams.secret import Secret
from importer.teams.transport import Transport
from importer.teams.v2.impersonation import Impersonation

__all__ = ["Deputies", "authoring_of"]

_LEAVE_OUT = "take `author:` out: then it is by whose token this is"
_ASK_FOR = (
    "Give --impersonate (or TEAMS_IMPORTER_IMPERSONATE=1) and, with --api-key-file, a service key "
    f"of the site; or {_LEAVE_OUT}."
)
_GIVE_KEY = (
    "Name the service key's file with --api-key-file, or set TEAMS_IMPORTER_API_KEY; or "
    f"{_LEAVE_OUT}."
)
_ASK_THE_SITE = (
    f"Ask who runs the site for a service key, and whether impersonation is on; or {_LEAVE_OUT}."
)


def authoring_of(connection: Connection, endpoint: Endpoint) -> Ability:
    """Tell whether anybody could be written for, by what can be seen from here."""
    if not endpoint.is_enterprise:
        remedy = f"{_LEAVE_OUT[0].upper()}{_LEAVE_OUT[1:]}."
        why = "only Enterprise sites can write as somebody else"
        return Ability(able=False, reason=why, remedy=remedy)
    if not connection.impersonate:
        why = "nothing is written in somebody else's name unless --impersonate asks for it"
        return Ability(able=False, reason=why, remedy=_ASK_FOR)
    if connection.api_key is None:
        why = "writing as somebody else takes a service key of the site"
        return Ability(able=False, reason=why, remedy=_GIVE_KEY)
    return Ability(able=True)


class Deputies:
    """Writes in other people's names, each with a token that the site lends for it.

    `office` is the way to API v2.3, where they are made.
    """

    def __init__(self, office: Transport, endpoint: Endpoint, clock: Clock) -> None:
        self.office = office
        self._impersonation = Impersonation(office, endpoint.team, clock)
        self._ways: dict[tuple[str, Secret], Transport] = {}

    async def authoring(self) -> Ability:
        """Ask the site whether it makes such tokens."""
        why_not = await self._impersonation.why_not()
        return Ability(able=not why_not, reason=why_not, remedy=_ASK_THE_SITE if why_not else "")

    async def write(
        self, author: UserId, dialect: Dialect, request: Request, echo: Echo, hold: Hold | None
    ) -> Outcome:
        """Send *request* as *author*; a denial is about that author, and stops nobody else.

        A token that is not taken any more is replaced once: what was denied did not happen.
        """
        why = ""
        for _ in range(2):
            try:
                token = await self._impersonation.token_of(author)
            except ImporterError as error:
                return not_begun(error)
            way = self._ways.setdefault((dialect.name, token), dialect.transport.acting_by(token))
            ended = await way.send(request, hold)
            if not (isinstance(ended, Reply) and ended.heard.said is Said.DENIAL):
                return classify(ended, echo, uploads=request.file is not None)
            why = f"user {author} may not write this: {ended.heard.error}"
            if dialect.door.is_refused(ended):
                return NotApplied(why)
            self._impersonation.drop(author, token)
        self._impersonation.give_up(author, why)
        return NotApplied(why)
