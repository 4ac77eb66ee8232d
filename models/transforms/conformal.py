"""Split-conformal calibration: intervals that cover what they claim, per lead.

The ends of each central interval are moved by a quantile of how far outcomes of the
validation span fell outside (or inside) it: conformalised quantile regression (Romano,
Patterson and Candes 2019). If outcomes are exchangeable, the coverage is at least the
stated one, whatever the model. Overlapping targets and shifts break that, so check.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np

from models.contract import LEVELS, FloatArray, Forecast, Forecaster, Restore, State, Windows
from models.errors import ArtefactError, ModelError, NotFittedError

#: Central intervals: pairs of levels that mirror each other.
PAIRS = len(LEVELS) // 2
#: Outcomes per lead that the widest interval (95 %) needs: (n + 1) × 0.95 <= n.
MIN_OUTCOMES = math.ceil((1 - 2 * LEVELS[0]) / (2 * LEVELS[0]) - 1e-9)


def interval_offsets(forecast: Forecast, target: FloatArray, scale: FloatArray) -> FloatArray:
    """How far to widen each central interval, lead × pair (widest first), in units of `scale`.

    target, scale  row × lead; NaN targets are left out

    Raises ModelError when a lead has fewer than MIN_OUTCOMES outcomes.
    """
    offsets = np.empty((target.shape[1], PAIRS))
    for lead in range(target.shape[1]):
        known = np.isfinite(target[:, lead])
        if known.sum() < MIN_OUTCOMES:
            raise ModelError(
                f"conformal calibration: lead {lead} has {int(known.sum())} outcomes in the "
                f"validation rows, a 95 % interval needs {MIN_OUTCOMES}; give a longer span"
            )
        outcome = target[known, lead, None]
        quantiles = forecast.quantiles[known, lead]
        low, high = quantiles[:, :PAIRS], quantiles[:, : -PAIRS - 1 : -1]
        scores = np.maximum(low - outcome, outcome - high) / scale[known, lead, None]
        offsets[lead] = _corrected_quantiles(scores)
    return offsets


def _corrected_quantiles(scores: FloatArray) -> FloatArray:
    """The ⌈(n + 1) coverage⌉-th smallest score of each pair (finite-sample correction)."""
    coverage = 1.0 - 2.0 * np.asarray(LEVELS[:PAIRS])
    ranks = np.ceil((len(scores) + 1) * coverage - 1e-9).astype(int)
    return np.asarray(np.sort(scores, axis=0)[ranks - 1, np.arange(PAIRS)])


def widen(forecast: Forecast, offsets: FloatArray, scale: FloatArray) -> Forecast:
    """Move the ends of the intervals; the mean and the median stay.

    Quantiles that would cross are held at their inner neighbour, which only widens.
    """
    moved = forecast.quantiles.copy()
    step = offsets * scale[..., None]
    moved[..., :PAIRS] -= step
    moved[..., : -PAIRS - 1 : -1] += step
    upper = np.maximum.accumulate(moved[..., PAIRS:], axis=-1)
    lower = np.minimum.accumulate(moved[..., PAIRS::-1], axis=-1)[..., ::-1]
    return Forecast(
        forecast.mean, np.concatenate([lower[..., :-1], upper], axis=-1), forecast.levels
    )


class Calibrated:
    """Any forecaster with its intervals calibrated on the validation rows."""

    kind = "calibrated"

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster
        self._offsets: FloatArray | None = None

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Fit the forecaster, then the intervals on `valid`."""
        self.forecaster.fit(train, valid)
        return self.calibrate(valid)

    def calibrate(self, valid: Windows) -> Self:
        """Fit the intervals of a forecaster that is fitted already.

        Raises ModelError when `valid` has too few outcomes.
        """
        forecast = self.forecaster.predict(valid)
        self._offsets = interval_offsets(forecast, valid.target, _scale(valid))
        return self

    def predict(self, windows: Windows) -> Forecast:
        """The forecaster's answer with calibrated intervals."""
        offsets = self._require_fit()
        return widen(self.forecaster.predict(windows), offsets, _scale(windows))

    def state(self) -> State:
        """Offsets, and the forecaster as a part."""
        return State(
            self.kind, {}, {"offsets": self._require_fit()}, {"forecaster": self.forecaster.state()}
        )

    @classmethod
    def from_state(cls, state: State, restore: Restore | None = None) -> Self:
        """Inverse of `state`; `restore` makes the forecaster (models.catalogue.restore does)."""
        if restore is None:
            raise ModelError("a calibrated model is restored with models.catalogue.restore")
        if "forecaster" not in state.parts or "offsets" not in state.arrays:
            raise ArtefactError("stored calibrated model: expected a forecaster and its offsets")
        calibrated = cls(restore(state.parts["forecaster"]))
        calibrated._offsets = np.asarray(state.arrays["offsets"])
        return calibrated

    def _require_fit(self) -> FloatArray:
        if self._offsets is None:
            raise NotFittedError("Calibrated: call fit or calibrate before predict or state")
        return self._offsets


def _scale(windows: Windows) -> FloatArray:
    return np.ones(windows.target.shape) if windows.scale is None else windows.scale
