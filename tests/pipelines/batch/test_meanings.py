"""Every column of a forecast has a meaning, and none that is not there."""

from __future__ import annotations

from pathlib import Path

from pipelines.batch.density_columns import density_schema
from pipelines.batch.meanings import density_meanings, fund_meanings
from pipelines.fund_sharpe.forecast_table import FORECAST_SCHEMA

#: Columns that the jobs and the run add to a table.
ADDED = {"model", "version", "created_at"}
DOCS = Path(__file__).parents[3] / "docs"


def test_every_column_of_funds_and_points_is_explained() -> None:
    assert set(fund_meanings()) == {*FORECAST_SCHEMA, "market", *ADDED}
    levels = (0.05, 0.5, 0.95)
    assert set(density_meanings(levels)) == {*density_schema(levels, "text"), *ADDED}


def test_densities_have_their_unit_at_every_level() -> None:
    meanings = density_meanings((0.1,))
    assert meanings["q_0.1"] == "0.1 quantile, kg/m3"
    assert all(meanings[name].endswith("kg/m3") for name in ("mean", "std"))


def test_the_page_explains_the_same_columns_of_funds() -> None:
    page = (DOCS / "batch.md").read_text()
    named = [name for name in fund_meanings() if not name.startswith(("lower", "upper"))]
    assert [name for name in named if f"| {name}" not in page and f", {name}" not in page] == []
