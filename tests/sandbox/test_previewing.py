"""Pages that look for newer ones: what a browser does with them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from importer.sandbox import World, open_world
from importer.sandbox.previewing import Preview
from importer.sandbox.serving import listen
from tests.browser import CHROMIUM, Tab, browsing

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")


@dataclass
class Shown:
    """An empty world's pages, in a thread of their own."""

    loop: asyncio.AbstractEventLoop
    url: str = ""
    page: Preview | None = None
    world: World | None = None

    def warn(self, *lines: str) -> None:
        assert self.page is not None
        self.loop.call_soon_threadsafe(self.page.warn, lines)

    def show(self, moved: dict[str, str]) -> None:
        assert self.page is not None
        assert self.world is not None
        self.loop.call_soon_threadsafe(self.page.show, self.world, moved)


@contextmanager
def showing() -> Iterator[Shown]:
    is_ready, shown = threading.Event(), Shown(asyncio.new_event_loop())

    def ready(url: str) -> None:
        shown.url = url
        is_ready.set()

    async def serve() -> None:
        shown.world = open_world(None)
        shown.page = Preview(shown.world)
        try:
            await listen(shown.page, ready=ready)
        finally:
            shown.world.close()

    task = shown.loop.create_task(serve())

    def run() -> None:
        with suppress(asyncio.CancelledError):
            shown.loop.run_until_complete(task)
        shown.loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert is_ready.wait(15)
    try:
        yield shown
    finally:
        shown.loop.call_soon_threadsafe(task.cancel)
        thread.join(15)


def until(tab: Tab, expression: str) -> None:
    deadline = time.monotonic() + 15
    while not tab.js(f"document.readyState === 'complete' && Boolean({expression})"):
        assert time.monotonic() < deadline, expression
        time.sleep(0.05)


def test_an_open_page_follows_and_says_what_is_wrong(tmp_path: Path) -> None:
    news, hidden = "document.getElementById('news')", "document.getElementById('news').hidden"
    with browsing(tmp_path) as tab:
        with showing() as shown:
            tab.open(f"{shown.url}/c/acme/tags")
            assert tab.js(hidden) is True
            shown.warn("<b>a.md</b>:3:1: error", "b")
            until(tab, f"!{hidden}")
            said = tab.js(f"{news}.querySelector('pre').textContent")
            assert said == "<b>a.md</b>:3:1: error\nb"
            shown.show({"/c/acme/tags": "/c/acme/users"})
            until(tab, "location.pathname === '/c/acme/users'")
            assert tab.js(hidden) is True
            shown.show({})
            until(tab, f"{news}.dataset.version === '2'")
            assert not tab.errors
        until(tab, f"{news}.innerText.includes('The preview has ended')")
