"""One Optuna study in a database: open it, repair it, run a trial, read it.

Repeatable: the sampler is seeded anew for every trial from the study's seed and the
trial's place in the sequence, so a study that was killed and goes on proposes what it
would have proposed without the kill.

Nothing is lost: a trial whose process died is marked as failed and its parameters are
put back in the queue. Such trials do not count towards the total. On one machine a
lock tells a dead process from a slow one; on a database server, a heartbeat does.
"""

from __future__ import annotations

import fcntl
import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigError, DependencyError, ModelError
from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import State, TrialRecord, TuningSettings
from pipelines.tuning.space import SearchSpace

RETRY_OF = "retry_of"
ERROR = "error"
SETUP = "setup"
HEARTBEAT_SECONDS = 30
FAILURES = (ModelError, MemoryError, ArithmeticError)

_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


def open_study(settings: TuningSettings, storage: str, space: SearchSpace) -> optuna.Study:
    """Open the study, or create it. Raises when the storage cannot be used."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(
        study_name=settings.study,
        storage=_open_storage(storage),
        sampler=_sampler(settings, space, 0),
        pruner=_pruner(settings),
        direction="minimize",
        load_if_exists=True,
    )


def _open_storage(url: str) -> optuna.storages.RDBStorage:
    try:
        local = _sqlite_file(url) is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            storage = optuna.storages.RDBStorage(
                url,
                engine_kwargs={"connect_args": {"timeout": 120}} if local else None,
                heartbeat_interval=None if local else HEARTBEAT_SECONDS,
                heartbeat_stale_trial_callback=None if local else _queue_again,
            )
    except (SQLAlchemyError, ImportError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DependencyError(f"storage {shown(url)}: cannot be opened: {reason}") from error
    if local:
        # Readers then never wait for writers, and a commit does not wait for the disk:
        # a killed process loses nothing, a power cut at most the last commits.
        event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()
    return storage


def _write_ahead(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def shown(url: str) -> str:
    """Return the URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for a database server."""
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"storage {url!r}: expected a URL such as sqlite:///study.db or "
            f"postgresql://user@host/name"
        ) from error
    if not parts.drivername.startswith("sqlite"):
        return None
    if not parts.database or parts.database == ":memory:":
        raise ConfigError(f"storage {url!r}: expected a file, which a killed study can go on from")
    return Path(parts.database)


@contextmanager
def sole_user(settings: TuningSettings, storage: str) -> Iterator[bool]:
    """Hold the study for this process; yields whether every other user is surely dead.

    The lock goes with its process, however that ends. A database server is left to its
    heartbeat, since other machines may be at work on the study.
    """
    database = _sqlite_file(storage)
    if database is None:
        yield False
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = database.with_name(f"{database.name}.{settings.study}.lock")
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"study {settings.study!r} in {database} is being tuned by another process; "
                f"wait for it, or name another study or output folder"
            ) from error
        yield True


def check_setup(study: optuna.Study, space: SearchSpace, source: ObjectiveSource) -> None:
    """Refuse to go on with a study that was begun on another space or objective."""
    setup = {
        "space": space.model_dump(mode="json"),
        "factory": source.factory,
        "arguments": json.loads(json.dumps(dict(source.arguments))),
    }
    known = study.user_attrs.get(SETUP)
    # Without a trial nothing has begun: the first objective may not even have been built.
    if known is None or not study.get_trials(deepcopy=False):
        study.set_user_attr(SETUP, setup)
        return
    changed = [key for key in setup if setup[key] != known[key]]
    if changed:
        raise ConfigError(
            f"study {study.study_name!r} was begun with another {changed[0]}; "
            f"go on with the same one, or name another study or output folder"
        )


def queue_interrupted(study: optuna.Study) -> None:
    """Fail the trials that nobody runs any more and queue their parameters again."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        _queue_again(study, trial)
        study.tell(trial.number, state=TrialState.FAIL)


def _queue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    # Queued before it is failed: killed in between, the next run must not queue it twice.
    if trial.number not in _retried(study.get_trials(deepcopy=False)):
        study.enqueue_trial(trial.params, user_attrs={RETRY_OF: trial.number})


def _retried(trials: list[FrozenTrial]) -> set[int]:
    return {t.user_attrs[RETRY_OF] for t in trials if RETRY_OF in t.user_attrs}


def finished(study: optuna.Study) -> int:
    """Number of trials that count towards the total."""
    return sum(t.state in ("complete", "pruned", "failed") for t in records(study))


def run_trial(
    study: optuna.Study,
    objective: Objective,
    space: SearchSpace,
    settings: TuningSettings,
    index: int,
) -> TrialRecord:
    """Run the trial that stands at place `index` (from 0) of the sequence."""
    study.sampler = _sampler(settings, space, index)
    number = -1

    def evaluate(trial: Trial) -> float:
        nonlocal number
        number = trial.number

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned

        try:
            value = float(objective(space.suggest(trial), report))
            if not math.isfinite(value):
                raise ModelError(f"the objective gave {value}")
        except FAILURES as error:
            trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
            raise
        return value

    study.optimize(evaluate, n_trials=1, catch=FAILURES)
    return _record(study.get_trials(deepcopy=False)[number], set())


def records(study: optuna.Study) -> tuple[TrialRecord, ...]:
    """Read every trial, oldest first."""
    trials = study.get_trials(deepcopy=False)
    retried = _retried(trials)
    return tuple(_record(trial, retried) for trial in trials)


def _record(trial: FrozenTrial, retried: set[int]) -> TrialRecord:
    return TrialRecord(
        number=trial.number,
        state="interrupted" if trial.number in retried else _STATES[trial.state],
        params=dict(trial.params),
        value=trial.value if trial.state is TrialState.COMPLETE else None,
        steps=len(trial.intermediate_values),
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
        error=trial.user_attrs.get(ERROR, ""),
    )


def importances(study: optuna.Study, seed: int) -> dict[str, float]:
    """fANOVA (Hutter, Hoos, Leyton-Brown 2014) over the complete trials."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < 4 or len({trial.value for trial in complete}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _sampler(
    settings: TuningSettings, space: SearchSpace, index: int
) -> optuna.samplers.BaseSampler:
    seed = int(np.random.SeedSequence([settings.seed, index]).generate_state(1)[0])
    if settings.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if settings.sampler == "gp":
        return optuna.samplers.GPSampler(
            seed=seed, n_startup_trials=settings.startup_trials, warn_independent_sampling=False
        )
    conditional = any(parameter.when for parameter in space.parameters.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Groups let parameters that exist only now and then be drawn jointly too.
        return optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=settings.startup_trials,
            multivariate=True,
            group=conditional,
        )


def _pruner(settings: TuningSettings) -> optuna.pruners.BasePruner:
    if settings.pruner == "median":
        return optuna.pruners.MedianPruner(
            n_startup_trials=settings.startup_trials, n_warmup_steps=settings.warmup_steps
        )
    if settings.pruner == "asha":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=settings.warmup_steps + 1)
    return optuna.pruners.NopPruner()
