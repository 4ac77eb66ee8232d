"""`tune`: run a study to its total, in this process or in several.

Each worker is a fresh process with one thread that builds its own objective, and ends
with its parent. A worker that dies (out of memory, killed) takes no trial with it:
its trial goes back to the queue and the rest of the study is run by new workers.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import optuna

from models.errors import DependencyError, ModelError
from pipelines.tuning import study as studies
from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.storage import LOST, reason, shown, sole_user
from pipelines.workers import end_with_parent, environment_for_children

#: Called with (trials done, total, the trial just done); when a study goes on, first
#: with the best trial of earlier runs.
Progress = Callable[[int, int, TrialRecord], None]

#: The study's database in its folder, unless the settings name a storage.
STUDY_FILE = "study.db"
#: How often to look for a stopped heartbeat while others run what is left.
HEARTBEAT_LOOKS = 4
#: Rounds in a row in which every worker died; then the study is given up.
MAX_CRASHES = 5


@dataclass(frozen=True)
class _Job:
    """All that a worker needs, as plain data."""

    source: ObjectiveSource
    space: SearchSpace
    settings: TuningSettings
    storage: str
    until: float | None

    def open(self) -> optuna.Study:
        return studies.open_study(self.settings, self.storage, self.space)

    def run_next(self, study: optuna.Study, objective: Objective) -> TrialRecord | None:
        """The next trial; None when there is none to take, or no time left."""
        if self.late:
            return None
        return studies.run_next(study, objective, self.space, self.settings, self.storage)

    @property
    def late(self) -> bool:
        return self.until is not None and time.time() >= self.until


def tune(
    source: ObjectiveSource,
    space: SearchSpace,
    settings: TuningSettings,
    out: Path,
    on_trial: Progress | None = None,
    *,
    first: Sequence[Parameters] = (),
    until: float | None = None,
) -> TuningResult:
    """Bring the study to `settings.trials` trials and return what it found.

    first  parameters that a new study begins with, such as those in use and the best of an
           earlier study (`warm_start`); what they lack is drawn
    until  time (seconds since 1970) after which no trial is begun; the study can go on later

    Trials that an earlier, killed run left behind are run again first, once. The study lies
    in `out/study.db` unless the settings name a storage; several machines may work on one
    study on a server, up to the same total.

    Raises ConfigError when the study is in use or was begun with another space or
    objective, DependencyError when the storage cannot be opened or goes away, ModelError
    when no trial gave a value.
    """
    job = _Job(source, space, settings, storage_url(settings, out), until)
    try:
        with sole_user(settings, job.storage) as alone:
            return _tune(job, first, on_trial or _silent, alone)
    except LOST as error:
        raise DependencyError(
            f"storage {shown(job.storage)}: {reason(error)}; nothing that was finished is lost, "
            "run the same command again to go on"
        ) from error


def _tune(job: _Job, first: Sequence[Parameters], on_trial: Progress, alone: bool) -> TuningResult:
    study = job.open()
    studies.check_setup(study, job.space, job.source)
    studies.queue_first(study, first, job.storage)
    if alone:
        studies.queue_dead(study, job.settings, job.storage)
    _tell_earlier(study, job.settings, on_trial)
    if job.settings.workers == 1:
        _run_here(job, study, on_trial)
    else:
        _run_in_workers(job, study, on_trial, alone)
    return _result(study, job.settings)


def storage_url(settings: TuningSettings, out: Path) -> str:
    """URL of the database that holds the study."""
    return settings.storage or f"sqlite:///{(out / STUDY_FILE).resolve()}"


def _silent(_done: int, _total: int, _trial: TrialRecord) -> None:
    """Report no progress."""


def _tell_earlier(study: optuna.Study, settings: TuningSettings, on_trial: Progress) -> None:
    """When a study goes on, report its best trial so far."""
    complete = [trial for trial in studies.records(study) if trial.value is not None]
    if complete:
        on_trial(studies.finished(study), settings.trials, _best(complete))


def _best(complete: Sequence[TrialRecord]) -> TrialRecord:
    return min(complete, key=lambda trial: (trial.value, trial.number))


def _run_here(job: _Job, study: optuna.Study, on_trial: Progress) -> None:
    objective = job.source.build()
    while studies.finished(study) < job.settings.trials and not job.late:
        record = job.run_next(study, objective)
        if record is None:
            _wait_for_others(job)
        else:
            on_trial(studies.finished(study), job.settings.trials, record)


def _wait_for_others(job: _Job) -> None:
    """All that is left is being run elsewhere: wait, for its process may die."""
    time.sleep(job.settings.heartbeat_seconds / HEARTBEAT_LOOKS)


def _run_in_workers(job: _Job, study: optuna.Study, on_trial: Progress, alone: bool) -> None:
    # Built here too, so that unusable data is one clear error and not five dead workers.
    job.source.build()
    crashes = 0
    while studies.finished(study) < job.settings.trials and not job.late:
        left = job.settings.trials - studies.taken(study)
        if left <= 0 and not alone:
            _wait_for_others(job)
            studies.queue_dead(study, job.settings, job.storage)
            continue
        before = studies.survived(study)
        try:
            _run_round(job, study, max(left, 1), on_trial)
        except BrokenProcessPool as error:
            crashes = crashes + 1 if studies.survived(study) == before else 0
            if crashes == MAX_CRASHES:
                raise ModelError(
                    f"study {job.settings.study!r}: the workers died {MAX_CRASHES} times without "
                    f"finishing a trial (out of memory?); try fewer workers"
                ) from error
            if alone:
                studies.queue_dead(study, job.settings, job.storage)


def _run_round(job: _Job, study: optuna.Study, count: int, on_trial: Progress) -> None:
    context = multiprocessing.get_context("spawn")
    workers = min(job.settings.workers, count)
    with (
        environment_for_children(),
        ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(job,)) as pool,
    ):
        futures = [pool.submit(_work) for _ in range(count)]
        try:
            for future in as_completed(futures):
                record = future.result()
                if record is not None:
                    on_trial(studies.finished(study), job.settings.trials, record)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


#: What a worker process holds between its trials.
_worker: tuple[_Job, optuna.Study, Objective] | None = None


def _start_worker(job: _Job) -> None:
    global _worker
    # Its trial is queued again by the next run.
    end_with_parent()
    _worker = (job, job.open(), job.source.build())


def _work() -> TrialRecord | None:
    if _worker is None:
        raise ModelError("a tuning worker was used before it was started")
    job, study, objective = _worker
    return job.run_next(study, objective)


def _result(study: optuna.Study, settings: TuningSettings) -> TuningResult:
    trials = studies.records(study)
    complete = [trial for trial in trials if trial.value is not None]
    if not complete:
        reasons = [trial.error for trial in trials if trial.error] or ["every trial was pruned"]
        raise ModelError(
            f"study {settings.study!r}: none of {len(trials)} trials gave a value; "
            f"the last reason: {reasons[-1]}"
        )
    return TuningResult(
        settings.study, _best(complete), trials, studies.importances(study, settings.seed)
    )
