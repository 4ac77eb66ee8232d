"""Losses by date of all models at one target and horizon: what tests of accuracy compare.

All series of a date share its market, so they are one observation, not hundreds: the
loss of a date is the mean over its series (a test that pools series rejects far too
often).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from models.contract import FloatArray, IntArray
from pipelines.evaluation.mean_test import overlap
from pipelines.evaluation.scores import LOSSES, GroupScores


@dataclass(frozen=True)
class LeadLosses:
    """Losses of models that forecast the same series at the same origins.

    models        names, in the table's order
    origin_index  date, ascending
    losses        name of the loss -> date × model
    """

    target: str
    horizon: int
    models: tuple[str, ...]
    origin_index: IntArray
    losses: dict[str, FloatArray]

    @property
    def lags(self) -> int:
        """Neighbouring origins whose targets overlap."""
        return overlap(self.horizon, self.origin_index)

    @property
    def block(self) -> int:
        """Mean length of a bootstrap block, in origins.

        At least the span over which targets overlap, and n^(1/3), the rate at which
        blocks must grow (Politis and White 2004); the same for all pairs of models, so
        that all are judged by the same draws.
        """
        return max(self.lags + 1, round(math.cbrt(len(self.origin_index))))

    def of(self, loss: str, model: str) -> FloatArray:
        """Return one model's loss by date."""
        return np.asarray(self.losses[loss][:, self.models.index(model)])

    def best(self, loss: str, among: Sequence[str]) -> str | None:
        """Return the model with the smallest mean loss; None when none of them is there."""
        there = [model for model in self.models if model in among]
        return min(there, key=lambda model: float(self.of(loss, model).mean()), default=None)


def lead_losses(scores: Sequence[GroupScores]) -> Iterator[LeadLosses]:
    """Gather the scores of one scope by target and horizon, in the table's order."""
    order = {(s.target, s.horizon): None for s in scores}
    ordered = sorted(scores, key=lambda s: list(order).index((s.target, s.horizon)))
    for (target, horizon), found in groupby(ordered, key=lambda s: (s.target, s.horizon)):
        members = list(found)
        yield LeadLosses(
            target=target,
            horizon=horizon,
            models=tuple(s.model for s in members),
            origin_index=members[0].origin_index,
            losses={loss: np.stack([s.losses[loss] for s in members], axis=1) for loss in LOSSES},
        )
