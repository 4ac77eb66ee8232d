"""Satellites that no correction was fitted to: density with and without them in the training.

Satellites that fly together are one group (grace_a and grace_b share an orbit, 220 km apart). In
each block of years corrections are fitted to the other years: usual, to all satellites in them;
unseen, to the other groups alone. A group with too few samples in the other years is not judged
there: its usual fit would know nothing of it either. Beside the regression that is stored stand the
emulator as it is, and the simplest correction there is: one factor of density for all places and
times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.satellite_correction import MIN_ROWS, DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ModelError
from pipelines.studies.groups.study import UNSEEN, USUAL, Coefficients, GroupStudy
from pipelines.thermosphere_density.satellite_protocol import years_of

#: Years of a block that is left out.
BLOCK = 3
#: Days that errors of a date hang together with: a rotation of the sun.
LAGS = 27
BACKGROUND, SIMPLE, BEST = "emulator", "one factor", "correction"
Say = Callable[[str], None]


@dataclass(frozen=True)
class _Answers:
    """log10 of density, row, by model and way; NaN where it was not judged."""

    by: dict[str, dict[str, FloatArray]]

    @classmethod
    def empty(cls, rows: int) -> _Answers:
        names = (BACKGROUND, SIMPLE, BEST)
        return cls({n: {w: np.full(rows, np.nan) for w in (USUAL, UNSEEN)} for n in names})


def group_of(satellite: str) -> str:
    """Name of the mission: what stands before a last "_" and one letter."""
    mission, _, letter = satellite.rpartition("_")
    return mission if mission and len(letter) == 1 and letter.isalpha() else satellite


def study_satellite_groups(samples: SatelliteSamples, say: Say = lambda _line: None) -> GroupStudy:
    """Judge every group in every block of years.

    Raises ModelError for fewer than two groups, or where nothing is left to fit or to judge.
    """
    groups = np.array([group_of(str(name)) for name in samples.satellite])
    names = [str(name) for name in np.unique(groups)]
    if len(names) < 2:
        raise ModelError(
            f"satellites: expected two or more missions, got {', '.join(names) or 'none'}; give a "
            "file with densities of more"
        )
    answers, factors = _Answers.empty(len(samples)), dict[str, tuple[float, ...]]()
    for first in _blocks(samples):
        block, years = _in_block(samples, first), f"{first}-{first + BLOCK - 1}"
        usual = _fit(samples, ~block)
        for name in names:
            judged = block & (groups == name)
            if not judged.any():
                continue
            unseen = _fit(samples, ~block & (groups != name))
            if usual is None or unseen is None or _few(samples, ~block & (groups == name)):
                say(
                    f"{years}: {name} not judged, fewer than {MIN_ROWS} samples of it, or of the "
                    "other missions, in other years"
                )
                continue
            say(f"{years}: {name} left out")
            _answer(answers, samples, judged, {USUAL: usual, UNSEEN: unseen})
            factors[f"{name}, {years}"] = (10 ** usual[0], 10 ** unseen[0])
    return _study(samples, answers, groups, factors)


def _blocks(samples: SatelliteSamples) -> range:
    years = years_of(samples)
    return range(int(years.min()), int(years.max()) + 1, BLOCK)


def _in_block(samples: SatelliteSamples, first: int) -> npt.NDArray[np.bool_]:
    years = years_of(samples)
    return np.asarray((years >= first) & (years < first + BLOCK))


def _few(samples: SatelliteSamples, rows: npt.NDArray[np.bool_]) -> bool:
    return int((rows & np.isfinite(samples.log_density)).sum()) < MIN_ROWS


def _fit(
    samples: SatelliteSamples, rows: npt.NDArray[np.bool_]
) -> tuple[float, DensityCorrection] | None:
    """Median error of the emulator, in log10 of density, and the correction; None for too few
    rows."""
    if _few(samples, rows):
        return None
    train = samples.select(rows & np.isfinite(samples.log_density))
    return float(np.median(train.innovation)), DensityCorrection().fit(train)


def _answer(
    answers: _Answers,
    samples: SatelliteSamples,
    judged: npt.NDArray[np.bool_],
    fits: dict[str, tuple[float, DensityCorrection]],
) -> None:
    """Write what each fit says of the judged rows."""
    rows = samples.select(judged)
    for way, (factor, correction) in fits.items():
        answers.by[BACKGROUND][way][judged] = rows.background_mean
        answers.by[SIMPLE][way][judged] = rows.background_mean + factor
        answers.by[BEST][way][judged] = correction.predict(rows).mean


def _study(
    samples: SatelliteSamples,
    answers: _Answers,
    groups: npt.NDArray[np.str_],
    factors: dict[str, tuple[float, ...]],
) -> GroupStudy:
    """Mean over a day's samples of |median / measured - 1|, per cent."""
    known = np.isfinite(samples.log_density) & np.isfinite(answers.by[BEST][UNSEEN])
    if not known.any():
        raise ModelError(
            f"satellites: no block of {BLOCK} years leaves {MIN_ROWS} samples of its missions, and "
            f"{MIN_ROWS} of others, in other years to fit; give a longer file"
        )
    days, place = np.unique(samples.time[known].astype("datetime64[D]"), return_inverse=True)

    def by_day(mean: FloatArray) -> FloatArray:
        error = np.log(10.0) * (mean - samples.log_density)[known]
        percent = 100.0 * np.abs(np.expm1(error))
        return np.asarray(np.bincount(place, percent) / np.bincount(place))

    missions = len(np.unique(groups[known]))
    about = "The one factor of density, fitted as usual and without the mission, by block of years."
    return GroupStudy(
        job="thermosphere-density",
        unit="mean absolute error of density, per cent",
        kind="satellites",
        groups=missions,
        folds=missions,
        rows=int(known.sum()),
        dates=tuple(str(day) for day in days),
        losses={name: {w: by_day(a) for w, a in ways.items()} for name, ways in answers.by.items()},
        simple=SIMPLE,
        best=BEST,
        lags=LAGS,
        coefficients={SIMPLE: Coefficients(about, ("usual", "unseen"), factors)},
    )
