"""The forecaster of Sharpe ratios as something that is retrained (see `domain.Domain`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.fund_sharpe import FundSharpeConfig, FundSharpeForecaster, FundSharpeModel, from_state
from pipelines.atomic import write_parquet
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.training import describe_data, store_forecaster
from pipelines.registry import FUND_SHARPE, StoredModel, load_state
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.domain import CHALLENGER, CHAMPION, Comparison, Facts
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.fund_checks import realised, remarks
from pipelines.retraining.fund_compare import REFERENCE, forecasts_at, losses_and_scores
from pipelines.retraining.fund_drift import drift_of
from pipelines.retraining.fund_fits import FundFits
from pipelines.retraining.latency import seconds_of_both
from pipelines.retraining.settings import FundRetrainSettings
from pipelines.retraining.told import told_outcomes
from pipelines.served import SERVED_PERIODS_PER_YEAR

#: Funds of the batch whose time is taken.
LATENCY_FUNDS = 1000


class FundRetraining:
    """A panel of returns, the champion, and settings of a challenger."""

    def __init__(
        self,
        panel: ReturnsPanel,
        how: FundRetrainSettings,
        champion: StoredModel | None,
        challenger: FundSharpeConfig,
    ) -> None:
        self.panel, self.how, self.champion = panel, how, champion
        self._challenger = challenger

    @property
    def name(self) -> str:
        return FUND_SHARPE

    @property
    def servable(self) -> bool:
        return self.panel.periods_per_year == SERVED_PERIODS_PER_YEAR

    @cached_property
    def stored(self) -> FundSharpeForecaster | None:
        """The champion as it is served; its files are checked when it is read."""
        return None if self.champion is None else from_state(load_state(self.champion))

    def data(self) -> Result:
        return describe_data(self.panel)

    def challenger(self) -> Result:
        return asdict(self._challenger)

    def validate(self) -> Sequence[str]:
        return remarks(self.panel, self._challenger, self.stored)

    def drift(self) -> Result:
        served = None
        if self.champion is not None:
            served = told_outcomes(self.champion)
        return drift_of(self.panel, self.how.need.recent, self.stored, served)

    def facts(self) -> Facts:
        if self.stored is None or self.champion is None:
            return Facts(None, "period")
        promised = self.champion.metadata["metrics"].get("holdout_rmse") or {}
        return realised(self.panel, self.stored, promised)

    def tune(self, folder: RunFolder, deadline: Deadline) -> Result:
        from pipelines.retraining.fund_tuning import tune_fund

        first = self._fits(folder, self.challenger(), deadline).blocks[0].cut
        # The search may not see what the comparison is about.
        known = self.panel.until(first + 1)
        return tune_fund(known, self._challenger, self.how.tuning, folder, deadline)

    def train(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Result:
        fits = self._fits(folder, settings, deadline)
        for block in fits.blocks:
            fits.challenger(block.cut)
        return {"settings": dict(settings), "fits": fits.keys, "notes": list(fits.notes())}

    def compare(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Comparison:
        fits = self._fits(folder, settings, deadline)
        table = self._unseen(folder, fits)
        series, scores = losses_and_scores(table, self.how.comparison.loss)
        reference = scores.pop(REFERENCE)
        scores.setdefault(CHAMPION, scores[CHALLENGER])
        metrics = self._metrics(table, fits, scores[CHALLENGER], reference)
        return Comparison(self.how.comparison.loss, series, scores, fits.notes(), metrics)

    def seconds(self, folder: RunFolder, settings: Result) -> tuple[float, float]:
        fits = self._fits(folder, settings, Deadline())
        challenger = fits.challenger(fits.blocks[-1].cut)
        champion = self.stored or challenger
        excess = self._batch(max(challenger.min_history, champion.min_history))
        return seconds_of_both(
            lambda: champion.forecast_some(excess, 0), lambda: challenger.forecast_some(excess, 0)
        )

    def final_error(self, folder: RunFolder, settings: Result, deadline: Deadline) -> float:
        fits = self._fits(folder, settings, deadline)
        final, features = fits.final(), self._features(fits.config)
        sides, leads = {CHALLENGER: final}, fits.leads
        origins = [origin for block in fits.blocks for origin in block.origins]
        seen = pl.concat([forecasts_at(o, sides, self.panel, features, leads) for o in origins])
        before = self._unseen(folder, fits).filter(pl.col("model") == CHALLENGER)
        return _mean_ratio(_errors(seen), _errors(before))

    def store(self, folder: RunFolder, settings: Result, lineage: Result) -> StoredModel:
        return store_forecaster(
            self._fits(folder, settings, Deadline()).final(), self.panel, **lineage
        )

    def _fits(self, folder: RunFolder, settings: Result, deadline: Deadline) -> FundFits:
        config = load_dataclass(FundSharpeConfig, settings)
        how = self.how.comparison
        return FundFits(self.panel, config, self.stored, how, folder, deadline)

    def _features(self, config: FundSharpeConfig) -> Any:
        return FundSharpeModel(config).features(self.panel.excess, self.panel.risk_free)

    def _unseen(self, folder: RunFolder, fits: FundFits) -> pl.DataFrame:
        """Forecasts of the comparison, one file per block, made unless they are there."""
        features, files = self._features(fits.config), []
        for block in fits.blocks:
            file: Path = folder.path / "forecasts" / f"{self.panel.periods[block.cut]}.parquet"
            if not file.is_file():
                sides = fits.sides(block)
                made = [
                    forecasts_at(o, sides, self.panel, features, fits.leads) for o in block.origins
                ]
                write_parquet(file, pl.concat(made))
            files.append(file)
        return pl.concat([pl.read_parquet(file) for file in files])

    def _metrics(
        self,
        table: pl.DataFrame,
        fits: FundFits,
        scores: Mapping[str, Mapping[str, float]],
        reference: Mapping[str, Mapping[str, float]],
    ) -> dict[str, Any]:
        """Scores of the challenger under the names that `halyard train` gives them."""

        def column(side: Mapping[str, Mapping[str, float]], name: str) -> dict[str, float]:
            return {lead: round(values[name], 6) for lead, values in side.items()}

        return {
            "holdout_rmse": column(scores, "rmse"),
            "holdout_rmse_structural": column(reference, "rmse"),
            "holdout_coverage_90": column(scores, "coverage_90"),
            "holdout_months": len(self.panel.periods) - 1 - fits.blocks[0].cut,
            "holdout_forecasts": table.filter(pl.col("model") == CHALLENGER)
            .select("series", "origin")
            .n_unique(),
        }

    def _batch(self, history: int) -> np.ndarray[Any, Any]:
        """Excess returns of many funds: those alive at the end, again and again."""
        excess = self.panel.excess
        whole = np.isfinite(excess[:, -history:]).all(axis=1)
        alive = excess[whole] if whole.any() else excess
        return np.asarray(alive[np.arange(LATENCY_FUNDS) % len(alive)])


def _errors(table: pl.DataFrame) -> dict[str, float]:
    _, scores = losses_and_scores(table, "squared_error")
    return {lead: values["rmse"] for lead, values in scores[CHALLENGER].items()}


def _mean_ratio(errors: Mapping[str, float], usual: Mapping[str, float]) -> float:
    return float(np.mean([error / usual[lead] for lead, error in errors.items()]))
