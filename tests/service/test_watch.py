"""The watcher looks in a thread, at the pace that the environment sets."""

from __future__ import annotations

import asyncio
import threading

import pytest

from models.errors import ConfigError
from service.watch import DEFAULT_SECONDS, WATCH_VARIABLE, watch, watch_seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, DEFAULT_SECONDS), ("", DEFAULT_SECONDS), ("0.25", 0.25), ("0", 0)]
)
def test_the_pace_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str | None, seconds: float
) -> None:
    monkeypatch.delenv(WATCH_VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(WATCH_VARIABLE, text)
    assert watch_seconds() == seconds


@pytest.mark.parametrize("text", ["often", "-1", "nan", "inf"])
def test_a_pace_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(WATCH_VARIABLE, text)
    with pytest.raises(ConfigError, match=f"HALYARD_WATCH_SECONDS: expected seconds .* '{text}'"):
        watch_seconds()


class Waiting:
    """A slot whose look takes until it is told to end."""

    def __init__(self) -> None:
        self.looks, self.begun, self.end = 0, threading.Event(), threading.Event()

    def follow(self) -> None:
        self.looks += 1
        self.begun.set()
        assert self.end.wait(30)


def test_others_are_answered_while_a_slot_is_looked_at() -> None:
    async def scene() -> tuple[int, int]:
        slow, other = Waiting(), Waiting()
        other.end.set()
        task = asyncio.create_task(watch([slow, other], 0.001))
        while not slow.begun.is_set():
            await asyncio.sleep(0.001)
        # The loop runs here although the look has not ended.
        during = other.looks
        slow.end.set()
        while other.looks < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        return during, slow.looks

    during, looks = asyncio.run(asyncio.wait_for(scene(), 30))
    assert during == 0
    assert looks >= 2
