"""A bar on stderr for work that takes minutes, with the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def training_bar(what: str = "training networks") -> Iterator[Callable[[int, int], None]]:
    """Show a bar while inside; yields what to call with (parts done, parts in all)."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
    )
    # Parts take seconds to minutes: the speed has to be that of the whole run.
    with bars.Progress(
        *columns, console=Console(stderr=True), speed_estimate_period=1e6
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
