"""Sends the importer's log records to the console, which masks secrets."""

import logging
from collections.abc import Callable

__all__ = ["detach", "log_at"]

_ROOT = "importer"


class _Handler(logging.Handler):
    def __init__(self, say: Callable[..., None]) -> None:
        super().__init__()
        self._say = say
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._say(*self.format(record).split("\n"))
        except Exception:
            # Not handleError: it prints the arguments, unmasked. A log line stops no run.
            self._say("(a log record could not be printed)")


def log_at(level: str, say: Callable[..., None]) -> None:
    """Print records of *level* and above with *say*; of several calls the most talkative holds."""
    logger = logging.getLogger(_ROOT)
    wanted = logging.getLevelNamesMapping()[level]
    if not any(isinstance(handler, _Handler) for handler in logger.handlers):
        logger.addHandler(_Handler(say))
        logger.propagate = False
        logger.setLevel(wanted)
    logger.setLevel(min(wanted, logger.level))


def detach() -> None:
    """Print no records any more."""
    logger = logging.getLogger(_ROOT)
    for handler in [it for it in logger.handlers if isinstance(it, _Handler)]:
        logger.removeHandler(handler)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
