"""Sampled future drivers: their spread, and what they may not read."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from models.emulators.driver_futures import forecast_drivers
from models.emulators.driver_history import Method, flux_history, kp_history
from models.emulators.driver_hours import hourly_drivers
from models.emulators.driver_issue import as_known_at
from models.emulators.driver_paths import History, fit, nearest, sample_paths
from models.emulators.driver_samples import DriverSamples
from models.emulators.driver_weather import SpaceWeather
from models.errors import ConfigError, DataError
from tests.models.emulators.driver_tables import FIRST, wandering

METHODS = get_args(Method)
#: Day 800, 7:30: Kp is known to 6 UTC, F10.7 to the day before.
MOMENT = FIRST.astype("datetime64[m]") + (800 * 24 * 60 + 450)


def forecast(weather: SpaceWeather | None = None, **options: Any) -> DriverSamples:
    options = {"hours": 30, "samples": 20, **options}
    return forecast_drivers(weather or wandering(), MOMENT, **options)


def changed_after(moment: np.datetime64) -> SpaceWeather:
    """The same table with everything that was not published at `moment` replaced."""
    weather = wandering()
    known = as_known_at(weather, moment)
    days = len(known)
    later = [values.copy() for values in (weather.f107, weather.f107_adjusted, weather.kp)]
    published = (known.f107, known.f107_adjusted, known.kp)
    for values, kept, other in zip(later, published, (300.0, 290.0, 8.0), strict=True):
        values[...] = other
        values[:days] = np.where(np.isfinite(kept), kept, other)
    return SpaceWeather(FIRST, later[0], later[1], later[2], source="made")


@pytest.mark.parametrize("method", METHODS)
def test_nothing_published_later_moves_a_forecast_by_one_bit(method: Method) -> None:
    first = forecast(method=method, history=48)
    second = forecast(changed_after(MOMENT), method=method, history=48)
    assert first.values.tobytes() == second.values.tobytes()


def test_nothing_published_later_moves_the_hours_as_they_were_known() -> None:
    span = (MOMENT.astype("datetime64[h]") - 60, MOMENT.astype("datetime64[h]") - 32)
    hours = [
        hourly_drivers(as_known_at(table, MOMENT), *span, mean=mean).values.tobytes()
        for table in (wandering(), changed_after(MOMENT))
        for mean in ("trailing", "so_far")
    ]
    assert hours[:2] == hours[2:]


def test_what_is_published_by_then_does_move_a_forecast() -> None:
    weather = wandering()
    weather.kp[800, 1] = 9.0
    assert forecast(weather).values.tobytes() != forecast().values.tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_every_sample_is_hourly_from_the_hour_of_the_moment_on(method: Method) -> None:
    drawn = forecast(method=method)
    assert (len(drawn), len(drawn[0])) == (20, 30)
    assert drawn[0].times[0] == np.datetime64("2003-03-12T07")
    assert [sample.start for sample in drawn] == [drawn.start] * 20


def test_the_same_seed_gives_the_same_bits_and_another_one_others() -> None:
    assert forecast(seed=3).values.tobytes() == forecast(seed=3).values.tobytes()
    assert forecast(seed=3).values.tobytes() != forecast(seed=4).values.tobytes()


def test_known_hours_of_the_history_are_the_published_ones_in_every_sample() -> None:
    drawn = forecast(history=48)
    known = hourly_drivers(wandering(), drawn.start, drawn.start + 47).column("kp")
    # Kp is out to 6 UTC, that is 47 hours after the start at 7 UTC two days before.
    assert np.ptp(drawn.column("kp")[:, :47], axis=0).max() == 0
    np.testing.assert_allclose(drawn.column("kp")[0, :47], known[:47])
    assert np.ptp(drawn.column("kp")[:, 47:], axis=0).min() > 0


def test_ap_follows_from_kp_and_the_days_ap_from_its_known_and_sampled_parts() -> None:
    drawn = forecast(hours=40)
    assert set(np.rint(3 * drawn.column("kp")).ravel()) <= set(range(28))
    day = drawn.column("ap")[:, 17:41:3]
    np.testing.assert_allclose(drawn.column("ap_daily")[:, 17], np.rint(day.mean(axis=1)))


def test_the_centred_mean_spreads_since_its_later_days_are_sampled() -> None:
    drawn = forecast()
    assert drawn.column("f107_mean")[:, 0].std() > 0.1
    assert drawn.column("f107_trailing")[:, 0].std() < drawn.column("f107_mean")[:, 0].std()


def test_the_spread_of_f107_grows_with_the_lead() -> None:
    rng = np.random.default_rng(0)
    flux = 120.0 * np.exp(0.02 * np.cumsum(rng.standard_normal(900)) / 2)
    weather = SpaceWeather(FIRST, flux, flux, wandering().kp)
    spread = forecast(weather, hours=24 * 7, samples=200).column("f107").std(axis=0)
    assert spread[24] < spread[72] < spread[150]


def test_recurrence_brings_back_what_stood_a_turn_of_the_sun_ago() -> None:
    flux = np.full(900, 100.0)
    # The very turn after which the forecast is made; before it the sun was quiet.
    flux[::27] = 115.0
    weather = SpaceWeather(FIRST, flux, flux, wandering().kp)
    ahead = forecast(weather, method="recurrence", hours=24 * 27).column("f107").mean(axis=0)
    assert np.flatnonzero(ahead[::24] > 110.0).tolist() == [10]
    assert 800 + 10 == 27 * 30


def test_coverage_is_honest_on_a_series_made_by_the_same_rule() -> None:
    weather = wandering(3000, seed=5)
    inside = []
    for day in range(1500, 2900, 35):
        moment = FIRST.astype("datetime64[h]") + 24 * day
        drawn = forecast_drivers(weather, moment, 72, samples=100)
        low, high = np.quantile(drawn.column("f107")[:, 24::24], (0.1, 0.9), axis=0)
        truth = weather.f107[day + 1 : day + 3]
        inside.append((low <= truth) & (truth <= high))
    assert 0.68 < np.mean(inside) < 0.92


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method: expected persistence, recurrence, climatology, ensemble"),
        ({"hours": 0}, "hours: expected 1 to 648, got 0"),
        ({"hours": 649}, "hours: expected 1 to 648, got 649"),
        ({"samples": 0}, "samples: expected 1 or more, got 0"),
        ({"history": -1}, "history: expected 0 or more, got -1"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        forecast(**options)


def test_a_table_that_is_too_old_or_too_short_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"newest F10.7 of made is of 2003-02-19; .* last 14 days"):
        forecast(wandering(780))
    with pytest.raises(DataError, match=r"expected 400 or more days of F10.7 published before"):
        forecast_drivers(wandering(300), np.datetime64("2001-10-27T00"), 24)
    with pytest.raises(DataError, match=r"needs space weather from .* the table begins on 2001"):
        forecast(history=24 * 750)


def test_days_before_the_first_f107_do_not_count_as_history() -> None:
    weather = wandering()
    weather.f107[:300] = weather.f107_adjusted[:300] = np.nan
    cut = SpaceWeather(
        FIRST + 300, weather.f107[300:], weather.f107_adjusted[300:], weather.kp[300:]
    )
    assert forecast(weather).values.tobytes() == forecast(cut).values.tobytes()


def test_too_few_past_origins_are_refused() -> None:
    with pytest.raises(DataError, match="expected 200 or more days of history"):
        flux_history(np.zeros(282), 3, "ensemble")


def test_a_linear_rule_of_the_past_is_found_again() -> None:
    x = np.random.default_rng(0).standard_normal((1, 300, 1))
    history = History(2.0 * x[0], x, np.array([[5.0]]), x[0], np.array([0.0]))
    forecast_of_today, errors = fit(history)
    # Ridge shrinks the slope of 2 by a thousandth.
    np.testing.assert_allclose(forecast_of_today, [10.0], rtol=2e-3)
    assert np.abs(errors).max() < 0.02


def test_samples_use_the_most_alike_origins_equally_often() -> None:
    errors = np.arange(300.0)[:, None]
    history = History(errors, np.empty((1, 300, 0)), np.empty((1, 0)), errors, np.array([10.0]))
    drawn = sample_paths(history, 12, 3, np.random.default_rng(0))
    assert sorted(drawn[:, 0].tolist()) == [9.0] * 4 + [10.0] * 4 + [11.0] * 4


def test_a_measure_without_spread_does_not_tell_origins_apart() -> None:
    activity = np.array([[1.0, 0.0], [1.0, 5.0], [1.0, 2.0]])
    assert nearest(activity, np.array([3.0, 2.0]), 2).tolist() == [2, 0]


def test_past_origins_of_kp_stand_at_the_hour_of_today_and_end_before_it() -> None:
    kp = np.arange(8.0 * 400)
    history = kp_history(kp, 10, "persistence")
    # Of an ever rising series the first target is one more than the origin, and 10 leads
    # need the newest origin two days back.
    assert history.targets[-1].tolist() == (kp[-1] - 16 + np.arange(1, 11)).tolist()
    assert np.all(np.diff(history.targets[:, 0]) == 8)
