"""The trials of a study as they stand: which count, whose process died, what is run again.

Nothing is lost: a trial whose process died is marked as failed and its parameters are put
back in the queue, once; it does not count towards the total. When its second process dies
as well, it counts as failed: something in it kills whoever runs it. A trial that was stopped
on purpose is no such death, and is put back however often that happens.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from pipelines.tuning.settings import State, TrialRecord, TuningSettings
from pipelines.tuning.storage import sqlite_file, turn, without_heartbeat

#: What a trial that is run again knows of those before it: the last one's number, how many
#: of their processes died.
RETRY_OF, DEATHS = "retry_of", "deaths"
#: What a trial notes when it is taken: who runs it, from when on.
WORKER, SINCE = "worker", "since"
#: Why a trial failed by its own fault, and that it was stopped on purpose.
ERROR, STOPPED = "error", "stopped"
#: Heartbeats that may be missing before a trial that never gave one is taken for dead: more
#: than Optuna's two, since its start is told by another machine's clock.
SILENT_BEATS = 4
#: States that count towards the total.
DONE = ("complete", "pruned", "failed")

_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


def records(study: optuna.Study) -> tuple[TrialRecord, ...]:
    """Read every trial, oldest first."""
    return tuple(record(trial) for trial in study.get_trials(deepcopy=False))


def record(trial: FrozenTrial) -> TrialRecord:
    """One trial as plain data."""
    return TrialRecord(
        number=trial.number,
        state="interrupted" if _to_be_run_again(trial) else _STATES[trial.state],
        params=dict(trial.params),
        value=trial.value if trial.state is TrialState.COMPLETE else None,
        steps=len(trial.intermediate_values),
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
        error=_reason(trial),
    )


def finished(study: optuna.Study) -> int:
    """Number of trials that count towards the total."""
    return sum(trial.state in DONE for trial in records(study))


def taken(study: optuna.Study) -> int:
    """The same with those that are being run."""
    return sum(trial.state in (*DONE, "running") for trial in records(study))


def next_place(study: optuna.Study) -> int:
    """Place in the sequence of the next trial: one that is run again has that of its first run.

    The sampler is seeded by it. No two trials have the same, so no two draw the same; and
    what died before it had drawn is drawn as it would have been.
    """
    known = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
    waiting = [number for number, trial in known.items() if trial.state is TrialState.WAITING]
    number = min(waiting, default=len(known))
    while number in known and RETRY_OF in known[number].user_attrs:
        number = known[number].user_attrs[RETRY_OF]
    return sum(RETRY_OF not in known[before].user_attrs for before in range(number))


def note_taken(trial: Trial, worker: str) -> None:
    """Let a trial say who runs it, from when on."""
    trial.set_user_attr(SINCE, time.time())
    trial.set_user_attr(WORKER, worker)


def queue_interrupted(study: optuna.Study, settings: TuningSettings, storage: str) -> None:
    """Fail the trials that nobody runs any more, and queue their parameters again, once.

    In a file that this process has for itself, whatever runs has no process; on a server a
    trial is dead whose heartbeat has stopped, or never began. Call it in this process's turn.
    """
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    if sqlite_file(storage) is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        running = _never_alive(study, running, settings, storage)
    _fail(study, running)


def queue_dead(study: optuna.Study, settings: TuningSettings, storage: str) -> None:
    """`queue_interrupted` in a turn of its own."""
    with turn(study.study_name, storage):
        queue_interrupted(study, settings, storage)


def bury(study: optuna.Study, worker: str, storage: str) -> list[TrialRecord]:
    """Put back what a worker ran that is known to be dead; return what is given up for good."""
    with turn(study.study_name, storage):
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        own = [trial.number for trial in running if trial.user_attrs.get(WORKER) == worker]
        _fail(study, [trial for trial in running if trial.number in own])
    buried = [record(trial) for trial in study.get_trials(deepcopy=False) if trial.number in own]
    return [each for each in buried if each.state == "failed"]


def lost_its_process(trial: FrozenTrial) -> bool:
    """Whether a trial ended without a reason of its own."""
    return trial.state is TrialState.FAIL and ERROR not in trial.user_attrs


def _fail(study: optuna.Study, dead: Sequence[FrozenTrial]) -> None:
    for trial in dead:
        study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    trials = study.get_trials(deepcopy=False)
    queued = {trial.user_attrs.get(RETRY_OF) for trial in trials}
    for trial in trials:
        if _to_be_run_again(trial) and trial.number not in queued:
            study.enqueue_trial(*_again(trial))


def _again(trial: FrozenTrial) -> tuple[dict[str, object], dict[str, object]]:
    """Parameters of a trial, with those that it was given but did not come to; its notes."""
    given = trial.system_attrs.get("fixed_params", {})
    return {**given, **trial.params}, {RETRY_OF: trial.number, DEATHS: _deaths(trial)}


def _to_be_run_again(trial: FrozenTrial) -> bool:
    return lost_its_process(trial) and _deaths(trial) < 2


def _deaths(trial: FrozenTrial) -> int:
    """Processes that died on these parameters, this trial's included."""
    before = trial.user_attrs.get(DEATHS, int(RETRY_OF in trial.user_attrs))
    return int(before) + (STOPPED not in trial.user_attrs)


def _never_alive(
    study: optuna.Study, running: list[FrozenTrial], settings: TuningSettings, storage: str
) -> list[FrozenTrial]:
    """Running trials that died before their first heartbeat, which Optuna never looks for.

    Who has the turn knows that nobody is taking a trial now.
    """
    oldest = time.time() - SILENT_BEATS * settings.heartbeat_seconds
    untaken = [trial for trial in running if WORKER not in trial.user_attrs]
    old = [t for t in running if WORKER in t.user_attrs and t.user_attrs[SINCE] < oldest]
    silent = without_heartbeat(study.study_name, storage) if old else set()
    return untaken + [trial for trial in old if trial.number in silent]


def _reason(trial: FrozenTrial) -> str:
    """Why a trial failed, "" when it did not."""
    twice = lost_its_process(trial) and not _to_be_run_again(trial)
    died = "its process died, and so did that of its first run" if twice else ""
    return str(trial.user_attrs.get(ERROR, died))
