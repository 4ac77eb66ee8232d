"""Importance on a published grid: 5,880 rows of knowledge tracing (Sarsa et al. 2022)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.tuning.importance import Searched, importances

GRID = Path(__file__).resolve().parents[4] / "shared" / "data" / "sequences" / "grid.csv"
DATA = (
    "ASSISTments 2009 Updated",
    "ASSISTments 2015",
    "ASSISTments 2017",
    "IntroProg",
    "Statics",
    "Synthetic-K2",
    "Synthetic-K5",
)
#: Searched are the kind of model, by its place in the alphabet, and three columns of two
#: values: log10 of the rate, the seed, and the size of the first layer.
MODELS = 6
BOUNDS = {
    "model": (0.0, MODELS - 1.0),
    "rate": (-3.0, -2.0),
    "seed": (13.0, 42.0),
    "size": (50.0, 100.0),
}


@cache
def grid() -> pl.DataFrame:
    if not GRID.is_file():
        pytest.skip("needs ../shared/data/sequences/grid.csv")
    table = pl.read_csv(GRID, infer_schema_length=None)
    return table.select(
        "dataset",
        (pl.col("model").rank("dense") - 1).cast(float),
        pl.col("init-lr").str.replace(" ", "-").cast(float).log10().alias("rate"),
        pl.col("seed").cast(float),
        pl.col("layer-sizes").str.split("_").list.first().cast(float).alias("size"),
        pl.col("auc").str.split("/").list.first().cast(float),
    )


def rows(name: str) -> pl.DataFrame:
    return grid().filter(dataset=name)


def share_of_rows(table: pl.DataFrame, column: str) -> float:
    """Share of the variance of AUC, over rows, that lies between the values of a column."""
    means = table.select(pl.col("auc").mean().over(column)).to_series().to_numpy()
    return float(means.var() / table["auc"].to_numpy().var())


def shares_of_cells(table: pl.DataFrame) -> dict[str, float]:
    """Shares of main effects in the table of means, with the weights of a uniform draw from the
    box: the first and the last model have half the width of the others."""
    cells = table.group_by(list(BOUNDS)).agg(pl.col("auc").mean()).sort(list(BOUNDS))
    values = cells["auc"].to_numpy().reshape(MODELS, 2, 2, 2)
    width = np.array([0.5, *np.ones(MODELS - 2), 0.5]) / (MODELS - 1)
    parts = [width, *(np.full(2, 0.5) for _ in range(3))]

    def mean(kept: int | None) -> np.ndarray:
        """Means over all axes but one, or over all."""
        left = values
        for axis in reversed(range(4)):
            if axis != kept:
                left = np.tensordot(left, parts[axis], (axis, 0))
        return np.asarray(left)

    weights = np.einsum("a,b,c,d->abcd", *parts)
    total = float((weights * (values - mean(None)) ** 2).sum())
    return {
        name: float((parts[axis] * (mean(axis) - mean(None)) ** 2).sum()) / total
        for axis, name in enumerate(BOUNDS)
    }


@pytest.mark.parametrize("name", DATA)
def test_the_kind_of_model_matters_most_and_the_seed_not_at_all(name: str) -> None:
    table = rows(name)
    assert len(table) == 840
    losses = (1.0 - table["auc"]).to_list()
    found = importances(Searched(BOUNDS, table.select(list(BOUNDS)).to_dicts(), losses))
    assert next(iter(found)) == "model"
    assert found["model"] > 0.18
    assert found["seed"] < 0.002
    expected = shares_of_cells(table)
    for column, share in expected.items():
        assert found[column] == pytest.approx(share, abs=0.03)


def test_shares_over_rows_are_those_that_were_worked_out_from_the_published_table() -> None:
    kinds = [share_of_rows(rows(name), "model") for name in DATA]
    assert round(min(kinds), 2) == 0.18
    assert round(max(kinds), 2) == 0.56
    assert max(share_of_rows(rows(name), "seed") for name in DATA) < 0.001
