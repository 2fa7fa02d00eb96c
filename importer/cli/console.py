"""The terminal: results to standard output, messages to standard error. Alone in printing.

Whatever is printed is masked first (secrets); messages are made harmless as well, so that a title
from a live team can't drive the terminal. A reader that has gone away is not an error: an apply
whose output is piped into `head` goes on.

Every start of the program pays for what is imported at the top here; the rest waits its turn.
"""

from __future__ import annotations

import codecs
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from importer.errors import ImporterError, Problem

__all__ = [
    "Console",
    "Stopped",
    "quitting_on_interrupt",
    "stopping_on_signals",
    "stopping_on_sigterm",
]


class Stopped(KeyboardInterrupt):
    """A signal ended the command; `exit_code` is 128 and its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


@contextmanager
def quitting_on_interrupt() -> Iterator[None]:
    """End the process at once on SIGINT, with 130 and no traceback, while the block imports.

    An import that an exception cuts short may turn it into another one, or hide it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _quit)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise Stopped in the block, which may be stuck in the system."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Let SIGTERM raise Stopped in the block, so that what it began is cleared away."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _quit(number: int, _frame: object) -> None:
    _mention("interrupted\n")
    os._exit(128 + number)


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Write what a terminal's encoding lacks as `\uXXXX`: readable, and right inside JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


