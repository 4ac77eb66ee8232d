"""Long files of small panels, and settings that train in a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.forecasters.settings import NetworkConfig, TrainingConfig
from pipelines.monthly.settings import MonthlyConfig

TINY = MonthlyConfig(
    network=NetworkConfig(hidden_size=4, head_size=4, head="quantile"),
    training=TrainingConfig(epochs=1, batch_size=128),
    lookback=6,
    seeds=1,
    max_rows=600,
    folds=2,
)
#: No member that needs a process of its own.
PLAIN = replace(TINY, theta_budget=0.0)


def long_frame(values: FloatArray, test: int = 0) -> pl.DataFrame:
    """Rows of series, t, value where there is one; with `test` the column split too."""
    rows = [
        {"series": f"s{i}", "t": int(t), "value": float(values[i, t])}
        for i in range(len(values))
        for t in np.flatnonzero(np.isfinite(values[i]))
    ]
    frame = pl.DataFrame(rows)
    if test:
        last = pl.col("t") >= values.shape[1] - test
        frame = frame.with_columns(
            pl.when(last).then(pl.lit("test")).otherwise(pl.lit("train")).alias("split")
        )
    return frame


def write_long(folder: Path, values: FloatArray, test: int = 0) -> Path:
    file = folder / "panel.parquet"
    long_frame(values, test).write_parquet(file)
    return file


def write_csv(folder: Path, lines: Sequence[str], header: str = "series,t,value") -> Path:
    file = folder / "panel.csv"
    file.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return file
