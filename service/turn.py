"""One computation at a time, in a thread, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

from service.errors import ServiceError

DEADLINE_SECONDS = 30.0

Answer = TypeVar("Answer")


class Turn:
    """Health checks are answered meanwhile; more threads than cores would only make all late."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, work: Callable[[], Answer], advice: str) -> Answer:
        """Wait for the turn and do the work. Raises ServiceError (504) after the deadline.

        advice   what a caller should do whose request takes too long
        """
        try:
            with anyio.fail_after(DEADLINE_SECONDS):
                return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)
        except TimeoutError:
            message = f"not done within {DEADLINE_SECONDS:.0f} seconds; {advice}"
            raise ServiceError(504, message) from None
