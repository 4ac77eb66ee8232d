"""Running scores as Prometheus metrics, for a textfile collector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from pipelines.monitoring.outcome_metrics import LABELS, METRICS, labels_of


def metrics_text(scores: Sequence[Mapping[str, Any]]) -> str:
    """The text exposition of `OutcomeStore.scores`."""
    registry = CollectorRegistry()
    for name, (column, text) in METRICS.items():
        gauge = Gauge(name, text, LABELS, registry=registry)
        for row in scores:
            if row[column] is not None:
                gauge.labels(*labels_of(row)).set(float(row[column]))
    return generate_latest(registry).decode()
