"""Several distributions made into one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import LEVELS, Forecast
from models.errors import ModelError
from models.transforms import pooling
from models.transforms.pooling import COMBINATIONS, combine, linear_pool, quantile_average
from tests.models.transforms.fixed import NORMAL, normal_forecast

GRID = np.asarray(LEVELS)


def at(*means: float, spread: float = 1.0) -> Forecast:
    """One row, one lead for each mean."""
    return normal_forecast(np.asarray([means]), spread)


def even(members: int, leads: int = 1) -> np.ndarray:
    return np.full((members, leads), 1 / members)


@pytest.mark.parametrize("rule", COMBINATIONS)
def test_equal_members_give_themselves_back(rule: str) -> None:
    found = combine([at(1.0), at(1.0), at(1.0)], even(3), rule)
    np.testing.assert_allclose(found.quantiles[0, 0], 1.0 + NORMAL, atol=1e-9)
    assert found.mean[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("rule", COMBINATIONS)
def test_a_member_without_weight_does_not_matter(rule: str) -> None:
    weights = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = combine([at(0.0, 0.0), at(9.0, 9.0)], weights, rule)
    np.testing.assert_allclose(found.quantiles[0, 0], NORMAL, atol=1e-9)
    np.testing.assert_allclose(found.quantiles[0, 1], 9.0 + NORMAL, atol=1e-9)
    assert found.mean.tolist() == [[0.0, 9.0]]


def test_the_average_of_quantiles_keeps_the_width() -> None:
    found = combine([at(0.0), at(4.0)], even(2), "quantile_average")
    np.testing.assert_allclose(found.quantiles[0, 0], 2.0 + NORMAL)


def test_the_mixture_is_wider_where_members_disagree() -> None:
    close = combine([at(0.0), at(0.1)], even(2), "linear_pool").interval(0.9)
    far = combine([at(0.0), at(4.0)], even(2), "linear_pool").interval(0.9)
    assert (far[1] - far[0]).item() > (close[1] - close[0]).item() + 3.0


def test_the_mixture_of_two_uniforms_is_worked_by_hand() -> None:
    """On 0 .. 1 and on 2 .. 3, equally likely: a quarter lies below 0.5, three below 2.5."""
    quantiles = np.stack([GRID, 2.0 + GRID])[:, None, None, :]
    found = linear_pool(quantiles, even(2), GRID)[0, 0]
    np.testing.assert_allclose(found[[9, 29]], [0.5, 2.5], atol=1e-9)
    np.testing.assert_allclose(found[:19], 2 * GRID[:19], atol=1e-9)


def test_the_mixture_is_that_of_the_distribution_functions() -> None:
    """Weights 0.3 and 0.7 of N(0, 1) and N(1, 4) against many draws; straight lines between
    39 levels leave up to 0.03."""
    members = [at(0.0), at(1.0, spread=2.0)]
    found = combine(members, np.array([[0.3], [0.7]]), "linear_pool").quantiles[0, 0]
    random = np.random.default_rng(0)
    first = random.random(400_000) < 0.3
    normal = random.standard_normal(400_000)
    draws = np.where(first, normal, 1.0 + 2.0 * normal)
    np.testing.assert_allclose(found[2:-2], np.quantile(draws, GRID[2:-2]), atol=0.04)


def test_certain_members_mix_into_a_step() -> None:
    found = combine([at(0.0, spread=0.0), at(1.0, spread=0.0)], even(2), "linear_pool")
    assert found.quantiles[0, 0, :19].tolist() == [0.0] * 19
    assert found.quantiles[0, 0, 20:].tolist() == [1.0] * 19


def test_many_rows_are_mixed_in_pieces_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    quantiles = np.sort(random.standard_normal((2, 7, 2, 39)), axis=-1)
    weights = np.array([[0.2, 0.5], [0.8, 0.5]])
    whole = linear_pool(quantiles, weights, GRID)
    monkeypatch.setattr(pooling, "CHUNK", 3)
    np.testing.assert_array_equal(linear_pool(quantiles, weights, GRID), whole)
    assert (np.diff(whole, axis=-1) >= 0).all()


def test_no_rows_are_no_trouble() -> None:
    nothing = np.zeros((2, 0, 1, 39))
    assert linear_pool(nothing, even(2), GRID).shape == (0, 1, 39)
    assert quantile_average(nothing, even(2), GRID).shape == (0, 1, 39)


def test_members_with_other_levels_are_refused() -> None:
    other = replace(at(0.0), quantiles=np.zeros((1, 1, 1)), levels=(0.5,))
    with pytest.raises(ModelError, match="must have the same levels"):
        combine([at(0.0), other], even(2), "linear_pool")