class Console:
    """Prints. `as_json` is set by the command's `--format json`, and errors follow it.

    `output` is the file that takes the result's place on standard output, `saved_to` and
    `snapshot_to` others that the command writes. `journal_folder` is where a report of our own bug
    goes, once the journal's place is known. `command_line` is what was typed, for messages that
    tell how to go on. `progress` is `auto`, `off`, or `json`: then each line on standard error is
    an event.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        codecs.register_error("importer.escape", _escape)
        self.as_json = False
        self.output: Path | None = None
        self.saved_to: Path | None = None
        self.snapshot_to: Path | None = None
        self.journal_folder: Path | None = None
        self.command_line = ""
        self.progress = "auto"
        self._environ = environ
        self._masks: list[Callable[[str], str]] = []
        self._live: Callable[[str], None] | None = None
        self._results: list[str] = []
        self._logs = False
        self._is_unheard = False

    def mask(self, redact: Callable[[str], str]) -> None:
        """Let *redact* take its secret out of everything printed from now on."""
        self._masks.append(redact)

    def show_own(self, secrets: Iterable[str]) -> None:
        """Print *secrets* as they are: a sandbox's own, whose telling is what is asked for.

        One of them may be in the environment too, where it was taken for a secret.
        """
        shown = tuple(secrets)
        self._masks = [it for it in self._masks if all(it(word) == word for word in shown)]

    def redacted(self, text: str) -> str:
        """Return *text* without any secret the console was told of."""
        for redact in self._masks:
            text = redact(text)
        return text

    def protect(self, what: str, *paths: Path | None) -> None:
        """Raise UsageError when the command is to write one of *paths*, which it needs itself."""
        from importer.cli.files import is_same_file
        from importer.errors import UsageError

        written = (
            ("--output", self.output),
            ("--out", self.saved_to),
            ("--snapshot-out", self.snapshot_to),
        )
        for option, target in written:
            if target is not None and any(it and is_same_file(it, target) for it in paths):
                message = f"{option} {target} would write over {what}"
                raise UsageError(message, remedy="Name another file.")

    @property
    def can_ask(self) -> bool:
        """Tell whether a person sits at both ends."""
        if self.progress == "json":
            return False
        return _is_terminal(sys.stdin) and _is_terminal(sys.stderr) and not self.is_runner

    @property
    def is_live(self) -> bool:
        """Tell whether messages go to a terminal that can redraw a line."""
        is_wanted = self.progress == "auto"
        return is_wanted and _is_terminal(sys.stderr) and not self.is_runner and not self._is_dumb

    @property
    def is_coloured(self) -> bool:
        """Tell whether results are coloured; NO_COLOR goes before FORCE_COLOR."""
        if self._environ.get("NO_COLOR") or self.output is not None or self.as_json:
            return False
        if self._environ.get("FORCE_COLOR"):
            return True
        return _is_terminal(sys.stdout) and not self._is_dumb

    @property
    def is_runner(self) -> bool:
        """Tell whether a CI service runs this."""
        return self._environ.get("CI", "").lower() not in ("", "0", "false")

    @property
    def _is_dumb(self) -> bool:
        return self._environ.get("TERM") == "dumb"

    @property
    def is_watched(self) -> bool:
        """Tell whether results go to a terminal."""
        return self.output is None and _is_terminal(sys.stdout)

    def result(self, text: str) -> bool:
        """Print a command's result: to standard output, or to the file named by `--output`.

        It may come in parts. Tells whether all of this one was taken: a reader may have gone away.
        """
        parts = [*self._results, self.redacted(text)]
        if self.output is None:
            self._results = parts
            return self._print_result(parts[-1])
        from importer.cli.files import write_private

        self._results = []
        write_private(self.output, "".join(parts).encode("utf-8", "importer.escape"))
        self._results = parts
        return True

    def _print_result(self, text: str) -> bool:
        try:
            return _print(sys.stdout, text)
        except KeyboardInterrupt:
            # Nobody reads it: what is left of it would hold the program up at its end.
            _let_go(sys.stdout)
            raise
        except OSError as error:
            from importer.errors import JournalError

            _let_go(sys.stdout)
            message = f"standard output can't be written: {error.strerror or error}"
            raise JournalError(message, remedy="Make room, or send it elsewhere.") from error

    def show(self, text: str) -> None:
        """Print a rendered document as a message: it is harmless already."""
        if self.progress == "json":
            self._event_of(text)
            return
        _mention(self.redacted(text))

    def document(self, value: object) -> None:
        """Print *value* as the command's one JSON document."""
        from importer.planning.plan_file import canonical_json

        self.result(canonical_json(value, indent=2) + "\n")

    def line(self, value: object) -> None:
        """Print *value* as the command's one JSON document, on one line."""
        from importer.planning.plan_file import canonical_json

        self.result(canonical_json(value) + "\n")

    def say(self, *lines: str) -> None:
        """Print lines for a person, each made harmless, above a progress display if any."""
        self.tell(*lines)

    def tell(self, *lines: str) -> bool:
        """Print lines as `say`, and tell whether they were taken."""
        from importer.rendering.escaping import quiet
        from importer.text.visible import visible

        text = quiet("\n".join(visible(self.redacted(line)) for line in lines))
        if self.progress == "json":
            return not lines or self._event_of(text)
        if self._live is not None:
            self._live(text)
            return True
        # Where it failed once, the rest goes nowhere, without an error.
        self._is_unheard = not _mention(text + "\n") or self._is_unheard
        return not self._is_unheard

    def event(self, line: str) -> bool:
        """Print one line of progress for programs, and tell whether it was taken."""
        self._is_unheard = not _mention(self.redacted(line)) or self._is_unheard
        return not self._is_unheard

    def _event_of(self, text: str) -> bool:
        from importer.cli.events import line_of_message

        return self.event(line_of_message(text))

    def end(self, exit_code: int) -> None:
        """Print, for programs that follow the progress, that nothing comes any more."""
        if self.progress == "json":
            from importer.cli.events import line_of_end

            self.event(line_of_end(exit_code))

    def fail(self, error: ImporterError, exit_code: int | None = None) -> None:
        """Print an error: for people on standard error, as a document where one is expected.

        *exit_code* is the command's, where it is another than the error's.
        """
        from importer.errors import ManifestError, UsageError

        problems = error.problems if isinstance(error, ManifestError) else ()
        for problem in problems:
            self.say(*str(problem).split("\n"))
        prefix = "wrong use" if isinstance(error, UsageError) else "error"
        self.say(f"{prefix}: {error.message}", *([f"  {error.remedy}"] if error.remedy else []))
        code = error.exit_code if exit_code is None else exit_code
        self._document_failure(
            code, type(error).__name__, error.message, error.remedy, problems=problems
        )

    def stopped(self, exit_code: int, why: str = "interrupted") -> None:
        """Print that a signal ended the command, where a document is expected and none came."""
        remedy = f"This goes on: {self.command_line}"
        self._document_failure(exit_code, "Stopped", why, remedy)

    def _document_failure(
        self,
        exit_code: int,
        kind: str,
        message: str,
        remedy: str,
        problems: Sequence[Problem] = (),
    ) -> None:
        """Print a failure as the one document, where one is expected and none came."""
        if not self.as_json or self._results:
            return
        from importer.cli.failures import ErrorDocument, FailureDocument
        from importer.errors import JournalError
        from importer.rendering import problem_documents

        self.output = None
        found = problem_documents(problems)
        try:
            self.document(ErrorDocument(FailureDocument(exit_code, kind, message, remedy, found)))
        except JournalError as error:
            # What ended the command is its end still.
            self.say(f"error: {error.message}")

    def ask(self, question: str) -> str:
        """Return the answer to *question*; "" at the end of input. Signals raise Stopped."""
        from importer.text.visible import visible

        # An event loop keeps signals for later, and a blocking read would never give it the chance.
        with stopping_on_signals():
            _mention(visible(self.redacted(question)) + " ")
            return sys.stdin.readline().strip()

    def log_at(self, level: str) -> None:
        """Print log records of the importer from *level* on."""
        from importer.cli.logs import log_at

        self._logs = True
        log_at(level, self.say)

    def log_exception(self, error: BaseException) -> None:
        """Print the traceback of *error* where everything is logged."""
        import logging

        logging.getLogger(__name__).debug("traceback", exc_info=error)

    def attach(self, live: Callable[[str], None] | None) -> None:
        """Let messages go through *live* (a progress display), or print them directly again."""
        self._live = live

    def close(self) -> None:
        """Say where the result is, and let go of the log."""
        if self.output is not None and self._results:
            self.say(f"written: {self.output}")
        if self._logs:
            from importer.cli.logs import detach

            detach()


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _print(stream: TextIO | None, text: str) -> bool:
    """Print *text*, and tell whether it was taken."""
    if stream is None or stream.closed:
        return False
    try:
        stream.write(_fitting(stream, text))
        stream.flush()
    except BrokenPipeError:
        _let_go(stream)
        return False
    return True


def _mention(text: str) -> bool:
    """Print to standard error; that it can't be done stops nothing."""
    try:
        return _print(sys.stderr, text)
    except OSError:
        _let_go(sys.stderr)
        return False


def _let_go(stream: TextIO) -> None:
    """Send *stream* nowhere: Python flushes once more at its end, and would complain then."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, stream.fileno())
    os.close(descriptor)


def _fitting(stream: TextIO, text: str) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "importer.escape").decode(encoding)
