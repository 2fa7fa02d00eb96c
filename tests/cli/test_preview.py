"""`preview`: the manifest in a browser, and what becomes of it when files are saved."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from importer.cli.console import Console
from importer.cli.publishing import Published, Publisher
from importer.manifests import load_manifest
from importer.model.ids import Key
from tests.acceptance.running import environment, program
from tests.cli.stage import Program, question, write_manifest

_PATIENCE_S = 60.0
TWO = Key("two")


@dataclass(frozen=True)
class Running:
    """A preview in a process of its own; `err` is the file of what it says."""

    process: subprocess.Popen[str]
    url: str
    page: str
    err: Path

    def get(self, address: str, host: str = "") -> tuple[int, str]:
        headers = {"Host": host} if host else {}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def news(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get(f"{self.url}/live")[1])
        return told

    def until(self, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_S
        while not seen(news := self.news()):
            assert time.monotonic() < deadline, news
            time.sleep(0.05)
        return news


@contextmanager
def previewing(folder: Path, *options: str | Path, **variables: str) -> Iterator[Running]:
    err = folder.parent / "err.txt"
    with err.open("w") as stderr:
        process = subprocess.Popen(
            program("preview", "--format", "json", *options),
            cwd=folder,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Running(process, said["url"], said["page"], err)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(_PATIENCE_S) == 0
        process.stdout.close()


@dataclass(frozen=True)
class Browser:
    """A program that stands in for one, and the file it writes the address to."""

    program: Path
    opened: Path

    def wait(self) -> str:
        deadline = time.monotonic() + _PATIENCE_S
        while not self.opened.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self.opened.read_text()


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    made, opened = tmp_path / "browser", tmp_path / "opened"
    made.write_text(f'#!/bin/sh\necho "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    made.chmod(0o700)
    return Browser(made, opened)


def test_what_is_saved_is_shown_and_what_is_wrong_is_said(home: Path, browser: Browser) -> None:
    page = home / "content" / "freeze.md"
    page.parent.mkdir()
    text = (
        "---\nkey: freeze\ntitle: When is the release freeze?\ntags: [ops]\n---\n"
        "In the **last** week of each quarter, says the team.\n"
    )
    page.write_text(text)
    write_manifest(home, question("vpn"), include=["content/*.md"])
    before = sorted(home.rglob("*"))
    with previewing(home, page, BROWSER=f"{browser.program} %s", CI="true") as preview:
        status, shown = preview.get(preview.page)
        assert status == 200
        assert "In the <strong>last</strong> week" in shown
        assert '<script src="/assets/live.js" defer></script>' in shown
        assert "location.reload" in preview.get(f"{preview.url}/assets/live.js")[1]
        assert preview.news() == {"version": 1, "lines": [], "moved": {}}

        # No API, and no way in for a page of somebody else's.
        assert preview.get(f"{preview.url}/2.3/info")[0] == 404
        assert preview.get(f"{preview.url}/live", host="evil.example")[0] == 421
        assert preview.get(preview.page, host="evil.example")[0] == 421
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.2", int(preview.url.rpartition(":")[2])), 5)

        page.write_text(text.replace("last", "very last"))
        preview.until(lambda news: news["version"] == 2)
        assert "<strong>very last</strong>" in preview.get(preview.page)[1]

        page.write_text(text.replace("title:", "titel:"))
        news = preview.until(lambda news: bool(news["lines"]))
        assert news["version"] == 2
        assert "content/freeze.md:3:1: error: the key `titel` is not known" in str(news["lines"])
        shown = preview.get(preview.page)[1]
        assert "<strong>very last</strong>" in shown
        assert "the key `titel` is not known here" in shown
        assert "content/freeze.md:3:1: error" in preview.err.read_text()

        page.write_text(text)
        (page.parent / "new.md").write_text(text.replace("freeze", "thaw"))
        news = preview.until(lambda news: not news["lines"])
        assert "When is the release thaw?" in preview.get(f"{preview.url}/c/acme/questions")[1]
        (page.parent / "new.md").unlink()
        preview.until(lambda it: it["version"] > news["version"])
        assert "release thaw?" not in preview.get(f"{preview.url}/c/acme/questions")[1]
    assert sorted(home.rglob("*")) == before
    assert not browser.opened.exists()
    assert "Traceback" not in preview.err.read_text()


def test_a_manifest_that_is_broken_from_the_start_is_waited_for(
    home: Path, browser: Browser
) -> None:
    manifest = write_manifest(home, question("vpn", title="short"))
    with previewing(home, BROWSER=f"{browser.program} %s") as preview:
        assert browser.wait() == f"{preview.page}\n"
        assert "title" in str(preview.news()["lines"])
        assert "Nothing here yet." in preview.get(preview.page)[1]
        # A body in a file that isn't there yet: making it is what mends it.
        whole = question("vpn")
        del whole["body"]
        write_manifest(home, whole | {"body_file": "vpn.md"})
        preview.until(lambda news: "vpn.md" in str(news["lines"]))
        (home / "vpn.md").write_text("Which client do I take, and where is it to be had?\n")
        preview.until(lambda news: news["version"] == 1)
        assert "What is the story of vpn?" in preview.get(preview.page)[1]
        manifest.unlink()
        preview.until(lambda news: bool(news["lines"]))


@pytest.mark.usefixtures("manifest")
def test_a_port_that_is_taken_is_wrong_use(cli: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("preview", "--no-open", "--port", str(taken.getsockname()[1]))
    assert done.code == 64
    assert "Choose another --port" in done.err


def test_without_a_manifest_it_says_what_to_do(cli: Program) -> None:
    assert cli("preview", "--no-open").code == 64


@pytest.mark.usefixtures("manifest")
def test_without_the_extra_it_is_named(cli: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that can't be imported stands for one that isn't installed."""
    monkeypatch.setitem(sys.modules, "importer.sandbox", None)
    done = cli("preview", "--no-open")
    assert done.code == 64
    assert "pip install 'teams-importer[sandbox]'" in done.err


