"""Bootstrapped rows for the members of an ensemble."""

from __future__ import annotations

import numpy as np

from models.contract import IntArray


def block_bootstrap(dates: IntArray, length: int, seed: int) -> IntArray:
    """Rows of as many dates as there are, drawn in blocks of neighbouring dates.

    dates   row: the date of each row, any integers
    length  dates in a block (Kunsch 1989)

    Series of one date move together, so dates are drawn and not rows. Returns indices of
    rows, ascending, with repeats.
    """
    unique, position = np.unique(dates, return_inverse=True)
    length = min(length, len(unique))
    blocks = -(-len(unique) // length)
    starts = np.random.default_rng(seed).integers(0, len(unique) - length + 1, blocks)
    drawn = (starts[:, None] + np.arange(length)).ravel()[: len(unique)]
    times = np.bincount(drawn, minlength=len(unique))
    return np.repeat(np.arange(len(dates)), times[position])
