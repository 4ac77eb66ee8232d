"""Running scores as Prometheus metrics, for a textfile collector or a page of metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

LABELS = ("predictor", "version", "target", "horizon", "sample")
#: Name of a metric -> column of a score, help.
METRICS = {
    "halyard_outcome_count": ("n", "Forecasts whose outcome is known"),
    "halyard_outcome_bias": ("bias", "Mean error; Sharpe ratios, or per cent of density"),
    "halyard_outcome_mean_absolute_error": ("mae", "Mean absolute error, same units"),
    "halyard_outcome_root_mean_square_error": ("rmse", "Root mean square error, same units"),
    "halyard_outcome_coverage_90": ("coverage_90", "Share of 90 % intervals that held"),
}


def metrics_text(scores: Sequence[Mapping[str, Any]]) -> str:
    """The text exposition of `OutcomeStore.scores`."""
    registry = CollectorRegistry()
    for name, (column, text) in METRICS.items():
        gauge = Gauge(name, text, LABELS, registry=registry)
        for row in scores:
            if row[column] is not None:
                gauge.labels(*labels_of(row)).set(float(row[column]))
    return generate_latest(registry).decode()


def labels_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in LABELS)
