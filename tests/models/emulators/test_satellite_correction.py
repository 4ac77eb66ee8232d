"""The bias and spread that satellites tell of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import State
from models.emulators.satellite_correction import DensityCorrection, robust_ridge, time_blocks
from models.errors import ArtefactError, ModelError, NotFittedError
from tests.models.emulators.satellite_worlds import NOISE, samples


def test_a_constant_bias_is_found_and_the_spread_is_that_of_the_noise() -> None:
    correction = DensityCorrection().fit(samples(800, bias=-0.1))
    new = samples(300, seed=9)
    answer = correction.predict(new)
    assert np.allclose(answer.mean - new.background_mean, -0.1, atol=0.02)
    assert np.allclose(answer.std, NOISE, rtol=0.25)


def test_ninety_per_cent_intervals_hold_ninety_per_cent_of_a_satellite_never_seen() -> None:
    correction = DensityCorrection().fit(samples(800, bias=-0.1))
    new = samples(2000, bias=-0.1, seed=9, satellites=("new",))
    answer = correction.predict(new)
    inside = np.abs(new.log_density - answer.mean) < 1.645 * answer.std
    assert 0.87 < inside.mean() < 0.93


def test_a_background_less_certain_than_those_fitted_widens_the_interval() -> None:
    world = samples(300)
    correction = DensityCorrection().fit(world)
    same = correction.predict(world).std
    unsure = correction.predict(replace(world, background_std=np.full(300, 0.2))).std
    # Variances beyond the 0.01² of the fit are added.
    added = correction.factor**2 * (0.2**2 - 0.01**2)
    assert np.allclose(unsure**2, same**2 + added)


def test_outliers_move_the_bias_little() -> None:
    clean = samples(600, bias=-0.1)
    wild = clean.log_density.copy()
    wild[::20] += 3.0
    dirty = DensityCorrection().fit(replace(clean, log_density=wild))
    assert np.abs(dirty.bias(clean) + 0.1).mean() < 0.02


def test_rows_without_a_density_teach_nothing() -> None:
    world = samples(600, bias=-0.1)
    gaps = np.where(np.arange(600) % 2 == 0, np.nan, world.log_density)
    kept = DensityCorrection().fit(world.select(np.arange(600) % 2 == 1))
    given = DensityCorrection().fit(replace(world, log_density=gaps))
    assert np.array_equal(given.bias(world), kept.bias(world))


def test_a_stored_correction_answers_the_same() -> None:
    world = samples(300)
    correction = DensityCorrection().fit(world)
    back = DensityCorrection.from_state(correction.state())
    first, second = correction.predict(world), back.predict(world)
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.std, second.std)
    assert back.penalty == correction.penalty


def test_a_damaged_stored_correction_is_refused() -> None:
    with pytest.raises(ArtefactError, match="not complete"):
        DensityCorrection.from_state(State("density_correction", {"factor": 1.0}))


def test_too_few_densities_are_refused() -> None:
    with pytest.raises(ModelError, match="199 measured densities to correct with: expected 200"):
        DensityCorrection().fit(samples(199))


def test_a_basis_of_another_emulator_is_refused() -> None:
    world = samples(300)
    correction = DensityCorrection().fit(world)
    with pytest.raises(ModelError, match="fitted on 2 components of the reduced state"):
        correction.predict(replace(world, basis=world.basis[:, :1]))


def test_an_unfitted_correction_says_so() -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        DensityCorrection().predict(samples(5))


def test_blocks_of_time_are_consecutive_and_equal() -> None:
    assert time_blocks(np.arange(16.0)).tolist() == [k // 2 for k in range(16)]


def test_ridge_with_one_column_is_the_shrunken_mean() -> None:
    column = np.full((4, 1), 1.0 / np.log(10.0))
    value = robust_ridge(column, np.full(4, 2.0) / np.log(10.0), penalty=4.0)
    # First 4·2/(4 + 4) = 1; equal errors e have s = 1.4826 e, so each weight is
    # 1/(1 + 1/(2.5·1.4826)²) = 0.9322, and 0.9322·8/(0.9322·4 + 4) = 0.9649.
    assert value[0] == pytest.approx(0.9649, abs=1e-4)
