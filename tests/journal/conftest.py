"""The database and the repository for the journals that several runners share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.journal import GitRef, Server, git_remote
from tests.journal.postgres import Cluster, served_cluster
from tests.journal.repositories import Hub, made_hub
from tests.journal.runners import close_all


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


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A bare repository, which clones can be made of."""
    return made_hub(tmp_path / "hub.git")


@pytest.fixture
def git_ref(hub: Hub, tmp_path: Path) -> GitRef:
    """A ref that isn't there yet, as a clone sees it."""
    return hub.place(hub.clone(tmp_path / "clone"))


@pytest.fixture
def other(hub: Hub, tmp_path: Path) -> GitRef:
    """The same ref as another runner's clone sees it."""
    return hub.place(hub.clone(tmp_path / "other"))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git's second and third try follow at once."""
    monkeypatch.setattr(git_remote, "_AGAIN_S", (0.0, 0.0))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()
