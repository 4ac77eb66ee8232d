"""Load a panel of fund returns: read, check, repair if asked, align, hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from models.contract import FloatArray
from pipelines.datasets.cleaning import clean_returns, clean_rows
from pipelines.datasets.coverage_rules import check_coverage
from pipelines.datasets.findings import Action, Finding, errors_of, raise_if_errors
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.panel_rules import (
    check_frequency,
    check_order,
    check_returns,
)
from pipelines.datasets.percent import check_percent
from pipelines.datasets.periods import PERIODS_PER_YEAR, Frequency, period_axis, period_label
from pipelines.datasets.reading import Observations, read_observations
from pipelines.datasets.returns import to_returns
from pipelines.datasets.risk_free import align, read_risk_free, to_periodic, unit_of
from pipelines.datasets.schema import ColumnChoice
from pipelines.datasets.validation import check_rows


@dataclass(frozen=True)
class LoadedPanel:
    """A panel, what was found in its file, and what cleaning did.

    benchmark  series × time, decimal, NaN where there is none; None without a benchmark column
    read_as    how the file was understood, in words
    """

    panel: ReturnsPanel
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...] = ()
    benchmark: FloatArray | None = None
    read_as: str = ""


@dataclass(frozen=True)
class CheckedReturns:
    """Returns of a file as one row per series and period, with all findings."""

    observations: Observations
    returns: pl.DataFrame
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]


def load_panel(
    path: str | Path,
    *,
    columns: ColumnChoice | None = None,
    frequency: str = "monthly",
    risk_free: str | Path | None = None,
    risk_free_unit: str = "auto",
    clean: bool = False,
) -> LoadedPanel:
    """Load returns (or NAVs, turned into returns) as a gapless series × time panel.

    Late starts, gaps and dead series are normal and become NaN. Raises
    DataError with the first few errors and their number; each names file, row
    (1-based; the header counts in CSV) and column.
    """
    checked = check_file(path, columns=columns, frequency=frequency, clean=clean)
    raise_if_errors(checked.findings)
    return _to_panel(checked, risk_free, risk_free_unit)


def check_file(
    path: str | Path,
    *,
    columns: ColumnChoice | None = None,
    frequency: str = "monthly",
    clean: bool = False,
) -> CheckedReturns:
    """Read and check a file; with `clean`, repair it first and report what is left.

    Raises DataError only when the table as a whole cannot be read.
    """
    observations = read_observations(path, columns, frequency)
    actions: list[Action] = []
    if clean:
        observations, actions = clean_rows(observations)
    findings, good = _check_observations(observations)
    returns = to_returns(good)
    if clean:
        returns, more = clean_returns(good, returns)
        actions += more
    if not any(f.rule in ("percent", "frequency") for f in findings):
        findings += _about_returns(good, returns, has_errors=bool(errors_of(findings)))
    return CheckedReturns(good, returns, tuple(findings), tuple(actions))


def _check_observations(observations: Observations) -> tuple[list[Finding], Observations]:
    """Check rows and the file; a fault of a file or series hides its echoes in the rows."""
    whole = [*check_percent(observations), *check_frequency(observations)]
    rows, good = check_rows(observations)
    in_percent = {f.series for f in whole if f.rule == "percent"}
    wrong_frequency = any(f.rule == "frequency" for f in whole)
    shown = [
        f
        for f in rows
        if not (f.rule == "impossible" and ("" in in_percent or f.series in in_percent))
        and not (f.rule == "duplicate" and wrong_frequency)
    ]
    return [*whole, *shown, *check_order(good)], good


def _about_returns(good: Observations, returns: pl.DataFrame, *, has_errors: bool) -> list[Finding]:
    """Check what is left of the good rows; few are left where others are faulty."""
    found = [*check_returns(good, returns), *check_coverage(good, returns)]
    return [f for f in found if not (has_errors and f.rule in ("too_short", "no_returns"))]


def _to_panel(checked: CheckedReturns, risk_free: str | Path | None, unit: str) -> LoadedPanel:
    frame, frequency = checked.returns, checked.observations.frequency
    axis = period_axis(frame["period"], frequency)
    ids = frame["series"].unique().sort().to_list()
    codes = _codes(frame, ids, axis)
    returns = _matrix(codes, frame["value"], len(ids), len(axis))
    rates, findings = _risk_free(checked, risk_free, unit, axis)
    labels = tuple(period_label(p, frequency) for p in axis)
    panel = ReturnsPanel(
        ids=tuple(ids),
        periods=labels,
        returns=returns,
        risk_free=rates,
        periods_per_year=PERIODS_PER_YEAR[frequency],
        groups=_groups(frame),
        data_hash=data_hash(tuple(ids), labels, returns, rates),
    )
    benchmark = None
    if checked.observations.roles.benchmark is not None:
        benchmark = _matrix(codes, frame["benchmark"], len(ids), len(axis))
    return LoadedPanel(
        panel,
        (*checked.findings, *findings),
        checked.actions,
        benchmark,
        checked.observations.read_as,
    )


def _codes(frame: pl.DataFrame, ids: list[str], axis: list[date]) -> tuple[FloatArray, FloatArray]:
    row = frame["series"].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64)
    column = frame["period"].replace_strict(axis, range(len(axis)), return_dtype=pl.Int64)
    return row.to_numpy(), column.to_numpy()


def _matrix(
    codes: tuple[FloatArray, FloatArray], values: pl.Series, rows: int, columns: int
) -> FloatArray:
    matrix = np.full((rows, columns), np.nan)
    matrix[codes] = values.to_numpy()
    return matrix


def _groups(frame: pl.DataFrame) -> tuple[str, ...] | None:
    """Return the last known group of each series, in the order of the ids."""
    if frame["group"].null_count() == frame.height:
        return None
    last = frame.group_by("series").agg(pl.col("group").drop_nulls().last()).sort("series")
    return tuple(last["group"].fill_null("").to_list())


def _risk_free(
    checked: CheckedReturns, path: str | Path | None, unit: str, axis: list[date]
) -> tuple[FloatArray, list[Finding]]:
    """Return the rate per period: from the file given, else from the panel's own column."""
    observations = checked.observations
    if path is not None:
        rates = read_risk_free(path, unit=unit, frequency=observations.frequency)
        return align(rates, axis, observations.frequency, str(path))
    name = observations.roles.risk_free
    if name is None:
        return np.zeros(len(axis)), []
    where = f"{observations.file}, column {name!r}"
    stated = unit_of(name, unit, observations.file)
    rates = (
        checked.returns.drop_nulls("risk_free").sort("day").unique("period", keep="last")
    ).select("period", "risk_free")
    decimal = to_periodic(rates["risk_free"], stated, observations.frequency, where)
    return align(
        rates.with_columns(decimal.alias("risk_free")), axis, observations.frequency, where
    )


