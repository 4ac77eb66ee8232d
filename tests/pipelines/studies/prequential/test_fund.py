"""The prequential study of a panel: same dates for all, no look-ahead, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.contract import FloatArray, IntArray
from models.errors import ConfigError, DataError
from models.forecasters.online import OnlineConfig
from models.fund_sharpe import FundSharpeModel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.studies.prequential.fund import (
    PrequentialStudy,
    Stretch,
    mean_squares,
    name_of,
    run_fund_prequential,
)
from pipelines.studies.prequential.results import table_rows, write_results
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config

WAY = OnlineConfig(learning_rate=0.05)


def study(first: str | None = None) -> PrequentialStudy:
    return run_fund_prequential(panel(), tiny_config(), "gru", [WAY], first)


def test_all_ways_are_judged_on_the_same_dates_from_the_same_networks() -> None:
    found = study()
    assert [one.name for one in found.contestants] == ["reference", "frozen", "sgd 0.05"]
    assert {len(one.losses) for one in found.contestants} == {len(found.dates)}
    # 60 % of 150 months are known at 2011-07; the shortest horizon is 6 months.
    assert (found.dates[0], found.dates[-1]) == ("2011-07", "2015-12")
    reference, frozen, learning = found.contestants
    assert reference.loss == pytest.approx(1.0, abs=0.1)
    assert frozen.p_value is None
    assert learning.p_value is not None
    assert learning.loss != frozen.loss
    assert (found.cell, found.networks) == ("gru", 1)


def errors_after(data: ReturnsPanel) -> tuple[IntArray, FloatArray]:
    """Origins and forecasts, row × lead, of networks that learn from the 90th month on."""
    model = FundSharpeModel(replace(tiny_config(), cells=("gru",)))
    features = model.features(data.excess, data.risk_free)
    model.fit(features, 90)
    stretch = Stretch.of(features, model, 90)
    errors = stretch.errors(model.fitted.members["gru"], WAY)
    rows = stretch.judged
    return stretch.windows.origin[rows] - stretch.front, errors + stretch.windows.target[rows]


def test_returns_after_an_origin_do_not_move_a_forecast_made_at_it() -> None:
    later = panel().returns.copy()
    later[:, 125:] += 0.02
    origin, before = errors_after(panel())
    _, after = errors_after(replace(panel(), returns=later))
    # Forecasts are told through outcomes, which must not have moved either.
    same = origin + 12 < 125
    assert 0 < same.sum() < len(origin)
    np.testing.assert_allclose(before[same], after[same], atol=1e-12)
    moved = (origin >= 125) & np.isfinite(before[:, 0])
    assert (before[moved, 0] != after[moved, 0]).all()


def test_the_first_period_can_be_chosen_and_must_be_one_with_outcomes_after_it() -> None:
    assert study(first="2012-03").dates[0] == "2012-03"
    with pytest.raises(ConfigError, match=r"--first: expected a period from 2004-01 to 2016-06"):
        study(first="March")
    with pytest.raises(DataError, match="no outcome after 2016-01: the data end in 2016-06"):
        study(first="2016-01")


def test_funds_that_all_ended_before_the_forecasts_are_refused() -> None:
    ended = panel().returns.copy()
    ended[:, 80:] = np.nan
    with pytest.raises(DataError, match="no fund has 36 periods of history after the first period"):
        run_fund_prequential(replace(panel(), returns=ended), tiny_config(), "gru", [WAY])


def test_ways_have_names() -> None:
    assert name_of(OnlineConfig()) == "sgd 0.001"
    assert name_of(OnlineConfig(1e-4, 2, "adam")) == "adam 0.0001, 2 steps"


def test_mean_squares_leave_out_what_has_no_outcome() -> None:
    error = np.array([[1.0, np.nan], [3.0, np.nan]])
    np.testing.assert_array_equal(mean_squares(error), [5.0, np.nan])


def test_results_are_written_with_every_number_and_a_plot(tmp_path: Path) -> None:
    found = study()
    files = write_results(found, {"rate": 0.05}, tmp_path / "new")
    told = json.loads(files["numbers"].read_text("utf-8"))
    assert told["settings"] == {"rate": 0.05}
    assert told["dates"] == list(found.dates)
    assert [one["name"] for one in told["contestants"]] == ["reference", "frozen", "sgd 0.05"]
    assert files["plot"].read_bytes().startswith(b"\x89PNG")
    rows = table_rows(found)
    assert rows[1][2:] == ("1.0000", "")
    assert float(rows[2][2]) == pytest.approx(
        found.contestants[2].loss / found.contestants[1].loss, abs=1e-4
    )
