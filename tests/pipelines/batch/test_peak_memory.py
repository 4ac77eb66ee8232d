"""The memory of a run does not grow with its input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.batch_funds import Watch, write_funds
from pipelines import registry
from pipelines.months import month_index
from tests.pipelines.batch.funds import store_model

MEMORY_MB = 1500


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(folder))
        registry.promote(store_model())
        yield folder


def peak_of(home: Path, data: Path, out: Path) -> float:
    """MB of all processes together while the command runs."""
    words = ["-m", "service.cli", "forecast", "fund-sharpe", "--input", str(data)]
    words += ["--output", str(out), "--memory-mb", str(MEMORY_MB)]
    environment = {**os.environ, "HALYARD_HOME": str(home)}
    process = subprocess.Popen([sys.executable, *words], env=environment)
    watch = Watch(process.pid)
    assert process.wait(600) == 0
    watch.stop()
    return watch.peak_mb


@pytest.mark.slow
def test_four_times_the_funds_take_the_same_memory(home: Path, tmp_path: Path) -> None:
    peaks = []
    for funds in (30_000, 120_000):
        data = tmp_path / f"{funds}.parquet"
        write_funds(data, funds, month_index("2017-06"))
        out = tmp_path / f"out-{funds}"
        peaks.append(peak_of(home, data, out))
        assert pl.scan_parquet(out / "*.parquet").select(pl.len()).collect().item() == 4 * funds
    assert max(peaks) < MEMORY_MB
    assert peaks[1] < 1.25 * peaks[0]


def test_invented_funds_differ_and_are_the_same_from_the_same_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_funds(tmp_path / name, 50, month_index("2017-06"), seed=3)
    made, again = (pl.read_parquet(tmp_path / name) for name in ("a", "b"))
    assert made.equals(again)
    assert made["id"].n_unique() == 50
    assert np.isfinite(made["ret"].to_numpy()).all()
    first = made.group_by("id").agg(pl.col("month").min())["month"]
    assert first.n_unique() > 5
