"""The contest on a panel of fund returns: what networks correct of the structural reference.

Settings are chosen on the older part of the panel (the objective of `halyard tune fund-sharpe`,
one network of the method alone); then, at cutoffs every few years after it, networks are
trained on what was known and forecast the origins up to the next cutoff. The loss of a date is
the mean over funds and leads of squared error, each lead in units of the structural
reference's, so that one is what the reference does without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES
from models.backbones.matching import matched_hidden, parameter_count
from models.backbones.options import BackboneOptions
from models.contract import FloatArray, IntArray
from models.errors import DataError
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.mean_test import overlap
from pipelines.fund_sharpe.tuning_objective import configured, cutoffs, fold_losses, least_periods
from pipelines.studies.methods.contest import SHIPPED, Fairness, Judged, Params, shared_out
from pipelines.studies.methods.steps import direct_step_seconds
from pipelines.studies.reference_units import in_reference_units

JOB = "fund-sharpe"
#: Share of the periods that settings are chosen on; more where they would be too few.
TUNING_SHARE = 0.6
#: Newest folds of the tuning that are used: the older ones train on little.
TUNING_FOLDS = 3
#: Periods between the cutoffs that are judged.
GAP = 48
#: What takes part as it is: the reference without networks, and the shipped ensemble.
REFERENCE = "structural"


class FundArena:
    """A panel; `base` holds what is not searched.

    name    of the panel, "" for the embedded one
    asked   words of the command line that open the panel
    """

    loss = "squared_error"

    def __init__(
        self, panel: ReturnsPanel, base: FundSharpeConfig, name: str = "", asked: str = ""
    ) -> None:
        self._panel, self._asked = panel, asked
        self.job = "-".join(filter(None, (JOB, name)))
        self.data_hash = panel.data_hash
        self._shipped = replace(base, periods_per_year=panel.periods_per_year)
        plain = replace(base.network, options=BackboneOptions())
        self._base = replace(self._shipped, network=plain)
        self._features = FundSharpeModel(self._base).features(panel.excess, panel.risk_free)
        self.lags = overlap(max(base.horizons), np.arange(2))

    @property
    def command(self) -> str:
        return f"halyard study methods {JOB} {self._asked}".rstrip()

    @property
    def methods(self) -> Sequence[str]:
        return tuple(BACKBONES)

    @property
    def others(self) -> Sequence[str]:
        return (REFERENCE, SHIPPED)

    def draws(self, fair: Fairness) -> list[Params]:
        draw = np.random.default_rng(fair.seed)
        return [
            {
                "learning_rate": float(10 ** draw.uniform(-3.7, -2.0)),
                "weight_decay": float(10 ** draw.uniform(-5.0, -1.0)),
                "dropout": float(draw.uniform(0.0, 0.5)),
                "epochs": int(draw.integers(1, 6)),
                "lookback": int(draw.choice([12, 24, 36])),
            }
            for _ in range(fair.trials)
        ]

    def size(self, method: str, budget: int) -> tuple[int, int]:
        shape = Shape(self._channels, 1, 1, 0.0, self._base.lookback)
        hidden = matched_hidden(method, shape, budget, self._base.network.options, step=4)
        return hidden, parameter_count(
            method, replace(shape, hidden_size=hidden), self._base.network.options
        )

    def tuning_loss(self, method: str, hidden_size: int, params: Params, seed: int) -> float:
        config = self._config(method, hidden_size, params, seed)
        features, folds = self._older
        return float(np.mean(list(fold_losses(features, config, folds))))

    def judge(self, method: str, hidden_size: int, params: Params, fair: Fairness) -> Judged:
        config = self._config(method, hidden_size, params, fair.seed)
        return self._judged(replace(config, members=fair.seeds), trained=True)

    def judge_other(self, name: str) -> Judged:
        if name == REFERENCE:
            return self._judged(self._shipped, trained=False)
        cells, members = shared_out(self._shipped, name)
        return self._judged(replace(self._shipped, cells=cells, members=members), trained=True)

    def step_seconds(self, method: str, hidden_size: int) -> float:
        config = self._config(method, hidden_size, {}, 0)
        model = FundSharpeModel(config)
        windows = model.training_windows(self._features, self._cutoffs[0])
        return direct_step_seconds(windows, replace(config.network, cell=method), config.training)

    @cached_property
    def _channels(self) -> int:
        model = FundSharpeModel(self._base)
        return int(model.training_windows(self._features, self._cutoffs[0]).channels.shape[2])

    @cached_property
    def _older(self) -> tuple[FundFeatures, tuple[int, ...]]:
        """Features of the older part alone, and the cutoffs of the tuning."""
        panel = self._panel.until(self._cutoffs[0] + 1)
        model = FundSharpeModel(self._base)
        features = model.features(panel.excess, panel.risk_free)
        return features, cutoffs(features, model)[-TUNING_FOLDS:]

    @cached_property
    def _cutoffs(self) -> tuple[int, ...]:
        times = len(self._panel.periods)
        newest = times - 1 - max(self._base.horizons)
        least = least_periods(self._features, FundSharpeModel(self._base))
        first = max(int(TUNING_SHARE * times), least - 1)
        found = tuple(range(first, newest - GAP // 2, GAP))
        if not found:
            raise DataError(
                f"{times} periods: expected {GAP // 2} or more that are judged, and outcomes of "
                f"{max(self._base.horizons)} periods ahead, after the {first + 1} that settings "
                "are chosen on; give a longer panel"
            )
        return found

    def _config(self, method: str, hidden: int, params: Params, seed: int) -> FundSharpeConfig:
        changed: dict[str, Any] = {**params, "cell": method, "hidden_size": hidden, "layers": 1}
        return replace(configured(self._base, changed), members=1, seed=seed)

    def _judged(self, config: FundSharpeConfig, *, trained: bool) -> Judged:
        newest = self._features.times - 1 - min(config.horizons)
        ends = [*self._cutoffs[1:], newest]
        errors, origins = [], []
        for cutoff, end in zip(self._cutoffs, ends, strict=True):
            series, origin = self._features.rows(np.arange(cutoff, end), config.min_history)
            mean = self._features.reference[series, origin]
            if trained:
                model = FundSharpeModel(config).fit(self._features, cutoff)
                mean = model.predict(self._features, series, origin).mean
            errors.append(mean - self._features.outcome[series, origin])
            origins.append(origin)
        return self._by_date(np.concatenate(errors), np.concatenate(origins))

    def _by_date(self, error: FloatArray, origin: IntArray) -> Judged:
        """Mean over leads of the dates' mean squares, in units of the reference's."""
        dates = np.unique(origin)
        squares = np.stack([_mean_squares(error[origin == date]) for date in dates])
        plain = np.stack([_mean_squares(self._plain(date)) for date in dates])
        known = np.isfinite(squares).any(axis=1)
        losses = in_reference_units(squares[known], plain[known])
        labels = tuple(self._panel.periods[date] for date in dates[known])
        return Judged(labels, {self.loss: losses})

    def _plain(self, date: int) -> FloatArray:
        """Errors of the structural reference at one origin."""
        series, origin = self._features.rows(np.array([date]), self._base.min_history)
        reference = self._features.reference[series, origin]
        return np.asarray(reference - self._features.outcome[series, origin])


def _mean_squares(error: FloatArray) -> FloatArray:
    """Mean over funds, lead; NaN without an outcome."""
    known = np.isfinite(error)
    total = np.where(known, error, 0.0) ** 2
    count = known.sum(axis=0)
    return np.where(count > 0, total.sum(axis=0) / np.maximum(count, 1), np.nan)
