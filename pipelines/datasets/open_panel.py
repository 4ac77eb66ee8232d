"""Open the panel that a command works on: a file of the caller's, or the embedded one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.errors import ConfigError
from pipelines.datasets.funds import LoadedPanel, load_panel
from pipelines.datasets.schema import ColumnChoice
from pipelines.datasets.sources import embedded_panel


def open_panel(
    data: Path | None,
    *,
    risk_free: Path | None = None,
    risk_free_unit: str = "auto",
    frequency: str = "monthly",
    columns: ColumnChoice | None = None,
    clean: bool = False,
    min_months: int = 0,
) -> LoadedPanel:
    """Load a file of fund returns, or the embedded portfolios when `data` is None.

    risk_free       file of the risk-free rate; without one, the panel's own column, else zero
    risk_free_unit  auto, decimal (per period) or yield_pct_pa
    clean           repair what can be repaired safely
    min_months      keep the series with at least so many observed returns

    Raises ConfigError for options that need a file when there is none, and DataError
    for a file that cannot be used.
    """
    if min_months < 0:
        raise ConfigError(f"--min-months: expected a number of months, got {min_months}")
    if data is None:
        _refuse_without_file(risk_free, risk_free_unit, frequency, columns)
        loaded = LoadedPanel(embedded_panel(), (), read_as="the embedded portfolios")
    else:
        loaded = load_panel(
            data,
            columns=columns,
            frequency=frequency,
            risk_free=risk_free,
            risk_free_unit=risk_free_unit,
            clean=clean,
        )
    return _at_least(loaded, min_months)


def _refuse_without_file(
    risk_free: Path | None, risk_free_unit: str, frequency: str, columns: ColumnChoice | None
) -> None:
    """The embedded panel is monthly and brings its own rate: options about a file are mistakes."""
    given = {
        "--risk-free": risk_free is not None,
        "--risk-free-unit": risk_free_unit != "auto",
        "--frequency": frequency != "monthly",
        "the column options": columns is not None and columns != ColumnChoice(),
    }
    for option, is_given in given.items():
        if is_given:
            raise ConfigError(
                f"{option}: needs --data FILE; the embedded portfolios are monthly and "
                "bring their own bill return, so give a file or leave the option out"
            )


def _at_least(loaded: LoadedPanel, months: int) -> LoadedPanel:
    if months == 0:
        return loaded
    rows = loaded.panel.rows_with_min_periods(months)
    benchmark = None if loaded.benchmark is None else loaded.benchmark[rows]
    return replace(loaded, panel=loaded.panel.pick(rows), benchmark=benchmark)
