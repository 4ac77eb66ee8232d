"""A contest without networks: a method's loss is a number that is written down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.errors import ModelError
from pipelines.studies.methods.contest import Fairness, Judged, Params

DATES = tuple(f"2001-{month:02d}" for month in range(1, 13))
#: Method -> its loss; `broken` never comes to a number.
LOSSES = {"lstm": 1.0, "gru": 0.5, "broken": float("nan")}
FAIR = Fairness(budget=100, trials=3, seeds=1)


class ToyArena:
    """Counts what is asked of it in `asked`; ends like a kill after `patience` trials."""

    job, loss, lags, data_hash = "toy", "squared_error", 1, "invented"
    command = "halyard study methods toy"
    methods: Sequence[str] = tuple(LOSSES)
    others: Sequence[str] = ("naive", "shipped")

    def __init__(self, patience: int = 10**6) -> None:
        self.asked: list[str] = []
        self._patience = patience

    def draws(self, fair: Fairness) -> list[Params]:
        return [{"rate": float(place)} for place in range(fair.trials)]

    def size(self, _method: str, budget: int) -> tuple[int, int]:
        return budget // 10, budget

    def tuning_loss(self, method: str, _hidden: int, params: Params, _seed: int) -> float:
        if self._patience == 0:
            raise KeyboardInterrupt
        self._patience -= 1
        self.asked.append(f"{method} {params['rate']}")
        if params["rate"] == 1.0:
            raise ModelError("diverged")
        return LOSSES[method] + params["rate"]

    def judge(self, method: str, _hidden: int, params: Params, _fair: Fairness) -> Judged:
        self.asked.append(f"judge {method} {params['rate']}")
        return judged(LOSSES[method] + params["rate"])

    def judge_other(self, name: str) -> Judged:
        self.asked.append(name)
        return judged(0.7)

    def step_seconds(self, method: str, _hidden: int) -> float:
        return {"lstm": 1.0, "gru": 3.0}[method]


def judged(loss: float) -> Judged:
    """A year whose loss differs a little from month to month."""
    wave = 0.01 * np.sin(np.arange(12) + 10 * loss)
    return Judged(DATES, {"squared_error": loss + wave, "nlpd": np.full(12, 2 * loss)})
