"""What is left to do of a plan: what waits, what nobody knows the end of, and why the run stops."""

from collections.abc import Callable, Collection, Iterable, Mapping

from importer.errors import ImporterError, JournalError
from importer.model.ids import ChangeId, Key
from importer.model.ledger import Operation
from importer.model.plan import Change

__all__ = ["Agenda"]


class Agenda:
    """The changes of one run, each in one place at most. `halt` is what stops the run."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._waiting = {it.id: it for it in changes}
        self._intended: dict[ChangeId, Change] = {}
        self._unknown: dict[ChangeId, tuple[Change, Operation]] = {}
        self.halt: ImporterError | None = None

    @property
    def waiting(self) -> Collection[Change]:
        """What wasn't begun, in the order of the plan."""
        return self._waiting.values()

    @property
    def unknown(self) -> list[Change]:
        """What was sent, and nobody knows yet what came of it."""
        return [change for change, _ in self._unknown.values()]

    def left_unknown(self, is_known: Callable[[ChangeId], bool]) -> list[Change]:
        """Return what may have happened when the run ends; *is_known* tells what has a result.

        Once the journal failed, what it was told of may have been sent: the next run looks it up.
        """
        failed = isinstance(self.halt, JournalError)
        unrecorded = self._intended.values() if failed else ()
        return [*(it for it in unrecorded if not is_known(it.id)), *self.unknown]

    def take(
        self, at_most: int, busy: Collection[Key], is_ready: Callable[[Change], bool]
    ) -> list[Change]:
        """Take out the next changes that can begin; *busy* are the keys of those under way."""
        taken: list[Change] = []
        # One at a time of each item: the journal holds one open operation per key.
        held = {*busy, *(it.key for it in self.unknown)}
        for change in self._waiting.values():
            if len(taken) >= at_most:
                break
            if change.key not in held and is_ready(change):
                taken.append(change)
                held.add(change.key)
        for change in taken:
            del self._waiting[change.id]
        return taken

    def put_back(self, change: Change) -> None:
        """Let *change* be the next one again."""
        self._waiting = {change.id: change, **self._waiting}

    def intend(self, change: Change) -> None:
        """Note that the journal was told of *change*, which is sent now."""
        self._intended[change.id] = change

    def disown(self, change: Change) -> None:
        """Note that nothing of *change* is under way any more, as far as the journal knows."""
        self._intended.pop(change.id, None)

    def park(self, change: Change, operation: Operation) -> None:
        """Lay *change* aside: what came of *operation* is found out when nothing else can go on."""
        self._unknown[change.id] = (change, operation)

    def take_unknown(self) -> dict[ChangeId, tuple[Change, Operation]]:
        """Take out what is parked."""
        parked, self._unknown = self._unknown, {}
        return parked

    def park_again(self, parked: Mapping[ChangeId, tuple[Change, Operation]]) -> None:
        """Lay aside what is left of what was taken out."""
        self._unknown.update(parked)

    def stop(self, error: ImporterError) -> None:
        """Let nothing more begin. What stopped the run first is what is said of it."""
        self.halt = self.halt or error

    def heed(self, error: BaseException | None) -> None:
        """Stop for what a task ended with; raise what is no error of ours.

        Nothing that can't be recorded is sent: the journal's failure goes before any other.
        """
        if error is None:
            return
        if not isinstance(error, ImporterError):
            raise error
        self.halt = error if isinstance(error, JournalError) else self.halt or error
