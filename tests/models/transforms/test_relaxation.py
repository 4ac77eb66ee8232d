"""The test truth with a memory: a lag that grows with height, and overcooling after storms."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ConfigError, ModelError
from models.transforms.relaxation import Memory, RelaxationConfig, Reservoir, fill, relax

HEIGHT = np.array([100.0, 275.0, 450.0])
#: e-folding in 2 hours below and 10 above; half of the density at most.
CONFIG = RelaxationConfig(low_lag=2.0, high_lag=10.0, threshold=50.0, depth=0.5)


def step_up(hours: int) -> np.ndarray:
    """0 in the first hour, then 1: hour × 1 × height."""
    fields = np.ones((hours, 1, len(HEIGHT)))
    fields[0] = 0.0
    return fields


def test_a_step_is_followed_by_1_minus_1_over_e_in_the_lag_of_each_height() -> None:
    followed, _ = relax(step_up(11), np.zeros(11), HEIGHT, CONFIG)
    share = 1 - np.exp(-1)
    assert followed[2, 0, 0] == pytest.approx(share)
    assert followed[6, 0, 1] == pytest.approx(share)
    assert followed[10, 0, 2] == pytest.approx(share)


def test_without_storms_a_settled_field_stays() -> None:
    fields = np.full((5, 1, 3), -12.0)
    followed, memory = relax(fields, np.full(5, 49.0), HEIGHT, CONFIG)
    assert np.allclose(followed, -12.0, atol=1e-12)
    assert memory.reservoir == Reservoir()


def test_the_reservoir_fills_above_the_threshold_and_empties_after() -> None:
    config = RelaxationConfig(threshold=50.0, rise=1.0, decay=2.0)
    ap = np.array([150.0, 0.0, 0.0])
    contents, after = fill(ap, config, Reservoir())
    rise, decay = 1 - np.exp(-1.0), 1 - np.exp(-0.5)
    filling = 100 * rise * np.exp([0.0, -1.0, -2.0])
    first = decay * filling[0]
    second = np.exp(-0.5) * first + decay * filling[1]
    assert contents[:2] == pytest.approx([first, second])
    assert after.content == contents[2]
    assert after.filling == pytest.approx(filling[2])


def test_density_after_a_storm_lies_below_that_before_it_and_recovers() -> None:
    ap = np.zeros(400)
    ap[:48] = 400.0
    fields = np.full((400, 1, 3), -12.0)
    followed, _ = relax(fields, ap, HEIGHT, CONFIG)
    change = 10 ** (followed[:, 0] + 12.0) - 1
    assert np.all(change[:, 0] == 0)
    assert change[:, 2].min() > -0.5
    assert change[60, 2] < -0.45
    assert change[60, 1] == pytest.approx(change[60, 2] / 2)
    assert change[60 + 72, 2] < -0.1
    assert abs(change[-1, 2]) < 0.01


def test_block_by_block_is_all_at_once_bit_for_bit() -> None:
    some = np.random.default_rng(0)
    fields, ap = some.normal(size=(30, 4, 5, 3)), some.uniform(0, 300, 30)
    whole, end = relax(fields, ap, HEIGHT, CONFIG)
    memory, parts = Memory(), []
    for part in (slice(0, 1), slice(1, 17), slice(17, 30)):
        block, memory = relax(fields[part], ap[part], HEIGHT, CONFIG, memory)
        parts.append(block)
    assert np.array_equal(np.concatenate(parts), whole)
    assert memory.reservoir == end.reservoir


def test_the_future_does_not_touch_the_past() -> None:
    some = np.random.default_rng(0)
    fields, ap = some.normal(size=(20, 2, 3)), some.uniform(0, 300, 20)
    before, _ = relax(fields, ap, HEIGHT, CONFIG)
    fields[12:], ap[12:] = 7.0, 300.0
    after, _ = relax(fields, ap, HEIGHT, CONFIG)
    assert np.array_equal(before[:12], after[:12])
    assert not np.array_equal(before[12:], after[12:])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"low_lag": 0.0}, "relaxation.low_lag: expected above 0, got 0.0"),
        ({"decay": float("nan")}, "relaxation.decay: expected above 0, got nan"),
        ({"low_height": 500.0}, "expected below high_height = 450 km, got 500"),
        ({"depth": 1.0}, "relaxation.depth: expected a share below 1, got 1.0"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(wrong: dict[str, float], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        RelaxationConfig(**wrong)


def test_hours_and_heights_have_to_fit() -> None:
    with pytest.raises(ModelError, match=r"expected 3 hours × \.\.\. × 3 heights, got \(2, 1, 3\)"):
        relax(np.zeros((2, 1, 3)), np.zeros(3), HEIGHT, CONFIG)
