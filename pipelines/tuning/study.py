"""One Optuna study in a database: open it, repair it, run a trial, read it.

Repeatable: the sampler is seeded anew for every trial from the study's seed and the
trial's place in the sequence, so a study that was killed and goes on proposes what it
would have proposed without the kill.

Nothing is lost: a trial whose process died is marked as failed and its parameters are
put back in the queue, once; it does not count towards the total. When its second process
dies as well, it counts as failed: something in it kills whoever runs it.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from models.errors import ConfigError, ModelError
from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import State, TrialRecord, TuningSettings
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.storage import open_storage, sqlite_file, turn, without_heartbeat

RETRY_OF = "retry_of"
ERROR = "error"
SETUP = "setup"
#: Heartbeats that may be missing before a trial that never gave one is taken for dead: more
#: than Optuna's two, since its start is told by another machine's clock.
SILENT_BEATS = 4
#: States that count towards the total.
DONE = ("complete", "pruned", "failed")
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
    with turn(settings.study, storage):
        return optuna.create_study(
            study_name=settings.study,
            storage=open_storage(storage, settings.heartbeat_seconds),
            sampler=_sampler(settings, space, 0),
            pruner=_pruner(settings),
            direction="minimize",
            load_if_exists=True,
        )


def check_setup(study: optuna.Study, space: SearchSpace, source: ObjectiveSource) -> None:
    """Refuse to go on with a study that was begun on another space or objective."""
    setup = {
        "space": space.model_dump(mode="json"),
        "factory": source.factory,
        "arguments": json.loads(json.dumps(dict(source.arguments))),
    }
    known = study.user_attrs.get(SETUP)
    # Without a trial that ran nothing has begun: the objective may not even have been built.
    begun = any(t.state is not TrialState.WAITING for t in study.get_trials(deepcopy=False))
    if known is None or not begun:
        study.set_user_attr(SETUP, setup)
        return
    changed = [key for key in setup if setup[key] != known[key]]
    if changed:
        raise ConfigError(
            f"study {study.study_name!r} was begun with another {changed[0]}; "
            f"go on with the same one, or name another study or output folder"
        )


def queue_first(study: optuna.Study, first: Sequence[Parameters], storage: str) -> None:
    """Let a study that has no trial yet begin with these parameters."""
    with turn(study.study_name, storage):
        if not study.get_trials(deepcopy=False):
            for parameters in first:
                study.enqueue_trial(dict(parameters), skip_if_exists=True)


def queue_interrupted(study: optuna.Study, settings: TuningSettings, storage: str) -> None:
    """Fail the trials that nobody runs any more, and queue their parameters again, once.

    In a file that this process has for itself, whatever runs has no process; on a server a
    trial is dead whose heartbeat has stopped, or never began.

    A trial that fails by its own fault has a reason; one without a reason lost its process.
    Called in this process's turn.
    """
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    if sqlite_file(storage) is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        running = _never_alive(study, running, settings, storage)
    for trial in running:
        study.tell(trial.number, state=TrialState.FAIL)
    trials = study.get_trials(deepcopy=False)
    known = _retried(trials)
    for trial in trials:
        if _died(trial) and RETRY_OF not in trial.user_attrs and trial.number not in known:
            study.enqueue_trial(trial.params, user_attrs={RETRY_OF: trial.number})


def _never_alive(
    study: optuna.Study, running: list[FrozenTrial], settings: TuningSettings, storage: str
) -> list[FrozenTrial]:
    """Running trials that died before their first heartbeat, which Optuna never looks for."""
    patience = timedelta(seconds=SILENT_BEATS * settings.heartbeat_seconds)
    now = datetime.now()
    old = [t for t in running if t.datetime_start and now - t.datetime_start > patience]
    silent = without_heartbeat(study.study_name, storage) if old else set()
    return [trial for trial in old if trial.number in silent]


def _died(trial: FrozenTrial) -> bool:
    return trial.state is TrialState.FAIL and ERROR not in trial.user_attrs


def _retried(trials: list[FrozenTrial]) -> set[int]:
    return {t.user_attrs[RETRY_OF] for t in trials if RETRY_OF in t.user_attrs}


def finished(study: optuna.Study) -> int:
    """Number of trials that count towards the total."""
    return sum(trial.state in DONE for trial in records(study))


def survived(study: optuna.Study) -> int:
    """Number of trials that ended with their process alive."""
    trials = study.get_trials(deepcopy=False)
    return sum(trial.state.is_finished() and not _died(trial) for trial in trials)


def queue_dead(study: optuna.Study, settings: TuningSettings, storage: str) -> None:
    """`queue_interrupted` in a turn of its own."""
    with turn(study.study_name, storage):
        queue_interrupted(study, settings, storage)


def taken(study: optuna.Study) -> int:
    """The same with those that are being run: the place of the next in the sequence."""
    return sum(trial.state in (*DONE, "running") for trial in records(study))


def run_next(
    study: optuna.Study,
    objective: Objective,
    space: SearchSpace,
    settings: TuningSettings,
    storage: str,
) -> TrialRecord | None:
    """Run the next trial of the sequence; None when all are done or being run.

    The sampler is seeded by the trial's place, which only one process has.
    """
    number = -1
    with turn(settings.study, storage) as end_turn:
        if sqlite_file(storage) is None:
            queue_interrupted(study, settings, storage)
        place = taken(study)
        if place >= settings.trials:
            return None
        study.sampler = _sampler(settings, space, place)

        def evaluate(trial: Trial) -> float:
            nonlocal number
            number = trial.number
            # The trial is ours: others may take theirs while it runs.
            end_turn()
            return _evaluated(trial, objective, space)

        study.optimize(evaluate, n_trials=1, catch=FAILURES)
    return _record(study.get_trials(deepcopy=False)[number], set())


def _evaluated(trial: Trial, objective: Objective, space: SearchSpace) -> float:
    def report(step: int, value: float) -> None:
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        value = float(objective(space.suggest(trial), report))
        if not math.isfinite(value):
            raise ModelError(f"the objective gave {value}")
    except optuna.TrialPruned:
        raise
    except Exception as error:
        trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
        raise
    return value


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
        error=_reason(trial),
    )


def _reason(trial: FrozenTrial) -> str:
    died = "its process died, and so did that of its first run" if _died(trial) else ""
    return str(trial.user_attrs.get(ERROR, died if RETRY_OF in trial.user_attrs else ""))


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
