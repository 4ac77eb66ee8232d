"""Several machines on one PostgreSQL study: processes that share nothing but its URL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from models.errors import DependencyError
from pipelines.environment import process_environment
from pipelines.tuning import study as studies
from pipelines.tuning import trials as trial_list
from pipelines.tuning.run import tune
from pipelines.tuning.settings import TrialRecord, TuningSettings
from tests.pipelines.tuning import toys
from tests.servers.postgres import fresh_database, run_sql, server_url

TRIALS = 8
PATIENCE = 90.0


def machine(
    url: str, out: Path, toy: str = "slow", workers: int = 1, **arguments: Any
) -> subprocess.Popen[bytes]:
    """Begin to tune in a process of its own."""
    words = [str(out), str(TRIALS), str(workers), url, toy, json.dumps(arguments)]
    command = [sys.executable, "-m", "tests.pipelines.tuning.toys", *words]
    return subprocess.Popen(command, env=process_environment(), stderr=subprocess.PIPE)


def settings(url: str, **changes: Any) -> TuningSettings:
    return TuningSettings(
        **{
            "trials": TRIALS,
            "startup_trials": 3,
            "storage": url,
            "heartbeat_seconds": 1,
            **changes,
        }
    )


def trials(url: str) -> tuple[TrialRecord, ...]:
    return trial_list.records(studies.open_study(settings(url), url, toys.bowl_space()))


def wait_for(url: str, state: str, count: int) -> None:
    end = time.monotonic() + PATIENCE
    query = f"SELECT count(*) FROM trials WHERE state = '{state}'"
    exists = "SELECT to_regclass('trials') IS NOT NULL"
    while time.monotonic() < end:
        if run_sql(url, exists) == [(True,)] and run_sql(url, query)[0][0] >= count:  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise AssertionError(f"{count} trials in state {state} did not come")


def test_two_machines_run_each_trial_once_up_to_one_total(tmp_path: Path) -> None:
    url = fresh_database()
    both = [machine(url, tmp_path / name) for name in ("a", "b")]
    assert [process.wait(PATIENCE) for process in both] == [0, 0]
    found = trials(url)
    assert [trial.state for trial in found] == ["complete"] * TRIALS
    assert len({tuple(trial.params.items()) for trial in found}) == TRIALS


def test_a_machine_that_is_killed_leaves_its_trial_to_the_other(tmp_path: Path) -> None:
    url = fresh_database()
    lost = machine(url, tmp_path / "a", "slow", seconds=60)
    wait_for(url, "RUNNING", 1)
    # The study was begun with a toy that never ends; the other machine has the same one.
    lost.send_signal(signal.SIGKILL)
    lost.wait()
    run_sql(url, "DELETE FROM study_user_attributes")  # let a quicker toy go on
    other = machine(url, tmp_path / "b", "slow", seconds=0.2)
    assert other.wait(PATIENCE) == 0
    found = trials(url)
    states = [trial.state for trial in found]
    assert sorted(states) == ["complete"] * TRIALS + ["interrupted"]
    (dead,) = [trial for trial in found if trial.state == "interrupted"]
    again = [t for t in found if t.state == "complete" and dead.params.items() <= t.params.items()]
    assert len(again) == 1 or not dead.params


def wait_for_a_taken_trial(url: str) -> None:
    """Wait until some process is in the middle of a trial, and none in its turn to take one."""
    wait_for(url, "RUNNING", 1)
    end = time.monotonic() + PATIENCE
    noted = "SELECT count(*) FROM trial_user_attributes WHERE key = 'worker'"
    turns = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while time.monotonic() < end:
        if run_sql(url, noted) == [(1,)] and run_sql(url, turns) == [(0,)]:
            return
        time.sleep(0.02)
    raise AssertionError("no trial was taken")


def test_what_never_gave_a_heartbeat_is_dead_after_a_while(tmp_path: Path) -> None:
    url = fresh_database()
    total = settings(url, trials=2)
    study = studies.open_study(total, url, toys.bowl_space())
    studies.check_setup(study, toys.bowl_space(), toys.source("bowl"))
    # Killed before its first heartbeat; the second even before it said who runs it.
    trial_list.note_taken(study.ask(), "elsewhere")
    study.ask()
    trial_list.queue_dead(study, total, url)
    assert [trial.state for trial in trials(url)] == ["running", "interrupted", "waiting"]
    started = time.monotonic()
    result = tune(toys.source("bowl"), toys.bowl_space(), total, tmp_path)
    assert result.counts == {"complete": 2, "interrupted": 2}
    assert time.monotonic() - started > trial_list.SILENT_BEATS - 2


@pytest.mark.slow
def test_a_machine_that_slept_gives_up_the_trial_that_another_has_run(tmp_path: Path) -> None:
    url = fresh_database()
    asleep = machine(url, tmp_path / "a", "slow", seconds=0.5)
    wait_for_a_taken_trial(url)
    asleep.send_signal(signal.SIGSTOP)
    other = machine(url, tmp_path / "b", "slow", seconds=0.5)
    assert other.wait(PATIENCE) == 0
    asleep.send_signal(signal.SIGCONT)
    assert asleep.wait(PATIENCE) == 0
    states = [trial.state for trial in trials(url)]
    assert sorted(states) == ["complete"] * TRIALS + ["interrupted"]


def test_a_worker_that_dies_is_replaced_without_waiting_for_its_heartbeat(tmp_path: Path) -> None:
    url = fresh_database()
    source = toys.source("deadly", marker=str(tmp_path / "marker"))
    started = time.monotonic()
    chosen = settings(url, workers=2, heartbeat_seconds=60)
    result = tune(source, toys.bowl_space(), chosen, tmp_path)
    assert result.counts == {"complete": TRIALS, "interrupted": 1}
    assert time.monotonic() - started < 60


def test_workers_of_one_machine_share_the_study_of_the_server(tmp_path: Path) -> None:
    url = fresh_database()
    result = tune(toys.source("slow"), toys.bowl_space(), settings(url, workers=2), tmp_path)
    assert result.counts == {"complete": TRIALS}


def test_parameters_that_kill_twice_are_given_up(tmp_path: Path) -> None:
    source = toys.source("kills_at", least=0.0)
    chosen = TuningSettings(trials=4, workers=2, startup_trials=4, sampler="random", seed=3)
    result = tune(source, toys.bowl_space(), chosen, tmp_path)
    lost = [trial for trial in result.trials if trial.state == "failed"]
    assert lost
    assert {trial.error for trial in lost} == {"its process died, and so did that of its first run"}
    # Each of them was run twice, and no neighbour failed with it.
    assert all(trial.params["x"] >= 0.0 for trial in lost)
    assert result.counts["interrupted"] == len(lost)
    assert result.counts["complete"] + result.counts["failed"] == 4
    assert result.best.params["x"] < 0.0


def test_a_server_that_goes_away_is_one_line_and_the_study_goes_on_later(tmp_path: Path) -> None:
    url = fresh_database()
    name = url.rsplit("/", 1)[1]
    seen: list[int] = []

    def cut(done: int, _total: int, _trial: TrialRecord) -> None:
        seen.append(done)
        if done == 3:
            run_sql(server_url(), f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            run_sql(
                server_url(),
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )

    with pytest.raises(DependencyError, match="run the same command again to go on") as told:
        tune(toys.source("bowl"), toys.bowl_space(), settings(url), tmp_path, cut)
    assert "\n" not in str(told.value)
    run_sql(server_url(), f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    result = tune(toys.source("bowl"), toys.bowl_space(), settings(url), tmp_path)
    assert result.counts["complete"] == TRIALS
    assert seen == [1, 2, 3]
