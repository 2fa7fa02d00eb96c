"""A client of the real API that nobody here wrote reads the sandbox: llama-index's Teams reader.

Unmodified, from PyPI; only its base classes are stood in for, and its hard-coded host is mapped
to the sandbox by a transport adapter.
"""

from __future__ import annotations

import html
import importlib
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.clients.serving import while_served
from tests.stage import Stage, answer, manifest, question

VENDOR = "https://api.stackoverflowteams.com"


@dataclass
class Document:
    text: str
    doc_id: Any
    extra_info: dict[str, Any] = field(default_factory=dict)


class BaseReader:
    pass


class _Mapped(HTTPAdapter):
    """Sends what is meant for the vendor's host to the sandbox."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        assert request.url is not None
        request.url = request.url.replace(VENDOR, self._origin, 1)
        return super().send(request, *args, **more)


@pytest.fixture
def reader_class(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    names: dict[str, dict[str, Any]] = {
        "llama_index.core": {},
        "llama_index.core.readers": {},
        "llama_index.core.readers.base": {"BaseReader": BaseReader},
        "llama_index.core.schema": {"Document": Document},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    base = importlib.import_module("llama_index.readers.stackoverflow.base")

    yield base.StackoverflowReader
    for name in [it for it in sys.modules if it.startswith("llama_index")]:
        monkeypatch.delitem(sys.modules, name)


def test_every_imported_post_is_read_with_its_markdown(
    reader_class: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    items = [
        it
        for number in range(40)
        for it in (
            question(f"q{number}", body=f'Question {number}: is `a < b` & "c" still **true**?'),
            answer(
                f"q{number}#a", f"Answer {number} to it, with a table:\n\n| a | b |\n|---|---|\n"
            ),
        )
    ]
    report = stage.apply(manifest(*items))
    assert report.exit_code == 0
    documents = while_served(
        stage.world, lambda url: _load(reader_class, url, stage.token, tmp_path, monkeypatch)
    )
    imported = {post.id: post for post in (*stage.questions(), *stage.answers())}
    assert len(imported) == 80
    assert {document.doc_id for document in documents} == set(imported)
    for document in documents:
        post = imported[document.doc_id]
        assert _plain(document.text) == post.body
        assert document.extra_info["type"] == post.kind
        assert f"/{post.id}" in document.extra_info["url"]


def _load(
    reader_class: Any,
    url: str,
    token: str,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Document]:
    begin = requests.Session.__init__

    def mapped(session: requests.Session) -> None:
        begin(session)
        session.mount(VENDOR, _Mapped(url))

    monkeypatch.setattr(requests.Session, "__init__", mapped)
    reader = reader_class(api_key=token, team_name="acme", cache_dir=str(cache))
    found: list[Document] = reader.load_data()
    return found


def _plain(text: str) -> str:
    """Return what the safe filter that the reader hard-codes has encoded, as it was written."""
    return html.unescape(text)
