"""Bias and spread of the emulator in the reduced space, learnt from satellites.

Choose `DensityCorrection` where no recent measurements are at hand, decades ahead included:
it knows only what flux and place say. With measurements up to the forecast's start choose
`satellite_assimilation`, which starts from this one.

The bias is W phi: components of the reduced state times functions of the flux, by ridge
regression with weights that fall for outliers. The penalty is chosen, and the spread
learnt, on errors of satellites and at blocks of time that the regression did not see: random
rows would leave neighbours of a day in the training part and promise too much.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, IntArray, State
from models.emulators.log_density import LogDensity
from models.emulators.satellite_design import (
    BIAS_COMPONENTS,
    BIAS_FUNCTIONS,
    bias_design,
    noise_design,
)
from models.emulators.satellite_samples import SatelliteSamples
from models.emulators.satellite_spread import fit_log_variance, interval_factor
from models.errors import ArtefactError, ModelError, NotFittedError

#: Penalties to choose from, for columns in natural logarithms.
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
#: Blocks of time of the cross-validation.
BLOCKS = 8
#: Rows that a fit needs at least.
MIN_ROWS = 200
#: Errors beyond this many robust standard deviations lose weight (Cauchy's weights).
_OUTLIER, _ROUNDS = 2.5, 3
_MAD_TO_STD = 1.4826
_LN10 = float(np.log(10.0))


class DensityCorrection:
    """Emulator plus bias, with the spread that measurements have about it."""

    kind = "density_correction"

    def __init__(self) -> None:
        self._arrays: dict[str, FloatArray] = {}
        self.factor = 1.0
        self.penalty = 1.0
        self.background = 0.0

    def fit(self, samples: SatelliteSamples) -> Self:
        """Fit on measured densities. Raises ModelError when fewer than MIN_ROWS are known."""
        known = samples.select(np.isfinite(samples.log_density))
        if len(known) < MIN_ROWS:
            raise ModelError(
                f"{len(known)} measured densities to correct with: expected {MIN_ROWS} or more"
            )
        design, target = bias_design(known), known.innovation
        fold = time_blocks(known.days), known.satellite
        errors = {p: _unseen_errors(design, target, *fold, p) for p in PENALTIES}
        self.penalty = min(PENALTIES, key=lambda p: float(np.mean(np.abs(errors[p]))))
        noise, error = noise_design(known), errors[self.penalty]
        spread = fit_log_variance(noise, error)
        self._arrays = {"bias": robust_ridge(design, target, self.penalty), "spread": spread}
        self.background = float(np.mean(known.background_std**2))
        self.factor = interval_factor(error / np.exp(0.5 * noise @ spread))
        return self

    def bias(self, samples: SatelliteSamples) -> FloatArray:
        """What to add to log10 density, row."""
        self._check(samples)
        return np.asarray(bias_design(samples) @ self._array("bias"))

    def predict(self, samples: SatelliteSamples) -> LogDensity:
        """Distribution of what a satellite would measure at each row."""
        variance = np.exp(noise_design(samples) @ self._array("spread")) + self.excess(samples)
        std = self.factor * np.sqrt(variance)
        return LogDensity(samples.background_mean + self.bias(samples), np.asarray(std))

    def excess(self, samples: SatelliteSamples) -> FloatArray:
        """Variance of backgrounds that are less certain than those of the fit, row.

        What the spread of the fit holds already is not added twice.
        """
        return np.asarray(np.maximum(samples.background_std**2 - self.background, 0.0))

    def noise_weights(self) -> FloatArray:
        """Weights of `noise_design` for the logarithm of the variance."""
        return self._array("spread")

    def state(self) -> State:
        """Weights of bias and spread, and the interval's factor."""
        arrays = {name: self._array(name) for name in ("bias", "spread")}
        config = {"factor": self.factor, "penalty": self.penalty, "background": self.background}
        return State(self.kind, config, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError when something is missing."""
        correction = cls()
        try:
            correction._arrays = {n: np.asarray(state.arrays[n]) for n in ("bias", "spread")}
            correction.factor = float(state.config["factor"])
            correction.penalty = float(state.config["penalty"])
            correction.background = float(state.config["background"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(f"stored density correction is not complete: {error}") from error
        return correction

    def _check(self, samples: SatelliteSamples) -> None:
        fitted = len(self._array("bias")) // BIAS_FUNCTIONS
        if fitted != min(BIAS_COMPONENTS, samples.basis.shape[1]):
            raise ModelError(
                f"the correction was fitted on {fitted} components of the reduced state, the "
                f"samples have {samples.basis.shape[1]}; give the basis of the same emulator"
            )

    def _array(self, name: str) -> FloatArray:
        if not self._arrays:
            raise NotFittedError("DensityCorrection: call fit before predict or state")
        return self._arrays[name]


def time_blocks(days: FloatArray) -> IntArray:
    """Number of the block of consecutive rows that each row belongs to, equal in size."""
    return np.asarray(np.arange(len(days)) * BLOCKS // max(len(days), 1), dtype=np.int64)


def robust_ridge(design: FloatArray, target: FloatArray, penalty: float) -> FloatArray:
    """Ridge regression, repeated with weights 1/(1 + (error / 2.5 s)²), s from the MAD."""
    columns, goal = design * _LN10, target * _LN10
    weight = np.ones(len(goal))
    fitted: FloatArray = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        weighted = columns * weight[:, None]
        normal = weighted.T @ columns + penalty * np.eye(columns.shape[1])
        fitted = np.linalg.solve(normal, weighted.T @ goal)
        error = goal - columns @ fitted
        scale = max(_MAD_TO_STD * float(np.median(np.abs(error))), 1e-9)
        weight = 1.0 / (1.0 + (error / (_OUTLIER * scale)) ** 2)
    return np.asarray(fitted)


def _unseen_errors(
    design: FloatArray,
    target: FloatArray,
    block: IntArray,
    satellite: npt.NDArray[np.str_],
    penalty: float,
) -> FloatArray:
    """Errors of each satellite in each block, of a regression that saw neither, row.

    Where the other satellites have too few rows, only the block is left out.
    """
    error = np.empty(len(target))
    for number in np.unique(block):
        for name in np.unique(satellite):
            out = (block == number) & (satellite == name)
            seen = (block != number) & (satellite != name)
            seen = seen if seen.sum() >= MIN_ROWS // 2 else block != number
            weights = robust_ridge(design[seen], target[seen], penalty)
            error[out] = target[out] - design[out] @ weights
    return error
