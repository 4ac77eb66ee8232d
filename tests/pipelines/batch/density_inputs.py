"""The small emulator of the HTTP tests as a stored version, and points for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.batch.density_opening import open_density_job
from pipelines.batch.thermosphere_density import DensityJob
from pipelines.datasets.space_weather.table import updated_path, write_table
from tests.service import density_models

#: Last hour that the small table knows; epochs after it are forecast.
LAST = np.datetime64("2003-11-30T23", "h")


def job(**settings: Any) -> DensityJob:
    """A job in the home of the moment, on the small table of space weather."""
    write_table(updated_path(), density_models.weather())
    return open_density_job(density_models.store(), **settings)


def opened(named: Any = None, **settings: Any) -> DensityJob:
    """The same, ready to run in this process."""
    ready = replace(job(**settings), named=named)
    ready.open()
    return ready


def again(ready: DensityJob) -> DensityJob:
    """The same job, as another process opens it."""
    other = replace(ready, _answers=None)
    other.open()
    return other


def points(count: int = 60, start: str = "2003-08-10T12:00:00", minutes: int = 7) -> pl.DataFrame:
    """Something like an orbit; not in the order of time."""
    k = np.arange(count)
    steps = np.roll(k, 5) * np.timedelta64(minutes, "m")
    return pl.DataFrame(
        {
            "id": k + 100,
            "epoch": np.datetime64(start, "us") + steps,
            "latitude": 80 * np.sin(k / 5),
            "longitude": (23.0 * k) % 540 - 180,
            "height": 300 + 100 * np.cos(k / 9),
        }
    )


def written(folder: Path, table: pl.DataFrame, name: str = "points.parquet") -> Path:
    """The points as a file."""
    folder.mkdir(exist_ok=True, parents=True)
    table.write_parquet(folder / name)
    return folder / name
