"""A study survives kill -9, dying workers and impatient users without losing a trial."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigError, ModelError
from pipelines.environment import PROCESS_ENVIRONMENT, process_environment
from pipelines.tuning import crew
from pipelines.tuning.run import storage_url, tune
from pipelines.tuning.settings import TuningResult, TuningSettings
from pipelines.tuning.study import open_study
from pipelines.tuning.trials import STOPPED, records
from tests.pipelines.tuning import toys


def start(out: Path, trials: int, workers: int) -> subprocess.Popen[bytes]:
    """Begin to tune in another process."""
    command = [sys.executable, "-m", "tests.pipelines.tuning.toys", str(out)]
    return subprocess.Popen([*command, str(trials), str(workers)], env=process_environment())


def kill_when(process: subprocess.Popen[bytes], out: Path, done: int, running: int) -> None:
    """Send SIGKILL once the study has so many complete and so many running trials."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        states = trial_states(out)
        if states.count("COMPLETE") >= done and states.count("RUNNING") >= running:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert time.monotonic() < deadline


def trial_states(out: Path) -> list[str]:
    try:
        with sqlite3.connect(out / "study.db", timeout=10) as connection:
            return [row[0] for row in connection.execute("select state from trials")]
    except sqlite3.OperationalError:
        return []  # not made yet


def go_on(out: Path, trials: int, workers: int = 1) -> TuningResult:
    settings = TuningSettings(trials=trials, workers=workers, startup_trials=3)
    return tune(toys.source("slow"), toys.bowl_space(), settings, out)


def counted(result: TuningResult) -> list[tuple[dict[str, Any], float | None]]:
    return [(t.params, t.value) for t in result.trials if t.state != "interrupted"]


def test_a_killed_study_goes_on_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    kill_when(start(tmp_path / "killed", 9, 1), tmp_path / "killed", done=4, running=1)
    result = go_on(tmp_path / "killed", 9)
    assert result.counts == {"complete": 9, "interrupted": 1}
    assert counted(result) == counted(go_on(tmp_path / "whole", 9))


def test_the_interrupted_trial_is_run_again_with_its_parameters(tmp_path: Path) -> None:
    kill_when(start(tmp_path, 9, 1), tmp_path, done=2, running=1)
    result = go_on(tmp_path, 9)
    (lost,) = [trial for trial in result.trials if trial.state == "interrupted"]
    again = result.trials[lost.number + 1]
    assert again.state == "complete"
    # Killed before it had drawn all of them, it had fewer; those it had are the same.
    assert lost.params.items() <= again.params.items()


def test_a_study_may_be_killed_twice(tmp_path: Path) -> None:
    kill_when(start(tmp_path, 8, 1), tmp_path, done=2, running=1)
    kill_when(start(tmp_path, 8, 1), tmp_path, done=4, running=1)
    result = go_on(tmp_path, 8)
    assert result.counts == {"complete": 8, "interrupted": 2}


def test_workers_end_with_their_killed_parent_and_lose_no_trial(tmp_path: Path) -> None:
    kill_when(start(tmp_path, 12, 2), tmp_path, done=2, running=2)
    after_kill = trial_states(tmp_path)
    time.sleep(0.5)  # orphans would finish their trials in this time
    assert trial_states(tmp_path) == after_kill
    result = go_on(tmp_path, 12, workers=2)
    assert result.counts == {"complete": 12, "interrupted": after_kill.count("RUNNING")}


def test_workers_share_a_study_up_to_its_total(tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    folder.mkdir()
    settings = TuningSettings(trials=10, workers=2, startup_trials=3)
    source = toys.source("environment", folder=str(folder))
    seen: list[int] = []
    result = tune(source, toys.bowl_space(), settings, tmp_path, lambda *news: seen.append(news[0]))
    assert result.counts == {"complete": 10}
    assert seen == list(range(1, 11))
    assert len({tuple(trial.params.items()) for trial in result.trials}) == 10
    wanted = f"{PROCESS_ENVIRONMENT['OMP_NUM_THREADS']} {PROCESS_ENVIRONMENT['MALLOC_MMAP_MAX_']}"
    notes = list(folder.iterdir())
    assert len(notes) == 2
    assert str(os.getpid()) not in {note.name for note in notes}
    assert {note.read_text("utf-8") for note in notes} == {
        os.environ.get("OMP_NUM_THREADS", "1") + wanted[1:]
    }


def test_a_worker_that_dies_takes_no_trial_with_it(tmp_path: Path) -> None:
    source = toys.source("deadly", marker=str(tmp_path / "marker"))
    settings = TuningSettings(trials=6, workers=2, startup_trials=3)
    result = tune(source, toys.bowl_space(), settings, tmp_path)
    assert result.counts["complete"] == 6
    assert result.counts["interrupted"] >= 1
    assert set(result.counts) == {"complete", "interrupted"}


def test_workers_that_always_die_end_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "MAX_DEATHS", 2)
    settings = TuningSettings(trials=3, workers=2)
    with pytest.raises(ModelError, match="the workers died 2 times"):
        tune(toys.source("always_deadly"), toys.bowl_space(), settings, tmp_path)


def test_a_defect_in_a_worker_reaches_the_caller(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="a defect"):
        tune(
            toys.source("broken"),
            toys.bowl_space(),
            TuningSettings(trials=3, workers=2),
            tmp_path,
        )


def test_a_defect_that_cannot_be_sent_is_told_as_text(tmp_path: Path) -> None:
    settings = TuningSettings(trials=3, workers=2)
    with pytest.raises(ModelError, match="a tuning worker stopped: UnsendableError: a defect"):
        tune(toys.source("unsendable"), toys.bowl_space(), settings, tmp_path)


def test_a_defect_stops_the_other_workers_at_once_and_blames_them_for_nothing(
    tmp_path: Path,
) -> None:
    source = toys.source("broken_beside_slow", marker=str(tmp_path / "marker"))
    settings = TuningSettings(trials=3, workers=2)
    started = time.monotonic()
    with pytest.raises(KeyError, match="a defect"):
        tune(source, toys.bowl_space(), settings, tmp_path)
    assert time.monotonic() - started < 50
    study = open_study(settings, storage_url(settings, tmp_path), toys.bowl_space())
    assert [trial.state for trial in records(study)] == ["interrupted", "failed"]
    assert study.trials[0].user_attrs[STOPPED]


def test_a_study_in_use_is_refused(tmp_path: Path) -> None:
    go_on(tmp_path, 1)
    with (tmp_path / "study.db.study.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="is being tuned by another process"):
            go_on(tmp_path, 2)
    assert go_on(tmp_path, 2).counts == {"complete": 2}
