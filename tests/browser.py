"""A Chromium under test, driven through the pipe of its DevTools protocol; nothing but stdlib."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Tab", "browsing"]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
_PATIENCE_S = 60.0
_KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
}


class Tab:
    """One page. `errors` collects what went wrong in it, `asked` every address it wanted."""

    def __init__(self, into: int, out: int) -> None:
        self.errors: list[str] = []
        self.asked: list[str] = []
        self._into, self._out = into, out
        self._number = 0
        self._read = b""
        self._events: list[dict[str, Any]] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    _session = ""

    def __call__(self, method: str, **params: object) -> dict[str, Any]:
        """Call *method* of the protocol in the page."""
        return self._call(method, **params)

    def open(self, url: str) -> None:
        """Go to *url* and wait until it is loaded."""
        self._events.clear()
        self("Page.navigate", url=url)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._has_loaded(url):
            self._take(self._message(deadline))

    def _has_loaded(self, url: str) -> bool:
        """Tell whether *url* is there, and not only a page before it."""
        came = [
            it["method"] for it in self._events if _frame_url(it) in ("", url.partition("#")[0])
        ]
        at = came.index("Page.frameNavigated") if "Page.frameNavigated" in came else len(came)
        return "Page.loadEventFired" in came[at:]

    def js(self, expression: str) -> Any:
        """Return what *expression* gives in the page."""
        done = self(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys one by one, as a person would."""
        for key in keys:
            code, number, text = _KEYS.get(key, ("", ord(key.upper()[0]), key))
            shared = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            self("Input.dispatchKeyEvent", type="keyDown", text=text, **shared)
            self("Input.dispatchKeyEvent", type="keyUp", **shared)

    def shoot(self, path: Path) -> None:
        """Write what is to be seen as a PNG."""
        path.write_bytes(base64.b64decode(self("Page.captureScreenshot", format="png")["data"]))

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        number = self._number
        call: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            call["sessionId"] = self._session
        os.write(self._into, json.dumps(call).encode() + b"\0")
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            message = self._message(deadline)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self._take(message)

    def _message(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._out], [], [], max(deadline - time.monotonic(), 0))
            assert ready, "the browser says nothing"
            piece = os.read(self._out, 1 << 20)
            assert piece, "the browser ended"
            self._read += piece
        raw, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        return message

    def _take(self, message: Mapping[str, Any]) -> None:
        if "method" not in message:
            return
        self._events.append(dict(message))
        params = message["params"]
        match message["method"]:
            case "Runtime.exceptionThrown":
                self.errors.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning"):
                self.errors.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.errors.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case _:
                pass


def _frame_url(event: Mapping[str, Any]) -> str:
    is_it = event["method"] == "Page.frameNavigated"
    return str(event["params"]["frame"]["url"]) if is_it else ""


@contextmanager
def browsing(folder: Path, *options: str) -> Iterator[Tab]:
    """Run a browser with its profile in *folder* until the block ends."""
    (theirs, into), (out, theirs_too) = os.pipe(), os.pipe()
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
        "--remote-debugging-pipe",
        *options,
        "about:blank",
    ]

    def place() -> None:
        # The protocol's pipes are descriptors 3 and 4; out of their own way first.
        high = [fcntl.fcntl(it, fcntl.F_DUPFD_CLOEXEC, 10) for it in (theirs, theirs_too)]
        for number, descriptor in zip((3, 4), high, strict=True):
            os.dup2(descriptor, number)

    process = subprocess.Popen(
        command,
        close_fds=False,
        preexec_fn=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    os.close(theirs)
    os.close(theirs_too)
    try:
        yield Tab(into, out)
    finally:
        process.terminate()
        process.wait(15)
        os.close(into)
        os.close(out)
