"""Who wins: mean losses, date-clustered tests against the yardstick and the shipped model, and
the set of methods that cannot be told from the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.errors import DataError
from pipelines.evaluation.mean_test import fixed_smoothing_test
from pipelines.evaluation.model_sets import SIZE, confidence_set
from pipelines.studies.methods.contest import SHIPPED, MethodRecord
from pipelines.studies.methods.run import YARDSTICK


@dataclass(frozen=True)
class Standing:
    """One method among all.

    loss        mean over dates
    against     name of the rival -> (difference of the mean losses, Holm-adjusted two-sided p);
                below zero the method is better
    among_best  whether it is in the 90 % model confidence set
    """

    record: MethodRecord
    loss: float
    against: dict[str, tuple[float, float | None]]
    among_best: bool


def standings(
    records: Sequence[MethodRecord], loss: str, lags: int, seed: int = 0
) -> list[Standing]:
    """The smallest loss first. Raises DataError when dates differ between methods."""
    dates = records[0].judged.dates
    for record in records:
        if record.judged.dates != dates:
            raise DataError(
                f"{record.job}: {record.method} was judged on other dates than "
                f"{records[0].method}; remove its file and run the contest again"
            )
    losses = np.stack([record.judged.losses[loss] for record in records], axis=1)
    best = confidence_set(losses, lags + 1, seed)
    present = [record.method for record in records]
    tested = {
        rival: _against(losses, present.index(rival), lags)
        for rival in (YARDSTICK, SHIPPED)
        if rival in present
    }
    found = [
        Standing(
            record,
            float(losses[:, place].mean()),
            {rival: rows[place] for rival, rows in tested.items()},
            best[place] > SIZE,
        )
        for place, record in enumerate(records)
    ]
    return sorted(found, key=lambda one: one.loss)


def _against(losses: FloatArray, rival: int, lags: int) -> list[tuple[float, float | None]]:
    """Differences to one column, with p-values adjusted for their number (Holm 1979)."""
    apart = losses - losses[:, [rival]]
    p_values = [fixed_smoothing_test(column, lags).p_two for column in apart.T]
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted, least = dict[int, float](), 0.0
    for rank, (p, place) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * p))
        adjusted[place] = least
    return [(float(mean), adjusted.get(place)) for place, mean in enumerate(apart.mean(axis=0))]
