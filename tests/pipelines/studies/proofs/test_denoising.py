"""The proof of denoising; its numbers are asserted in test_proofs."""

from __future__ import annotations

import numpy as np

from pipelines.studies.proofs.denoising import digit_error, window_errors
from pipelines.studies.tasks.sinusoid_windows import STEPS, sinusoid_windows, with_gaps


def test_windows_hold_two_sinusoids_and_no_more() -> None:
    windows = sinusoid_windows(50, seed=0)
    assert windows.shape == (50, STEPS)
    assert windows.dtype == np.float32
    assert np.abs(windows).max() <= 2.4
    assert np.array_equal(windows, sinusoid_windows(50, seed=0))
    assert not np.array_equal(windows, sinusoid_windows(50, seed=1))


def test_gaps_are_a_share_of_the_values_and_nothing_else_changes() -> None:
    windows = sinusoid_windows(400, seed=0)
    gaps = with_gaps(windows, 0.25, seed=1)
    assert abs(float(np.isnan(gaps).mean()) - 0.25) < 0.02
    assert np.array_equal(gaps[~np.isnan(gaps)], windows[~np.isnan(gaps)])


def test_an_autoencoder_that_has_not_learnt_would_not_reach_the_numbers() -> None:
    found = window_errors(0, epochs=1)
    assert found["denoising"] > 0.6 * found["zero"]
    assert digit_error(None, 0) > 10
