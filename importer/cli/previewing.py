"""Serves a manifest's posts, and publishes them anew whenever one of its files is saved.

Files are looked at twice a second: that works on every disk and in every container, which notices
of the system do not.
"""

import asyncio
import os
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.console import Console
from importer.cli.documents import PreviewLine
from importer.cli.publishing import Published, Publisher
from importer.errors import ImporterError
from importer.manifests import Sight, look_at
from importer.model.ids import Key, Kind
from importer.model.manifest import Item, Manifest
from importer.rendering.phrasing import counted, joined
from importer.rendering.report_view import report_counts

if TYPE_CHECKING:
    from importer.sandbox.previewing import Preview

__all__ = ["Previewing"]

_POLL_S = 0.5
_HOME = "/c/acme"
_MOST_LINES = 20


class Previewing:
    """A preview of the manifest *manifest*, opened where *path* is shown."""

    def __init__(
        self, manifest: Path, path: Path, console: Console, *, opens: bool, as_json: bool
    ) -> None:
        self._manifest = manifest
        self._path = path
        self._console = console
        self._opens = opens
        self._as_json = as_json
        self._warned: Sequence[str] = ()

    async def run(self, port: int) -> None:
        """Serve until SIGINT or SIGTERM. Raises SandboxError when it can't listen."""
        from importer.sandbox.previewing import Preview
        from importer.sandbox.serving import listen

        async with Publisher(self._manifest.parent, self._console) as publisher:
            page = Preview(publisher.empty_world())
            try:
                async with asyncio.TaskGroup() as group:
                    tasks: list[asyncio.Task[None]] = []

                    def ready(url: str) -> None:
                        tasks.append(group.create_task(self._keep_up(url, publisher, page)))

                    await listen(page, port=port, ready=ready)
                    for task in tasks:
                        task.cancel()
            except BaseExceptionGroup as raised:
                if len(raised.exceptions) == 1:
                    raise raised.exceptions[0] from None
                raise

    async def _keep_up(self, url: str, publisher: Publisher, page: "Preview") -> None:
        sight = look_at(self._manifest)
        state = sight.files.state()
        if sight.manifest is not None:
            number = counted(len(sight.manifest.items), "item")
            self._console.say(f"publishing {number} to a team in this process")
        published = await self._show(sight, publisher, page)
        self._greet(url, self._place(sight, published.paths if published else {}))
        while True:
            await asyncio.sleep(_POLL_S)
            now = sight.files.state()
            if now == state:
                continue
            sight = look_at(self._manifest)
            # What is saved while it is read is another reason to read it.
            state = {path: now.get(path, it) for path, it in sight.files.state().items()}
            await self._show(sight, publisher, page)

    async def _show(self, sight: Sight, publisher: Publisher, page: "Preview") -> Published | None:
        """Publish what was seen, and say in the page and here what became of it."""
        if sight.manifest is None:
            self._warn([str(it) for it in sight.problems], page)
            return None
        warnings = _shortened([str(it) for it in sight.problems])
        if warnings != self._warned:
            self._say(warnings)
        self._warned = warnings
        try:
            published = await publisher.publish(sight.manifest)
        except ImporterError as error:
            self._warn([f"{error.message}\n  {error.remedy}"], page)
            return None
        page.show(published.world, published.moved)
        counts = report_counts(published.report)
        done = joined(
            f"{number:,} {name}"
            for name, number in (
                ("created", counts["created"]),
                ("updated", counts["updated"]),
                ("deleted", counts["deleted"]),
            )
            if number
        )
        self._console.say(f"shown: {done or 'nothing changed'}")
        if published.problems:
            self._warn([f"{key}: {why}" for key, why in published.problems.items()], page)
        return published

    def _warn(self, lines: Sequence[str], page: "Preview") -> None:
        shown = _shortened(lines)
        page.warn(shown)
        self._say(shown)

    def _say(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._console.say(*line.split("\n"))

    def _place(self, sight: Sight, paths: Mapping[Key, str]) -> str:
        """Return where the posts of the file that was asked for are; else all of them."""
        if sight.manifest is None:
            return f"{_HOME}/questions"
        kinds = {it.kind for it in sight.manifest.items}
        has_articles_alone = Kind.ARTICLE in kinds and Kind.QUESTION not in kinds
        home = f"{_HOME}/articles" if has_articles_alone else f"{_HOME}/questions"
        if self._path.suffix.lower() not in (".md", ".markdown"):
            return home
        way = os.path.relpath(self._path.absolute(), self._manifest.parent.absolute())
        name = sight.files.name(Path(way).as_posix())
        found = next((it for it in _items_in(name, sight.manifest) if it.key in paths), None)
        if found is None:
            self._console.say(f"note: {self._path} shows no post of the manifest")
        return paths[found.key] if found else home

    def _greet(self, url: str, place: str) -> None:
        page = url + place
        if self._as_json:
            self._console.line(PreviewLine(url, page))
        else:
            self._console.result(f"Look at it: {page}\nCtrl-C ends it.\n")
        if self._opens and _has_browser():
            # Of its own, for a browser may keep it; and it doesn't hold up the end.
            threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()


def _shortened(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    left_out = [f"{counted(more, 'more problem')}: see `validate`"] if more > 0 else []
    return [*lines[:_MOST_LINES], *left_out]


def _items_in(name: str, manifest: Manifest) -> Sequence[Item]:
    """Return the items that the file *name* says something of, in the manifest's order."""
    return [
        it
        for it in manifest.items
        if name in (it.span.path, *(at.path for at in it.spans.values()))
    ]


def _has_browser() -> bool:
    """Tell whether a browser has a window to open: one of a terminal would take ours."""
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "darwin" or any(os.environ.get(it) for it in names)
