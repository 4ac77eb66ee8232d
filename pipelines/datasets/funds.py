"""Load a panel of fund returns: read, check, repair if asked, align, hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from models.contract import FloatArray
from pipelines.datasets.checking import CheckedReturns, check_file
from pipelines.datasets.findings import Action, Finding, errors_of, raise_if_errors
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.periods import PERIODS_PER_YEAR, period_axis, period_label
from pipelines.datasets.risk_free import align, read_risk_free, to_periodic, unit_of
from pipelines.datasets.schema import ColumnChoice


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


def load_good_rows(
    path: str | Path,
    *,
    columns: ColumnChoice | None = None,
    frequency: str = "monthly",
    risk_free: str | Path | None = None,
    risk_free_unit: str = "auto",
    clean: bool = False,
) -> tuple[LoadedPanel, tuple[Finding, ...]]:
    """Load as `load_panel` does, but leave out faulty rows and series; returns their faults too.

    Raises DataError for a fault of the whole file, and when nothing is left.
    """
    checked = check_file(path, columns=columns, frequency=frequency, clean=clean)
    errors = errors_of(checked.findings)
    raise_if_errors([f for f in errors if f.row is None and not f.series])
    series = {f.series for f in errors if f.row is None}
    cells = {(f.row, f.column) for f in errors if f.row is not None}
    frame = checked.returns
    places = zip(frame["row"], frame["column"], strict=True)
    faulty = pl.Series([place in cells for place in places], dtype=pl.Boolean)
    left = frame.filter(~faulty & ~frame["series"].is_in(list(series)))
    if left.is_empty():
        raise_if_errors(errors)
    return _to_panel(replace(checked, returns=left), risk_free, risk_free_unit), tuple(errors)


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
