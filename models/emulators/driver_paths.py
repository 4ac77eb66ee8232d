"""Sample the future of one series: a linear forecast plus whole paths of its own past errors.

For every lead a ridge regression on what is known at an origin is fitted over all
origins of history. A sample is today's forecast plus the errors that followed one past
origin, all leads together, so that paths keep their correlation in time and their skew.
Past origins are those most alike today (the nearest in a few measures of activity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]

#: Ridge, as a part of the mean square of the predictors: keeps collinear ones in bounds.
_RIDGE = 1e-3
#: Least number of past origins to learn from.
FEWEST_ORIGINS = 200


@dataclass(frozen=True)
class History:
    """What past origins and today know, and what followed the past ones.

    targets     origin × lead
    predictors  lead × origin × predictor
    today       lead × predictor
    activity    origin × measure: how alike an origin is to today
    now         measure: today's
    """

    targets: FloatArray
    predictors: FloatArray
    today: FloatArray
    activity: FloatArray
    now: FloatArray

    def __post_init__(self) -> None:
        if len(self.targets) < FEWEST_ORIGINS:
            raise DataError(
                f"drivers' forecast: expected {FEWEST_ORIGINS} or more days of history to learn "
                f"from, got {len(self.targets)}; start later or give a longer table"
            )


def sample_paths(
    history: History, samples: int, alike: int, rng: np.random.Generator
) -> FloatArray:
    """Sample × lead: today's forecast plus the errors after `alike` past origins like today.

    Every one of them is used equally often, up to one.
    """
    forecast, errors = fit(history)
    pool = nearest(history.activity, history.now, alike)
    turns = -(-samples // len(pool))
    chosen = np.concatenate([rng.permutation(pool) for _ in range(turns)])[:samples]
    return np.asarray(forecast + errors[chosen])


def fit(history: History) -> tuple[FloatArray, FloatArray]:
    """Today's forecast (lead) and the errors of past forecasts (origin × lead)."""
    x = history.predictors
    if x.shape[-1] == 0:
        return np.zeros(x.shape[0]), history.targets
    gram = np.einsum("lnp,lnq->lpq", x, x)
    size = np.trace(gram, axis1=1, axis2=2)[:, None, None] / x.shape[-1]
    moment = np.einsum("lnp,nl->lp", x, history.targets)
    slope = np.linalg.solve(gram + _RIDGE * size * np.eye(x.shape[-1]), moment[..., None])
    past = (x @ slope)[..., 0].T
    return (history.today[:, None, :] @ slope)[:, 0, 0], history.targets - past


def nearest(activity: FloatArray, now: FloatArray, count: int) -> npt.NDArray[np.int64]:
    """Indices of the `count` origins whose measures are nearest to `now`, in units of spread."""
    spread = activity.std(axis=0)
    distance = (((activity - now) / np.where(spread > 0, spread, 1.0)) ** 2).sum(axis=1)
    return np.argsort(distance, kind="stable")[:count]
