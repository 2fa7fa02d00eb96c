"""The database for the journals kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from importer.journal import Server
from tests.journal.postgres import Cluster, served_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with served_cluster() as cluster:
        if cluster is None:
            pytest.skip("no PostgreSQL is installed, and TEAMS_IMPORTER_TEST_POSTGRES names none")
        yield cluster


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Server]:
    """An empty database of its own for each test."""
    with cluster.database() as url:
        yield Server(url)
