"""No month, and no group, is on both sides of a split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract import Windows
from models.errors import ConfigError, ModelError
from models.transforms.splits import embargoed_split, group_folds, grouped_split

HORIZONS = (2, 5)


def windows_at(times: int) -> Windows:
    """One series, an origin at every time, all outcomes known."""
    origin = np.arange(times)
    return Windows(
        channels=np.zeros((1, times, 1), np.float32),
        history=np.zeros((1, times)),
        series=np.zeros(times, np.int64),
        origin=origin,
        known=np.zeros((times, 2, 0), np.float32),
        target=np.ones((times, 2)),
        leads=("a", "b"),
        horizons=HORIZONS,
        lookback=1,
    )


def test_outcomes_within_window_and_horizon_of_the_first_validation_origin_are_hidden():
    train, valid = embargoed_split(windows_at(20), first_valid=12, window=3)

    # 12 - 3 - 2 = 7 is the last origin of the short lead, 12 - 3 - 5 = 4 of the long one.
    assert train.origin.tolist() == list(range(8))
    assert np.isfinite(train.target[:, 1]).tolist() == [True] * 5 + [False] * 3
    assert valid.origin.tolist() == list(range(12, 20))
    assert np.isfinite(valid.target).all()


@given(st.integers(5, 40), st.integers(0, 45), st.integers(0, 12))
def test_no_training_target_reaches_into_the_embargo(times: int, first_valid: int, window: int):
    train, valid = embargoed_split(windows_at(times), first_valid, window)

    known = np.isfinite(train.target)
    ends = train.origin[:, None] + np.asarray(HORIZONS)
    assert (ends[known] + window <= first_valid).all()
    assert (valid.origin >= first_valid).all()
    assert not set(train.origin) & set(valid.origin)


def windows_of(series: list[int], count: int) -> Windows:
    """A row for each of these indices, of `count` series."""
    one = windows_at(len(series))
    return replace(
        one,
        channels=np.zeros((count, len(series), 1), np.float32),
        history=np.zeros((count, len(series))),
        series=np.asarray(series),
    )


@given(st.lists(st.integers(0, 5), min_size=6, max_size=40), st.integers(2, 4), st.integers(0, 99))
def test_every_group_is_whole_in_exactly_one_fold(of: list[int], folds: int, seed: int) -> None:
    groups = [f"g{number}" for number in of]
    if len(set(groups)) < folds:
        with pytest.raises(ConfigError, match="the number of groups, got"):
            group_folds(groups, folds, seed)
        return
    found = group_folds(groups, folds, seed)
    names = [name for fold in found for name in fold]
    assert sorted(names) == sorted(set(groups))
    assert all(found)
    assert found == group_folds(groups, folds, seed)


def test_folds_hold_about_as_many_series_each_and_differ_by_seed() -> None:
    groups = ["big"] * 6 + [f"small {i}" for i in range(6)]
    found = group_folds(groups, 2)
    assert ("big",) in found
    singles = [f"fund {i}" for i in range(20)]
    assert {len(fold) for fold in group_folds(singles, 4)} == {5}
    assert group_folds(singles, 4, seed=1) != group_folds(singles, 4, seed=2)
    with pytest.raises(ConfigError, match="folds: expected 2 to 20, the number of groups, got 1"):
        group_folds(singles, 1)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=30), st.sets(st.integers(0, 3)))
def test_no_series_and_no_group_is_on_both_sides(series: list[int], out: set[int]) -> None:
    groups = ("a", "a", "b", "c")
    windows, names = windows_of(series, 4), {groups[one] for one in out}
    rows = {groups[one] for one in series}
    if not rows & names or not rows - names:
        with pytest.raises(ModelError, match="grouped split: no row is left on the"):
            grouped_split(windows, groups, names)
        return
    train, test = grouped_split(windows, groups, names)
    assert not {groups[i] for i in train.series} & {groups[i] for i in test.series}
    assert {groups[i] for i in test.series} <= names
    assert len(train) + len(test) == len(windows)


def test_groups_are_one_per_series() -> None:
    with pytest.raises(ModelError, match="groups: expected one of each of 4 series, got 2"):
        grouped_split(windows_of([0, 1], 4), ("a", "b"), ("a",))
