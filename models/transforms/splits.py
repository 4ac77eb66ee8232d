"""Training and validation rows apart: in time, with an embargo between them, or by group.

Apart in time answers how well the known funds will be forecast. Apart by group answers how well
funds will be forecast that the model was never trained on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from models.contract import Windows
from models.errors import ConfigError, ModelError


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


def group_folds(groups: Sequence[str], folds: int, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """Names of the groups in each fold; every group is in one fold, whole.

    groups   series: name of its group

    Folds get about as many series each: the largest groups are placed first, each into the
    fold that has fewest, and equal ones in a random order. Raises ConfigError for fewer groups
    than folds, or fewer than two folds.
    """
    names, counts = np.unique(np.asarray(groups, dtype=str), return_counts=True)
    if not 2 <= folds <= len(names):
        raise ConfigError(f"folds: expected 2 to {len(names)}, the number of groups, got {folds}")
    drawn = np.random.default_rng(seed).permutation(len(names))
    order = drawn[np.argsort(-counts[drawn], kind="stable")]
    sizes, found = np.zeros(folds, dtype=np.int64), [list[str]() for _ in range(folds)]
    for place in order:
        fold = int(sizes.argmin())
        sizes[fold] += counts[place]
        found[fold].append(str(names[place]))
    return tuple(tuple(sorted(fold)) for fold in found)


def grouped_split(
    windows: Windows, groups: Sequence[str], held_out: Collection[str]
) -> tuple[Windows, Windows]:
    """Rows of all other groups, and rows of the groups held out: none is on both sides.

    groups   series: name of its group, on the windows' own axis of series

    What the rows read of other series, such as means over funds, is the caller's business.
    Raises ModelError when groups are not one per series, or a side is empty.
    """
    if len(groups) != windows.channels.shape[0]:
        raise ModelError(
            f"groups: expected one of each of {windows.channels.shape[0]} series, got {len(groups)}"
        )
    out = np.isin(np.asarray(groups, dtype=str), list(held_out))[windows.series]
    if out.all() or not out.any():
        side = "training" if out.all() else "held out"
        raise ModelError(
            f"grouped split: no row is left on the {side} side; hold out some of the groups, not "
            f"all, among: {', '.join(sorted(set(groups))[:5])}"
        )
    return windows.select(np.flatnonzero(~out)), windows.select(np.flatnonzero(out))
