"""Shows how far a run is: a bar with its end in sight on a terminal, now and then a line elsewhere.

Fed by what the executor and the transport tell: operations as they move, and waits.
"""

from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from importer.cli.console import Console
from importer.model.ids import ChangeId
from importer.model.ledger import Operation, State
from importer.rendering.phrasing import duration

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Meter"]

# Where nothing can be redrawn, a wait is told from so many seconds on.
_LONG_S = 10.0
# Shorter waits are the ordinary pace.
_WORTH_SAYING_S = 2.0


class _Display(Protocol):
    def show(self, what: str, done: int, total: int | None) -> None: ...
    def pause(self, why: str, seconds: float) -> None: ...
    def hide(self) -> None: ...


class Meter:
    """How far a command is. Use it as a context manager; it prints to standard error only."""

    def __init__(self, console: Console) -> None:
        self._display: _Display = _Bar(console) if console.is_live else _Told(console)
        self._what = ""
        self._total: int | None = None
        self._ended: set[ChangeId] = set()

    def __enter__(self) -> "Meter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hide()

    def phase(self, what: str, total: int | None = None) -> None:
        """Begin something that takes a while; *total* is the number of changes, if known."""
        self._what, self._total, self._ended = what, total, set()
        self._show()

    def observe(self, operation: Operation) -> None:
        """Take note of an operation that began or ended."""
        if operation.state is not State.OPEN:
            self._ended.add(operation.change)
        self._show()

    def wait(self, why: str, seconds: float) -> None:
        """Take note that nothing goes for *seconds*; without a reason: that it goes on."""
        if not why:
            self._show()
        elif seconds >= _WORTH_SAYING_S:
            self._display.pause(why, seconds)

    def hide(self) -> None:
        """Take the display away, for a question or a result."""
        self._display.hide()

    def _show(self) -> None:
        self._display.show(self._what, len(self._ended), self._total)


class _Told:
    """No terminal, no progress: only what takes a while for a reason of its own is told."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, what: str, done: int, total: int | None) -> None:
        """Say nothing: a log is no place for a bar."""

    def pause(self, why: str, seconds: float) -> None:
        if seconds >= _LONG_S:
            self._console.say(f"waiting {duration(seconds)}: {why}")

    def hide(self) -> None:
        """Leave what was said."""


class _Bar:
    """A bar on a terminal; rich draws it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    def show(self, what: str, done: int, total: int | None) -> None:
        progress = self._progress or self._start()
        task = progress.task_ids[0]
        progress.update(task, description=what, completed=done, total=total)

    def pause(self, why: str, seconds: float) -> None:
        progress = self._progress or self._start()
        what = f"waiting {duration(seconds)}: {why}"
        progress.update(progress.task_ids[0], description=what)

    def hide(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._console.attach(None)
            self._progress = None

    def _start(self) -> "Progress":
        from rich.console import Console as Screen
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining
        from rich.text import Text

        screen = Screen(stderr=True, highlight=False, soft_wrap=True)
        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            Remaining(elapsed_when_finished=True),
            console=screen,
            transient=True,
        )
        progress.add_task("", total=None)
        progress.start()
        self._console.attach(lambda text: screen.print(Text(text), soft_wrap=True))
        self._progress = progress
        return progress
