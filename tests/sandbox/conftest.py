from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox.driver import Town


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as found:
        yield found


@pytest.fixture
def found_town(runner: asyncio.Runner) -> Iterator[Callable[..., Town]]:
    made: list[Town] = []

    def found(*arguments: Any, **options: Any) -> Town:
        made.append(Town(runner, *arguments, **options))
        return made[-1]

    yield found
    for town in made:
        town.world.close()


@pytest.fixture
def town(found_town: Callable[..., Town]) -> Town:
    return found_town()
