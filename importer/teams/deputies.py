"""Writes in other people's names: each author's posts with a token that the site lends for it."""

from importer.errors import ImporterError
from importer.model.ids import UserId
from importer.model.writing import NotApplied, Outcome
from importer.ports import Clock, Hold
from importer.teams.dialect import Dialect
from importer.teams.exchange import Reply, Request, Said
from importer.teams.origin import Endpoint
from importer.teams.outcome import Echo, classify, not_begun
from importer.teams.secret import Secret
from importer.teams.transport import Transport
from importer.teams.v2.impersonation import Impersonation

__all__ = ["Deputies"]


class Deputies:
    """Writes in other people's names, each with a token that the site lends for it.

    `office` is the way to API v2.3, where they are made. `why_never` says what stands against it
    before anybody is asked; with `api_key` and token it is the site that decides.
    """

    def __init__(self, office: Transport, endpoint: Endpoint, clock: Clock, why_never: str) -> None:
        self.office = office
        self.why_never = why_never
        self._impersonation = Impersonation(office, endpoint.team, clock)
        self._ways: dict[tuple[str, Secret], Transport] = {}

    async def why_not(self) -> str:
        """Ask the site whether it makes such tokens; "" where nothing speaks against it."""
        return await self._impersonation.why_not()

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
                return classify(ended, echo)
            why = f"user {author} may not write this: {ended.heard.error}"
            if dialect.door.is_refused(ended):
                return NotApplied(why)
            self._impersonation.drop(author, token)
        self._impersonation.give_up(author, why)
        return NotApplied(why)
