"""Frame labels that need both sides of a step."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pipelines.studies.tasks.window_majority import (
    accuracy,
    past_accuracy,
    past_scores,
    window_majority,
)


def test_a_label_is_the_majority_of_the_bits_around_and_edges_have_none() -> None:
    frames = window_majority(rows=20, times=9, reach=2, seed=0)
    assert set(np.unique(frames.bits)) == {-1.0, 1.0}
    assert np.isnan(frames.labels[:, [0, 1, 7, 8]]).all()
    for time in range(2, 7):
        up = (frames.bits[:, time - 2 : time + 3] > 0).sum(axis=1) >= 3
        assert (frames.labels[:, time] == up).all()


def test_the_same_seed_makes_the_same_frames_and_bits_are_fair() -> None:
    first, again, other = (window_majority(400, 50, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.bits, again.bits)
    assert not np.array_equal(first.bits, other.bits)
    assert first.bits.mean() == pytest.approx(0.0, abs=0.03)


def test_the_past_knows_the_newest_bits_alone() -> None:
    bits = np.array([[1.0, -1.0, -1.0, 1.0]])
    assert past_scores(bits, 1).tolist() == [[1.0, 0.0, -2.0, 0.0]]


@pytest.mark.parametrize("reach", [1, 2, 4])
def test_the_best_that_the_past_allows_is_counted_right(reach: int) -> None:
    known: dict[tuple[int, ...], list[bool]] = {}
    for bits in product((-1, 1), repeat=2 * reach + 1):
        known.setdefault(bits[: reach + 1], []).append(sum(bits) > 0)
    best = np.mean([max(np.mean(ups), 1 - np.mean(ups)) for ups in known.values()])
    assert past_accuracy(reach) == pytest.approx(best)


def test_the_rule_on_the_past_reaches_it_and_what_knows_all_is_always_right() -> None:
    frames = window_majority(4000, 40, 4, seed=3)
    reached = accuracy(past_scores(frames.bits, 4), frames.labels)
    assert reached == pytest.approx(past_accuracy(4), abs=0.01)
    around = np.lib.stride_tricks.sliding_window_view(frames.bits, 9, axis=1).sum(axis=-1)
    assert accuracy(np.pad(around, ((0, 0), (4, 4))), frames.labels) == 1.0