def data_hash(
    ids: tuple[str, ...], periods: tuple[str, ...], returns: FloatArray, risk_free: FloatArray
) -> str:
    """Return the sha256 of a panel; equal data give equal hashes on every machine."""
    digest = hashlib.sha256()
    for names in (ids, periods):
        digest.update("\x1f".join(names).encode())
        digest.update(b"\x1e")
    for values in (returns, risk_free):
        # One NaN pattern and one byte order, whatever made the array.
        plain = np.where(np.isnan(values), np.nan, values).astype("<f8")
        digest.update(np.ascontiguousarray(plain).tobytes())
    return digest.hexdigest()


def returns_table(checked: CheckedReturns) -> pl.DataFrame:
    """Return checked returns as a long table that can be read back.

    Columns: series, period, return, and group, benchmark and risk-free rate where there are any;
    the rate keeps the name of its column, which may tell its unit.
    """
    frequency: Frequency = checked.observations.frequency
    frame = checked.returns
    axis = frame["period"].unique().to_list()
    labels = [period_label(p, frequency) for p in axis]
    table = frame.select(
        "series",
        pl.col("period").replace_strict(axis, labels, return_dtype=pl.String),
        pl.col("value").alias("return"),
        "group",
        "benchmark",
        pl.col("risk_free").alias(checked.observations.roles.risk_free or "risk_free"),
    )
    return table.select(c for c in table.columns if table[c].null_count() < table.height)
