"""Tells what is waited for while a server says nothing: a person at a terminal hears of it.

Knows no dialect. An answer may take a minute, and be asked for four times over, without a word.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Silence"]

_AFTER_S = 5.0
_AGAIN_S = 20.0
_APART_S = 10.0
"""Of several requests that hang, one speaks for all."""


class Silence:
    """What is told of the requests under way. *on_wait* gets why, and for how many seconds yet.

    No reason and no seconds: an answer has come, or is no longer waited for.
    """

    def __init__(self, on_wait: Callable[[str, float], None]) -> None:
        self._on_wait = on_wait
        self._told_at: float | None = None

    @contextmanager
    def around(self, request: str, given_up_s: float) -> Iterator[None]:
        """Tell, after some seconds and now and then, that the block waits for *request*."""
        loop = asyncio.get_running_loop()
        ends, is_told = loop.time() + given_up_s, False
        timer = loop.call_later(_AFTER_S, lambda: tell())

        def tell() -> None:
            nonlocal timer, is_told
            now = loop.time()
            if ends > now and (self._told_at is None or now - self._told_at >= _APART_S):
                self._told_at, is_told = now, True
                self._on_wait(f"no answer yet to {request}", ends - now)
            timer = loop.call_later(_AGAIN_S, tell)

        try:
            yield
        finally:
            timer.cancel()
            if is_told:
                self._on_wait("", 0.0)
