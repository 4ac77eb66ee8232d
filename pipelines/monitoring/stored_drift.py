"""Drift of what is stored: outcomes of each version in a database, and tables of forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from models.errors import ConfigError, DataError
from pipelines.evaluation.mean_test import overlap
from pipelines.monitoring.density_outcomes import LOWER, MEDIAN, UPPER
from pipelines.monitoring.drift import forecast_drift, outcome_drift
from pipelines.monitoring.forecast_tables import read_forecasts
from pipelines.monitoring.outcome_store import OutcomeStore
from pipelines.monitoring.report import DriftReport
from pipelines.monitoring.settings import DriftSettings
from pipelines.monitoring.several import together
from pipelines.registry import FUND_SHARPE

_FUNDS, _BOUNDS, _VERSION = ("origin", "mean"), ("lower_90", "upper_90"), "version"


def outcome_reports(
    store: OutcomeStore, predictor: str, recent: int, versions: Sequence[str] = ()
) -> tuple[DriftReport, ...]:
    """A report per version, out of sample, whose tests pay for each other.

    versions   of the model; all that have outcomes without any

    Raises DataError where there are no outcomes that a model had not seen.
    """
    settings = DriftSettings()
    known = store.versions(predictor)
    reports = []
    for version in versions or known:
        outcomes = store.errors(predictor, version)
        if outcomes.height:
            lags = _lags(predictor, outcomes)
            kind = f"outcomes of {predictor}:{version}"
            reports.append(outcome_drift(outcomes, recent, settings, lags, kind))
    if not reports:
        asked = f" of {', '.join(versions)}" if versions else ""
        there = f" (there is: {', '.join(known)})" if known else ""
        raise DataError(
            f"drift: no outcomes of {predictor}{asked} that the model is known not to have "
            f"seen{there}; tell them with `halyard outcomes ingest {predictor}`"
        )
    return together(reports, settings.alpha)


def _lags(predictor: str, outcomes: pl.DataFrame) -> int:
    """Later months that a month's outcomes hang together with."""
    if predictor != FUND_SHARPE:
        # Horizons are hours, and a measurement is of a second.
        return 0
    return overlap(max(int(str(outcomes["horizon"].max())), 1), np.arange(2))


def forecast_report(
    place: str, predictor: str, recent: int, version: str | None = None
) -> DriftReport:
    """Report on forecasts that `halyard forecast` wrote.

    place     folder, file, glob or postgresql://…#TABLE
    version   of the model; all without one

    Raises DataError for what cannot be read or lacks a column, ConfigError, DependencyError.
    """
    funds = predictor == FUND_SHARPE
    bounds = _BOUNDS if funds else (LOWER, UPPER, MEDIAN)
    table = read_forecasts(place, _FUNDS, (*bounds, _VERSION))
    if version is not None:
        table = _only(table, version, place)
    made = _complete(table) if funds else _logarithms(table)
    return forecast_drift(made, recent)


def _only(table: pl.DataFrame, version: str, place: str) -> pl.DataFrame:
    if _VERSION not in table.columns:
        raise ConfigError(f"--version: {place} does not tell versions; leave the option out")
    found = table.filter(pl.col(_VERSION).cast(pl.String) == version)
    if found.is_empty():
        there = ", ".join(sorted(map(str, table[_VERSION].unique()))[:10])
        raise DataError(f"--version: no forecasts of {version!r} in {place}; there is: {there}")
    return found


def _complete(table: pl.DataFrame) -> pl.DataFrame:
    """With bounds, null where there are none."""
    missing = [pl.lit(None, pl.Float64).alias(b) for b in _BOUNDS if b not in table.columns]
    return table.with_columns(missing)


def _logarithms(table: pl.DataFrame) -> pl.DataFrame:
    """Densities as logarithms, with the median for the mean where it is there."""
    point = MEDIAN if MEDIAN in table.columns else "mean"
    names = {"mean": point, "lower_90": LOWER, "upper_90": UPPER}
    logs = [pl.col(old).log().alias(new) for new, old in names.items() if old in table.columns]
    return _complete(table.select("origin", *logs))
