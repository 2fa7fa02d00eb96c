"""Shows how far a run is: a bar on a terminal, now and then a line elsewhere, or lines of JSON.

Fed by what the executor and the transport tell: operations as they move, and waits.
"""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from importer.cli.console import Console
from importer.cli.events import line_of_operation, line_of_phase, line_of_wait
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
    def begin(self, what: str, total: int | None) -> None: ...
    def move(self, operation: Operation, done: int, total: int | None) -> None: ...
    def show(self, what: str, done: int, total: int | None) -> None: ...
    def pause(self, why: str, seconds: float) -> None: ...
    def hide(self) -> None: ...


class Meter:
    """How far a command is. Use it as a context manager; it prints to standard error only."""

    def __init__(self, console: Console) -> None:
        self._display: _Display = _display_on(console)
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
        self._display.begin(what, total)
        self._show()

    def observe(self, operation: Operation) -> None:
        """Take note of an operation that began or ended."""
        if operation.state is not State.OPEN:
            self._ended.add(operation.change)
        self._display.move(operation, len(self._ended), self._total)
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


def _display_on(console: Console) -> _Display:
    if console.progress == "json":
        return _Lines(console)
    return _Bar(console) if console.is_live else _Told(console)


class _Quiet:
    """Takes no note of single steps."""

    def begin(self, what: str, total: int | None) -> None:
        """Leave it to `show`."""

    def move(self, operation: Operation, done: int, total: int | None) -> None:
        """Leave it to `show`."""


class _Lines:
    """Lines of JSON, for a program that follows."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def begin(self, what: str, total: int | None) -> None:
        self._began = time.monotonic()
        self._console.event(line_of_phase(what, total))

    def move(self, operation: Operation, done: int, total: int | None) -> None:
        self._console.event(line_of_operation(operation, done, total, self._left_s(done, total)))

    def show(self, what: str, done: int, total: int | None) -> None:
        """Say nothing: each step was told."""

    def pause(self, why: str, seconds: float) -> None:
        self._console.event(line_of_wait(why, seconds))

    def hide(self) -> None:
        """Leave what was said."""

    def _left_s(self, done: int, total: int | None) -> float | None:
        """Return how long the rest takes at the pace so far; None while nobody can tell."""
        if total is None or not done:
            return None
        pace_s = (time.monotonic() - self._began) / done
        return round(pace_s * max(total - done, 0), 1)


class _Told(_Quiet):
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


class _Bar(_Quiet):
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
