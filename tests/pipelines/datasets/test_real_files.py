"""Real files of funds load as they are; figures counted with other tools."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.datasets.checking import check_file
from pipelines.datasets.describe import describe_panel
from pipelines.datasets.funds import load_panel
from tests.pipelines.datasets.files import shared


def test_us_funds_load_with_the_bill_yield_as_it_is() -> None:
    file = shared("us_etf_monthly_to_2021.parquet")
    bills = shared("us_tbill_13w_monthly_to_2021.csv")
    loaded = load_panel(file, risk_free=bills)
    panel, plain = loaded.panel, pl.read_parquet(file)
    assert len(panel.ids) == 1874
    assert np.isfinite(panel.returns).sum() == plain["ret"].count()
    assert panel.periods[-1] == "2021-12"
    assert {f.severity for f in loaded.findings} == {"warning"}
    spy = plain.filter((pl.col("ticker") == "SPY") & (pl.col("month") == "2020-03"))["ret"][0]
    where = panel.ids.index("SPY"), panel.periods.index("2020-03")
    assert panel.returns[where] == spy
    last = pl.read_csv(bills).filter(pl.col("month") == "2021-12")["tbill13w_pct_pa"][0]
    assert panel.risk_free[-1] == pytest.approx((1 + last / 100) ** (1 / 12) - 1, rel=1e-12)


def test_750_us_funds_have_120_months_of_navs() -> None:
    """The first NAV of a fund has no return, so they have 119 returns."""
    panel = load_panel(shared("us_etf_monthly_to_2021.parquet")).panel
    assert len(panel.with_min_periods(119).ids) == 750


def test_indian_funds_need_cleaning_and_say_so() -> None:
    with pytest.raises(DataError, match=r"24 errors.*--clean"):
        load_panel(shared("india_growth_monthly_to_2016.parquet"))


def test_indian_funds_are_usable_when_cleaned() -> None:
    checked = check_file(shared("india_growth_monthly_to_2016.parquet"), clean=True)
    assert {f.severity for f in checked.findings} == {"warning"}
    assert checked.returns["value"].is_between(-0.9, 1.0).all()
    assert {a.rule for a in checked.actions} == {"face_value", "wrong_print", "partial_month"}


def test_dead_indian_funds_stay_and_the_cut_off_ones_are_not_dead() -> None:
    panel = load_panel(shared("india_growth_monthly_to_2016.parquet"), clean=True).panel
    summary = describe_panel(panel)
    by_year = {year: (alive, ended) for year, alive, ended in summary.attrition}
    assert summary.n_series > 9000
    assert summary.cut_short > 4000
    assert by_year["2008"][1] > 500
    assert by_year["2016"][1] < 100
