"""The run from a file to its scores, and proof that the test part stays unseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.contract import FloatArray
from models.errors import ConfigError
from pipelines.dataclass_config import load_dataclass
from pipelines.monthly.benchmark import Question, run_benchmark
from pipelines.monthly.forecasts import forecast_panel
from pipelines.monthly.panel import read_panel
from pipelines.monthly.settings import MonthlyConfig
from tests.models.monthly.panels import seasonal_panel
from tests.pipelines.monthly.files import PLAIN, write_long

BENCHMARKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "benchmarks"


def result_of(file: Path, horizon: int = 6) -> dict[str, Any]:
    return run_benchmark(Question(file, horizon, 6), PLAIN)


def forecasts_from(file: Path) -> dict[str, FloatArray]:
    """What the benchmark forecasts when it reads this file."""
    training, _ = read_panel(file).hold_out(6)
    found = forecast_panel(training.values, 6, 6, PLAIN)
    return {name: forecast.quantiles for name, forecast in found.models.items()}


def test_the_result_says_what_was_asked_and_how_everybody_did(tmp_path: Path) -> None:
    file = write_long(tmp_path, seasonal_panel(12, 60))
    result = result_of(file)
    assert [row["model"] for row in result["rows"]] == [
        *("ensemble", "lstm", "gru", "smoothers", "seasonal_naive")
    ]
    assert all(0 < row["mase"] < 3 and 0 < row["crps"] < row["mase"] for row in result["rows"])
    assert (result["data"], result["horizon"], result["season"]) == (str(file), 6, 6)
    assert (result["seed"], result["n_series"], result["n_scored"]) == (0, 12, 12)
    assert len(result["data_hash"]) == 64


def test_the_test_part_changes_scores_but_not_one_bit_of_a_forecast(tmp_path: Path) -> None:
    values = seasonal_panel(12, 60)
    file = write_long(tmp_path, values)
    before, scores = forecasts_from(file), result_of(file)["rows"]
    values[:, -6:] = values[:, -6:] ** 2 + 1000
    file = write_long(tmp_path, values)
    for name, quantiles in forecasts_from(file).items():
        np.testing.assert_array_equal(quantiles, before[name])
    assert result_of(file)["rows"] != scores


def test_constant_and_short_series_are_counted(tmp_path: Path) -> None:
    values = seasonal_panel(12, 60)
    values[3], values[4, :54] = 7.0, np.nan
    result = result_of(write_long(tmp_path, values))
    assert (result["n_series"], result["n_scored"], result["n_too_short"]) == (11, 10, 1)


def test_the_order_of_the_rows_of_a_file_does_not_matter(tmp_path: Path) -> None:
    file = write_long(tmp_path, seasonal_panel(12, 60))
    before = result_of(file)["rows"]
    pl.read_parquet(file).sample(fraction=1.0, shuffle=True, seed=3).write_parquet(file)
    assert result_of(file)["rows"] == before


@pytest.mark.parametrize("name", ["horizon", "season", "jobs"])
def test_a_question_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"--{name}: expected 1 or more, got 0"):
        replace(Question(Path("x"), 6, 6), **{name: 0})


@pytest.mark.slow
@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the published sets are not here")
@pytest.mark.parametrize(("name", "horizon", "most"), [("hospital", 12, 0.76), ("m3", 18, 0.86)])
def test_the_ensemble_keeps_to_the_published_standard(name: str, horizon: int, most: float) -> None:
    question = Question(BENCHMARKS / f"{name}_monthly.parquet", horizon, 12, None, 2)
    rows = run_benchmark(question, load_dataclass(MonthlyConfig, "monthly"))["rows"]
    scores = {row["model"]: row["mase"] for row in rows}
    assert scores["ensemble"] <= most
    assert scores["ensemble"] < scores["seasonal_naive"]
