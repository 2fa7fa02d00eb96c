from __future__ import annotations

import pytest

from tests.teams.contract import APIS, Dialect


@pytest.fixture(params=APIS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each way to a team; a test that asks for it holds for all of them."""
    return Dialect(request.param)
