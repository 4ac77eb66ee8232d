"""How long a run may go on, so that what cannot be finished is not begun."""

from __future__ import annotations

import time
from collections.abc import Callable


class OutOfTimeError(Exception):
    """The deadline came; what is done is kept, and the same command goes on."""


class Deadline:
    """Time that is left. Asked between pieces of work, none of which it interrupts.

    minutes  from now on; None for no limit
    clock    seconds that only grow
    """

    def __init__(
        self, minutes: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._end = None if minutes is None else clock() + 60.0 * minutes
        self._begun = clock()
        self._longest = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the deadline, None without one."""
        return None if self._end is None else self._end - self._clock()

    def check(self, what: str) -> None:
        """Raise OutOfTimeError unless a piece as long as the longest so far still fits in."""
        left = self.seconds_left
        if left is not None and left < self._longest:
            raise OutOfTimeError(f"no time left to {what}")
        self._begun = self._clock()

    def done(self) -> None:
        """Say that the piece that was checked for is finished."""
        self._longest = max(self._longest, self._clock() - self._begun)
