"""Requests of the latency measurement are whole, and what it says is the time of answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import serving_latency as bench
from service.schemas import ForecastRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 422 No\r\ncontent-length: 3\r\n\r\nbad"


async def answered(answer: bytes, load: bench.Load, seen: list[bytes]) -> dict[str, object]:
    """Measure a server that gives the same answer to every request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            size = int(head.decode().split("Content-Length: ")[1].split("\r\n")[0])
            seen.append(await reader.readexactly(size))
            writer.write(answer)

    server = await asyncio.start_server(serve, bench.HOST, 0)
    async with server:
        return await bench.measure(server.sockets[0].getsockname()[1], load)


def test_a_body_is_a_request_that_the_service_takes() -> None:
    request = ForecastRequest.model_validate_json(bench.body(3))
    assert [len(fund.returns) for fund in request.funds] == [120] * 3


def test_all_requests_of_all_callers_are_counted() -> None:
    seen: list[bytes] = []
    found = asyncio.run(answered(OK, bench.Load("few", 1, 12, 4), seen))
    assert found["requests"] == 12
    # And three to warm up.
    assert len(seen) == 15
    assert seen[0] == bench.body(1)
    assert 0 < found["p50_ms"] <= found["p99_ms"]  # type: ignore[operator]


def test_an_answer_that_is_not_200_is_no_latency() -> None:
    with pytest.raises(RuntimeError, match=r"expected 200, got http/1\.1 422 no: b'bad'"):
        asyncio.run(answered(REFUSED, bench.Load("few", 1, 1, 1), []))


def test_without_a_server_the_message_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--port", "1", "--out", str(tmp_path / "out.json")])
    assert "start one: halyard serve" in capsys.readouterr().err


def test_the_figures_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measured(port: int, load: bench.Load) -> dict[str, object]:
        return {
            "load": f"{load.name} on {port}",
            "requests": load.requests,
            "p50_ms": 1.0,
            "p99_ms": 2.0,
            "requests_per_second": 1000.0,
        }

    monkeypatch.setattr(bench, "measure", measured)
    out = tmp_path / "results" / "out.json"
    assert bench.main(["--port", "7", "--share", "0.1", "--out", str(out)]) == 0
    loads = json.loads(out.read_text())["loads"]
    assert [load["requests"] for load in loads] == [40, 2, 200]
    assert "one fund on 7" in capsys.readouterr().out
