"""Corrections judged on satellites and years that had no part in them.

For each block of years and each satellite in it, correction and assimilation are fitted to
the other satellites in the other years. Then the left-out satellite is forecast through the
left-out years, each day from 00 UTC, in three ways:

    corrected           nothing measured in those years is known
    assimilated_others  other satellites' samples up to the day before are
    assimilated         its own samples up to the day before are known too, as in operations
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.log_density import LogDensity
from models.emulators.satellite_assimilation import DensityAssimilation
from models.emulators.satellite_correction import MIN_ROWS, DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ModelError

MODELS: tuple[str, ...] = ("corrected", "assimilated_others", "assimilated")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LeftOut:
    """A satellite in a block of years (both ends included)."""

    satellite: str
    first_year: int
    last_year: int

    def rows(self, samples: SatelliteSamples) -> npt.NDArray[np.bool_]:
        """Rows that are judged."""
        return np.asarray(self._years(samples) & (samples.satellite == self.satellite))

    def training(self, samples: SatelliteSamples) -> npt.NDArray[np.bool_]:
        """Rows that may be fitted: other satellites in other years."""
        return np.asarray(~self._years(samples) & (samples.satellite != self.satellite))

    def past(self, samples: SatelliteSamples) -> npt.NDArray[np.bool_]:
        """Rows that a forecast in these years may come across."""
        before = years_of(samples) <= self.last_year
        return np.asarray(before & ((samples.satellite != self.satellite) | self.rows(samples)))

    def _years(self, samples: SatelliteSamples) -> npt.NDArray[np.bool_]:
        years = years_of(samples)
        return np.asarray((years >= self.first_year) & (years <= self.last_year))


def years_of(samples: SatelliteSamples) -> npt.NDArray[np.int64]:
    """Year of each row."""
    return np.asarray(samples.time.astype("datetime64[Y]").astype(np.int64) + 1970)


def left_out_cases(
    samples: SatelliteSamples, blocks: Sequence[tuple[int, int]]
) -> tuple[LeftOut, ...]:
    """Every satellite in every block of years where it has samples."""
    cases = (
        LeftOut(str(name), first, last)
        for first, last in blocks
        for name in np.unique(samples.satellite)
    )
    return tuple(case for case in cases if case.rows(samples).any())


def judge_left_out(
    samples: SatelliteSamples, case: LeftOut, iterations: int = 30
) -> dict[str, LogDensity]:
    """The answers of MODELS at the rows of one case.

    Raises ModelError when the other satellites have too few samples in the other years.
    """
    train = samples.select(case.training(samples))
    if np.isfinite(train.log_density).sum() < MIN_ROWS:
        raise ModelError(
            f"{case.satellite} left out in {case.first_year}-{case.last_year}: other satellites "
            f"have {len(train)} samples in other years, expected {MIN_ROWS} or more; give a file "
            "with more satellites or more years"
        )
    correction = DensityCorrection().fit(train)
    assimilation = DensityAssimilation(correction, iterations).fit(train)
    past = samples.select(case.past(samples))
    judged = case.rows(past)
    others = assimilation.sequential(past, past.satellite != case.satellite)
    own = assimilation.sequential(past)
    answers = (
        correction.predict(past),
        others,
        own,
    )
    return {
        name: LogDensity(answer.mean[judged], answer.std[judged])
        for name, answer in zip(MODELS, answers, strict=True)
    }


def leave_out_answers(
    samples: SatelliteSamples,
    blocks: Sequence[tuple[int, int]],
    iterations: int = 30,
    progress: Progress | None = None,
) -> dict[str, LogDensity]:
    """The answers of MODELS at every row, each from a fit that left it out; NaN outside the
    blocks. Raises ModelError when no block holds a sample."""
    cases = left_out_cases(samples, blocks)
    if not cases:
        raise ModelError(f"no samples in the years {list(blocks)}; give other blocks of years")
    empty = np.full(len(samples), np.nan)
    columns: dict[str, tuple[FloatArray, FloatArray]] = {
        name: (empty.copy(), empty.copy()) for name in MODELS
    }
    for case, answers in _judged(samples, cases, iterations, progress):
        rows = case.rows(samples)
        for name, answer in answers.items():
            columns[name][0][rows], columns[name][1][rows] = answer.mean, answer.std
    return {name: LogDensity(mean, std) for name, (mean, std) in columns.items()}


def _judged(
    samples: SatelliteSamples,
    cases: Sequence[LeftOut],
    iterations: int,
    progress: Progress | None,
) -> Iterator[tuple[LeftOut, dict[str, LogDensity]]]:
    for done, case in enumerate(cases, start=1):
        yield case, judge_left_out(samples, case, iterations)
        if progress is not None:
            progress(done, len(cases))
