"""Outcomes of a champion's served forecasts, as `halyard outcomes ingest` was told them."""

from __future__ import annotations

import polars as pl

from pipelines.monitoring.outcome_store import OutcomeStore
from pipelines.registry import StoredModel


def told_outcomes(champion: StoredModel) -> pl.DataFrame:
    """Period, horizon, error and inside of forecasts that it was not trained on; may be empty.

    From HALYARD_DATABASE, or SQLite in HALYARD_HOME. Raises DependencyError when the database
    does not answer.
    """
    store = OutcomeStore()
    try:
        return store.errors(champion.name, champion.version)
    finally:
        store.close()
