"""Features of trailing windows: by hand, on irregular times, and never from the future."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
import torch

from models.errors import ConfigError, DataError
from models.transforms.path_features import PathKind
from models.transforms.signatures import signature
from pipelines.datasets.signature_features import signature_features
from pipelines.datasets.signature_settings import SignatureWindows

BARE = PathKind(depth=2, clock=False, base_point=False)
LEVEL = PathKind(depth=1, clock=False, base_point=False)


def table(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame(columns)


def ask(**settings: Any) -> SignatureWindows:
    return SignatureWindows(**{"values": ("x",), "kind": LEVEL, **settings})


def column(frame: pl.DataFrame, settings: SignatureWindows, name: str = "sig.x") -> list[Any]:
    return signature_features(frame, settings)[name].to_list()


def test_a_row_has_the_signature_of_the_rows_up_to_it() -> None:
    values = np.random.default_rng(0).normal(size=(9, 2))
    frame = table(x=values[:, 0], y=values[:, 1])
    found = signature_features(frame, ask(values=("x", "y"), rows=4, kind=BARE))
    assert found.columns == BARE.names(["x", "y"])
    assert found["sig.x.y"].null_count() == 3
    for row in range(3, 9):
        expected = signature(torch.from_numpy(values[row - 3 : row + 1]), 2).numpy()
        np.testing.assert_allclose(found.row(row), expected, rtol=1e-12, atol=1e-12)


def test_series_and_times_are_kept_in_the_order_of_the_table() -> None:
    frame = table(
        who=["b", "a", "a", "b", "a"],
        when=[date(2020, 2, 1), *(date(2020, m, 1) for m in (3, 1, 1, 2))],
        x=[5.0, 4.0, 1.0, 2.0, 2.0],
    )
    found = signature_features(frame, ask(series="who", time="when", rows=2))
    assert found.select("who", "when").equals(frame.select("who", "when"))
    assert found["sig.x"].to_list() == [3.0, 2.0, None, None, 1.0]


def test_names_may_be_of_any_type_and_moments_of_any_zone() -> None:
    hours = [datetime(2020, 1, 1, k, tzinfo=ZoneInfo("Europe/Paris")) for k in (0, 1, 2, 3)]
    frame = table(who=["a", None, "a", None], when=hours, x=[1.0, 5.0, 2.0, 8.0])
    frame = frame.with_columns(pl.col("who").cast(pl.Categorical))
    found = signature_features(frame, ask(series="who", time="when", rows=2))
    assert found["sig.x"].to_list() == [None, None, 1.0, 3.0]
    day = ask(series="who", time="when", span=timedelta(hours=2))
    assert signature_features(frame, day)["sig.x"].to_list() == [None] * 4


def test_nothing_after_a_row_reaches_its_features() -> None:
    random = np.random.default_rng(1)
    times = np.cumsum(random.exponential(size=40))
    frame = table(t=times, x=random.normal(size=40))
    later = pl.col("t") > times[20]
    changed = frame.with_columns(x=pl.when(later).then(99.0).otherwise("x"))
    for settings in (
        ask(time="t", rows=5, kind=PathKind()),
        ask(time="t", span=6.0, kind=PathKind()),
    ):
        here, there = (signature_features(f, settings)[:21] for f in (frame, changed))
        assert here.equals(there)
        assert here[20].null_count().sum_horizontal().item() == 0


def test_a_span_holds_the_times_after_its_beginning_and_needs_a_series_as_old() -> None:
    frame = table(t=[0.0, 1.0, 2.5, 3.0, 7.0, 7.5], x=[0.0, 1.0, 3.0, 7.0, 15.0, 31.0])
    # Of 3 units: (0, 3] begins at 1; (4, 7] holds one point, which is no path; (4.5, 7.5] two.
    found = column(frame, ask(time="t", span=3.0))
    assert found == [None, None, None, 6.0, None, 16.0]


def test_a_single_point_in_a_span_is_a_path_from_the_base_point() -> None:
    frame = table(t=[0.0, 1.0, 9.0], x=[0.0, 1.0, 5.0])
    kind = PathKind(depth=1)
    found = signature_features(frame, ask(time="t", span=3.0, kind=kind))
    assert found.select("sig.time", "sig.x").row(2) == (1.0, 5.0)


def test_the_clock_of_a_span_tells_when_in_it_a_value_came() -> None:
    kind = PathKind(depth=2, base_point=False)
    early = table(t=[0.0, 4.5, 8.0, 10.0], x=[0.0, 0.0, 1.0, 1.0])
    late = table(t=[0.0, 4.5, 9.5, 10.0], x=[0.0, 0.0, 1.0, 1.0])
    settings = ask(time="t", span=6.0, kind=kind)
    # Half a step up at each end of the way from 4.5 to the jump: the integral of x over time.
    areas = [column(f, settings, "sig.x.time")[3] for f in (early, late)]
    assert areas == [pytest.approx((0.5 * 3.5 + 2.0) / 6), pytest.approx((0.5 * 5.0 + 0.5) / 6)]


def test_spans_of_dates_are_durations_exact_to_the_microsecond() -> None:
    begin = datetime(2020, 1, 1)
    moments = [begin + timedelta(hours=6 * k) for k in range(5)]
    frame = table(t=moments, x=[0.0, 1.0, 2.0, 4.0, 8.0])
    # A day holds (t - 24 h, t]: from the first row on at hand after a whole day.
    assert column(frame, ask(time="t", span=timedelta(days=1))) == [None] * 4 + [7.0]
    days = table(t=[date(2020, 1, 1 + k) for k in range(4)], x=[0.0, 1.0, 2.0, 4.0])
    assert column(days, ask(time="t", span=timedelta(days=2))) == [None, None, 1.0, 2.0]


def test_windows_of_any_number_of_rows_have_the_bits_of_each_alone() -> None:
    random = np.random.default_rng(2)
    times = np.sort(random.uniform(0, 30, 120) ** 1.5)
    frame = table(t=times, x=random.normal(size=120))
    settings = ask(time="t", span=12.0, kind=PathKind(depth=3))
    whole = signature_features(frame, settings)
    for row in (50, 80, 119):
        inside = frame.filter((pl.col("t") <= times[row]) & (pl.col("t") > times[row] - 12.0))
        before = frame.filter(pl.col("t") <= times[row] - 12.0)[-1:]
        alone = signature_features(pl.concat([before, inside]), settings)
        assert alone.row(-1) == whole.row(row)


def test_steps_are_summed_within_the_window() -> None:
    frame = table(x=[0.5, 0.1, 0.2, 0.4])
    kind = PathKind(depth=1, clock=False)
    assert column(frame, ask(rows=2, steps=True, kind=kind)) == [
        None,
        pytest.approx(0.6),
        pytest.approx(0.3),
        pytest.approx(0.6),
    ]
    # Without a base point the first step is only where the path begins.
    assert column(frame, ask(rows=2, steps=True)) == [None, *map(pytest.approx, (0.1, 0.2, 0.4))]


def test_steps_of_spans_of_unequal_length_are_summed_alike() -> None:
    frame = table(t=[0.0, 1.0, 2.0, 3.0, 3.2, 3.4], x=[9.0, 1.0, 2.0, 4.0, 8.0, 16.0])
    for base_point, expected in ((True, [6.0, 14.0, 30.0]), (False, [4.0, 12.0, 28.0])):
        kind = PathKind(depth=1, clock=False, base_point=base_point)
        found = column(frame, ask(time="t", span=2.0, steps=True, kind=kind))
        # (1, 3] holds 2 and 4; each later window ends with one step more.
        assert found[3:] == expected


def test_a_missing_value_holds_the_one_before_and_a_missing_step_is_left_out() -> None:
    frame = table(x=[None, 1.0, None, 4.0, float("nan")])
    assert column(frame, ask(rows=2)) == [None, None, 0.0, 3.0, 0.0]
    kind = PathKind(depth=1, clock=False)
    assert column(frame, ask(rows=2, steps=True, kind=kind)) == [None, None, None, 5.0, None]


def test_a_series_does_not_hold_a_value_of_another() -> None:
    frame = table(who=["a", "a", "b", "b", "b"], x=[1.0, 2.0, None, 3.0, 5.0])
    assert column(frame, ask(series="who", rows=2)) == [None, 1.0, None, None, 2.0]


def test_scaled_values_have_terms_scaled_by_powers() -> None:
    frame = table(x=np.arange(6.0) ** 2)
    plain, scaled = (
        signature_features(frame, ask(rows=3, kind=BARE, scale=scale)).drop_nulls().to_numpy()
        for scale in ({}, {"x": 2.0})
    )
    np.testing.assert_allclose(scaled, plain / [2.0, 4.0])


def test_halves_of_windows_have_features_of_their_own() -> None:
    frame = table(x=[0.0, 1.0, 3.0, 7.0, 15.0])
    kind = PathKind(depth=1, clock=False, base_point=False, dyadic=2)
    found = signature_features(frame, ask(rows=5, kind=kind))
    assert found.row(4) == (15.0, 3.0, 12.0)


def test_a_table_without_a_full_window_has_columns_without_values() -> None:
    found = signature_features(table(x=[1.0, 2.0]), ask(rows=5))
    assert found["sig.x"].to_list() == [None, None]
    assert signature_features(table(x=[1.0])[:0], ask(rows=5)).height == 0
    empty = table(t=[1.0], x=[1.0])[:0]
    assert signature_features(empty, ask(time="t", span=2.0)).height == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"values": ()}, "values: expected different columns"),
        ({"values": ("x", "x"), "rows": 2}, "values: expected different columns, got 'x', 'x'"),
        ({}, "either a number of rows or a span"),
        ({"rows": 3, "span": 2.0, "time": "t"}, "either a number of rows or a span"),
        ({"rows": 1}, "rows: expected 2 or more, got 1"),
        ({"span": 0.0, "time": "t"}, "span: expected more than nothing, got 0.0"),
        ({"span": timedelta(0), "time": "t"}, "span: expected more than nothing"),
        ({"span": 2.0}, "span: needs a column of times"),
        (
            {"span": 2.0, "time": "t", "kind": PathKind(dyadic=2)},
            "dyadic: halves of windows need a number of rows",
        ),
        ({"rows": 3, "scale": {"y": 1.0}}, "a value column and a positive unit, got 'y': 1.0"),
        ({"rows": 3, "scale": {"x": 0.0}}, "a value column and a positive unit, got 'x': 0.0"),
        ({"rows": 3, "kind": PathKind(depth=20, lead_lag=True)}, "expected at most 20000"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ask(**settings)


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"y": [1.0]}, {"rows": 2}, "f: no column 'x'; there are 'y'"),
        ({"x": ["1"]}, {"rows": 2}, "f, column 'x': expected numbers, got String"),
        (
            {"x": [1.0, float("inf")]},
            {"rows": 2},
            "f, row 2, column 'x': expected a finite number, got inf",
        ),
        (
            {"x": [1.0], "t": ["a"]},
            {"rows": 2, "time": "t"},
            "f, column 't': expected dates or numbers, got String",
        ),
        (
            {"x": [1.0, 2.0], "t": [1.0, None]},
            {"rows": 2, "time": "t"},
            "f, row 2, column 't': expected a time, got none",
        ),
        (
            {"x": [1.0, 2.0, 3.0], "t": [1.0, 2.0, 1.0]},
            {"rows": 2, "time": "t"},
            "f, row 3, column 't': 1.0 occurs twice in its series",
        ),
    ],
)
def test_tables_that_cannot_be_used_are_refused(
    columns: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        signature_features(table(**columns), ask(**settings), "f")


def test_a_span_of_the_wrong_kind_is_refused() -> None:
    numbers, dates = table(x=[1.0], t=[1.0]), table(x=[1.0], t=[date(2020, 1, 1)])
    with pytest.raises(ConfigError, match="expected a number for the times in column 't'"):
        signature_features(numbers, ask(time="t", span=timedelta(days=1)))
    with pytest.raises(ConfigError, match="expected a duration such as 90d"):
        signature_features(dates, ask(time="t", span=3.0))
