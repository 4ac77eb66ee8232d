"""Bars on stderr for work that takes minutes, with the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


def timed_bars(*, percent: bool = False) -> AbstractContextManager[Progress]:
    """Bars with time elapsed and left, and parts done of all, or their percentage."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn() if percent else bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
    )
    # Parts take seconds to minutes: the speed has to be that of the whole run.
    return bars.Progress(*columns, console=Console(stderr=True), speed_estimate_period=1e6)


@contextmanager
def part_bar(what: str, *, rate: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show one bar while inside; yields what to call with (parts done, parts in all).

    rate  say how many parts a minute are done, those of this run alone
    """
    with timed_bars() as progress:
        task = progress.add_task(what, total=None)
        begun, first = monotonic(), None

        def advance(done: int, total: int) -> None:
            nonlocal first
            first = done - 1 if first is None else first
            minutes = max(monotonic() - begun, 1e-9) / 60
            words = f"{what}, {(done - first) / minutes:.1f} a minute" if rate else what
            progress.update(task, completed=done, total=total, description=words)

        yield advance
