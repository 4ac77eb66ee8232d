"""Names of the metrics of outcomes: the same in a file for a collector and in a server's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LABELS = ("predictor", "version", "target", "horizon", "sample")
#: Name of a metric -> column of a score, help.
METRICS = {
    "halyard_outcome_count": ("n", "Forecasts whose outcome is known"),
    "halyard_outcome_bias": ("bias", "Mean error; Sharpe ratios, or per cent of density"),
    "halyard_outcome_mean_absolute_error": ("mae", "Mean absolute error, same units"),
    "halyard_outcome_root_mean_square_error": ("rmse", "Root mean square error, same units"),
    "halyard_outcome_coverage_90": ("coverage_90", "Share of 90 % intervals that held"),
}


def labels_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Values of LABELS of a score."""
    return tuple(str(row[name]) for name in LABELS)
