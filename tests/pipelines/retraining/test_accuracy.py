"""A challenger is better only where the tests say so; a tie or worse never is."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.evaluation.mean_test import fixed_smoothing_test, zero_mean_test
from pipelines.retraining.accuracy import compare_losses, holm, pooled, relative
from pipelines.retraining.domain import LossSeries
from pipelines.retraining.settings import PromotionSettings
from tests.pipelines.retraining.scripted import noise, series, settings


def how(*overrides: str) -> PromotionSettings:
    return settings(*[f"promotion.{text}" for text in overrides]).promotion


def test_a_difference_is_a_share_of_the_champions_mean_loss() -> None:
    one = LossSeries("a", ("1", "2"), 0, np.array([2.0, 4.0]), np.array([1.0, 4.0]))
    assert relative(one).tolist() == pytest.approx([-1 / 3, 0.0])


def test_pooling_takes_the_mean_of_the_leads_that_a_date_has() -> None:
    values, lags = pooled([series("a", [0.1, 0.2, 0.3], lags=1), series("b", [0.3, 0.4], lags=2)])
    assert values.tolist() == pytest.approx([0.2, 0.3, 0.3])
    assert lags == 2


def test_holm_multiplies_the_smallest_by_their_number_and_never_falls() -> None:
    assert holm([0.02, 0.01, 0.5]) == pytest.approx([0.04, 0.03, 0.5])
    assert holm([0.4, 0.5]) == pytest.approx([0.8, 0.8])
    assert holm([]) == []


def test_a_clear_gain_is_better_and_its_p_value_is_the_larger_of_both_tests() -> None:
    one = series("a", noise(-0.1))
    found = compare_losses([one], how())
    values = relative(one)
    pair = (zero_mean_test(values, 0).p_less, fixed_smoothing_test(values, 0).p_less)
    assert found.better
    assert found.p == max(p for p in pair if p is not None)


def test_a_tie_is_neither_better_nor_worse_but_surely_not_worse() -> None:
    found = compare_losses([series("a", [0.0] * 40)], how())
    assert not found.better
    assert found.not_worse
    assert found.worse == ()


def test_noise_without_a_gain_is_not_better() -> None:
    draws = [[series("a", noise(0.0, seed=seed))] for seed in range(200)]
    passed = sum(compare_losses(draw, how()).better for draw in draws)
    # At 5 %, about ten of two hundred; never as many as twice that.
    assert 0 < passed < 20


def test_a_loss_is_worse_and_named() -> None:
    found = compare_losses([series("a", noise(0.1)), series("b", noise(-0.01, seed=1))], how())
    assert not found.better
    assert found.worse == ("a",)


def test_a_gain_overall_does_not_excuse_a_lead_that_is_surely_worse() -> None:
    found = compare_losses(
        [series("a", noise(-0.5)), series("b", noise(0.1, seed=1))], how("leads=pooled")
    )
    assert found.pooled.difference < 0
    assert found.p < 0.05
    assert not found.better


def test_a_guard_has_no_say_in_a_gain_and_a_veto_when_worse() -> None:
    quiet = series("all", noise(0.0, seed=3))
    gain = series("storms", noise(-0.5, seed=1), guard=True)
    loss = series("storms", noise(0.5, seed=1), guard=True)
    assert not compare_losses([quiet, gain], how()).better
    assert compare_losses([series("all", noise(-0.2)), loss], how()).worse == ("storms",)
    assert not compare_losses([series("all", noise(-0.2)), loss], how()).better


def test_holm_finds_one_good_lead_among_many_that_pooling_misses() -> None:
    leads = [series(str(i), noise(0.0, size=1.0, seed=i + 1)) for i in range(9)]
    leads.append(series("good", noise(-0.1)))
    assert compare_losses(leads, how("leads=holm")).p < 0.05
    assert compare_losses(leads, how("leads=pooled")).p > 0.05


def test_one_test_alone_counts_where_they_need_not_agree() -> None:
    one = series("a", noise(-0.03, dates=20))
    alone, both = compare_losses([one], how("agree=false")), compare_losses([one], how())
    assert alone.p == alone.pooled.p_better
    assert alone.p < both.p


def test_too_few_dates_prove_nothing() -> None:
    found = compare_losses([series("a", [-0.5, -0.4], lags=3)], how())
    assert (found.better, found.not_worse, found.p) == (False, False, 1.0)


def test_overlap_makes_the_same_numbers_less_sure() -> None:
    draws = np.random.default_rng(0).normal(-0.02, 0.1, 44)
    smooth = np.convolve(draws, np.ones(5) / 5, mode="valid")
    found = [compare_losses([series("a", smooth, lags=k)], how("agree=false")) for k in (0, 4)]
    assert found[0].p < found[1].p
