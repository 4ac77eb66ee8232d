"""Is a panel fit to learn from, has it drifted, and how has the champion done since?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from models.errors import ConfigError, DataError
from models.fund_sharpe import FundSharpeConfig, FundSharpeForecaster
from pipelines.datasets.panel import ReturnsPanel
from pipelines.retraining.domain import CHALLENGER, Facts
from pipelines.retraining.fund_compare import forecasts_at, losses_and_scores, place_of

#: Share of the funds of the year before that the newest period must have: a file that was
#: written while returns were still coming in is no basis for a model.
LEAST_COMPLETE = 0.7
#: An excess return beyond this in one of the newest periods is told.
UNUSUAL = 1.0


def remarks(
    panel: ReturnsPanel, config: FundSharpeConfig, champion: FundSharpeForecaster | None
) -> list[str]:
    """What is odd about a panel. Raises DataError or ConfigError for what is unusable."""
    _check_frequency(panel, config, champion)
    if champion is not None:
        _check_continues(panel, champion)
        _check_leads(config, champion)
    _check_complete(panel)
    newest = panel.excess[:, -panel.periods_per_year :]
    wild = int((np.abs(newest[np.isfinite(newest)]) > UNUSUAL).sum())
    found = [
        f"{len(panel.ids)} funds, {panel.periods[0]} to {panel.periods[-1]}, "
        f"{int(np.isfinite(panel.returns[:, -1]).sum())} of them in the newest period."
    ]
    if wild:
        found.append(f"{wild} excess returns of the newest year are beyond {UNUSUAL:.0%}.")
    return found


def _check_frequency(
    panel: ReturnsPanel, config: FundSharpeConfig, champion: FundSharpeForecaster | None
) -> None:
    if champion is not None and champion.periods_per_year != panel.periods_per_year:
        raise DataError(
            f"data: expected {champion.periods_per_year} periods a year, as the champion was "
            f"trained on, got {panel.periods_per_year}; give its data, with --frequency"
        )
    if config.periods_per_year != panel.periods_per_year:
        raise ConfigError(
            f"periods_per_year: expected {panel.periods_per_year}, as the data have, got "
            f"{config.periods_per_year}; add periods_per_year={panel.periods_per_year}"
        )


def _check_continues(panel: ReturnsPanel, champion: FundSharpeForecaster) -> None:
    if panel.periods[-1] < champion.trained_until:
        raise DataError(
            f"data: they end in {panel.periods[-1]}, before the champion's "
            f"({champion.trained_until}); give the newest file"
        )
    if place_of(champion.trained_until, panel) < 0:
        raise DataError(
            f"data: they begin in {panel.periods[0]}, after the champion's training ended "
            f"({champion.trained_until}); give the whole history"
        )


def _check_leads(config: FundSharpeConfig, champion: FundSharpeForecaster) -> None:
    lost = [lead.name for lead in champion.model.config.leads if lead not in config.leads]
    if lost:
        raise ConfigError(
            f"horizons, targets, window: the champion forecasts {', '.join(lost)}, and the "
            "challenger would not; keep the champion's, or promote such a model by hand"
        )


def _check_complete(panel: ReturnsPanel) -> None:
    year = panel.periods_per_year
    if len(panel.periods) <= year:
        raise DataError(f"data: expected more than {year} periods, got {len(panel.periods)}")
    seen = np.isfinite(panel.returns).sum(axis=0)
    usual = float(np.median(seen[-year - 1 : -1]))
    if seen[-1] < LEAST_COMPLETE * usual:
        raise DataError(
            f"data: period {panel.periods[-1]} has returns of {int(seen[-1])} funds, the year "
            f"before had {usual:.0f}; expected at least {LEAST_COMPLETE:.0%}: wait until it is "
            "complete, or give a file that ends a period earlier"
        )


def realised(
    panel: ReturnsPanel, champion: FundSharpeForecaster, promised: Mapping[str, float]
) -> Facts:
    """Age of the champion, and its forecasts since then against what came true.

    promised   lead -> RMSE of its back-test
    """
    trained, newest = place_of(champion.trained_until, panel), len(panel.periods) - 1
    age, config = newest - trained, champion.model.config
    features = champion.model.features(panel.excess, panel.risk_free)
    origins = range(trained, newest - min(config.horizons) + 1)
    sides = {CHALLENGER: champion}
    tables = [forecasts_at(o, sides, panel, features, config.leads) for o in origins]
    if not tables or pl.concat(tables).is_empty():
        return Facts(age, "period")
    _, scores = losses_and_scores(pl.concat(tables), "squared_error")
    found = scores[CHALLENGER]
    ratios = [lead["rmse"] / promised[name] for name, lead in found.items() if promised.get(name)]
    return Facts(
        age,
        "period",
        outcomes=int(max(lead["dates"] for lead in found.values())),
        coverage=float(np.mean([lead["coverage_90"] for lead in found.values()])),
        error=float(np.mean(ratios)) if ratios else None,
    )
