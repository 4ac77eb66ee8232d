"""Fit the settings of the error processes to measured densities, by their likelihood.

The likelihood of a row given those before comes out of the filter; its gradient is taken by
differences, all of them in one pass over the rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.contract import FloatArray, IntArray
from models.emulators.satellite_design import NOISE
from models.emulators.satellite_filter import Pass, prior, run
from models.emulators.satellite_processes import (
    PRIOR_SPREAD,
    TYPICAL,
    ProcessSettings,
    element_rows,
)
from models.emulators.satellite_samples import SatelliteSamples
from models.emulators.satellite_spread import SLOPE_PRIOR

#: Step of the differences, in logarithms.
STEP = 1e-4
#: Prior standard deviation of the logarithm of the noise variance.
_NOISE_PRIOR = 1.0


def fit_settings(
    samples: SatelliteSamples,
    error: FloatArray,
    noise: FloatArray,
    iterations: int,
    start: ProcessSettings | None = None,
) -> ProcessSettings:
    """The most probable settings.

    error  row: measured minus corrected log10 density, finite
    noise  weights of the noise design to start from
    start  where the search begins; typical values when None
    """
    centre = np.concatenate([np.log(list(TYPICAL.values())), noise[:1], np.zeros(len(NOISE) - 1)])
    spread = np.array(
        [*PRIOR_SPREAD.values(), _NOISE_PRIOR, *[SLOPE_PRIOR] * (len(NOISE) - 1)], dtype=np.float64
    )
    first = np.concatenate([centre[: len(TYPICAL)], noise]) if start is None else start.values[0]

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        moved = np.concatenate([values[None], values[None] + STEP * np.eye(len(values))])
        total = filtered(samples, error, ProcessSettings(moved)).loss
        total = total + 0.5 * (((moved - centre) / spread) ** 2).sum(axis=1)
        return float(total[0]), (total[1:] - total[0]) / STEP

    found = minimize(
        loss, first, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "ftol": 1e-7}
    )
    return ProcessSettings(np.asarray(found.x)[None])


def filtered(
    samples: SatelliteSamples,
    error: FloatArray,
    settings: ProcessSettings,
    read: npt.NDArray[np.bool_] | None = None,
) -> Pass:
    """One pass over samples in groups of UTC days, each day forecast from 00 UTC.

    read  row: whether a row is read after its day's forecast; all of them when None
    """
    names = satellite_names(samples)
    processes = settings.processes(len(names))
    first = float(samples.days[0]) if len(samples) else 0.0
    return run(
        prior(processes, first),
        processes,
        samples.days,
        element_rows(samples, names),
        error,
        settings.noise(samples),
        day_numbers(samples),
        np.ones(len(samples), dtype=bool) if read is None else read,
    )


def satellite_names(samples: SatelliteSamples) -> tuple[str, ...]:
    """Names in order, without the one that stands for no satellite."""
    return tuple(sorted({str(name) for name in samples.satellite} - {""}))


def day_numbers(samples: SatelliteSamples) -> IntArray:
    """UTC day of each row since 1970: the groups that are forecast at once."""
    return np.asarray(np.floor(samples.days), dtype=np.int64)
