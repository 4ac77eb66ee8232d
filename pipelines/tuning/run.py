"""`tune`: run a study to its total, in this process or in several, on one machine or more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import optuna

from models.errors import ModelError
from pipelines.tuning import study as studies
from pipelines.tuning import trials
from pipelines.tuning.crew import run_in_workers
from pipelines.tuning.job import Job
from pipelines.tuning.objectives import ObjectiveSource
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.storage import sole_user, told_when_lost

#: Called with (trials done, total, the trial just done); when a study goes on, first
#: with the best trial of earlier runs.
Progress = Callable[[int, int, TrialRecord], None]

#: The study's database in its folder, unless the settings name a storage.
STUDY_FILE = "study.db"
#: How often to look for a stopped heartbeat while others run what is left.
HEARTBEAT_LOOKS = 4


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
    job = Job(source, space, settings, storage_url(settings, out), until, uuid4().hex)
    with told_when_lost(job.storage), sole_user(settings, job.storage) as alone:
        return _tune(job, first, on_trial or _silent, alone)


def _tune(job: Job, first: Sequence[Parameters], on_trial: Progress, alone: bool) -> TuningResult:
    study = job.open()
    studies.check_setup(study, job.space, job.source)
    studies.queue_first(study, first, job.storage)
    if alone:
        trials.queue_dead(study, job.settings, job.storage)
    _tell_earlier(study, job.settings, on_trial)
    _go_on(job, study, _counting(study, job.settings.trials, on_trial, alone), alone)
    return _result(study, job.settings)


def storage_url(settings: TuningSettings, out: Path) -> str:
    """URL of the database that holds the study."""
    return settings.storage or f"sqlite:///{(out / STUDY_FILE).resolve()}"


def _silent(_done: int, _total: int, _trial: TrialRecord) -> None:
    """Report no progress."""


def _tell_earlier(study: optuna.Study, settings: TuningSettings, on_trial: Progress) -> None:
    """When a study goes on, report its best trial so far."""
    complete = [trial for trial in trials.records(study) if trial.value is not None]
    if complete:
        on_trial(trials.finished(study), settings.trials, _best(complete))


def _best(complete: Sequence[TrialRecord]) -> TrialRecord:
    return min(complete, key=lambda trial: (trial.value, trial.number))


def _go_on(job: Job, study: optuna.Study, tell: Callable[[TrialRecord], None], alone: bool) -> None:
    """Take trials until the total is reached, whoever runs the last ones."""
    while trials.finished(study) < job.settings.trials and not job.late:
        left = job.settings.trials - trials.taken(study)
        if left <= 0:
            _take_back(job, study, alone)
        elif job.settings.workers == 1:
            _run_here(job, study, tell)
        else:
            _run_in_workers(job, study, min(left, job.settings.workers), tell)


def _take_back(job: Job, study: optuna.Study, alone: bool) -> None:
    """All that is left is being run: by a process that is gone, or one that may yet die."""
    if not alone:
        time.sleep(job.settings.heartbeat_seconds / HEARTBEAT_LOOKS)
    trials.queue_dead(study, job.settings, job.storage)


def _run_here(job: Job, study: optuna.Study, tell: Callable[[TrialRecord], None]) -> None:
    objective = job.source.build()
    while (trial := job.run_next(study, objective)) is not None:
        tell(trial)


def _run_in_workers(
    job: Job, study: optuna.Study, count: int, tell: Callable[[TrialRecord], None]
) -> None:
    def bury(worker: str) -> None:
        for trial in trials.bury(study, worker, job.storage):
            tell(trial)

    run_in_workers(job, count, tell, bury)


def _counting(
    study: optuna.Study, total: int, on_trial: Progress, alone: bool
) -> Callable[[TrialRecord], None]:
    """Tell of trials with how many are done, those of other machines included."""
    done = trials.finished(study)

    def tell(trial: TrialRecord) -> None:
        nonlocal done
        if trial.state in trials.DONE:
            done = done + 1 if alone else trials.finished(study)
            on_trial(done, total, trial)

    return tell


def _result(study: optuna.Study, settings: TuningSettings) -> TuningResult:
    found = trials.records(study)
    complete = [trial for trial in found if trial.value is not None]
    if not complete:
        done = [trial for trial in found if trial.state in trials.DONE]
        usual = "every trial was pruned" if done else "there was no time for one"
        reasons = [trial.error for trial in found if trial.error] or [usual]
        raise ModelError(
            f"study {settings.study!r}: none of {len(done)} trials gave a value; "
            f"the last reason: {reasons[-1]}"
        )
    return TuningResult(
        settings.study, _best(complete), found, studies.importances(study, settings.seed)
    )
