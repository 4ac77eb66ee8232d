"""The running service takes newly promoted models: a look at the alias files every second.

Choose HALYARD_WATCH_SECONDS=0 where a server must answer with the models it started with.
A Bento brings its models, so a server of one never watches.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Sequence
from typing import Protocol

from models.errors import ConfigError

WATCH_VARIABLE = "HALYARD_WATCH_SECONDS"
DEFAULT_SECONDS = 1.0


class Following(Protocol):
    """A slot, as the watcher sees it."""

    def follow(self) -> None: ...


def watch_seconds() -> float:
    """Seconds between two looks, from the environment; 0 means never. Raises ConfigError."""
    return seconds_of(WATCH_VARIABLE, "looks for promoted models", DEFAULT_SECONDS)


def seconds_of(variable: str, what: str, default: float) -> float:
    """Seconds between two looks that a variable of the environment tells. Raises ConfigError."""
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ConfigError(
            f"{variable}: expected seconds between two {what}, 0 for none, got {text!r}"
        )
    return seconds


async def watch(slots: Sequence[Following], seconds: float) -> None:
    """Let every slot follow its champions until cancelled.

    They look and load in a thread, one after the other, so that requests are answered
    meanwhile: by the old models until the new ones are warm.
    """
    while True:
        await asyncio.sleep(seconds)
        for slot in slots:
            await asyncio.to_thread(slot.follow)
