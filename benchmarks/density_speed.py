"""How much faster the density emulator is than NRLMSIS 2.1 through pymsis.

    python -m benchmarks.density_speed [--model thermosphere-density:champion]

Three figures, both sides on the same machine in turn: a year of hourly fields (pymsis in
as many processes as there are cores, on a sample of days, scaled to the year; the emulator
on one core, as in a server), a million points along an orbit (mean and standard deviation
of each), and 1,000 sampled paths of the reduced state over 120 hours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipelines.environment import ensure_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

import numpy as np

from benchmarks.timing import machine
from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.grid import Grid
from models.emulators.storage import from_state
from pipelines.datasets.density.msis import msis_density, msis_field
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.registry import load_state
from service.commands.models import find

CORES = os.cpu_count() or 1
RESULTS = Path(__file__).parent / "results" / "density_speed.json"
YEAR, HOURS_OF_YEAR = 2003, 8760
#: What the emulator has to reach.
WANTED = {"year_of_fields": 100.0, "points": 20.0}
POINTS, MSIS_POINTS = 1_000_000, 100_000
PATHS, PATH_HOURS = 1000, 120
#: Days of fields that pymsis computes per core and repeat.
MSIS_DAYS = 8


def orbit_points(count: int, start: np.datetime64, height: float) -> Points:
    """A point every ten seconds along a circular orbit that is nearly polar."""
    seconds = np.arange(count) * 10.0
    angle = seconds / 5550.0 * 2 * np.pi
    inclination = np.radians(87.3)
    latitude = np.degrees(np.arcsin(np.sin(inclination) * np.sin(angle)))
    east = np.degrees(np.arctan2(np.cos(inclination) * np.sin(angle), np.cos(angle)))
    times = start + (seconds * 1e6).astype("timedelta64[us]")
    longitude = (east - seconds * 360 / 86164 + 180) % 360 - 180
    return Points(times, latitude, longitude, height + 10 * np.sin(angle))


def _msis_days(first: np.datetime64, grid: Grid) -> int:
    drivers = hourly_drivers(
        open_space_weather(), first, first + np.timedelta64(24 * MSIS_DAYS, "h")
    )
    return len(msis_field(drivers.times[: 24 * MSIS_DAYS], grid, drivers))


def msis_year(pool: ProcessPoolExecutor, grid: Grid) -> float:
    """Seconds that pymsis takes for a year of hourly fields on all cores."""
    starts = [np.datetime64(f"{YEAR}-{3 * core % 12 + 1:02d}-01T00") for core in range(CORES)]
    began = time.perf_counter()
    done = sum(pool.map(_msis_days, starts, [grid] * CORES))
    return (time.perf_counter() - began) * HOURS_OF_YEAR / done


def emulator_year(emulator: DensityEmulator, drivers: Drivers) -> float:
    """Seconds that the emulator takes for a year of hourly fields."""
    first = np.datetime64(f"{YEAR}-01-01T00")
    began = time.perf_counter()
    hours = sum(len(block) for block in emulator.fields(drivers, first, first + HOURS_OF_YEAR - 1))
    return (time.perf_counter() - began) * HOURS_OF_YEAR / hours


def measure(emulator: DensityEmulator, repeats: int) -> dict[str, Any]:
    """Seconds of everything, side by side, `repeats` times after one that does not count."""
    first = np.datetime64(f"{YEAR}-01-01T00")
    drivers = hourly_drivers(
        open_space_weather(), first - emulator.lookback, first + HOURS_OF_YEAR - 1
    )
    points = orbit_points(POINTS, first.astype("datetime64[us]"), 390.0)
    few = orbit_points(MSIS_POINTS, first.astype("datetime64[us]"), 390.0)
    path = emulator.path(drivers, first, first + HOURS_OF_YEAR - 1)
    days = emulator.path(drivers, first, first + PATH_HOURS - 1)
    jobs = {
        "emulator_points": lambda: emulator.density(path, points),
        "msis_points": lambda: msis_density(
            few.time, few.latitude, few.longitude, few.height, drivers
        ),
        "sampled_paths": lambda: days.sample(PATHS, seed=0),
    }
    seconds: dict[str, list[float]] = {}
    with ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        for turn in range(repeats + 1):
            found = {
                "msis_year": msis_year(pool, emulator.grid),
                "emulator_year": emulator_year(emulator, drivers),
                **{name: _timed(job) for name, job in jobs.items()},
            }
            if turn:
                for name, value in found.items():
                    seconds.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _timed(job: Any) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def summary(seconds: dict[str, float]) -> dict[str, float]:
    """The three figures."""
    per_point = seconds["emulator_points"] / POINTS
    return {
        "year_of_fields_times_faster": seconds["msis_year"] / seconds["emulator_year"],
        "points_times_faster": seconds["msis_points"] / MSIS_POINTS / per_point,
        "emulator_points_per_second": 1 / per_point,
        "sampled_paths_seconds": seconds["sampled_paths"],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="thermosphere-density:champion")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    stored = find(given.model)
    emulator = from_state(load_state(stored))
    seconds = measure(emulator, given.repeats)
    found = summary(seconds)
    about = {
        "model": stored.tag,
        "grid": list(emulator.grid.shape),
        "components": emulator.components.rank,
        "networks": len(emulator.ensemble.members),
        "repeats": given.repeats,
        "machine": machine(),
        "seconds": seconds,
        **found,
    }
    given.out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    for name, value in found.items():
        print(f"{name}: {value:,.3g}")  # noqa: T201
    fast = found["year_of_fields_times_faster"] >= WANTED["year_of_fields"]
    return 0 if fast and found["points_times_faster"] >= WANTED["points"] else 1


if __name__ == "__main__":
    sys.exit(main())
