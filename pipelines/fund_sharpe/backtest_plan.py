"""What a back-test will do, decided before anything is fitted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from pydantic import Field

from models.errors import DataError
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from pipelines.config import StrictModel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.provenance import provenance

#: Known outcomes, in periods, that the first origin's training needs.
MIN_TRAINING_PERIODS = 24


class BacktestSettings(StrictModel):
    """How to judge.

    origins      most forecast origins; fewer when the file is too short
    step         periods between origins
    refit_every  origins between refits of the networks; baselines are refitted at each
    sample       funds on which the slow statistical models run, drawn with `seed`
    baselines    names in the catalogue that run on all funds
    statistical  names in the catalogue that run on the sample
    max_funds    most funds, drawn with `seed`; none for all
    workers      processes, one thread each
    """

    origins: int = Field(40, ge=1)
    step: int = Field(3, ge=1)
    refit_every: int = Field(4, ge=1)
    sample: int = Field(24, ge=0)
    baselines: tuple[str, ...] = (
        "last_value",
        "series_mean",
        "shrunken_mean",
        "pooled_ar",
        "known_part_ridge",
        "pooled_least_squares",
    )
    statistical: tuple[str, ...] = ("ses", "auto_ets", "auto_arima", "auto_theta")
    max_funds: int | None = Field(None, ge=1)
    workers: int = Field(2, ge=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class BacktestPlan:
    """Everything that decides the result.

    origins   time indices, ascending
    sample    series indices of the sample
    """

    panel: ReturnsPanel
    config: FundSharpeConfig
    settings: BacktestSettings
    origins: tuple[int, ...]
    sample: tuple[int, ...]

    @property
    def blocks(self) -> list[tuple[int, ...]]:
        """Origins that share one fit of the networks, made at the first of them."""
        size = self.settings.refit_every
        return [self.origins[i : i + size] for i in range(0, len(self.origins), size)]

    def fingerprint(self) -> str:
        """Hash of data, configuration and origins; a run goes on only with the same one."""
        settings = self.settings.model_dump(exclude={"workers"})
        parts: dict[str, Any] = {
            "data": self.panel.data_hash,
            "ids": self.panel.ids,
            "config": asdict(self.config),
            "settings": settings,
            "origins": self.origins,
            "packages": provenance()["packages"],
        }
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def make_plan(
    panel: ReturnsPanel, config: FundSharpeConfig, settings: BacktestSettings
) -> BacktestPlan:
    """Choose funds, origins and sample.

    Raises DataError when the panel has no origin with enough history before it and
    an outcome after it.
    """
    panel = _draw_funds(panel, settings)
    model = FundSharpeModel(config)
    features = model.features(panel.excess, panel.risk_free)
    origins = _origins(features, model, settings)
    if not origins:
        raise DataError(_too_short(panel, config))
    sample = _sample(features, origins, config, settings)
    return BacktestPlan(panel, config, settings, origins, sample)


def quick(settings: BacktestSettings, config: FundSharpeConfig) -> tuple[BacktestSettings, Any]:
    """A first report within minutes: fewer funds, origins and networks, all stated in it."""
    smaller = settings.model_copy(
        update={
            "origins": min(settings.origins, 16),
            "max_funds": min(settings.max_funds or 250, 250),
            "sample": min(settings.sample, 6),
            "statistical": tuple(n for n in settings.statistical if n != "auto_arima"),
        }
    )
    return smaller, replace(config, members=min(config.members, 3))


def _draw_funds(panel: ReturnsPanel, settings: BacktestSettings) -> ReturnsPanel:
    if settings.max_funds is None or len(panel.ids) <= settings.max_funds:
        return panel
    generator = np.random.default_rng(settings.seed)
    return panel.pick(np.sort(generator.permutation(len(panel.ids))[: settings.max_funds]))


def _origins(
    features: FundFeatures, model: FundSharpeModel, settings: BacktestSettings
) -> tuple[int, ...]:
    """The newest origins, `step` apart, that have an outcome and enough training before."""
    shortest = min(model.config.horizons)
    newest = features.times - 1 - shortest
    oldest = model.first_training_time(features) + shortest + MIN_TRAINING_PERIODS
    candidates = range(newest, oldest - 1, -settings.step)
    return tuple(sorted(list(candidates)[: settings.origins]))


def _sample(
    features: FundFeatures,
    origins: Sequence[int],
    config: FundSharpeConfig,
    settings: BacktestSettings,
) -> tuple[int, ...]:
    """Random funds among those that can be forecast at the middle origin."""
    middle = np.array([origins[len(origins) // 2]])
    alive, _ = features.rows(middle, config.min_history)
    generator = np.random.default_rng(settings.seed + 1)
    drawn = generator.permutation(alive)[: settings.sample]
    return tuple(int(i) for i in np.sort(drawn))


def _too_short(panel: ReturnsPanel, config: FundSharpeConfig) -> str:
    longest = int(np.isfinite(panel.returns).sum(axis=1).max(initial=0))
    return (
        f"no forecast origin: {len(panel.ids)} funds over {len(panel.periods)} periods (the "
        f"longest history is {longest}); a back-test needs at least 10 funds alive together with "
        f"{config.min_history} periods of history, then {config.warm_up + MIN_TRAINING_PERIODS} "
        "more periods; give a longer file, or lower min_history and warm_up"
    )
