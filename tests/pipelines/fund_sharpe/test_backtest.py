"""A back-test is resumable, repeatable, and blind to what comes after each origin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.errors import ConfigError, ModelError
from pipelines.environment import process_environment
from pipelines.fund_sharpe.backtest import _work, run_origins
from tests.pipelines.fund_sharpe.runs import changed_after, long_plan, run, small_plan
from tests.pipelines.fund_sharpe.tiny import panel

#: What is known when a forecast is made; the outcome `y` is not.
MADE = ["model", "target", "horizon", "series", "origin", "mean", "quantiles", "mase_scale"]


def test_the_table_holds_every_origin_with_an_outcome(tmp_path: Path) -> None:
    plan = small_plan()
    table = run(plan, tmp_path)
    labels = [plan.panel.periods[origin] for origin in plan.origins]
    six = table.filter(model="ensemble", target="rolling", horizon=6)
    assert six["origin"].unique(maintain_order=True).to_list() == labels
    assert six.height == 3 * 12
    # Twelve months after the last two origins are not over yet.
    assert table.filter(horizon=12)["origin"].n_unique() == 1


def test_the_future_touches_no_forecast_of_a_whole_run(tmp_path: Path) -> None:
    plan = small_plan()
    second = plan.origins[1]
    before = run(plan, tmp_path / "a")
    after = run(small_plan(changed_after(panel(), second)), tmp_path / "b")
    until = pl.col("origin_index") <= second
    # Rows with an outcome are the same, since a changed return is still a return.
    assert_frame_equal(before.filter(until)[MADE], after.filter(until)[MADE], check_exact=True)
    assert not before.filter(~until)["mean"].equals(after.filter(~until)["mean"])


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        run(small_plan(seed=seed), tmp_path / name)
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert_frame_equal(first, again, check_exact=True)
    assert not first.filter(model="lstm")["mean"].equals(other.filter(model="lstm")["mean"])


def test_a_run_goes_on_with_the_files_that_are_there(tmp_path: Path) -> None:
    plan = small_plan()
    whole = run(plan, tmp_path)
    files = sorted((tmp_path / "origins").glob("*.parquet"))
    kept = {file.name: file.stat().st_mtime_ns for file in files[:-1]}
    files[-1].unlink()
    seen: list[tuple[int, int]] = []
    again = run_origins(plan, tmp_path, lambda *done: seen.append(done))
    assert seen == [(2, 3), (3, 3)]
    assert_frame_equal(again, whole, check_exact=True)
    assert {name: (tmp_path / "origins" / name).stat().st_mtime_ns for name in kept} == kept


def test_a_finished_run_fits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(small_plan(), tmp_path)
    monkeypatch.setattr("pipelines.fund_sharpe.backtest.Contest", None)
    assert_frame_equal(run(small_plan(), tmp_path), whole, check_exact=True)


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run(small_plan(), tmp_path)
    with pytest.raises(ConfigError, match="holds a back-test of other data") as caught:
        run(small_plan(seed=1), tmp_path)
    assert f"remove {tmp_path / 'origins'} to begin again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_worker_is_started_before_it_is_used() -> None:
    with pytest.raises(ModelError, match="used before it was started"):
        _work([0])


def finished(out: Path) -> list[Path]:
    return list((out / "origins").glob("*.parquet"))


def test_a_killed_run_goes_on_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "tests.pipelines.fund_sharpe.runs", str(killed)]
    process = subprocess.Popen(command, env=process_environment(), start_new_session=True)
    deadline = time.monotonic() + 120
    while len(finished(killed)) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    wait_for_end_of(process.pid)
    done = finished(killed)
    assert 2 <= len(done) < 16
    before = {file: file.read_bytes() for file in done}
    table = run(long_plan(workers=2), killed)
    assert {file: file.read_bytes() for file in done} == before
    # Processes may have another number of threads, hence not to the last bit.
    assert_frame_equal(table, run(long_plan(workers=1), tmp_path / "whole"), abs_tol=1e-5)


def wait_for_end_of(group: int) -> None:
    """Workers notice that their parent is gone, and end; wait until none is left."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a worker outlived its parent")
