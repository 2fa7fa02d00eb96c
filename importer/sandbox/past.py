"""What the store held a while ago, for reads that a lagging replica answers."""

from collections import deque
from dataclasses import dataclass

from importer.sandbox.store import Store, opened_copy

__all__ = ["Past"]

_BYTES_MAX = 64_000_000
"""Older states are forgotten beyond this, so that a long rehearsal with a large team fits."""


@dataclass(slots=True)
class _State:
    """All that was stored until a moment, in Unix seconds."""

    until: float
    content: bytes
    store: Store | None = None


class Past:
    """The latest states of a store, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: deque[_State] = deque()

    def keep(self, now: float, lag_s: float) -> None:
        """Note the present state, which is about to change, and forget those older than a lag."""
        while self._states and self._states[0].until < now - lag_s:
            self._forget()
        if self._states and self._states[-1].until >= now:
            return
        self._states.append(_State(now, self._store.content()))
        while sum(len(state.content) for state in self._states) > _BYTES_MAX:
            self._forget()

    def at(self, moment: float) -> Store | None:
        """Give the state at a moment; None when it is the present one, or forgotten."""
        for state in self._states:
            if state.until > moment:
                if state.store is None:
                    state.store = opened_copy(state.content)
                return state.store
        return None

    def close(self) -> None:
        """Forget everything."""
        while self._states:
            self._forget()

    def _forget(self) -> None:
        state = self._states.popleft()
        if state.store is not None:
            state.store.close()
