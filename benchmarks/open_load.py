"""Requests at a fixed pace, whether or not earlier ones are answered, and all that came back.

A caller that waits for each answer asks less often while a server is slow, and so hides it.
Here a request that is late counts from the moment it was due. Bare sockets, because a
client library would take more of the processor than the server does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

HOST = "127.0.0.1"
#: Longest wait for one answer.
DEADLINE_SECONDS = 30.0
#: A connection that was idle for longer is not used again: the server may be closing it, and
#: its own limit is 5 seconds.
IDLE_SECONDS = 1.0
_LIMIT = 2**24


@dataclass(frozen=True)
class Ask:
    """One kind of request; POST when it has a body."""

    name: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def message(self) -> bytes:
        """As HTTP/1.1."""
        verb = "POST" if self.body else "GET"
        lines = [f"{verb} {self.path} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


@dataclass(frozen=True)
class Answered:
    """What came back: status 0 with the reason as content when nothing did.

    due      when it was to be sent, by time.perf_counter
    seconds  from then to its last byte
    """

    name: str
    due: float
    seconds: float
    status: int
    content: bytes

    @property
    def at(self) -> float:
        return self.due + self.seconds


@dataclass
class OpenLoad:
    """A stream of requests to one port, `per_second` of them, in the order given, round and round.

    answered  grows while it runs
    """

    port: int
    asks: Sequence[Ask]
    per_second: float
    answered: list[Answered] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """Send what is due in so many seconds, and wait for the last answers."""
        idle: list[_Connection] = []
        count, began = round(seconds * self.per_second), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for index in range(count):
                due = began + index / self.per_second
                await asyncio.sleep(max(due - time.perf_counter(), 0.0))
                tasks.create_task(self._one(self.asks[index % len(self.asks)], due, idle))
        for connection in idle:
            connection.close()

    async def _one(self, ask: Ask, due: float, idle: list[_Connection]) -> None:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                connection = _fresh(idle) or await _connected(self.port)
                status, content = await connection.exchange(ask.message())
            idle.append(connection)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError) as error:
            status, content = 0, repr(error).encode()
        seconds = time.perf_counter() - due
        self.answered.append(Answered(ask.name, due, seconds, status, content))


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    async def exchange(self, message: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self.writer.write(message)
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length:")[1].split("\r\n")[0])
        content = await self.reader.readexactly(size)
        self.used = time.perf_counter()
        return int(head.split()[1]), content

    def close(self) -> None:
        with suppress(OSError):
            self.writer.close()


def _fresh(idle: list[_Connection]) -> _Connection | None:
    """The connection that was used last, unless it is too old; then all are."""
    if idle and time.perf_counter() - idle[-1].used < IDLE_SECONDS:
        return idle.pop()
    while idle:
        idle.pop().close()
    return None


async def _connected(port: int) -> _Connection:
    return _Connection(*await asyncio.open_connection(HOST, port, limit=_LIMIT))
