"""The contest on the reduced state of density fields: open-loop rollouts driven by the sun.

Networks are trained on the training months and chosen by the months that calibrate; the year
held out judges. The loss of a date, the day on which a rollout starts, is the mean absolute
percentage error of density over its hours, from known starts and from drivers alone. NRLMSIS
with relaxation is the default truth, because there memory counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, WINDOWS_ONLY
from models.backbones.matching import matched_hidden, parameter_count
from models.contract import FloatArray
from models.emulators.catalogue import build, ensemble
from models.emulators.features import features
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.emulators.settings import DensityConfig
from models.forecasters.settings import RolloutConfig
from models.rollouts import RolloutForecast
from models.transforms.principal_components import PrincipalComponents
from pipelines.dataclass_config import load_dataclass
from pipelines.evaluation.mean_test import overlap
from pipelines.studies.methods.contest import SHIPPED, Fairness, Judged, Params, shared_out
from pipelines.studies.methods.steps import rollout_step_seconds
from pipelines.thermosphere_density.fields import ReducedSeries
from pipelines.thermosphere_density.splits import rollouts_within, split_hours
from pipelines.thermosphere_density.training import training_rollouts
from pipelines.thermosphere_density.tuning_losses import CELLS, nlpd
from pipelines.thermosphere_density.tuning_objective import configured

#: Hours between origins of the rollouts that judge.
STEP = 24
#: Baselines, each with the settings as they are, and the ensemble that is shipped, trained here.
OTHERS = ("memoryless", "persistence", "dmdc", "polynomial", SHIPPED)


class DensityArena:
    """One reduced series of fields with this hash; `base` holds what is not searched."""

    loss = "mape"

    def __init__(self, series: ReducedSeries, base: DensityConfig, data_hash: str = "") -> None:
        self._series, self._base = series, base
        self.job = f"thermosphere-density-{base.source}"
        self.data_hash = data_hash
        self.lags = overlap(base.horizon, np.arange(2) * STEP)
        split = split_hours(series.times, base.held_out)
        self._train, valid = training_rollouts(series, split, base)
        self._valid = valid
        inputs = features(series.drivers, base.feature_set)
        self._judge = rollouts_within(split.held_out, inputs, series.state, base, step=STEP)

    @property
    def command(self) -> str:
        return f"halyard study methods thermosphere-density source={self._base.source}"

    @property
    def methods(self) -> Sequence[str]:
        return tuple(name for name in BACKBONES if name not in WINDOWS_ONLY)

    @property
    def others(self) -> Sequence[str]:
        return OTHERS

    def draws(self, fair: Fairness) -> list[Params]:
        draw = np.random.default_rng(fair.seed)
        return [
            {
                "learning_rate": float(10 ** draw.uniform(-3.3, -2.0)),
                "weight_decay": float(10 ** draw.uniform(-6.0, -2.0)),
                "unknown_start": float(draw.uniform(0.2, 0.7)),
            }
            for _ in range(fair.trials)
        ]

    def size(self, method: str, budget: int) -> tuple[int, int]:
        features_, components = self._train.inputs.shape[1], self._train.state.shape[1]
        steps = self._base.lookback + self._base.horizon
        shape = Shape(features_ + components + 1, 1, 1, 0.0, steps)
        options = self._base.recurrent.network.options
        hidden = matched_hidden(method, shape, budget, options, step=4)
        return hidden, parameter_count(method, replace(shape, hidden_size=hidden), options)

    def tuning_loss(self, method: str, hidden_size: int, params: Params, seed: int) -> float:
        network = build(method, self._config(hidden_size, params), seed)
        network.fit(self._train, self._valid)
        forecasts = [self._valid.with_known(known) for known in (True, False)]
        target, components = self._valid.target, self._series.components
        return float(np.mean([nlpd(network.predict(r), components, target) for r in forecasts]))

    def judge(self, method: str, hidden_size: int, params: Params, fair: Fairness) -> Judged:
        config = self._config(hidden_size, params)
        first = replace(config, training=replace(config.training, seed=fair.seed))
        return self._judged(ensemble((method,), first, fair.seeds))

    def judge_other(self, name: str) -> Judged:
        if name.startswith(SHIPPED):
            shipped = load_dataclass(DensityConfig, "thermosphere_density")
            cells, members = shared_out(shipped, name)
            return self._judged(ensemble(cells, shipped.recurrent, members))
        return self._judged(RolloutEnsemble([(name, build(name, self._base.recurrent, 0))]))

    def step_seconds(self, method: str, hidden_size: int) -> float:
        network = self._config(hidden_size, {}).network
        return rollout_step_seconds(self._train, replace(network, cell=method))

    def _config(self, hidden: int, params: Params) -> RolloutConfig:
        changed: dict[str, Any] = {**params, "hidden_size": hidden}
        return configured(self._base, changed).recurrent

    def _judged(self, models: RolloutEnsemble) -> Judged:
        """With the spread that the errors of the calibration months have, as it is served."""
        models.fit(self._train, self._valid)
        rows, target = self._judge, self._judge.target
        found: dict[str, list[FloatArray]] = {"mape": [], "nlpd": []}
        for known in (True, False):
            forecast = models.predict(rows.with_known(known))
            found["mape"].append(self._errors(forecast, target))
            found["nlpd"].append(_densities(forecast, self._series.components, target))
        dates = self._series.times[rows.origin].astype("datetime64[D]")
        means = {name: np.mean(several, axis=0) for name, several in found.items()}
        return Judged(tuple(str(date) for date in dates), means)

    def _errors(self, forecast: RolloutForecast, target: FloatArray) -> FloatArray:
        """Mean absolute percentage error of density on some cells, row."""
        error = (forecast.mean - target) @ self._basis.T
        percent = 100.0 * np.abs(np.expm1(np.log(10.0) * error))
        return np.asarray(percent.mean(axis=(1, 2)))

    @cached_property
    def _basis(self) -> FloatArray:
        components = self._series.components
        cells = np.unique(np.linspace(0, len(components.mean) - 1, CELLS).astype(int))
        return np.asarray(components.basis[cells])


def _densities(
    forecast: RolloutForecast, components: PrincipalComponents, target: FloatArray
) -> FloatArray:
    """Negative log density of the standardised state, row."""
    found = [
        nlpd(
            RolloutForecast(forecast.mean[[row]], forecast.covariance[[row]]),
            components,
            target[[row]],
        )
        for row in range(len(target))
    ]
    return np.asarray(found)
