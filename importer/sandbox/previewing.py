"""Pages alone, of a world that may be changed and even exchanged while people look at them.

The pages ask this application, twice a second, whether there is something newer to see, and load
it then. There is no API here and so nothing that a token would open.
"""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from importer.sandbox.pages.answering import HEADERS
from importer.sandbox.pages.shown import News
from importer.sandbox.pages.site import Pages
from importer.sandbox.world import World

__all__ = ["Preview"]


class Preview:
    """ASGI application: the pages of one world after another."""

    def __init__(self, world: World) -> None:
        self._news = News()
        self._moved: dict[str, str] = {}
        self._world = world
        self._pages = Pages(world, (), self._news)

    def show(self, world: World, moved: Mapping[str, str]) -> None:
        """Let all open pages show *world*, a newer state; *moved* maps paths of posts to new ones.

        What `warn` said is over. The paths are those of the state before this one.
        """
        self._world, self._moved = world, dict(moved)
        self._tell(News(self._news.version + 1))

    def warn(self, lines: Sequence[str]) -> None:
        """Let all pages say that what they show isn't all that was saved, and why."""
        self._tell(News(self._news.version, tuple(lines)))

    def _tell(self, news: News) -> None:
        self._news = news
        self._pages = Pages(self._world, (), news)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/live" and self._pages.is_ours(Request(scope)):
            said = {"version": self._news.version, "lines": self._news.lines, "moved": self._moved}
            await JSONResponse(said, headers=HEADERS)(scope, receive, send)
            return
        await self._pages(scope, receive, send)
