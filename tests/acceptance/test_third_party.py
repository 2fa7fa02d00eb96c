"""What was imported over TLS is there for a client of API v3 that nobody here wrote: so4t_api.

Unmodified, from PyPI; a transport adapter leads its hard-coded hosts to the sandbox, and the
sandbox's own certificate is what it trusts.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.acceptance.running import Sandbox, run, served_sandbox

EXAMPLE = Path(__file__).parents[2] / "examples" / "people"
HOSTS = ("https://api.stackoverflowteams.com", "https://stackoverflowteams.com")


class _Mapped(HTTPAdapter):
    """Sends what is meant for the vendor's hosts to a sandbox."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        assert request.url is not None
        for host in HOSTS:
            request.url = request.url.replace(host, self._origin, 1)
        return super().send(request, *args, **more)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with served_sandbox(tmp_path, "--tls", "--role", "moderator") as served:
        yield served


def client_of(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_bundle))
    begin = requests.Session.__init__

    def mapped(session: requests.Session) -> None:
        begin(session)
        for host in HOSTS:
            session.mount(host, _Mapped(sandbox.url))

    monkeypatch.setattr(requests.Session, "__init__", mapped)
    module = importlib.import_module("so4t_api.so4t_api")
    page = f"https://stackoverflowteams.com/c/{sandbox.team}"
    return module.StackClient(page, sandbox.tokens["read_write"])


@pytest.mark.parametrize("api", ["auto", "3"])
def test_what_was_imported_is_what_it_sees(
    api: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "people"
    shutil.copytree(EXAMPLE, folder)
    trusted = ("--ca-bundle", str(sandbox.ca_bundle), "--api", api)
    applied = run("apply", folder, "--yes", *trusted, cwd=tmp_path, env=sandbox.env())
    assert applied.returncode == 0, applied.stdout + applied.stderr
    planned = run("plan", folder, "--detailed-exitcode", *trusted, cwd=tmp_path, env=sandbox.env())
    assert planned.returncode == 0, planned.stdout

    client = client_of(sandbox, monkeypatch)
    (question,) = client.get_questions()
    assert question["title"] == "When is the salary paid each month?"
    source = client.get_question_by_id(question["id"])["bodyMarkdown"]
    assert "teams-importer:1 people:payday" in source
    (answer,) = client.get_answers(question["id"])
    assert answer["questionId"] == question["id"]
    articles = {it["title"]: it for it in client.get_articles()}
    leave = client.get_article_by_id(articles["Annual leave and public holidays"]["id"])
    assert leave["type"] == "policy"
    assert [it["id"] for it in leave["permissions"]["editorUsers"]] == [1003]
    first = articles["What happens on your first day"]
    (listed,) = client.get_collections()
    collection = client.get_collection_by_id(listed["id"])
    order = [it["id"] for it in collection["content"]]
    assert order == [first["id"], question["id"], leave["id"]]
    tag = client.get_tag_by_name("people")
    experts = client.get_tag_smes(tag["id"])
    assert [it["id"] for it in experts["users"]] == [1003]
    group = client.add_user_group("Writers", [1003])
    assert client.get_user_group_by_id(group["id"])["name"] == "Writers"
