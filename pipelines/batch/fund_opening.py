"""From what the caller names to a source of funds and the columns of its rows.

A file that fits into memory is read with all the care of pipelines.datasets; more is read in
pieces, and then has to be plain: long rows, or a row per fund, of decimal monthly returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.errors import DataError
from pipelines.batch.contract import Source
from pipelines.batch.file_source import FileSource
from pipelines.batch.files import TableFile, find_tables
from pipelines.batch.fund_columns import PLAIN, FundColumns, Rates
from pipelines.batch.fund_source import FundRowSource, FundSource
from pipelines.batch.memory import Demand
from pipelines.datasets.schema import ColumnChoice
from pipelines.months import month_index

#: Files up to this size, and of up to so many rows, are read whole.
SMALL_BYTES, SMALL_ROWS = 64_000_000, 3_000_000
#: A loaded model with the arrays of funds that are forecast together, as measured by
#: benchmarks.batch_funds; a row is read, ordered, and answered with a twelfth of a forecast.
DEMAND = Demand(worker_mb=560, row_bytes=150, most_rows=500_000)
#: Months of a usual fund.
_USUAL = 120


@dataclass(frozen=True)
class Reading:
    """How to read an input of funds; the same choices as for `halyard train`."""

    risk_free: Path | None = None
    risk_free_unit: str = "auto"
    frequency: str = "monthly"
    columns: ColumnChoice = field(default_factory=ColumnChoice)
    clean: bool = False
    min_months: int = 0


@dataclass(frozen=True)
class OpenedFunds:
    """A source, the columns of its rows, and the risk-free rates where they are no column."""

    source: Source
    columns: FundColumns
    rates: Rates | None = None


def open_funds(
    text: str | None, reading: Reading, options: Mapping[str, str], rows_per_shard: int
) -> OpenedFunds:
    """Open an input; None for the embedded portfolios. Raises DataError or ConfigError."""
    if text is None:
        return _embedded(reading, rows_per_shard)
    files = find_tables(text, options)
    if _is_small(files, options):
        return _small(Path(files[0].path), reading, rows_per_shard)
    return open_large(FileSource(tuple(files), dict(options)), reading, rows_per_shard)


def _is_small(files: list[TableFile], options: Mapping[str, str]) -> bool:
    """Whether there is one file, here, that can be read whole."""
    first = files[0]
    if len(files) > 1 or first.is_remote or first.partition or first.kind == "ipc":
        return False
    if Path(first.path).stat().st_size > SMALL_BYTES:
        return False
    if first.kind == "csv":
        return True
    return FileSource((first,), dict(options)).row_counts()[0] <= SMALL_ROWS


def _embedded(reading: Reading, rows_per_shard: int) -> OpenedFunds:
    from pipelines.batch.panel_source import PanelSource
    from pipelines.datasets.open_panel import open_panel

    loaded = open_panel(
        None,
        risk_free=reading.risk_free,
        risk_free_unit=reading.risk_free_unit,
        frequency=reading.frequency,
        columns=reading.columns,
    )
    source = PanelSource.of(loaded.panel, (), None, max(rows_per_shard // _USUAL, 1))
    return OpenedFunds(source, PLAIN)


def _small(path: Path, reading: Reading, rows_per_shard: int) -> OpenedFunds:
    from pipelines.batch.panel_source import PanelSource
    from pipelines.datasets.funds import load_good_rows
    from pipelines.fund_sharpe.frequency import refuse_other_than_monthly

    loaded, faults = load_good_rows(
        path,
        columns=reading.columns,
        frequency=reading.frequency,
        risk_free=reading.risk_free,
        risk_free_unit=reading.risk_free_unit,
        clean=reading.clean,
    )
    panel = loaded.panel
    refuse_other_than_monthly("the data have", panel.periods_per_year)
    if reading.min_months:
        panel = panel.with_min_periods(reading.min_months)
    source = PanelSource.of(panel, faults, path, max(rows_per_shard // _USUAL, 1))
    return OpenedFunds(source, PLAIN)


def open_large(files: FileSource, reading: Reading, rows_per_shard: int) -> OpenedFunds:
    """Open rows that are too many for the memory: plain ones. Raises DataError."""
    from pipelines.batch.fund_roles import roles_of

    _refuse_for_small_only(files, reading)
    unit = "decimal" if reading.risk_free is not None else reading.risk_free_unit
    roles = roles_of(files, reading.columns, unit)
    rates = _rates(reading)
    if roles.layout == "transposed":
        months = {name: month_index(day.isoformat()) for name, day in roles.months.items()}
        chosen = replace(
            files,
            columns=(roles.columns.id, *months),
            rows_per_shard=max(rows_per_shard // len(months), 1),
        )
        plain = FundColumns(PLAIN.id, PLAIN.month, PLAIN.returns)
        return OpenedFunds(FundRowSource(chosen, roles.columns.id, months), plain, rates)
    columns = roles.columns if rates is None else replace(roles.columns, risk_free=None)
    chosen = replace(files, columns=tuple(columns.names), rows_per_shard=rows_per_shard)
    return OpenedFunds(FundSource(chosen, columns, rows_per_shard), columns, rates)


def _refuse_for_small_only(files: FileSource, reading: Reading) -> None:
    where = files.files[0].path
    given = {
        "--clean": reading.clean,
        "--min-months": reading.min_months > 0,
        "--frequency": reading.frequency != "monthly",
        "--values nav": reading.columns.values == "nav",
        "--nav-column": reading.columns.nav is not None,
        "--layout wide": reading.columns.layout == "wide",
    }
    for option, is_given in given.items():
        if is_given:
            raise DataError(
                f"{where}: {option} works for one file of up to {SMALL_BYTES // 1_000_000} MB; "
                "prepare larger inputs as long rows of monthly returns"
            )


def _rates(reading: Reading) -> Rates | None:
    """The rates of a file, gaps of up to three months filled with the rate before."""
    if reading.risk_free is None:
        return None
    from pipelines.datasets.periods import period_axis
    from pipelines.datasets.risk_free import align, read_risk_free

    found = read_risk_free(reading.risk_free, unit=reading.risk_free_unit)
    axis = period_axis(found["period"], "monthly")
    values, _ = align(found, axis, "monthly", str(reading.risk_free))
    return Rates(month_index(axis[0].isoformat()), tuple(float(value) for value in values))
