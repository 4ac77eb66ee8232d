"""The distribution of a point forecast: how far outcomes were from it, as standardised errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.contract import LEVELS, FloatArray, Windows

#: Rows, evenly spread, whose errors give a point forecast its distribution.
ERROR_ROWS = 20_000
#: Outcomes of a lead that its distribution of errors needs; below, it is a point.
MIN_ERRORS = 20
#: Least share of an error's deviation that is taken for noise.
LEAST_NOISE = 0.1

#: Means of every pass of a network, pass × row × lead, standardised.
Means = Callable[[Windows], FloatArray]


def error_quantiles(means: Means, candidates: Sequence[Windows]) -> FloatArray:
    """Quantiles of standardised errors around a pass, lead × level.

    candidates  rows with outcomes; each lead takes the first that have enough for it
    """
    errors, shares = zip(*(_errors(means, windows) for windows in candidates), strict=True)
    chosen = []
    for lead in range(errors[0].shape[1]):
        quantiles = np.zeros(len(LEVELS))
        for error, share in zip(errors, shares, strict=True):
            known = error[np.isfinite(error[:, lead]), lead]
            if len(known) >= MIN_ERRORS:
                quantiles = share[lead] * np.quantile(known, LEVELS)
                break
        chosen.append(quantiles)
    return np.stack(chosen)


def noise_share(errors: FloatArray, spread: FloatArray) -> FloatArray:
    """What is left of the errors' deviation when the passes' spread is taken out, per lead.

    The variance of an error is that of the noise and that of the model; a mixture of passes
    brings the second by itself, so only the first belongs around each of them.

    errors  row × lead, of the mean of the passes, NaN without an outcome
    spread  row × lead: variance of the passes' means
    """
    known = np.isfinite(errors)
    total = (np.where(known, errors, 0.0) ** 2).sum(axis=0)
    model = np.where(known, spread, 0.0).sum(axis=0)
    share = 1.0 - np.divide(model, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.sqrt(np.maximum(share, LEAST_NOISE**2)))


def _errors(means: Means, windows: Windows) -> tuple[FloatArray, FloatArray]:
    """Standardised errors, row × lead, NaN without an outcome; the share that is noise, lead."""
    windows = _spread_out(windows, ERROR_ROWS)
    if not len(windows):
        return np.empty(windows.target.shape), np.ones(windows.target.shape[1])
    passes = means(windows)
    reference = 0.0 if windows.reference is None else windows.reference
    scale = 1.0 if windows.scale is None else windows.scale
    outcomes = np.asarray((windows.target - reference) / scale)
    errors = outcomes - passes.mean(axis=0).astype(np.float64)
    return errors, noise_share(errors, passes.var(axis=0, dtype=np.float64))


def _spread_out(windows: Windows, count: int) -> Windows:
    """At most `count` rows, evenly spread."""
    if len(windows) <= count:
        return windows
    return windows.select(np.linspace(0, len(windows) - 1, count).astype(np.int64))
