"""Corrections by satellites, judged on satellites and years that they never saw.

    python -m benchmarks.satellite_corrections --satellites FILE [--storms FILE]

The background is NRLMSIS 2.1 itself at the points (what an emulator trained on it tends
to), the reduced space its principal components up to 1,000 km over random hours. Each
satellite in each block of years is forecast by fits to the others in other years, a day at
a time; beside them stands NRLMSISE-00 as the file has it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.emulators.interpolation import FieldTable
from models.emulators.log_density import LogDensity
from models.emulators.satellite_basis import COMPONENTS, standardised_basis
from models.emulators.satellite_samples import SatelliteSamples
from models.transforms.principal_components import PrincipalComponents
from pipelines.datasets.density.msis import msis_density, msis_field
from pipelines.datasets.density.satellite_densities import (
    SatelliteDensities,
    read_satellite_densities,
)
from pipelines.datasets.space_weather.table import EMBEDDED, read_table
from pipelines.thermosphere_density.satellite_background import density_samples
from pipelines.thermosphere_density.satellite_protocol import leave_out_answers, years_of
from pipelines.thermosphere_density.satellite_scores import (
    ALL,
    SatelliteScore,
    read_storms,
    satellite_scores,
    storm_scores,
)

#: Hours whose fields make the reduced space, and levels of the fields in km.
HOURS, FIRST, LAST = 1500, "1997-01-01T00", "2008-12-31T23"
HEIGHTS = (*range(100, 451, 25), 487.5, 525, 562.5, 600, 650, 700, 800, 900, 1000)
#: Years of a block that is left out.
BLOCK = 3


def reduced_space(drivers: Drivers, grid: Grid) -> PrincipalComponents:
    """Principal components of MSIS fields at random hours."""
    random = np.random.default_rng(0)
    first, last = np.datetime64(FIRST, "h"), np.datetime64(LAST, "h")
    span = int((last - first).astype(int)) + 1
    hours = first + np.sort(random.choice(span, HOURS, replace=False))
    fields = msis_field(hours, grid, drivers).reshape(HOURS, -1)

    def blocks() -> Iterator[npt.NDArray[np.float32]]:
        yield np.asarray(fields, dtype=np.float32)

    return PrincipalComponents.fit(blocks, rank=COMPONENTS)


def samples_on_msis(densities: SatelliteDensities) -> SatelliteSamples:
    """The file's densities beside NRLMSIS 2.1 with observed space weather."""
    weather = read_table(EMBEDDED)
    last = max(densities.time[-1].astype("datetime64[h]"), np.datetime64(LAST, "h"))
    drivers = hourly_drivers(weather, np.datetime64(FIRST, "h"), last)
    heights = tuple(float(height) for height in HEIGHTS)
    grid = Grid(tuple(np.arange(24.0)), tuple(np.linspace(-87.5, 87.5, 20)), heights)
    components = reduced_space(drivers, grid)
    table = FieldTable.refine(grid, components.basis)
    seen = densities.local_time, densities.latitude, densities.height
    basis = standardised_basis(table, components, *seen)
    place = densities.latitude, densities.longitude, densities.height
    mean = msis_density(densities.time, *place, drivers)
    return density_samples(densities, drivers, LogDensity(mean, np.zeros(len(mean))), basis)


def blocks_of(samples: SatelliteSamples) -> list[tuple[int, int]]:
    """Consecutive blocks of BLOCK years that cover the samples."""
    years = years_of(samples)
    return [(y, y + BLOCK - 1) for y in range(int(years.min()), int(years.max()) + 1, BLOCK)]


def answers_of(samples: SatelliteSamples, densities: SatelliteDensities) -> dict[str, LogDensity]:
    """Answers of all models at every row."""
    without = np.full(len(samples), np.nan)
    with Progress() as progress:
        task = progress.add_task("left out")
        judged = leave_out_answers(
            samples,
            blocks_of(samples),
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    return {
        "NRLMSISE-00": LogDensity(np.log10(densities.reference), without),
        "NRLMSIS 2.1": LogDensity(samples.background_mean, without),
        **judged,
    }


def show(rows: Sequence[SatelliteScore]) -> None:
    """Print MAPE and 90 % coverage of every model: satellites, years, and storms together."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    table = Table("group", "n", *models)
    groups = [(r["satellite"], r["year"]) for r in rows if r["model"] == models[-1]]
    for satellite, year in groups:
        if ALL not in (satellite, year) and year != "storms":
            continue
        mine = {r["model"]: r for r in rows if (r["satellite"], r["year"]) == (satellite, year)}
        name = str(year) if satellite == ALL and year != ALL else satellite
        cells = [_cell(mine[model]) if model in mine else "" for model in models]
        table.add_row(name, str(mine[models[-1]]["n"]), *cells)
    Console(width=140).print(table)


def _cell(row: SatelliteScore) -> str:
    covered = row["coverage_90"]
    return f"{row['mape']:.1f} %" + ("" if covered is None else f" / {100 * covered:.0f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, print the table, and write the rows where --out says."""
    parser = argparse.ArgumentParser(description="Judge corrections by satellites.")
    parser.add_argument("--satellites", type=Path, required=True)
    parser.add_argument("--storms", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    densities = read_satellite_densities(options.satellites)
    samples = samples_on_msis(densities)
    answers = answers_of(samples, densities)
    rows = satellite_scores(samples, answers)
    storms = read_storms(options.storms) if options.storms is not None else ()
    in_storms = storm_scores(samples, answers, storms)
    show([*rows, *(row for row in in_storms if row["year"] == "storms")])
    if options.out is not None:
        options.out.write_text(json.dumps([*rows, *in_storms], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
