"""The panel of returns, its summary, and where a command gets one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.contract import FloatArray
from models.errors import ConfigError, DataError
from pipelines.datasets.describe import describe_panel
from pipelines.datasets.open_panel import open_panel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.schema import ColumnChoice
from pipelines.datasets.sources import embedded_panel
from tests.pipelines.datasets.files import write

NAN = float("nan")


def months(number: int, year: int = 2013) -> tuple[str, ...]:
    return tuple(f"{year + m // 12}-{m % 12 + 1:02d}" for m in range(number))


def panel_of(returns: list[list[float]] | FloatArray) -> ReturnsPanel:
    values = np.asarray(returns, dtype=float)
    ids = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(values)])
    periods = months(values.shape[1])
    return ReturnsPanel(ids, periods, values, np.full(len(periods), 0.001), 12, ids)


def test_excess_is_the_return_less_the_rate_of_the_same_period() -> None:
    panel = panel_of([[0.01, NAN]])
    np.testing.assert_allclose(panel.excess, [[0.009, NAN]])


def test_a_panel_as_it_was_known_then_holds_nothing_later() -> None:
    then = panel_of([[0.01, 0.02, 0.03]]).until(2)
    assert (then.periods, then.returns.tolist()) == (("2013-01", "2013-02"), [[0.01, 0.02]])
    assert then.risk_free.shape == (2,)


def test_short_series_are_left_out_with_their_groups() -> None:
    kept = panel_of([[0.01, NAN, NAN], [0.01, NAN, 0.02]]).with_min_periods(2)
    assert (kept.ids, kept.groups, kept.returns.shape) == (("B",), ("B",), (1, 3))


def test_a_length_that_no_series_has_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        panel_of([[0.01, NAN], [0.01, 0.02]]).with_min_periods(3)
    assert str(caught.value) == (
        "no series has 3 observed returns (the longest has 2); lower --min-months"
    )


@pytest.mark.parametrize("field", ["returns", "risk_free"])
def test_shapes_that_do_not_agree_are_refused(field: str) -> None:
    arrays = {"returns": np.zeros((1, 2)), "risk_free": np.zeros(2), field: np.zeros((3, 3))}
    with pytest.raises(DataError, match=f"{field}: expected"):
        ReturnsPanel(ids=("A",), periods=months(2), periods_per_year=12, **arrays)


def test_a_summary_counts_starts_gaps_and_deaths() -> None:
    """A runs through; B starts late; C has a gap; D is last seen in month 8 of 14."""
    returns = np.full((4, 14), 0.01)
    returns[1, :3] = NAN
    returns[2, 5] = NAN
    returns[3, 8:] = NAN
    found = describe_panel(panel_of(returns))
    assert (found.n_series, found.n_periods, found.first, found.last) == (
        4,
        14,
        "2013-01",
        "2014-02",
    )
    assert found.observed == 4 * 14 - 3 - 1 - 6
    assert found.median_length == 12.0
    assert (found.late_starts, found.with_gaps, found.ended, found.cut_short) == (1, 1, 1, 0)
    assert found.attrition == (("2013", 4, 1), ("2014", 3, 0))


def test_series_cut_off_together_are_not_counted_as_dead() -> None:
    """Twelve of fifteen stop in month 5: the file ends there for them. One died in month 3."""
    returns = np.full((15, 12), 0.01)
    returns[:12, 5:] = NAN
    returns[12, 3:] = NAN
    found = describe_panel(panel_of(returns))
    assert (found.cut_short, found.ended) == (12, 1)
    assert found.attrition == (("2013", 15, 1),)


def test_a_panel_without_returns_has_a_summary() -> None:
    found = describe_panel(panel_of(np.full((1, 2), NAN)))
    assert (found.observed, found.median_length, found.ended) == (0, 0.0, 0)
    assert found.attrition == (("2013", 0, 0),)


def test_the_embedded_panel_is_complete_and_in_decimals() -> None:
    panel = embedded_panel()
    assert panel.returns.shape == (30, 819)
    assert (panel.periods[0], panel.periods[-1]) == ("1949-01", "2017-03")
    assert np.isfinite(panel.returns).all()
    assert set(panel.groups or ()) == {"industry", "size-value", "size-momentum"}
    assert 0.0 < panel.risk_free.mean() < 0.01
    assert panel.data_hash == embedded_panel().data_hash != ""


def test_without_a_file_the_embedded_panel_is_opened() -> None:
    assert open_panel(None, clean=True).panel.data_hash == embedded_panel().data_hash


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--risk-free", {"risk_free": Path("rates.csv")}),
        ("--risk-free-unit", {"risk_free_unit": "decimal"}),
        ("--frequency", {"frequency": "daily"}),
        ("the column options", {"columns": ColumnChoice(date="when")}),
    ],
)
def test_options_about_a_file_need_a_file(option: str, given: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        open_panel(None, **given)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"{option}: needs --data FILE; the embedded portfolios are monthly and bring their own "
        "bill return, so give a file or leave the option out"
    )


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="--min-months: expected a number of months, got -1"):
        open_panel(None, min_months=-1)


def test_a_file_is_opened_with_every_option(tmp_path: Path) -> None:
    text = "who,when,gain,bm\n" + "".join(f"A,2013-Q{q},{q},{q}\n" for q in (1, 2, 3, 4))
    file = write(tmp_path, text + "B,2013-Q1,1,1\n")
    rates = write(tmp_path, "date,x\n" + "".join(f"2013-Q{q},1\n" for q in (1, 2, 3, 4)), "r.csv")
    loaded = open_panel(
        file,
        risk_free=rates,
        risk_free_unit="percent",
        frequency="quarterly",
        columns=ColumnChoice(series="who", date="when", returns="gain", benchmark="bm"),
        clean=True,
        min_months=2,
    )
    assert loaded.panel.ids == ("A",)
    np.testing.assert_allclose(loaded.panel.excess, [[0.0, 0.01, 0.02, 0.03]])
    np.testing.assert_allclose(loaded.benchmark, [[0.01, 0.02, 0.03, 0.04]])
