"""One Optuna study in a database: open it, begin it, run its next trial.

Repeatable: the sampler is seeded anew for every trial from the study's seed and the
trial's place in the sequence, so a study that was killed and goes on proposes what it
would have proposed without the kill.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence

import numpy as np
import optuna
from optuna.trial import Trial, TrialState

from models.errors import ConfigError, ModelError
from pipelines.tuning import trials
from pipelines.tuning.objectives import Objective, ObjectiveSource
from pipelines.tuning.settings import TrialRecord, TuningSettings
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.storage import open_storage, opening, sqlite_file, turn

SETUP = "setup"
FAILURES = (ModelError, MemoryError, ArithmeticError)


def open_study(settings: TuningSettings, storage: str, space: SearchSpace) -> optuna.Study:
    """Open the study, or create it. Raises when the storage cannot be used."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with opening(storage), turn(settings.study, storage):
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


def run_next(
    study: optuna.Study,
    objective: Objective,
    space: SearchSpace,
    settings: TuningSettings,
    storage: str,
    worker: str,
) -> TrialRecord | None:
    """Run the next trial of the sequence; None when all are done or being run.

    worker  name of this process, which nobody else has

    A trial that others took for dead meanwhile, since this process slept, is theirs: it is
    returned as interrupted.
    """
    number = -1
    with turn(settings.study, storage) as end_turn:
        if sqlite_file(storage) is None:
            trials.queue_interrupted(study, settings, storage)
        if trials.taken(study) >= settings.trials:
            return None
        study.sampler = _sampler(settings, space, trials.next_place(study))

        def evaluate(trial: Trial) -> float:
            nonlocal number
            number = trial.number
            trials.note_taken(trial, worker)
            # The trial is ours: others may take theirs while it runs.
            end_turn()
            return _evaluated(trial, objective, space)

        try:
            study.optimize(evaluate, n_trials=1, catch=FAILURES)
        except Exception:
            if number < 0 or not trials.lost_its_process(study.get_trials()[number]):
                raise
    return trials.record(study.get_trials(deepcopy=False)[number])


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
        trial.set_user_attr(trials.ERROR, f"{type(error).__name__}: {error}")
        raise
    except (KeyboardInterrupt, SystemExit):
        # Not the parameters' fault: they are run again however often this happens.
        trial.set_user_attr(trials.STOPPED, True)
        raise
    return value


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
