"""Fields computed in pieces by several processes, and put together month by month."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

import numpy as np

from models.emulators.grid import FloatArray
from models.errors import DependencyError
from pipelines.datasets.density.sources import HourArray, SnapshotSource
from pipelines.workers import end_with_parent, environment_for_children

#: Hours that a worker computes at a time: seconds of work, megabytes to send back.
PIECE = 96
#: Pieces that each worker may be ahead of what is being put together.
_AHEAD = 2

#: Called with (pieces done, pieces in all).
Progress = Callable[[int, int], None]
#: Starts the computation of one piece; what it returns gives the fields, when called.
Submit = Callable[[SnapshotSource, HourArray], Callable[[], FloatArray]]


def computed_months(
    source: SnapshotSource, months: Sequence[HourArray], workers: int, progress: Progress | None
) -> Iterator[tuple[HourArray, FloatArray]]:
    """The finished fields of each month in turn, from pieces that are computed ahead.

    With one worker everything runs in this process. Raises DependencyError when a worker dies.
    """
    pieces = [_pieces(source.needed(month)) for month in months]
    total = sum(map(len, pieces))
    if not total:
        return
    done = 0
    if progress is not None:
        progress(done, total)
    with _submitter(workers) as submit:
        queue = (submit(source.narrowed(piece), piece) for part in pieces for piece in part)
        results = _ahead(queue, _AHEAD * workers if workers > 1 else 1)
        for month, part in zip(months, pieces, strict=True):
            found = []
            for _ in part:
                found.append(next(results))
                done += 1
                if progress is not None:
                    progress(done, total)
            yield month, source.finish(month, np.concatenate(found))


def _pieces(hours: HourArray) -> list[HourArray]:
    return list(np.split(hours, np.arange(PIECE, len(hours), PIECE)))


def _ahead(queue: Iterator[Callable[[], FloatArray]], ahead: int) -> Iterator[FloatArray]:
    """Results in order, with `ahead` computations begun before the first is waited for."""
    begun: deque[Callable[[], FloatArray]] = deque()
    for computation in queue:
        begun.append(computation)
        if len(begun) >= ahead:
            yield begun.popleft()()
    while begun:
        yield begun.popleft()()


@contextmanager
def _submitter(workers: int) -> Iterator[Submit]:
    """How to compute a piece: here and now, or in one of several processes."""
    if workers == 1:
        yield lambda source, hours: lambda: source.compute(hours)
        return
    context = get_context("spawn")
    with (
        environment_for_children(),
        ProcessPoolExecutor(workers, context, initializer=end_with_parent) as pool,
    ):

        def submit(source: SnapshotSource, hours: HourArray) -> Callable[[], FloatArray]:
            return partial(_result, pool.submit(_compute, source, hours))

        try:
            yield submit
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _compute(source: SnapshotSource, hours: HourArray) -> FloatArray:
    return source.compute(hours)


def _result(job: Future[FloatArray]) -> FloatArray:
    try:
        return job.result()
    except BrokenProcessPool as error:
        raise DependencyError(
            "a worker process of the snapshots was killed, perhaps for memory; run the same "
            "command again with fewer --workers: it goes on where it stopped"
        ) from error
