"""Assimilation: what is learnt up to the start, and nothing after it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.contract import State
from models.emulators.satellite_adaptation import run_widths
from models.emulators.satellite_assimilation import Analysis, DensityAssimilation
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_processes import ProcessSettings, element_rows
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ArtefactError, ModelError, NotFittedError
from tests.models.emulators.satellite_worlds import samples, wandering

ROWS = 700
START = np.datetime64("2004-06-01T00:00:00")


def world(seed: int = 0) -> SatelliteSamples:
    error = wandering(ROWS, size=0.08, memory=20.0, seed=seed + 1)
    return samples(ROWS, error=error, scale={"a": 0.02, "b": -0.02}, seed=seed)


@cache
def fitted() -> DensityAssimilation:
    return DensityAssimilation(DensityCorrection().fit(world()), iterations=10).fit(world())


def test_errors_that_last_are_carried_to_the_next_day() -> None:
    other = world(seed=7)
    raw = fitted().correction.predict(other)
    answer = fitted().sequential(other)
    late = slice(50, None)
    before = np.std((other.log_density - raw.mean)[late])
    after = np.std((other.log_density - answer.mean)[late])
    assert after < 0.8 * before


def test_intervals_hold_about_nine_in_ten_of_a_world_not_fitted() -> None:
    other = world(seed=7)
    answer = fitted().sequential(other)
    inside = np.abs(other.log_density - answer.mean) < 1.645 * answer.std
    assert 0.85 < inside.mean() < 0.95


def test_densities_after_the_start_do_not_move_the_forecast() -> None:
    history = world()
    changed = np.where(history.time >= START, 0.0, history.log_density)
    points = history.select(history.time >= START)
    first = fitted().predict(fitted().analyse(history, START), points)
    other = replace(history, log_density=changed)
    second = fitted().predict(fitted().analyse(other, START), points)
    assert first.mean.tobytes() == second.mean.tobytes()
    assert first.std.tobytes() == second.std.tobytes()


def test_a_density_of_the_same_day_or_later_does_not_move_the_days_forecast() -> None:
    history = world()
    moved = history.log_density.copy()
    moved[400:] += 1.0
    first = fitted().sequential(history)
    second = fitted().sequential(replace(history, log_density=moved))
    assert first.mean[:401].tobytes() == second.mean[:401].tobytes()
    assert first.std[:401].tobytes() == second.std[:401].tobytes()
    assert first.mean[401] != second.mean[401]


def test_a_forecast_from_an_analysis_is_the_sequential_one_of_that_day() -> None:
    history = world()
    row = int(np.flatnonzero(history.time >= START)[0])
    day = history.select(slice(row, row + 1))
    single = fitted().predict(fitted().analyse(history, START), day)
    all_days = fitted().sequential(history)
    assert single.mean[0] == pytest.approx(all_days.mean[row], abs=1e-10)
    assert single.std[0] == pytest.approx(all_days.std[row], abs=1e-10)


def test_rows_not_read_teach_nothing() -> None:
    history = world()
    only_a = history.satellite == "a"
    silent = np.where(only_a, history.log_density, np.nan)
    first = fitted().sequential(history, only_a)
    second = fitted().sequential(replace(history, log_density=silent))
    assert np.array_equal(first.mean, second.mean)


def test_spread_grows_with_lead_and_the_mean_returns_to_the_correction() -> None:
    history = world()
    analysis = fitted().analyse(history, START)
    place = history.select(np.zeros(4, dtype=int))
    leads = np.array([1, 10, 60, 200_000]) * np.timedelta64(86400, "s")
    points = replace(place, time=START + leads, satellite=np.array([""] * 4))
    answer = fitted().predict(analysis, points)
    assert (np.diff(answer.std) > 0).all()
    assert answer.mean[-1] == pytest.approx(fitted().correction.predict(points).mean[-1], abs=1e-6)


def test_a_satellite_never_seen_has_the_wider_interval_of_its_unknown_factor() -> None:
    analysis = fitted().analyse(world(), START)
    place = world().select(np.zeros(2, dtype=int))
    points = replace(place, time=np.array([START, START]), satellite=np.array(["", "new"]))
    std = fitted().predict(analysis, points).std
    assert std[1] > std[0]


def test_nothing_measured_means_the_prior() -> None:
    history = world()
    analysis = fitted().analyse(history, history.time[0])
    answer = fitted().predict(analysis, history.select(slice(0, 1)))
    assert answer.mean[0] == fitted().correction.predict(history.select(slice(0, 1))).mean[0]


def test_a_point_before_the_analysis_is_refused() -> None:
    with pytest.raises(ModelError, match="lies before the analysis"):
        fitted().predict(fitted().analyse(world(), START), world())


def test_stored_models_and_analyses_answer_the_same() -> None:
    back = DensityAssimilation.from_state(fitted().state())
    analysis = Analysis.from_state(fitted().analyse(world(), START).state())
    points = world().select(world().time >= START)
    first = fitted().predict(fitted().analyse(world(), START), points)
    second = back.predict(analysis, points)
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.std, second.std)


def test_damaged_artefacts_are_refused() -> None:
    with pytest.raises(ArtefactError, match="assimilation is not complete"):
        DensityAssimilation.from_state(State("density_assimilation", {}))
    with pytest.raises(ArtefactError, match="analysis is not complete"):
        Analysis.from_state(State("density_analysis", {"day": 1.0}))


def test_an_unfitted_assimilation_says_so() -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        DensityAssimilation(fitted().correction).sequential(world())


def test_settings_of_another_size_are_refused() -> None:
    with pytest.raises(ModelError, match="expected setting"):
        ProcessSettings(np.zeros((1, 3)))


def test_settings_are_told_in_days_and_standard_deviations() -> None:
    told = fitted().settings.described()
    assert 2.0 < told["fast_memory"] < 60.0
    assert 0.0 < told["satellite"] < 0.5


def test_a_satellite_sees_its_own_factor_only() -> None:
    rows = element_rows(world().select(slice(0, 2)), ("a", "b"))
    assert rows[:, -2:].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_widths_follow_each_satellites_own_past() -> None:
    z = np.array([2.0, 2.0, 0.0])
    names = np.array(["a", "a", "b"])
    factor, widths = run_widths(z, names, np.arange(3), np.ones(3, dtype=bool))
    # (20 + 4) / 21 after one error of two standard deviations.
    assert factor[0] == 1.0
    assert factor[1] == pytest.approx(np.sqrt(24.0 / 21.0))
    assert factor[2] == 1.0
    assert widths.factor("b") == pytest.approx(np.sqrt(20.0 / 21.0))
    assert widths.factor("never seen") == 1.0
