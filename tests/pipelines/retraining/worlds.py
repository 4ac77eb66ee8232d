"""Small worlds that are retrained in seconds: a panel of funds, and made-up fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from models.emulators.settings import DensityConfig
from models.fund_sharpe import FundSharpeConfig
from pipelines.config import load_config
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.training import describe_data
from pipelines.registry import StoredModel
from pipelines.retraining.domain import Domain
from pipelines.retraining.fund_sharpe import FundRetraining
from pipelines.retraining.run import Asked, MakeDomain, Outcome, retrain
from pipelines.retraining.settings import DensityRetrainSettings, FundRetrainSettings
from pipelines.retraining.thermosphere_density import DensityRetraining
from pipelines.thermosphere_density.storing import describe_fields
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, MadeUpFields, made_up

#: Two fits of each side. A busy machine doubles a time of milliseconds, so latency is loose.
FUND_HOW = [
    "comparison.origins=40",
    "comparison.step=2",
    "comparison.refit_every=20",
    "promotion.latency_ratio=20",
]
FUND = "fund-sharpe"


def small_panel(months: int = 260, seed: int = 0) -> ReturnsPanel:
    """Twelve funds; the hash tells panels of different length and seed apart."""
    return replace(panel(months=months, seed=seed), data_hash=f"invented {months} {seed}")


def small_config(**changes: Any) -> FundSharpeConfig:
    """One network, trained for an instant."""
    return replace(tiny_config(cells=("lstm",)), **changes)


def fund_settings(*overrides: str) -> FundRetrainSettings:
    return load_config(FundRetrainSettings, "retrain_fund_sharpe", [*FUND_HOW, *overrides])


def fund_maker(
    data: ReturnsPanel, how: FundRetrainSettings, config: FundSharpeConfig | None = None
) -> MakeDomain:
    """The challenger has the champion's settings, unless others are given."""

    def make(champion: StoredModel | None) -> Domain:
        own = config
        if own is None:
            stored = None if champion is None else champion.metadata["config"]
            own = small_config() if stored is None else load_dataclass(FundSharpeConfig, stored)
        return FundRetraining(data, how, champion, own)

    return make


def retrain_funds(
    data: ReturnsPanel,
    config: FundSharpeConfig | None = None,
    overrides: Sequence[str] = (),
    **asked: Any,
) -> Outcome:
    """A whole run on a small panel; the pipeline's settings can be overridden."""
    how = fund_settings(*overrides)
    told = {
        "data": describe_data(data),
        "model": None if config is None else asdict(config),
    }
    return retrain(FUND, told, fund_maker(data, how, config), how, Asked(**asked))


def density_settings(*overrides: str) -> DensityRetrainSettings:
    small = ["comparison.months=1", "comparison.jobs=1", "promotion.coverage=[0, 1]"]
    return load_config(DensityRetrainSettings, "retrain_thermosphere_density", [*small, *overrides])


def world(hours: int = 24 * 425) -> tuple[MadeUpFields, Any]:
    """Fields and drivers from 2001 on; the hash tells lengths apart."""
    fields, drivers = made_up(hours)
    return replace(fields, data_hash=f"made up {hours}"), drivers


def density_config(**changes: Any) -> DensityConfig:
    plain: dict[str, Any] = {"held_out": (), "last": "2002-03"}
    return replace(QUICK, **{**plain, **changes})


def retrain_density(
    fields: MadeUpFields,
    drivers: Any,
    config: DensityConfig,
    overrides: Sequence[str] = (),
    **asked: Any,
) -> Outcome:
    how = density_settings(*overrides)

    def make(champion: StoredModel | None) -> Domain:
        return DensityRetraining(fields, drivers, how, champion, config)

    told = {"data": describe_fields(fields), "model": asdict(config)}
    return retrain("thermosphere-density", told, make, how, Asked(**asked))
