"""The strongest storms of the years held out, as curves over time and maps of the worst hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.rollouts import RolloutForecast, Rollouts
from pipelines.thermosphere_density.fields import Fields

#: Storms that are shown, and days at least between them.
STORMS, APART_DAYS = 2, 10
#: Hours before and after the worst hour that are shown.
BEFORE, AFTER = 48, 72


@dataclass(frozen=True)
class Storm:
    """A storm by its worst hour.

    peak        hour of the highest ap of the day of the highest daily Ap
    first, last hours that are shown
    """

    peak: np.datetime64
    first: np.datetime64
    last: np.datetime64

    @property
    def name(self) -> str:
        return str(self.peak.astype("datetime64[D]"))


def strongest_storms(drivers: Drivers, hours: npt.NDArray[np.bool_]) -> tuple[Storm, ...]:
    """The storms with the highest daily Ap in some hours, strongest first."""
    times, left = drivers.times, hours.copy()
    daily, now = drivers.column("ap_daily"), drivers.column("ap")
    storms: list[Storm] = []
    while len(storms) < STORMS and left.any():
        worst = int(np.argmax(np.where(left, daily * 1000 + now, -1)))
        peak = times[worst]
        first, last = (
            (peak - BEFORE).astype("datetime64[h]"),
            (peak + AFTER).astype("datetime64[h]"),
        )
        storms.append(Storm(peak, max(first, times[hours][0]), min(last, times[hours][-1])))
        left &= np.abs((times - peak).astype(int)) > APART_DAYS * 24
    return tuple(storms)


def storm_tables(
    name: str,
    emulator: DensityEmulator,
    rollouts: Rollouts,
    forecast: RolloutForecast,
    fields: Fields,
    storms: tuple[Storm, ...],
    height: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Curves (mean over a height, true and forecast, with 95 %) and maps (at the worst hour).

    Densities are in kg/m3; the mean is that of log10 density over all cells of the height,
    and its spread that of the mean, not of a cell.
    """
    heights = np.asarray(fields.grid.height)
    level = int(np.argmin(np.abs(heights - height)))
    cells = np.arange(level, fields.grid.cells, len(heights))
    ahead = rollouts.hours_ahead.ravel()
    rank = forecast.mean.shape[-1]
    mean, covariance = forecast.mean.reshape(-1, rank), forecast.covariance.reshape(-1, rank, rank)
    curves, maps = [], []
    for storm in storms:
        inside = (fields.times[ahead] >= storm.first) & (fields.times[ahead] <= storm.last)
        rows = np.flatnonzero(inside)
        if not len(rows):
            continue
        times = fields.times[ahead[rows]]
        truth = fields.read(times[0], times[-1]).reshape(-1, fields.grid.cells)[:, cells]
        curves.append(
            _curve(name, storm, times, truth, emulator, (mean[rows], covariance[rows]), cells)
        )
        if storm.peak in times:
            worst = int(np.argmax(times == storm.peak))
            here = rows[worst : worst + 1]
            cell_mean = emulator.components.reconstruct(mean[here])[:, cells]
            maps.append(_map(name, storm, fields, truth[worst], cell_mean[0], heights[level]))
    return _joined(curves, _CURVE), _joined(maps, _MAP)


_CURVE: dict[str, Any] = {
    "model": pl.String,
    "storm": pl.String,
    "hour": pl.Datetime("us"),
    "truth": pl.Float64,
    "median": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
_MAP: dict[str, Any] = {
    "model": pl.String,
    "storm": pl.String,
    "height": pl.Float64,
    "local_time": pl.Float64,
    "latitude": pl.Float64,
    "truth": pl.Float64,
    "median": pl.Float64,
}


def _joined(tables: list[pl.DataFrame], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.concat(tables) if tables else pl.DataFrame(schema=schema)


def _curve(
    name: str,
    storm: Storm,
    times: npt.NDArray[np.datetime64],
    truth: FloatArray,
    emulator: DensityEmulator,
    state: tuple[FloatArray, FloatArray],
    cells: npt.NDArray[np.int64],
) -> pl.DataFrame:
    basis = emulator.components.basis[cells].mean(axis=0)
    centre = state[0] @ basis + emulator.components.mean[cells].mean()
    spread = np.sqrt(np.einsum("i,hij,j->h", basis, state[1], basis))
    low, high = emulator.shape.at([0.025, 0.975])
    return pl.DataFrame(
        {
            "model": [name] * len(times),
            "storm": [storm.name] * len(times),
            "hour": times.astype("datetime64[us]"),
            "truth": 10.0 ** truth.mean(axis=1).astype(np.float64),
            "median": 10.0 ** centre.astype(np.float64),
            "low": 10.0 ** (centre + low * spread).astype(np.float64),
            "high": 10.0 ** (centre + high * spread).astype(np.float64),
        },
        schema=_CURVE,
    )


def _map(
    name: str, storm: Storm, fields: Fields, truth: FloatArray, median: FloatArray, height: float
) -> pl.DataFrame:
    local_time, latitude = np.meshgrid(fields.grid.local_time, fields.grid.latitude, indexing="ij")
    count = local_time.size
    return pl.DataFrame(
        {
            "model": [name] * count,
            "storm": [storm.name] * count,
            "height": [float(height)] * count,
            "local_time": local_time.ravel(),
            "latitude": latitude.ravel(),
            "truth": 10.0 ** truth.astype(np.float64),
            "median": 10.0 ** median.astype(np.float64),
        },
        schema=_MAP,
    )
