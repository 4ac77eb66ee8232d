"""The key follows its marker in the first block, and nothing else tells it."""

from __future__ import annotations

import numpy as np

from pipelines.studies.tasks.block_recall import KEYS, MARKER, QUESTION, block_recall


def test_the_answer_is_the_symbol_after_the_marker() -> None:
    codes, key = block_recall(np.random.default_rng(0), 200)
    assert codes.shape == (200, 48)
    for row, answer in zip(codes, key, strict=True):
        (place,) = np.flatnonzero(row == MARKER)
        assert place < 7
        assert row[place + 1] == answer
        assert (row < KEYS).sum() == 1
        assert row[-1] == QUESTION
    assert set(key) == set(range(KEYS))
