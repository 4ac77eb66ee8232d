"""The density back-test from fields to report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.emulators.drivers import Drivers
from models.emulators.settings import DensityConfig
from pipelines.datasets.density.store import SnapshotStore
from pipelines.provenance import provenance
from pipelines.thermosphere_density.backtest import DensityBacktest, Progress, judge_contestants
from pipelines.thermosphere_density.opening import require_years
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
    satellites: Sequence[Mapping[str, Any]] = (),
    satellite_storms: Sequence[Mapping[str, Any]] = (),
    progress: Progress = lambda _what, _done, _all: None,
) -> DensityResults:
    """Judge every contestant and write metrics, hours and report into `out`.

    satellites        rows of scores against real satellites, for the report
    satellite_storms  the same by storm

    Raises ConfigError when the year held out is not among the fields.
    """
    require_years(fields, config)
    judged = judge_contestants(fields, drivers, config, how, out, progress)
    about = DensityAbout(
        config={"model": asdict(config), "backtest": asdict(how)},
        data_hash=fields.data_hash,
        seed=config.seed,
        truth=fields.label,
        first=str(fields.first.astype("datetime64[M]")),
        last=str(fields.last.astype("datetime64[M]")),
        held_out=config.held_out,
        satellites=satellites,
        satellite_storms=satellite_storms,
        versions=provenance(),
    )
    return write_density_results(judged, out, about)
