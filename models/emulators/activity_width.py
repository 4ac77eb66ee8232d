"""How much wider errors are in storms than the emulator thinks.

Networks meet few storms, so their spread says too little of them. One factor for the
variance of an hour, log-linear in ap now and in ap of the two days before, is fitted to
the errors of validation hours by their likelihood, and nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize

from models.contract import FloatArray
from models.emulators.drivers import Drivers

#: Pulls slopes to zero: with few storms to learn from, none is the safer answer.
_PENALTY = 1e-3
#: The factor stays between these.
LIMITS = (0.25, 16.0)
#: Taken from log(1 + ap), so that the constant is the factor of a quiet hour.
_QUIET = 2.0


@dataclass(frozen=True)
class ActivityWidth:
    """log(factor) = c0 + c1 · activity now + c2 · activity before; all zero changes nothing."""

    coefficients: FloatArray = field(default_factory=lambda: np.zeros(3))

    @classmethod
    def fit(cls, squares: FloatArray, design: FloatArray) -> ActivityWidth:
        """Fit to mean squares of standardised errors, one per hour.

        design  hour × 3, rows of `activity`

        Minimises the Gaussian negative log likelihood with variance factor exp(design · c).
        """

        def loss(coefficients: FloatArray) -> float:
            log_factor = design @ coefficients
            likelihood = np.mean(squares * np.exp(-log_factor) + log_factor)
            return float(likelihood + _PENALTY * np.sum(coefficients[1:] ** 2))

        return cls(np.asarray(minimize(loss, np.zeros(design.shape[1])).x))

    def factor(self, drivers: Drivers) -> FloatArray:
        """Factor of the variance, hour."""
        return np.asarray(np.clip(np.exp(activity(drivers) @ self.coefficients), *LIMITS))


def activity(drivers: Drivers) -> FloatArray:
    """One, ap of the last nine hours (its highest), ap 9 to 57 hours before; hour × 3.

    Both as log(1 + ap), less that of a quiet hour.
    """
    now = np.max([drivers.column(name) for name in ("ap", "ap_3", "ap_6")], axis=0)
    means = 8 * drivers.column("ap_12_33") + 8 * drivers.column("ap_36_57")
    before = (drivers.column("ap_9") + means) / 17
    logs = [np.log1p(value) - _QUIET for value in (now, before)]
    return np.stack([np.ones(len(drivers)), *logs], axis=1)
