"""A proxy between a run and its team that breaks what it is told to break, over real sockets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.acceptance.scene import Grounds, Team
from tests.teams.test_sockets import listening

__all__ = [
    "Call",
    "Fault",
    "Proxy",
    "Which",
    "any_read",
    "nth_create",
    "nth_mark",
    "proxied",
    "read_message",
]

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Call:
    """A request that waits for an answer at `writer`. `number` counts its sort, from 1."""

    raw: bytes
    sort: str
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    port: int

    async def deliver(self) -> bytes:
        """Let it take effect, and return the team's answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self.raw)
            return await read_message(reader)
        finally:
            writer.close()

    async def answer(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()


Fault = Callable[[Call], Awaitable[None]]
Which = Callable[[Call], bool]


async def read_message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


def sort_of(raw: bytes) -> str:
    """Return what a request is: a read, a create or an edit of ours, a mark, or a probe."""
    if raw.startswith(b"GET"):
        return "read"
    if b"teams-importer" in raw.partition(b"\r\n\r\n")[2]:
        return "create" if b"/add" in raw.partition(b"\r\n")[0] else "edit"
    return "mark" if re.match(rb"POST \S+/[1-9]\d*/accept", raw) else "probe"


def nth_create(*numbers: int) -> Which:
    return lambda call: call.sort == "create" and call.number in numbers


def nth_mark(number: int) -> Which:
    return lambda call: call.sort == "mark" and call.number == number


def any_read(call: Call) -> bool:
    return call.sort == "read"


@dataclass
class Proxy:
    """Passes everything on, but lets the calls that `which` names meet `fault`."""

    port: int
    which: Which
    fault: Fault
    url: str = ""
    met: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            raw = await read_message(reader)
            sort = sort_of(raw)
            self.counts[sort] = self.counts.get(sort, 0) + 1
            call = Call(raw, sort, self.counts[sort], reader, writer, self.port)
            if self.which(call):
                self.met += 1
                await self.fault(call)
            else:
                await call.answer(await call.deliver())


@contextmanager
def proxied(ground: Grounds, team: Team, which: Which, fault: Fault) -> Iterator[Proxy]:
    """Put a proxy before *team* until the block ends."""
    proxy = Proxy(urlsplit(team.url).port or 80, which, fault)
    ready: Future[int] = Future()

    async def stand() -> None:
        async with listening(proxy.handle) as port:
            ready.set_result(port)
            await asyncio.Event().wait()

    with ground.running(stand()):
        proxy.url = f"http://127.0.0.1:{ready.result(30)}"
        yield proxy
