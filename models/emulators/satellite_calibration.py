"""How large one-day-ahead errors are where neither satellite nor years were fitted.

Errors on rows that settings were fitted to are too small, and a new satellite flies at
heights that the others did not. So every satellite in each half of the time is forecast in
turn, day by day, with a correction and settings fitted to the other satellites in the other
half, and the sizes of all those errors calibrate the intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.satellite_correction import MIN_ROWS, DensityCorrection
from models.emulators.satellite_likelihood import filtered, fit_settings
from models.emulators.satellite_processes import ProcessSettings
from models.emulators.satellite_samples import SatelliteSamples

#: Iterations of each fit; it starts at the settings of all samples.
ITERATIONS = 8
#: Rows of a satellite in a half of the time that are worth a fit.
_MIN_SCORED = 60

Mask = npt.NDArray[np.bool_]


class _Fold(NamedTuple):
    """Rows that are fitted, and rows that are scored."""

    fitted: Mask
    scored: Mask


def unseen_scores(samples: SatelliteSamples, settings: ProcessSettings) -> FloatArray:
    """Errors in standard deviations, all folds together.

    With too few samples to leave any out, those of the fitted rows themselves.
    """
    scores = [_scores(samples, settings, fold) for fold in _folds(samples)]
    if not scores:
        everything = np.ones(len(samples), dtype=bool)
        scores = [_scores(samples, settings, _Fold(everything, everything))]
    return np.concatenate(scores)


def _folds(samples: SatelliteSamples) -> Iterator[_Fold]:
    """Each satellite in each half of the rows; only the half where it flies alone."""
    late = np.arange(len(samples)) >= len(samples) // 2
    for half in (late, ~late):
        for name in np.unique(samples.satellite):
            own = samples.satellite == name
            scored, fitted = half & own, ~half & ~own
            if scored.sum() < _MIN_SCORED:
                continue
            if fitted.sum() < MIN_ROWS:
                fitted = ~half
            if fitted.sum() >= MIN_ROWS:
                yield _Fold(fitted, scored)


def _scores(samples: SatelliteSamples, settings: ProcessSettings, fold: _Fold) -> FloatArray:
    """Errors of the scored rows, each from the days before it, in standard deviations.

    The filter runs over the half's own rows only, so a late half starts knowing nothing; its
    intervals are wide then, and fair.
    """
    train = samples.select(fold.fitted)
    correction = DensityCorrection().fit(train)
    error = train.innovation - correction.bias(train)
    noise = correction.noise_weights()
    found = fit_settings(train, error, noise, ITERATIONS, settings)
    held = samples.select(fold.scored)
    left = held.innovation - correction.bias(held)
    ahead = filtered(held, left, found)
    variance = ahead.variance[0] + found.noise(held)[0]
    return np.asarray((left - ahead.mean[0]) / np.sqrt(variance))
