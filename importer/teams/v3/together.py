"""Does the same with many things, some of them at once: requests wait for their turn together."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

__all__ = ["together"]

_T = TypeVar("_T")
_U = TypeVar("_U")

_AT_ONCE = 64


async def together(
    do: Callable[[_T], Awaitable[_U]], things: Sequence[_T]
) -> AsyncGenerator[_U, None]:
    """Yield what *do* makes of each of *things*, in their order.

    The first error in their order is raised once all that began with it have ended.
    """
    for at in range(0, len(things), _AT_ONCE):
        some = things[at : at + _AT_ONCE]
        ended = await asyncio.gather(*map(do, some), return_exceptions=True)
        for it in ended:
            if isinstance(it, BaseException):
                raise it
        for it in ended:
            if not isinstance(it, BaseException):
                yield it
