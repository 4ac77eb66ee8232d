"""The load that promotions are judged by sees failures and mixed answers."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from benchmarks.open_load import Answered, Ask, OpenLoad
from benchmarks.swap_load import Promotion, judge, time_first_answers
from pipelines.registry import FUND_SHARPE

RIGHT = {("fund", b"one"): {FUND_SHARPE: "v1"}, ("fund", b"two"): {FUND_SHARPE: "v2"}}


def answer(content: bytes, due: float = 0.0, status: int = 200) -> Answered:
    return Answered("fund", due, 0.25, status, content)


def test_answers_of_no_version_are_mixed_and_others_than_200_failures() -> None:
    found = judge([answer(b"one"), answer(b"one of two"), answer(b"no", status=503)], RIGHT)
    assert (found.requests, found.mixed) == (3, ["fund"])
    assert found.failures == ["fund: 503 b'no'"]
    assert (found.p50_ms, found.worst_ms) == (250, 250)


def test_the_first_answer_of_a_version_counts_from_its_promotion() -> None:
    promotions = [Promotion(FUND_SHARPE, "v2", at=5.0), Promotion(FUND_SHARPE, "v3", at=6.0)]
    came = [answer(b"two", due=1.0), answer(b"one", due=5.5), answer(b"two", due=7.0)]
    time_first_answers(promotions, came, RIGHT)
    assert [promotion.first for promotion in promotions] == [2.25, None]


async def responder(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a GET at once, hangs up at a POST."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        if head.startswith(b"POST"):
            break
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    writer.close()


def test_requests_are_sent_at_their_pace_and_a_lost_one_is_kept_as_failed() -> None:
    async def scene() -> list[Answered]:
        server = await asyncio.start_server(responder, "127.0.0.1", 0)
        asks = [Ask("good", "/"), Ask("lost", "/", b"{}")]
        load = OpenLoad(server.sockets[0].getsockname()[1], asks, per_second=50.0)
        await load.run(0.2)
        server.close()
        return load.answered

    found = sorted(asyncio.run(scene()), key=lambda each: each.due)
    assert [each.name for each in found] == ["good", "lost"] * 5
    assert {(each.name, each.status) for each in found} == {("good", 200), ("lost", 0)}
    assert b"IncompleteReadError" in found[1].content
    steps = [later.due - each.due for each, later in pairwise(found)]
    assert steps == pytest.approx([0.02] * 9)
