"""Worker processes of a study: each takes trials until none is left to take.

A worker that dies (out of memory, killed) takes no other with it: a new one takes its place.
Workers are forked from a server process that has loaded the libraries once, which spares
each of them some seconds, and end with their parent.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from types import FrameType
from uuid import uuid4

from models.errors import ModelError
from pipelines.tuning.job import Job
from pipelines.tuning.settings import TrialRecord
from pipelines.tuning.storage import told_when_lost
from pipelines.workers import end_with_parent, environment_for_children

#: Deaths in a row without a trial that ended; then the study is given up.
MAX_DEATHS = 10
#: Seconds that a worker has to note that it was stopped, before it is killed.
PATIENCE = 10.0
#: Exit status of a worker that was told to stop.
STOPPED = 130


@dataclass(frozen=True)
class _Worker:
    name: str
    process: ForkServerProcess
    inbox: Connection

    def news(self) -> TrialRecord | None:
        """What came: a trial that ended, None when no more comes. Raises what it raised."""
        try:
            came: TrialRecord | Exception = self.inbox.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return None
        if isinstance(came, Exception):
            raise came
        return came

    @property
    def died(self) -> bool:
        return self.process.exitcode != 0


def run_in_workers(
    job: Job,
    count: int,
    on_trial: Callable[[TrialRecord], None],
    on_death: Callable[[str], None],
) -> None:
    """Let `count` workers take trials until none is left to take.

    on_death  told the name of a worker that died, before another takes its place

    Raises what a worker raised, and ModelError when many die and no trial ends.
    """
    crew = [_started(job) for _ in range(count)]
    deaths = 0
    try:
        while crew:
            for worker in _with_news(crew):
                trial = worker.news()
                if trial is not None:
                    deaths = 0
                    on_trial(trial)
                    continue
                crew.remove(worker)
                if worker.died:
                    deaths += 1
                    on_death(worker.name)
                    _check(job, deaths)
                    crew.append(_started(job))
    finally:
        _stop(crew)


def _with_news(crew: list[_Worker]) -> list[_Worker]:
    ready = wait([worker.inbox for worker in crew])
    return [worker for worker in crew if worker.inbox in ready]


def _check(job: Job, deaths: int) -> None:
    if deaths == MAX_DEATHS:
        raise ModelError(
            f"study {job.settings.study!r}: the workers died {MAX_DEATHS} times without "
            f"finishing a trial (out of memory?); try fewer workers"
        )


def _started(job: Job) -> _Worker:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, job.source.factory.partition(":")[0]])
    inbox, outbox = context.Pipe(duplex=False)
    job = replace(job, worker=uuid4().hex)
    process = context.Process(target=_work, args=(job, outbox), name="tuning")
    with environment_for_children():
        process.start()
    # Kept by the worker alone: when that is gone, the inbox ends.
    outbox.close()
    return _Worker(job.worker, process, inbox)


def _stop(crew: list[_Worker]) -> None:
    """End workers in the middle of a trial, which notes that it was stopped on purpose."""
    for worker in crew:
        worker.process.terminate()
    for worker in crew:
        worker.process.join(PATIENCE)
        worker.process.kill()


def _work(job: Job, outbox: Connection) -> None:
    """What a worker process does."""
    end_with_parent()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stopped)
    try:
        with told_when_lost(job.storage):
            study, objective = job.open(), job.source.build()
            while (trial := job.run_next(study, objective)) is not None:
                outbox.send(trial)
    except KeyboardInterrupt:
        # Another takes its place, if the command goes on.
        sys.exit(STOPPED)
    except Exception as error:
        outbox.send(_sendable(error))


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    # Once: what notes that the trial was stopped is not to be stopped too.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _sendable(error: Exception) -> Exception:
    """An error with its traceback as a note, or its text when it cannot be sent."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return ModelError(f"a tuning worker stopped: {type(error).__name__}: {error}")
    return error
