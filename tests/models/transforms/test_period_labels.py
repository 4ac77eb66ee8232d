"""Distances between period labels, and bootstrapped dates."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.transforms.bootstrap import block_bootstrap
from models.transforms.period_labels import steps_between


@pytest.mark.parametrize(
    ("first", "last", "per_year", "steps"),
    [
        ("2013-07", "2013-07", 12, 0),
        ("2013-11", "2014-02", 12, 3),
        ("2014-02", "2013-11", 12, -3),
        ("2013-Q4", "2014-Q1", 4, 1),
        ("2015-W53", "2016-W01", 52, 1),
        ("2013-W52", "2014-W01", 52, 1),
        ("2013-07-26", "2013-07-29", 252, 1),
        ("2013-07-29", "2013-07-26", 252, -1),
    ],
)
def test_steps_are_counted_over_years_and_weekends(
    first: str, last: str, per_year: int, steps: int
) -> None:
    assert steps_between(first, last, per_year) == steps


@pytest.mark.parametrize(
    ("label", "per_year", "example"),
    [
        ("2013-13", 12, "2013-07"),
        ("2013-07-31", 12, "2013-07"),
        ("2013-Q5", 4, "2013-Q3"),
        ("2013-W54", 52, "2013-W27"),
        ("2013-W53", 52, "2013-W27"),
        ("2013-02-30", 252, "2013-07-31"),
        ("2013-07", 252, "2013-07-31"),
    ],
)
def test_a_label_of_another_frequency_is_refused(label: str, per_year: int, example: str) -> None:
    with pytest.raises(ModelError) as caught:
        steps_between(label, label, per_year)
    assert str(caught.value) == f"period {label!r}: expected one like {example!r}"


def test_an_unknown_frequency_is_refused() -> None:
    with pytest.raises(ModelError, match="expected 4, 12, 52 or 252, got 7"):
        steps_between("2013-07", "2013-08", 7)


def test_all_rows_of_a_drawn_date_are_drawn() -> None:
    dates = np.array([3, 1, 3, 2, 1, 3])
    rows = block_bootstrap(dates, 1, seed=4)
    times = {date: np.bincount(rows, minlength=6)[dates == date] for date in (1, 2, 3)}
    assert all((count == count[0]).all() for count in times.values())
    assert sum(int(count[0]) for count in times.values()) == 3
    assert (np.diff(rows) >= 0).all()


def test_blocks_are_of_neighbouring_dates() -> None:
    """One block of five out of ten dates, then another: at most two starts."""
    rows = block_bootstrap(np.arange(100, 110), 5, seed=0)
    times = np.bincount(rows, minlength=10)
    assert times.sum() == 10
    starts = [start for start in range(6) if (times[start : start + 5] > 0).all()]
    assert starts


def test_a_block_longer_than_the_dates_is_all_of_them() -> None:
    assert block_bootstrap(np.array([1, 2, 2]), 9, seed=0).tolist() == [0, 1, 2]


def test_the_same_seed_draws_the_same_dates() -> None:
    dates = np.arange(50)
    assert block_bootstrap(dates, 3, 1).tolist() == block_bootstrap(dates, 3, 1).tolist()
    assert block_bootstrap(dates, 3, 1).tolist() != block_bootstrap(dates, 3, 2).tolist()
