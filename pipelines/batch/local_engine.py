"""Shards in processes of this machine. A worker that is killed is replaced, and its shard done
again; a shard that kills two workers ends the run."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from models.errors import DependencyError
from pipelines.batch.contract import Kept, Shard
from pipelines.batch.work import Work
from pipelines.workers import end_with_parent, environment_for_children

#: Workers that one shard may cost.
_LIVES = 2
#: Each worker has a core to itself: threads of libraries would only wait for one another.
_ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class LocalEngine:
    """In this process with one worker or shard, else in as many processes as workers."""

    def warm(self, modules: Sequence[str]) -> None:
        """Begin to load what all workers need, once, while the run is being planned."""
        prepare_server(modules)

    def run(self, work: Work, shards: Sequence[Shard], workers: int) -> Iterator[Kept]:
        """Records in the order in which shards are finished."""
        if min(workers, len(shards)) == 1:
            work.open()
            yield from map(work.do, shards)
            return
        team = _Team(work, shards)
        try:
            for _ in range(min(workers, len(shards))):
                team.hire()
            yield from team.work_off()
        finally:
            team.dismiss()


@dataclass
class _Worker:
    """A process, the line to it, and the shard that it has been given."""

    process: BaseProcess
    line: Connection
    shard: Shard


class _Team:
    """Workers, each with one shard at a time, and the shards that wait."""

    def __init__(self, work: Work, shards: Sequence[Shard]) -> None:
        self._work = work
        self._waiting = deque(shards)
        self._workers: list[_Worker] = []
        self._deaths: dict[int, int] = {}

    def hire(self) -> None:
        """Start a worker and give it the next shard."""
        context = multiprocessing.get_context("forkserver")
        line, other = context.Pipe()
        process = context.Process(target=_serve, args=(self._work, other), daemon=True)
        prepare_server(())
        process.start()
        other.close()
        shard = self._waiting.popleft()
        line.send(shard)
        self._workers.append(_Worker(process, line, shard))

    def work_off(self) -> Iterator[Kept]:
        """Records as they come, until nothing waits. What a worker raised is raised."""
        while self._workers:
            ready = wait([worker.line for worker in self._workers])
            for worker in [worker for worker in self._workers if worker.line in ready]:
                kept = self._answer(worker)
                if kept is not None:
                    yield kept

    def _answer(self, worker: _Worker) -> Kept | None:
        try:
            answer = worker.line.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return None
        if isinstance(answer, Exception):
            raise answer
        if self._waiting:
            worker.shard = self._waiting.popleft()
            self._give(worker)
        else:
            self._workers.remove(worker)
            worker.line.close()
        kept: Kept = answer
        return kept

    def _give(self, worker: _Worker) -> None:
        try:
            worker.line.send(worker.shard)
        except OSError:
            self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """Replace a worker that is gone; its shard comes first."""
        self._workers.remove(worker)
        worker.line.close()
        worker.process.join()
        shard = worker.shard
        self._deaths[shard.index] = self._deaths.get(shard.index, 0) + 1
        if self._deaths[shard.index] >= _LIVES:
            raise DependencyError(
                f"{shard.name}: its worker process was killed twice (exit code "
                f"{worker.process.exitcode}), as a rule for want of memory; lower --memory-mb or "
                "--workers and go on with --resume"
            )
        self._waiting.appendleft(shard)
        self.hire()

    def dismiss(self) -> None:
        """End every worker; those at work are in the middle of what nobody wants any more."""
        for worker in self._workers:
            worker.process.terminate()
            worker.line.close()
        for worker in self._workers:
            worker.process.join()


def prepare_server(modules: Sequence[str]) -> None:
    """Start the process that workers are forked from, with the environment that they need.

    It loads `modules` at once; those must start no threads when they load.
    """
    if modules:
        multiprocessing.set_forkserver_preload(list(modules))
    with environment_for_children():
        os.environ.update(_ONE_THREAD)
        forkserver.ensure_running()


def _serve(work: Work, line: Connection) -> None:
    """Answer every shard with its record, or with what went wrong, until the line is closed."""
    end_with_parent()
    try:
        work.open()
        while True:
            line.send(work.do(line.recv()))
    except EOFError:
        return
    except Exception as error:
        line.send(error)
