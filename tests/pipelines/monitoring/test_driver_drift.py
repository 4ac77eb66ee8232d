"""Space weather is held against its own past, and against what an emulator was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import COLUMNS, Drivers
from pipelines.datasets.space_weather.table import EMBEDDED, open_space_weather
from pipelines.monitoring.drift import driver_drift
from pipelines.monitoring.drift_figures import drift_figure
from pipelines.monitoring.driver_channels import driver_channels


def weather(months: int = 240, newest: float = 0.0) -> Drivers:
    """Twenty years of a sun with a cycle and of storms; F10.7 of the newest year is larger."""
    draw = np.random.default_rng(3)
    start = np.datetime64("2000-01", "M")
    hours = np.arange(start.astype("datetime64[h]"), (start + months).astype("datetime64[h]"))
    month = hours.astype("datetime64[M]").astype(int) - start.astype(int)
    values = np.full((len(hours), len(COLUMNS)), 5.0)
    flux = 120 + 40 * np.sin(2 * np.pi * month / 132) + newest * (month >= months - 12)
    values[:, list(COLUMNS).index("f107")] = flux
    values[:, list(COLUMNS).index("ap")] = draw.gamma(1.5, 8.0, months)[month]
    return Drivers(hours[0], values)


def limits_of(drivers: Drivers) -> FloatArray:
    return np.stack([drivers.values.min(axis=0), drivers.values.max(axis=0)], axis=1)


def test_a_sun_as_it_was_before_is_no_drift_and_another_one_is() -> None:
    assert not driver_drift(weather()).drifted
    assert {finding.name for finding in driver_drift(weather(newest=150.0)).flagged} == {"F10.7"}


def test_hours_beyond_a_training_are_drift_however_usual_they_are() -> None:
    usual = weather()
    limits = limits_of(usual)
    assert not driver_drift(usual, limits=limits).drifted
    limits[list(COLUMNS).index("f107"), 1] = 75.0
    report = driver_drift(usual, limits=limits)
    assert {finding.where for finding in report.flagged} == {"any driver", "f107"}
    assert "beyond the training of f107 is 1, allowed 0.05 (range)" in report.sentences[2]


def test_a_month_that_has_only_begun_is_not_judged_alone() -> None:
    whole = weather()
    begun = whole.between(whole.times[0], whole.times[-20 * 24])
    channel = driver_channels(begun, 12)[0]
    assert channel.points is not None
    assert np.isnan(channel.points[-1])
    assert np.isfinite(channel.stretch[-1])


@pytest.mark.slow
def test_suns_of_real_years_are_flagged_only_where_they_leave_the_training() -> None:
    """The minimum of 2008 and 2009 was deeper than any since the training began."""
    drivers = hourly_drivers(
        open_space_weather(EMBEDDED), np.datetime64("1995-05-01T00"), np.datetime64("2025-05-31T23")
    )
    flagged = []
    for year in range(2003, 2026):
        known = drivers.between(drivers.times[0], np.datetime64(f"{year}-05-31T23"))
        trained = drivers.between(drivers.times[0], np.datetime64(f"{year - 1}-05-31T23"))
        if driver_drift(known, limits=limits_of(trained)).drifted:
            flagged.append(year)
    assert flagged == [2008, 2009]


def test_a_channel_without_enough_history_is_drawn_as_not_tested() -> None:
    report = driver_drift(weather(months=30))
    titles = [ax.get_title(loc="left") for ax in drift_figure(report).axes]
    assert titles == ["F10.7 (not tested)", "ap (not tested)"]
