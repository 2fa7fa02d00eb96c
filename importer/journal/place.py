"""Where a journal is kept: a file, a database, a git ref, or nowhere; and the way to open it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from importer.errors import UsageError
from importer.journal.git_address import GitRef
from importer.journal.sqlite import open_sqlite
from importer.journal.store import Store
from importer.journal.stored import StoredJournal
from importer.model.ids import Lineage
from importer.ports import Clock, Journal

__all__ = ["GitRef", "Place", "Server", "open_journal"]

_SCHEMES = ("postgresql", "postgres")
_SECRETS = ("password", "sslpassword")
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL database that holds journals, by its URL, whose password is shown nowhere.

    UsageError for a URL that could be read in two ways: part of a password could pass for a host.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = self._parts
        if parts.scheme not in _SCHEMES or not self.url.startswith(f"{parts.scheme}://"):
            message = "the journal's address doesn't begin with postgresql://"
            raise UsageError(message, remedy="As in postgresql://host/database.")
        if "@" in parts.netloc.rpartition("@")[0] + parts.path + parts.query + parts.fragment:
            message = "the journal's address has an @ in the wrong place"
            remedy = "Write / ? # @ : % in a user's name or password as %2F %3F %23 %40 %3A %25."
            raise UsageError(message, remedy=remedy)

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.url)
        except ValueError:
            message = "the journal's address can't be read"
            raise UsageError(message, remedy="As in postgresql://host/database.") from None

    @property
    def _user(self) -> tuple[str, str]:
        user, _, password = self._parts.netloc.rpartition("@")[0].partition(":")
        return user, password

    @property
    def _options(self) -> list[tuple[str, str]]:
        """The parameters, spelled as they are: libpq leaves a `+` alone."""
        parts = (it.partition("=") for it in self._parts.query.split("&") if it)
        return [(name, value) for name, _, value in parts]

    @property
    def _secrets(self) -> list[str]:
        given = (it for name, it in self._options if unquote(name) in _SECRETS)
        return [it for it in (self._user[1], *given) if it]

    @property
    def has_password(self) -> bool:
        """Tell whether the address itself holds a password."""
        return bool(self._secrets)

    def redact(self, text: str) -> str:
        """Return *text* without the address's passwords."""
        spellings = {way for it in self._secrets for way in (self.url, it, unquote(it))}
        for spelled in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelled, str(self) if spelled == self.url else _MASK)
        return text

    def __str__(self) -> str:
        parts = self._parts
        shown = [f"{name}={it}" for name, it in self._options if unquote(name) not in _SECRETS]
        user = f"{self._user[0]}@" if self._user[0] else ""
        query = f"?{'&'.join(shown)}" if shown else ""
        return f"{parts.scheme}://{user}{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


Place = Path | Server | GitRef


def open_journal(
    place: Place | None, *, lineage: Lineage, label: str, clock: Clock, create: bool
) -> Journal:
    """Open the journal at *place*; None is one in memory. *label* names the team in messages.

    With `create` it is made on demand and may be written. Without it nothing is written: a journal
    that isn't there reads as an empty one. JournalError when it is damaged, of another team, of a
    newer format, or can't be used; a database or a ref says so when it is first asked.
    """
    if isinstance(place, GitRef):
        from importer.journal.foreseeing import ForeseeingJournal
        from importer.journal.git_store import GitStore

        return ForeseeingJournal(
            GitStore(place, lineage, label, clock),
            name=str(place),
            lineage=lineage,
            clock=clock,
            writable=create,
        )
    store: Store
    if isinstance(place, Server):
        from importer.journal.postgres import PostgresStore

        store = PostgresStore(place, lineage, create=create)
    else:
        store = open_sqlite(place, lineage=lineage, label=label, create=create)
    return StoredJournal(store, name=str(place), lineage=lineage, clock=clock, writable=create)
