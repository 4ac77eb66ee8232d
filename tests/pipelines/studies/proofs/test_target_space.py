"""The proof of target space; its numbers are asserted in test_proofs."""

from __future__ import annotations

import numpy as np

from pipelines.studies.proofs.target_space import recall, spirals
from pipelines.studies.tasks.delay_recall import delayed, random_bits
from pipelines.studies.tasks.two_spirals import two_spirals


def test_spirals_wind_around_each_other() -> None:
    points, labels = two_spirals()
    assert points.shape == (194, 2)
    np.testing.assert_allclose(points[labels == 0], -points[labels == 1])
    radius = np.hypot(*points[labels == 0].T)
    np.testing.assert_allclose(radius[[0, 96]], [0.65, 6.5], rtol=1e-5)
    between = two_spirals(0.5)[0]
    assert 0.65 < np.hypot(*between[0]) < radius[1]


def test_bits_come_back_in_order() -> None:
    bits = random_bits(3, 10, np.random.default_rng(0))
    assert set(np.unique(bits)) == {0.0, 1.0}
    np.testing.assert_array_equal(delayed(bits, 4)[:, 0], bits[:, 0, 0])
    assert delayed(bits, 4).shape == (3, 6)


def test_few_steps_reach_none_of_the_numbers() -> None:
    solved, right, _ = spirals(True, 20, seed=0)
    assert np.isnan(solved)
    assert right < 1.0
    assert recall(True, 1, 0.01) < 0.6
    assert recall(False, 1, 0.001) < 0.6
