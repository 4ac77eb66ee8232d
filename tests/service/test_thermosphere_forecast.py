"""Forecasts of density: by place and by grid, from nothing that was published later."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from pipelines.thermosphere_density.paths import pooled
from service.thermosphere import DENSITY_FORECAST_PATH
from service.thermosphere_forecast_inputs import MOST_HOURS
from tests.service import density_models
from tests.service.density_requests import Body, ahead, row
from tests.service.test_thermosphere import ask, client

GRID = {"local_time": [2.0, 14.0], "latitude": [-30.0, 0.0, 30.0], "height": [300.0, 400.0]}


def forecast(body: Body, predictor: Any = None) -> Any:
    return ask(body, DENSITY_FORECAST_PATH, predictor)


def test_a_forecast_has_every_hour_and_place() -> None:
    places = [{"latitude": 0.0, "longitude": 0.0, "height": h} for h in (200.0, 400.0)]
    said = forecast(ahead(hours=6, step_hours=3, points=places, levels=[0.1, 0.9]))
    assert said["dimensions"] == ["time", "point"]
    assert said["time"] == [f"2003-11-18T{hour:02d}:00:00Z" for hour in (0, 3, 6)]
    assert said["axes"]["height"] == [200.0, 400.0]
    assert np.shape(said["mean"]) == (3, 2)
    assert np.shape(said["quantiles"]) == (3, 2, 2)
    low, high = np.moveaxis(np.array(said["quantiles"]), -1, 0)
    assert (low < said["median"]).all()
    assert (said["median"] < high).all()
    assert (np.array(said["mean"])[:, 0] > np.array(said["mean"])[:, 1]).all()


def test_nothing_published_after_the_start_is_read() -> None:
    table = density_models.weather()
    start = np.datetime64("2003-11-18")
    day = int((start - table.days[0]).astype(int))
    kp, f107 = table.kp.copy(), table.f107.copy()
    kp[day:], f107[day:] = 9.0, 300.0
    # Kp of 21 to 24 UTC of the day before is out at 1 UTC.
    kp[day - 1, 7] = 9.0
    changed = replace(table, kp=kp, f107=f107, f107_adjusted=np.where(f107 == 300, 300, table.f107))
    before = forecast(ahead(), density_models.predictor())
    after = forecast(ahead(), density_models.predictor(weather=lambda: changed))
    assert before["mean"] == after["mean"]
    assert before["drivers"]["newest_f107"] == "2003-11-17"
    assert before["drivers"]["newest_kp"] == "2003-11-17T21:00:00Z"
    assert before["drivers"]["as_of"] == "2003-11-18T00:00:00Z"


def test_the_answer_says_how_the_future_was_drawn() -> None:
    drivers = forecast(ahead(futures="persistence", samples=3))["drivers"]
    assert (drivers["kind"], drivers["futures"], drivers["samples"]) == (
        "forecast",
        "persistence",
        3,
    )


def test_more_futures_than_one_make_the_spread_wider_than_one_future_does() -> None:
    certain = forecast(ahead(hours=24, step_hours=24, samples=1))["std"][-1][0]
    uncertain = forecast(ahead(hours=24, step_hours=24, samples=40))["std"][-1][0]
    assert uncertain > 1.2 * certain


def test_the_seed_decides_the_draw() -> None:
    assert forecast(ahead(seed=1))["mean"] == forecast(ahead(seed=1))["mean"]
    assert forecast(ahead(seed=1))["mean"] != forecast(ahead(seed=2))["mean"]


def test_pooling_is_the_law_of_total_variance() -> None:
    emulator = density_models.emulator()
    start = np.datetime64("2003-08-10T00")
    drivers = density_models.observed(density_models.weather(), start - 24, start + 2)
    path = emulator.path(drivers, start, start + 2)
    # Two futures whose first component is one above and one below: variance grows by 1.
    up = replace(path, mean=path.mean + np.array([1.0, 0.0, 0.0]))
    down = replace(path, mean=path.mean - np.array([1.0, 0.0, 0.0]), left_out=3 * path.left_out)
    both = pooled([up, down])
    assert both.mean == pytest.approx(path.mean)
    wider = both.covariance - path.covariance
    assert wider[:, 0, 0] == pytest.approx(1.0, rel=1e-5)
    assert np.abs(wider[:, 1:]).max() < 1e-5
    assert both.left_out == pytest.approx(2 * path.left_out)


def test_own_drivers_are_a_future_too() -> None:
    rows = [row(0, time=f"2003-11-18T{hour:02d}:00Z") for hour in range(0, 9, 3)]
    quiet = forecast(ahead(drivers=rows))
    stormy = forecast(ahead(drivers=[{**each, "kp": 9.0} for each in rows]))
    assert quiet["drivers"]["kind"] == "caller"
    assert stormy["mean"][-1][0] > quiet["mean"][-1][0]


def test_hours_beyond_the_training_are_told() -> None:
    assert not any("rollouts" in text for text in forecast(ahead(hours=24))["warnings"])
    told = forecast(ahead(hours=25, step_hours=25))["warnings"]
    assert "25 hours ahead: the emulator was trained on rollouts of 24 hours" in told


def test_a_grid_stands_still_in_local_time() -> None:
    said = forecast(ahead(points=None, grid=GRID, hours=2))
    assert said["dimensions"] == ["time", "local_time", "latitude", "height"]
    assert np.shape(said["mean"]) == (3, 2, 3, 2)
    # At 2 UTC local time 14 h is the meridian of 180 degrees.
    place = {"latitude": 30.0, "longitude": 180.0, "height": 400.0}
    alone = forecast(ahead(points=[place], hours=2))
    assert said["mean"][2][1][2][1] == pytest.approx(alone["mean"][2][0], rel=1e-6)


def test_a_grid_without_axes_is_the_emulators_own() -> None:
    said = forecast(ahead(points=None, grid={}, hours=1))
    assert said["axes"] == {
        "local_time": list(density_models.GRID.local_time),
        "latitude": list(density_models.GRID.latitude),
        "height": list(density_models.GRID.height),
    }


def test_a_grid_as_netcdf_holds_what_json_holds() -> None:
    body = ahead(points=None, grid=GRID, hours=4, step_hours=2)
    said = forecast(body)
    answer = client().post(
        DENSITY_FORECAST_PATH, json=body, headers={"Accept": "application/x-netcdf"}
    )
    assert answer.headers["content-type"] == "application/x-netcdf"
    with netcdf_file(io.BytesIO(answer.content), mmap=False) as file:
        assert file.variables["time"].units == b"hours since 2003-11-18 00:00:00"
        assert file.variables["time"][:].tolist() == [0, 2, 4]
        assert file.variables["latitude"][:].tolist() == GRID["latitude"]
        mean, quantile = (file.variables[f"density_{n}"] for n in ("mean", "quantile"))
        assert (mean.units, mean.dimensions[1]) == (b"kg m-3", "local_time")
        assert mean[:] == pytest.approx(np.array(said["mean"]), rel=1e-6)
        assert quantile[:] == pytest.approx(np.array(said["quantiles"]), rel=1e-6)
        assert file.source == f"emulator of {density_models.LABEL}".encode()
        assert file.drivers_futures == b"ensemble"


def test_too_large_a_grid_for_json_is_refused_and_for_netcdf_is_not() -> None:
    latitude = np.linspace(-90.0, 90.0, 181).tolist()
    body = ahead(points=None, grid={"latitude": latitude}, hours=6)
    answer = client().post(DENSITY_FORECAST_PATH, json=body)
    assert answer.status_code == 413
    # 7 hours, 8 local times, 181 latitudes, 4 heights.
    assert answer.json()["error"]["details"][0]["got"] == 7 * 8 * 181 * 4
    netcdf = {"Accept": "application/x-netcdf"}
    assert client().post(DENSITY_FORECAST_PATH, json=body, headers=netcdf).status_code == 200
    body["hours"] = MOST_HOURS
    answer = client().post(DENSITY_FORECAST_PATH, json=body, headers=netcdf)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_the_longest_forecast_is_answered_and_one_hour_more_is_refused() -> None:
    said = forecast(ahead(hours=MOST_HOURS, step_hours=MOST_HOURS))
    assert len(said["mean"]) == 2
    assert np.isfinite(said["mean"]).all()
    answer = client().post(DENSITY_FORECAST_PATH, json=ahead(hours=MOST_HOURS + 1))
    assert answer.status_code == 422
    assert f"expected 1 to {MOST_HOURS} hours ahead" in answer.text
