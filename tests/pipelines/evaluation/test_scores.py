"""Scores of models: worked by hand, on common forecasts, null where they cannot be had."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.evaluation.scores import common_rows, score_groups, score_rows
from tests.pipelines.evaluation.tables import many_origins, one_origin

NAN = np.nan


def test_errors_are_those_worked_by_hand() -> None:
    table = one_origin([1.0, -2.0], [0.0, 0.0], mase_scale=np.array([0.5, 2.0]))
    (row,) = score_rows(table, sample=False)
    assert (row["model"], row["target"], row["horizon"]) == ("a", "rolling", 6)
    assert (row["n_origins"], row["n_forecasts"]) == (1, 2)
    assert row["rmse"] == pytest.approx(np.sqrt(2.5))
    assert row["mae"] == pytest.approx(1.5)
    assert row["mase"] == pytest.approx((1 / 0.5 + 2 / 2.0) / 2)
    assert row["smape"] == pytest.approx(200.0)
    assert row["coverage_50"] == 0.0  # ± 0.67
    assert row["coverage_90"] == 0.5  # ± 1.64
    assert row["coverage_95"] == 0.5  # ± 1.96


def test_what_cannot_be_had_is_null_in_json() -> None:
    (row,) = score_rows(one_origin([1.0, 2.0], [0.0, 0.0]), sample=False)
    for name in ("rank_ic", "rank_ic_t", "decile_spread", "decile_spread_t", "turnover"):
        assert row[name] is None
    assert "NaN" not in json.dumps(row, allow_nan=False)


def test_order_is_averaged_over_dates_that_have_one() -> None:
    y = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]] * 3)
    mean = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0], [0.0] * 5])
    (row,) = score_rows(many_origins(y, mean), sample=False)
    assert row["rank_ic"] == pytest.approx(0.0)
    assert row["decile_spread"] == pytest.approx(0.0)
    assert row["turnover"] == 1.0


def test_a_persistent_rank_correlation_has_a_t_statistic() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=(30, 20))
    (row,) = score_rows(many_origins(y, y + generator.normal(size=y.shape)), sample=False)
    assert 0.5 < row["rank_ic"] < 0.9
    assert row["rank_ic_t"] > 10


def test_forecasts_that_one_model_lacks_count_for_none() -> None:
    table = pl.concat(
        [one_origin([1.0, 9.0], [1.0, 0.0]), one_origin([1.0, NAN], [0.0, 0.0], model="b")]
    )
    first, second = score_rows(table, sample=False)
    assert (first["n_forecasts"], second["n_forecasts"]) == (1, 1)
    assert (first["rmse"], second["rmse"]) == (0.0, 1.0)


def test_a_model_that_forecasts_a_case_twice_is_refused() -> None:
    twice = pl.concat([one_origin([1.0, 2.0], [0.0, 0.0]), one_origin([1.0], [0.5])])
    with pytest.raises(DataError, match=r"rolling 6, series 's000', origin 2001-01 has a model"):
        score_rows(twice, sample=False)


def test_a_lead_that_only_one_model_forecasts_is_kept() -> None:
    table = pl.concat([one_origin([1.0], [0.0]), one_origin([1.0], [0.0], model="b", horizon=9)])
    assert common_rows(table).equals(table)


def test_the_sample_is_scored_apart() -> None:
    chosen = np.array([True, False])
    wide = one_origin([1.0, 5.0], [0.0, 0.0], sample=chosen)
    slow = one_origin([1.0], [0.5], sample=np.array([True]), model="slow")
    table = pl.concat([wide, slow])
    assert [(r["model"], r["n_forecasts"]) for r in score_rows(table, sample=False)] == [("a", 2)]
    on_sample = {r["model"]: r["rmse"] for r in score_rows(table, sample=True)}
    assert on_sample == {"a": 1.0, "slow": 0.5}


def test_without_a_sample_there_are_no_rows_of_it() -> None:
    assert score_rows(one_origin([1.0], [0.0]), sample=True) == []


def test_losses_by_date_average_to_the_scores() -> None:
    y = np.array([[1.0, 2.0], [3.0, 5.0]])
    (found,) = score_groups(many_origins(y, np.zeros((2, 2))), sample=False)
    np.testing.assert_allclose(found.losses["squared_error"], [2.5, 17.0])
    assert found.losses["crps"].mean() == pytest.approx(found.row["crps"])
    assert found.pit.sum() == 4
