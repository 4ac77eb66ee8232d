"""`tune`: run a study to its total, in this process or in several.

Each worker is a fresh process with one thread that builds its own objective, and ends
with its parent. A worker that dies (out of memory, killed) takes no trial with it:
its trial goes back to the queue and the rest of the study is run by new workers.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import optuna

from models.errors import ModelError
from pipelines.tuning import study as studies
from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import SearchSpace
from pipelines.workers import end_with_parent, environment_for_children

#: Called with (trials done, total, the trial just done); when a study goes on, first
#: with the best trial of earlier runs.
Progress = Callable[[int, int, TrialRecord], None]

#: The study's database in its folder, unless the settings name a storage.
STUDY_FILE = "study.db"
#: Rounds in a row in which every worker died; then the study is given up.
MAX_CRASHES = 5


@dataclass(frozen=True)
class _Job:
    """All that a worker needs, as plain data."""

    source: ObjectiveSource
    space: SearchSpace
    settings: TuningSettings
    storage: str

    def open(self) -> optuna.Study:
        return studies.open_study(self.settings, self.storage, self.space)


def tune(
    source: ObjectiveSource,
    space: SearchSpace,
    settings: TuningSettings,
    out: Path,
    on_trial: Progress | None = None,
) -> TuningResult:
    """Bring the study to `settings.trials` trials and return what it found.

    Trials that an earlier, killed run left behind are run again first. The study lies
    in `out/study.db` unless the settings name a storage.

    Raises ConfigError when the study is in use or was begun with another space or
    objective, DependencyError when the storage cannot be opened, ModelError when no
    trial gave a value.
    """
    job = _Job(source, space, settings, storage_url(settings, out))
    with studies.sole_user(settings, job.storage) as alone:
        study = job.open()
        studies.check_setup(study, space, source)
        if alone:
            studies.queue_interrupted(study)
        _tell_earlier(study, settings, on_trial or _silent)
        if settings.workers == 1:
            _run_here(job, study, on_trial or _silent)
        else:
            _run_in_workers(job, study, on_trial or _silent, alone)
        return _result(study, settings)


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
    total = job.settings.trials
    for index in range(studies.finished(study), total):
        record = studies.run_trial(study, objective, job.space, job.settings, index)
        on_trial(index + 1, total, record)


def _run_in_workers(job: _Job, study: optuna.Study, on_trial: Progress, alone: bool) -> None:
    # Built here too, so that unusable data is one clear error and not five dead workers.
    job.source.build()
    crashes = 0
    while (done := studies.finished(study)) < job.settings.trials:
        try:
            _run_round(job, done, on_trial)
        except BrokenProcessPool as error:
            crashes = crashes + 1 if studies.finished(study) == done else 0
            if crashes == MAX_CRASHES:
                raise ModelError(
                    f"study {job.settings.study!r}: the workers died {MAX_CRASHES} times without "
                    f"finishing a trial (out of memory?); try fewer workers"
                ) from error
            if alone:
                studies.queue_interrupted(study)


def _run_round(job: _Job, done: int, on_trial: Progress) -> None:
    total = job.settings.trials
    context = multiprocessing.get_context("spawn")
    workers = min(job.settings.workers, total - done)
    with (
        environment_for_children(),
        ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(job,)) as pool,
    ):
        futures = [pool.submit(_work, index) for index in range(done, total)]
        try:
            for count, future in enumerate(as_completed(futures), start=done + 1):
                on_trial(count, total, future.result())
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


def _work(index: int) -> TrialRecord:
    if _worker is None:
        raise ModelError("a tuning worker was used before it was started")
    job, study, objective = _worker
    return studies.run_trial(study, objective, job.space, job.settings, index)


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
