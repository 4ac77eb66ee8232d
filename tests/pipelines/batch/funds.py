"""A small model in a store, and funds in files of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.fund_sharpe import to_state
from pipelines import registry
from pipelines.batch.fund_columns import FundColumns
from pipelines.batch.fund_sharpe import FundSharpeJob
from pipelines.registry import StoredModel
from tests.pipelines.fund_sharpe.tiny import fitted, panel

COLUMNS = FundColumns("id", "month", "ret", "rf_decimal")
#: What rows of the files below are made of: months from 2004-01 to 2016-06.
MONTHS = 150


def store_model() -> StoredModel:
    """A version that has seen 120 of the 150 months, in HALYARD_HOME."""
    return registry.save_model(
        registry.FUND_SHARPE,
        to_state(fitted(panel(), 120)),
        {},
        metrics={},
        config={},
        data={},
        seed=0,
    )


def long_rows(funds: int = 40) -> pl.DataFrame:
    """Long rows of funds, fund after fund; every fifth fund ends a year early."""
    data = panel(funds)
    months = [date(2004 + t // 12, t % 12 + 1, 1) for t in range(MONTHS)]
    fund, time = np.nonzero(np.ones(data.returns.shape, dtype=bool))
    table = pl.DataFrame(
        {
            "id": pl.Series(data.ids).gather(fund),
            "month": pl.Series(months).gather(time),
            "ret": data.returns.ravel(),
            "rf_decimal": data.risk_free[time],
        }
    )
    early = pl.Series((fund % 5 == 0) & (time >= MONTHS - 12))
    return table.filter(~early)


def write_by_month(rows: pl.DataFrame, folder: Path) -> None:
    """One file for each month, as Hive does."""
    for (month,), part in rows.group_by("month"):
        assert isinstance(month, date)
        path = folder / f"year={month.year}" / f"month={month.month:02d}"
        path.mkdir(parents=True)
        part.drop("month").write_parquet(path / "part.parquet")


def job(model: StoredModel, **changes: Any) -> FundSharpeJob:
    """The batch job over such rows."""
    return FundSharpeJob(model, changes.pop("columns", COLUMNS), **changes)


def by_fund(table: pl.DataFrame) -> Mapping[tuple[str, str, int], tuple[float, float, str]]:
    """Mean, upper end and warnings of each forecast."""
    return {
        (row["id"], row["target"], row["horizon"]): (
            row["mean"],
            row["upper_90"],
            row["warnings"],
        )
        for row in table.iter_rows(named=True)
    }