def publish(home: Path, *states: dict[str, Any]) -> list[tuple[Published, list[str]]]:
    """Publish one state after the other; with each, the titles of the questions then."""

    async def all_of_them() -> list[tuple[Published, list[str]]]:
        seen = []
        async with Publisher(home, Console(os.environ)) as publisher:
            for state in states:
                questions = state.pop("questions")
                manifest, _ = load_manifest(write_manifest(home, *questions, **state))
                published = await publisher.publish(manifest)
                titles = [it.title or "" for it in published.world.questions("acme")]
                seen.append((published, titles))
        return seen

    return asyncio.run(all_of_them())


def test_an_item_that_stays_keeps_its_address(home: Path) -> None:
    one, two = question("one"), question("two")
    first, second = publish(
        home,
        {"questions": [one, two]},
        {"questions": [question("new"), two | {"title": "Why two?" * 3}]},
    )
    assert first[0].paths[TWO] == second[0].paths[TWO]
    assert second[0].moved == {}
    assert sorted(second[1]) == ["What is the story of new?", "Why two?Why two?Why two?"]
    assert second[0].problems == {}


def test_a_key_that_changes_is_a_new_start_and_pages_are_led_on(home: Path) -> None:
    """A new item with an old one's title would wait for a person elsewhere."""
    one, two = question("one"), question("two")
    first, second = publish(
        home, {"questions": [one, two]}, {"questions": [one | {"key": "uno"}, two][::-1]}
    )
    assert second[0].problems == {}
    assert sorted(second[1]) == sorted(first[1])
    assert second[0].moved == {first[0].paths[TWO]: second[0].paths[TWO]}


def test_what_no_start_can_mend_is_told_by_key(home: Path) -> None:
    expert = {"name": "vpn", "experts": {"users": [999]}}
    given = {"questions": [question("one", tags=["vpn"])], "tags": [expert]}
    first, second = publish(home, given, {**given})
    assert list(first[0].problems) == ["tag:vpn"]
    assert first[0].world is second[0].world


def test_pins_and_publishers_of_the_real_team_do_not_count(home: Path) -> None:
    given = {"questions": [question("one")], "team": ["globex"], "publishers": [4711]}
    (first,) = publish(home, given)
    assert first[1] == ["What is the story of one?"]
