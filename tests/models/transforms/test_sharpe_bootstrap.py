"""The stationary bootstrap of Sharpe ratios."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.transforms.sharpe_bootstrap import (
    bootstrap_error,
    bootstrap_interval,
    bootstrap_sharpe,
    stationary_indices,
)
from models.transforms.sharpe_inference import moment_error, sharpe_moments

NAN = float("nan")


def normal(rows: int, months: int) -> np.ndarray:
    return 0.01 + 0.04 * np.random.default_rng(0).standard_normal((rows, months))


def test_indices_run_on_in_blocks_of_the_stated_mean_length() -> None:
    found = stationary_indices(50, 400, 5.0, np.random.default_rng(0))
    assert found.shape == (400, 50)
    goes_on = (found[:, 1:] - found[:, :-1]) % 50 == 1
    # A new block follows by chance once in 50 times too.
    assert goes_on.mean() == pytest.approx(0.8 + 0.2 / 50, abs=0.01)


def test_every_month_is_drawn_as_often() -> None:
    found = stationary_indices(10, 4000, 3.0, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(found.ravel()) / found.size, 0.1, atol=0.01)


def test_blocks_of_one_month_give_the_error_of_the_moments() -> None:
    excess = normal(3, 200)
    found = bootstrap_error(bootstrap_sharpe(excess, 2000, seed=0, block=1))
    np.testing.assert_allclose(found, moment_error(sharpe_moments(excess)), rtol=0.1)


def test_blocks_see_the_autocorrelation() -> None:
    excess = np.repeat(normal(1, 60), 4, axis=1)
    alone, blocks = (
        bootstrap_error(bootstrap_sharpe(excess, 500, seed=0, block=b))[0] for b in (1, 12)
    )
    assert blocks > 1.5 * alone


def test_an_interval_holds_the_ratio_and_grows_with_the_coverage() -> None:
    excess = normal(4, 120)
    draws = bootstrap_sharpe(excess, 400, seed=1)
    low, high = bootstrap_interval(draws, 0.95)
    inner_low, inner_high = bootstrap_interval(draws, 0.5)
    ratio = sharpe_moments(excess).ratio
    assert ((low < ratio) & (ratio < high)).all()
    assert ((low < inner_low) & (inner_high < high)).all()


def test_missing_months_and_neighbours_change_nothing() -> None:
    excess = normal(3, 40)
    padded = np.full((2, 50), NAN)
    padded[:, 5:45] = excess[1:]
    alone = bootstrap_sharpe(excess, 20, seed=3)
    assert (bootstrap_sharpe(padded, 20, seed=3) == alone[1:]).all()


def test_the_same_seed_gives_the_same_draws() -> None:
    excess = normal(1, 40)
    first, again, other = (bootstrap_sharpe(excess, 20, seed=s) for s in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_series_too_short_or_without_dispersion_have_nothing() -> None:
    excess = np.full((3, 12), NAN)
    excess[0, :3] = [0.01, 0.02, 0.03]
    excess[1] = 0.01
    draws = bootstrap_sharpe(excess, 10, seed=0)
    assert np.isnan(draws).all()
    assert np.isnan(bootstrap_error(draws)).all()
    assert np.isnan(bootstrap_interval(draws)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 1}, "draws: expected at least 2, got 1"),
        ({"draws": 9, "block": 0.5}, "block: expected a mean length of at least 1"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        bootstrap_sharpe(normal(1, 12), seed=0, **options)  # type: ignore[arg-type]


def test_a_coverage_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ModelError, match="coverage"):
        bootstrap_interval(np.zeros((1, 2)), 1.0)
