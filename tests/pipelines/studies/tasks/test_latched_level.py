"""A level shown at cues: what is read tells the target, and nothing else moves it."""

from __future__ import annotations

import numpy as np

from pipelines.studies.tasks.latched_level import latched


def test_the_target_is_half_the_newest_level_with_the_sign_of_the_noise() -> None:
    made = latched(np.random.default_rng(0), 20, 50, rate=0.1)
    assert made.cue[:, 0].all()
    assert 0.05 < made.cue[:, 1:].mean() < 0.15
    for row in range(20):
        level = 0.0
        for step in range(50):
            cue, shown, noise = made.inputs[row, step]
            assert (cue == 1) == made.cue[row, step]
            level = shown if cue else level
            assert np.isclose(made.target[row, step], level * np.sign(noise) / 2)
