"""The distribution that turns a point forecast into a predictive one: its own past errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.contract import LEVELS, FloatArray, Forecast, IntArray, Windows
from models.errors import ModelError
from models.transforms.residuals import date_equal_quantiles


def scale_of(windows: Windows) -> FloatArray:
    """Scale of each row and lead, one where the windows state none."""
    return np.ones(windows.target.shape) if windows.scale is None else windows.scale


def error_quantiles(windows: Windows, point: FloatArray) -> FloatArray:
    """Quantiles of (target - point) / scale at `LEVELS`, pooled over rows, lead × level.

    Every origin date counts the same, because series of one date move together.
    `windows` are training rows; those without an outcome are left out.
    """
    errors = (windows.target - point) / scale_of(windows)
    return each_lead(
        windows, lambda lead, rows: _quantiles(errors[rows, lead], windows.origin[rows])
    )


def around(windows: Windows, point: FloatArray, quantiles: FloatArray) -> Forecast:
    """Put the pooled errors, lead × level, around each row's point forecast."""
    spread = scale_of(windows)[..., None] * quantiles
    return Forecast(point, point[..., None] + spread)


def each_lead(windows: Windows, fit: Callable[[int, IntArray], FloatArray]) -> FloatArray:
    """Stack `fit(lead, rows with an outcome)` over the leads.

    Raises ModelError for a lead that has no outcome at all.
    """
    fitted = []
    for lead, name in enumerate(windows.leads):
        rows = np.flatnonzero(np.isfinite(windows.target[:, lead]))
        if not len(rows):
            raise ModelError(
                f"lead {name}: none of {len(windows)} training rows has an outcome; "
                f"train on a longer span, or leave this horizon out"
            )
        fitted.append(fit(lead, rows))
    return np.stack(fitted)


def _quantiles(errors: FloatArray, dates: IntArray) -> FloatArray:
    return date_equal_quantiles(errors, dates, LEVELS)
