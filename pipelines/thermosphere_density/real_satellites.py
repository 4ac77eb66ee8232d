"""The emulator against densities that satellites measured, raw and corrected.

Nothing of these was in its training. Corrections are judged on satellites and blocks of years
that had no part in their fit; space weather is that observed, for all models alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_basis import standardised_basis
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import DataError
from pipelines.datasets.density.msis import msis_density
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.satellite_background import density_samples
from pipelines.thermosphere_density.satellite_protocol import leave_out_answers, years_of
from pipelines.thermosphere_density.satellite_scores import (
    SatelliteScore,
    StormSpan,
    satellite_scores,
    storm_scores,
)

#: Years of a block that is left out.
BLOCK = 3
#: Days of one path of the emulator: its covariances are held in memory.
PATH_DAYS = 90
#: Called with (fits done, fits in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SatelliteJudgement:
    """What was found.

    rows    scores by satellite and year
    storms  scores by storm, its name as `year`
    notes   what a reader should know of the samples
    """

    rows: tuple[SatelliteScore, ...]
    storms: tuple[SatelliteScore, ...]
    notes: tuple[str, ...]


def judge_satellites(
    measured: SatelliteDensities,
    emulator: DensityEmulator,
    storms: tuple[StormSpan, ...] = (),
    progress: Progress | None = None,
) -> SatelliteJudgement:
    """Score the emulator, its corrections and NRLMSIS on satellites' densities.

    Raises DataError when no sample lies within the emulator's heights, or space weather does
    not reach a sample.
    """
    measured, note = within_heights(measured, emulator)
    drivers = _drivers(measured, emulator)
    samples, raw = beside_emulator(measured, emulator, drivers)
    years = years_of(samples)
    blocks = [(y, y + BLOCK - 1) for y in range(int(years.min()), int(years.max()) + 1, BLOCK)]
    answers = {
        **_physics(measured, drivers),
        EMULATOR: raw,
        **leave_out_answers(samples, blocks, progress=progress),
    }
    return SatelliteJudgement(
        tuple(satellite_scores(samples, answers)),
        tuple(storm_scores(samples, answers, storms)),
        note,
    )


def satellite_samples(measured: SatelliteDensities, emulator: DensityEmulator) -> SatelliteSamples:
    """The samples within the emulator's heights beside its answers: what corrections are fitted
    to. Raises DataError as `judge_satellites` does."""
    inside, _ = within_heights(measured, emulator)
    return beside_emulator(inside, emulator, _drivers(inside, emulator))[0]


def beside_emulator(
    measured: SatelliteDensities, emulator: DensityEmulator, drivers: Drivers
) -> tuple[SatelliteSamples, LogDensity]:
    """Samples with what corrections read of them, and the emulator's answers alone."""
    raw = emulator_answer(emulator, measured, drivers)
    place = measured.local_time, measured.latitude, measured.height
    basis = standardised_basis(emulator.table, emulator.components, *place)
    return density_samples(measured, drivers, raw, basis), raw


def within_heights(
    measured: SatelliteDensities, emulator: DensityEmulator
) -> tuple[SatelliteDensities, tuple[str, ...]]:
    """The samples within the emulator's heights, and a sentence about those that are not."""
    low, high = emulator.grid.height[0], emulator.grid.height[-1]
    inside = (measured.height >= low) & (measured.height <= high)
    count = int((~inside).sum())
    if count == len(inside):
        raise DataError(
            f"satellites: all {count} samples lie outside {low:g} to {high:g} km, the heights of "
            "the emulator; train one that reaches them (grid.highest=1000)"
        )
    note = f"{count} of {len(inside)} satellite samples lie outside {low:g} to {high:g} km."
    return _selected(measured, inside), (note,) if count else ()


def emulator_answer(
    emulator: DensityEmulator, measured: SatelliteDensities, drivers: Drivers
) -> LogDensity:
    """What the emulator says at every sample, from drivers alone."""
    mean, std = np.empty(len(measured.time)), np.empty(len(measured.time))
    for rows in _spans(measured.time):
        time = measured.time[rows]
        first, last = time[0].astype("datetime64[h]"), time[-1].astype("datetime64[h]") + 1
        path = emulator.path(drivers, first, last)
        place = measured.latitude[rows], measured.longitude[rows], measured.height[rows]
        found = emulator.density(path, Points(time, *place))
        mean[rows], std[rows] = found.mean, found.std
    return LogDensity(mean, std, emulator.shape)


def _physics(measured: SatelliteDensities, drivers: Drivers) -> dict[str, LogDensity]:
    """NRLMSISE-00 as the file has it, NRLMSIS 2.1 computed; they have no intervals."""
    without = np.full(len(measured.time), np.nan)
    place = measured.latitude, measured.longitude, measured.height
    found = {"NRLMSIS 2.1": LogDensity(msis_density(measured.time, *place, drivers), without)}
    if np.isfinite(measured.reference).any():
        older = LogDensity(np.log10(measured.reference), without)
        return {"NRLMSISE-00": older, **found}
    return found


def _drivers(measured: SatelliteDensities, emulator: DensityEmulator) -> Drivers:
    # Corrections read what was published, which is of the day before.
    before = max(emulator.lookback, 24)
    first = measured.time[0].astype("datetime64[h]") - before
    last = measured.time[-1].astype("datetime64[h]") + 1
    return hourly_drivers(open_space_weather(), first, last)


def _spans(time: npt.NDArray[np.datetime64]) -> Iterator[slice]:
    """Rows of consecutive spans of PATH_DAYS that hold samples."""
    part = (time - time[0]).astype("timedelta64[D]").astype(int) // PATH_DAYS
    edges = np.flatnonzero(np.diff(part)) + 1
    starts = [0, *edges.tolist()]
    for start, end in zip(starts, [*starts[1:], len(time)], strict=True):
        yield slice(start, end)


def _selected(measured: SatelliteDensities, rows: npt.NDArray[np.bool_]) -> SatelliteDensities:
    return replace(measured, **{f.name: getattr(measured, f.name)[rows] for f in fields(measured)})
