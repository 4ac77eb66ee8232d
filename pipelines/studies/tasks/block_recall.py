"""A key that is shown at the beginning and asked for at the end, many blocks later.

Symbols: KEYS keys, a marker that says that the next symbol is to be remembered, a question, and
fillers. The question is the last symbol; the answer is the key after the marker.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KEYS, FILLERS = 8, 6
MARKER, QUESTION = KEYS, KEYS + 1
SYMBOLS = KEYS + 2 + FILLERS
Codes = npt.NDArray[np.int64]


def block_recall(
    random: np.random.Generator, rows: int, blocks: int = 6, block: int = 8
) -> tuple[Codes, Codes]:
    """Symbols, row × step, and the key of each row; the key is within the first block."""
    steps = blocks * block
    codes = random.integers(KEYS + 2, SYMBOLS, (rows, steps))
    place = random.integers(0, block - 1, rows)
    key = random.integers(0, KEYS, rows)
    every = np.arange(rows)
    codes[every, place], codes[every, place + 1] = MARKER, key
    codes[:, -1] = QUESTION
    return codes, key
