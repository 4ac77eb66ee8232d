"""Time of the same work by champion and challenger, on one machine in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Turns of each; the fastest counts, because it is the least disturbed.
TURNS = 15


def seconds_of_both(
    champion: Callable[[], object], challenger: Callable[[], object], turns: int = TURNS
) -> tuple[float, float]:
    """Shortest seconds of each, measured turn by turn, so that both meet the same neighbours."""
    sides = (champion, challenger)
    for work in sides:
        work()  # fills caches
    best = [float("inf"), float("inf")]
    for turn in range(2 * turns):
        begun = time.perf_counter()
        sides[turn % 2]()
        best[turn % 2] = min(best[turn % 2], time.perf_counter() - begun)
    return best[0], best[1]
