"""Rank correlation and decile portfolios by date."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipelines.evaluation.cross_section import deciles, rank_correlation
from pipelines.evaluation.schema import ForecastGroup, groups
from tests.pipelines.evaluation.tables import many_origins

NAN = np.nan


def group_of(y: list[list[float]], mean: list[list[float]]) -> ForecastGroup:
    (group,) = groups(many_origins(np.array(y), np.array(mean)))
    return group


def test_rank_correlation_is_spearmans_at_each_date() -> None:
    y = [[1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0]]
    mean = [[10.0, 20.0, 30.0, 40.0, 50.0], [2.0, 2.0, 5.0, 1.0, 0.0]]
    found = rank_correlation(group_of(y, mean))
    assert found[0] == pytest.approx(1.0)
    assert found[1] == pytest.approx(spearmanr(y[1], mean[1]).statistic)


def test_four_series_have_no_rank_correlation_and_no_deciles() -> None:
    group = group_of(
        [[1.0, 2.0, 3.0, 4.0, NAN], [1.0, 2.0, 3.0, 4.0, 5.0]], [[1, 2, 3, 4, 5.0]] * 2
    )
    np.testing.assert_array_equal(np.isnan(rank_correlation(group)), [True, False])
    np.testing.assert_array_equal(np.isnan(deciles(group).spread), [True, False])


def test_a_forecast_that_is_the_same_for_all_has_no_order() -> None:
    group = group_of([[1.0, 2.0, 3.0, 4.0, 5.0]], [[7.0] * 5])
    assert np.isnan(rank_correlation(group)).all()
    assert np.isnan(deciles(group).spread).all()


def test_few_series_make_portfolios_of_one() -> None:
    group = group_of([[1.0, 2.0, 3.0, 4.0, 9.0]], [[5.0, 4.0, 3.0, 2.0, 1.0]])
    assert deciles(group).top == pytest.approx([1.0])
    assert deciles(group).bottom == pytest.approx([9.0])
    assert deciles(group).spread == pytest.approx([-8.0])


def test_a_tenth_of_twenty_series_is_two() -> None:
    y = np.arange(20.0)[None, :]
    (group,) = groups(many_origins(y, y**2))
    assert deciles(group).top == pytest.approx([18.5])
    assert deciles(group).bottom == pytest.approx([0.5])


def test_equal_forecasts_are_ordered_by_name() -> None:
    group = group_of([[1.0, 2.0, 3.0, 4.0, 5.0]], [[0.0, 0.0, 1.0, 1.0, 1.0]])
    assert deciles(group).bottom == pytest.approx([1.0])
    assert deciles(group).top == pytest.approx([5.0])


def test_turnover_is_the_share_of_newcomers_at_the_top() -> None:
    y = [[1.0, 2.0, 3.0, 4.0, 5.0]] * 3
    mean = [[1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0], [9.0, 2.0, 3.0, 4.0, 5.0]]
    np.testing.assert_array_equal(deciles(group_of(y, mean)).turnover, [NAN, 0.0, 1.0])


def test_a_date_without_order_breaks_the_turnover_on_both_sides() -> None:
    y = [[1.0, 2.0, 3.0, 4.0, 5.0]] * 3
    ordered = [1.0, 2.0, 3.0, 4.0, 5.0]
    found = deciles(group_of(y, [ordered, [0.0] * 5, ordered])).turnover
    assert np.isnan(found).all()
