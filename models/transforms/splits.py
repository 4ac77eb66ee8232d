"""Training and validation rows apart in time, with an embargo between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.contract import Windows


def embargoed_split(windows: Windows, first_valid: int, window: int) -> tuple[Windows, Windows]:
    """Rows before and from time `first_valid`, on the windows' own axis.

    window  periods that a target, or an input made from a rolling window, reaches back

    A training outcome must end `window` periods before the first validation origin, so that
    no month is both in a training target and in what a validation row is made of: origins of
    the two sides are at least horizon + window apart (the embargo of Lopez de Prado 2018,
    chapter 7). Outcomes nearer than that become NaN; rows left without any go.
    """
    ends = windows.origin[:, None] + np.asarray(windows.horizons) + window
    hidden = np.where(ends <= first_valid, windows.target, np.nan)
    train = replace(windows, target=hidden)
    train = train.select(np.flatnonzero(np.isfinite(hidden).any(axis=1)))
    return train, windows.select(np.flatnonzero(windows.origin >= first_valid))
