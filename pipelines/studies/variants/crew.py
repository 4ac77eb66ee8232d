"""Trials one after another here, or in several processes, each with one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

import torch

from models.errors import DependencyError
from pipelines.workers import end_with_parent, environment_for_children

J = TypeVar("J")
Trial = dict[str, Any]


def results_of(
    work: Callable[[J], Trial], jobs: Sequence[J], workers: int
) -> Iterator[tuple[J, Trial]]:
    """Each job with what it gave, as soon as it is there.

    Raises DependencyError when a process was killed from outside.
    """
    if workers == 1:
        for job in jobs:
            with _one_thread():
                found = work(job)
            yield job, found
        return
    try:
        yield from _in_processes(work, jobs, workers)
    except BrokenProcessPool as error:
        raise DependencyError(
            "a worker process of the study was killed, perhaps for memory; run the same command "
            "again with fewer --workers: it goes on where it stopped"
        ) from error


def _in_processes(
    work: Callable[[J], Trial], jobs: Sequence[J], workers: int
) -> Iterator[tuple[J, Trial]]:
    waiting, running = deque(jobs), dict[Future[Trial], J]()
    with environment_for_children(), _pool(workers) as pool:
        while waiting or running:
            # Not all at once: what was not begun must not outlive a stop.
            while waiting and len(running) < 2 * workers:
                job = waiting.popleft()
                running[pool.submit(work, job)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one; a stop waits for none of them."""
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=end_with_parent) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _one_thread() -> Iterator[None]:
    """As in a worker, so that the number of workers changes no result."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
