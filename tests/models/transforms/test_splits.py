"""No month is on both sides of a split."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.contract import Windows
from models.transforms.splits import embargoed_split

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
