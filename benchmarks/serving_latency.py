"""How fast a running server answers: one fund, 600 funds, and 32 callers at once.

    halyard serve &            then   python -m benchmarks.serving_latency --port 3000

Loopback only and a fixed number of requests. The caller is a bare socket, because a
client library would take more of the two cores than the server does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.panels import excess_returns
from benchmarks.timing import machine

HOST = "127.0.0.1"
PATH = "/v1/fund-sharpe/forecast"
MONTHS = 120
CALLERS = 32
RESULTS = Path(__file__).parent / "results" / "serving_latency.json"


@dataclass(frozen=True)
class Load:
    """Requests of one size: how many, and from how many callers at a time."""

    name: str
    funds: int
    requests: int
    callers: int


LOADS = (
    Load("one fund", 1, 400, 1),
    Load("600 funds", 600, 20, 1),
    Load(f"one fund, {CALLERS} callers", 1, 2000, CALLERS),
)


def body(funds: int) -> bytes:
    """A request of ten years of invented months."""
    returns = np.nan_to_num(excess_returns(funds, MONTHS), nan=0.01).round(6)
    listed = [
        {"id": f"F{index}", "start": "2008-01", "returns": row.tolist()}
        for index, row in enumerate(returns)
    ]
    return json.dumps({"funds": listed, "risk_free": 0.0005}).encode()


def request_bytes(content: bytes) -> bytes:
    """A whole HTTP/1.1 request."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    """Seconds of one exchange. Raises RuntimeError when the answer is not 200."""
    started = time.perf_counter()
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    size = int(head.split("content-length:")[1].split("\r\n")[0])
    answer = await reader.readexactly(size)
    taken = time.perf_counter() - started
    if not head.startswith("http/1.1 200"):
        raise RuntimeError(f"expected 200, got {head.splitlines()[0]}: {answer[:300]!r}")
    return taken


async def caller(port: int, request: bytes, count: int) -> list[float]:
    """Ask `count` times over one connection."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**24)
    try:
        return [await call(reader, writer, request) for _ in range(count)]
    finally:
        writer.close()


async def measure(port: int, load: Load) -> dict[str, Any]:
    """Latency in milliseconds and requests per second of one load."""
    request = request_bytes(body(load.funds))
    await caller(port, request, 3)
    each = load.requests // load.callers
    started = time.perf_counter()
    taken = await asyncio.gather(*(caller(port, request, each) for _ in range(load.callers)))
    seconds = time.perf_counter() - started
    milliseconds = sorted(1000 * t for own in taken for t in own)
    return {
        "load": load.name,
        "funds": load.funds,
        "callers": load.callers,
        "requests": len(milliseconds),
        "p50_ms": round(statistics.median(milliseconds), 3),
        "p99_ms": round(float(np.quantile(milliseconds, 0.99)), 3),
        "requests_per_second": round(len(milliseconds) / seconds, 1),
    }


async def measure_all(port: int, share: float = 1.0) -> list[dict[str, Any]]:
    """Every load, one after the other; `share` below one asks less often."""
    found = []
    for load in LOADS:
        count = max(int(load.requests * share), load.callers)
        found.append(await measure(port, Load(load.name, load.funds, count, load.callers)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="latency of a running server on this machine")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual requests")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    try:
        found = asyncio.run(measure_all(options.port, options.share))
    except ConnectionError as error:
        parser.error(f"no server on {HOST}:{options.port} ({error}); start one: halyard serve")
    result = {"machine": machine(), "months": MONTHS, "loads": found}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    table = Table("load", "requests", "p50 ms", "p99 ms", "requests/s", box=None, pad_edge=False)
    for row in found:
        figures = (row["p50_ms"], row["p99_ms"], row["requests_per_second"])
        table.add_row(row["load"], str(row["requests"]), *(f"{x:,.1f}" for x in figures))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
