"""The density back-test from fields to report."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.emulators.settings import DensityConfig
from models.errors import ConfigError
from pipelines.datasets.density.store import SnapshotStore
from pipelines.provenance import provenance
from pipelines.thermosphere_density.backtest import DensityBacktest, Progress, judge_contestants
from pipelines.thermosphere_density.contestants import contestants
from pipelines.thermosphere_density.opening import require_years
from pipelines.thermosphere_density.real_satellites import SatelliteJudgement
from pipelines.thermosphere_density.results import (
    DensityAbout,
    DensityResults,
    write_density_results,
)


def backtest_density(
    fields: SnapshotStore,
    drivers: Drivers,
    config: DensityConfig,
    how: DensityBacktest,
    out: Path,
    satellites: SatelliteJudgement | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> DensityResults:
    """Judge every contestant and write metrics, hours and report into `out`.

    satellites  scores against real satellites, for the report

    Raises ConfigError when the year held out is not among the fields, or for settings of the
    back-test that cannot be.
    """
    require_years(fields, config)
    check_judging(how, config)
    how = replace(how, bands=bands_over(how.bands, fields.grid))
    judged = judge_contestants(fields, drivers, config, how, out, progress)
    about = DensityAbout(
        config={"model": asdict(config), "backtest": asdict(how)},
        data_hash=fields.data_hash,
        seed=config.seed,
        truth=fields.label,
        first=str(fields.first.astype("datetime64[M]")),
        last=str(fields.last.astype("datetime64[M]")),
        held_out=config.held_out,
        satellites=satellites.rows if satellites else (),
        satellite_storms=satellites.storms if satellites else (),
        notes=satellites.notes if satellites else (),
        versions=provenance(),
    )
    return write_density_results(judged, out, about)


def check_judging(how: DensityBacktest, config: DensityConfig) -> None:
    """Raise ConfigError for the first setting of the back-test that cannot be."""
    for name in ("small_rank", "jobs"):
        if getattr(how, name) < 1:
            raise ConfigError(f"backtest.{name}: expected 1 or more, got {getattr(how, name)}")
    if len(how.bands) < 2 or any(a >= b for a, b in pairwise(how.bands)):
        raise ConfigError(
            f"backtest.bands: expected 2 or more rising heights in km, got {how.bands}"
        )
    if not config.held_out:
        raise ConfigError("held_out: expected a year to judge, got none; give --year")
    for year in config.held_out:
        if not config.first[:4] <= str(year) <= config.last[:4]:
            raise ConfigError(
                f"held_out: expected a year from {config.first} to {config.last}, got {year}; "
                "choose another --year, or first and last so that they hold it"
            )
    known = [one.name for one in contestants(config, how.small_rank, physics=True)]
    for name in how.models:
        if name not in known:
            raise ConfigError(
                f"backtest.models: no model called {name!r}; there is: {', '.join(known)}"
            )


def bands_over(edges: tuple[float, ...], grid: Grid) -> tuple[float, ...]:
    """The edges with the grid's lowest and highest level among them, where those lie outside."""
    low, high = grid.height[0], grid.height[-1]
    below = (low,) if low < edges[0] else ()
    above = (high,) if high > edges[-1] else ()
    return (*below, *edges, *above)
