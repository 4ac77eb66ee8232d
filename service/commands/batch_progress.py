"""Rows done, rate and time left: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import typer

#: Seconds between two lines in a log.
EVERY = 10.0


@contextmanager
def row_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what to call with (rows done, rows in all)."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(what, console) as tell:
            yield tell
    else:
        yield Lines(what)


@contextmanager
def _bar(what: str, console: object) -> Iterator[Callable[[int, int], None]]:
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
    )
    shown = console if isinstance(console, Console) else None
    with bars.Progress(*columns, console=shown, speed_estimate_period=1e6) as progress:
        task = progress.add_task(what, total=None, rate="")
        pace = Pace()

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, rate=f"{pace(done):,.0f} rows/s")

        yield tell


class Pace:
    """Rows per second since the first call; what was done before does not count."""

    def __init__(self) -> None:
        self._begun = monotonic()
        self._before: int | None = None

    def __call__(self, done: int) -> float:
        if self._before is None:
            self._begun, self._before = monotonic(), done
        return (done - self._before) / max(monotonic() - self._begun, 1e-9)


class Lines:
    """A line on stderr every EVERY seconds, and at the end."""

    def __init__(self, what: str, every: float = EVERY) -> None:
        self._what, self._every = what, every
        self._pace = Pace()
        self._next = monotonic() + every

    def __call__(self, done: int, total: int) -> None:
        """Tell how far it is, if it is time to."""
        rate = self._pace(done)
        if monotonic() < self._next and done < total:
            return
        self._next = monotonic() + self._every
        left = f"{(total - done) / rate:,.0f} s left" if rate > 0 else "time left unknown"
        share = 100 * done / max(total, 1)
        typer.echo(
            f"{self._what}: {done:,} of {total:,} rows ({share:.0f} %), {rate:,.0f} rows/s, {left}",
            err=True,
        )
