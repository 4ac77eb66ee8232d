"""A loaded model that answers checked inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.contract import FloatArray, Forecast
from models.errors import ModelError, SeriesError
from pipelines.fund_sharpe import cautions
from pipelines.months import month_label
from pipelines.warm_up import FundForecaster, FundForecastLike
from service.errors import Detail, invalid
from service.inputs import FundInput
from service.lead_columns import Lead, lead_columns
from service.schemas import (
    ForecastAnswer,
    ForecastRequest,
    FundAnswer,
    LeadForecast,
    ModelDescription,
    ModelSummary,
    SharpeSoFar,
)
from service.so_far import full_history, newest_window


@dataclass(frozen=True)
class Predictor:
    """A model, its name and version, and what was stored beside it."""

    model: FundForecaster
    name: str
    version: str
    metadata: Mapping[str, Any]

    def answer(self, request: ForecastRequest, funds: Sequence[FundInput]) -> ForecastAnswer:
        """Forecast every fund, in the order given. Raises ServiceError (422) or ModelError."""
        leads = self.leads(request)
        answers: dict[str, FundAnswer] = {}
        for group in _by_last_month(funds):
            answered = self._forecast(group, funds)
            _refuse_non_finite(answered.forecast)
            columns = lead_columns(answered.forecast, leads, request.intervals)
            history = self._history(_aligned(group))
            for row, fund in enumerate(group):
                told = (*fund.warnings, *answered.warnings[row])
                forecasts = columns.of(row, fund.last)
                answers[fund.id] = self._fund_answer(fund, history[row], forecasts, told)
        return ForecastAnswer(model=self.summary(), funds=[answers[fund.id] for fund in funds])

    def _forecast(self, group: Sequence[FundInput], funds: Sequence[FundInput]) -> FundForecastLike:
        """Forecast funds that end together; a refused one is named by its place in the request."""
        try:
            return self.model.forecast(_aligned(group), month_label(group[0].last))
        except SeriesError as error:
            place = {fund.id: index for index, fund in enumerate(funds)}
            details = [
                Detail(f"funds[{place[group[row].id]}].returns", reason, group[row].months)
                for row, reason in error.reasons.items()
            ]
            raise invalid(details) from error

    def leads(self, request: ForecastRequest) -> list[Lead]:
        """The columns that a request asks for, in the model's order."""
        names = [(t, h) for t in self.model.targets for h in self.model.horizons]
        return [
            Lead(self.model.leads.index(f"{target}_{horizon}"), target, horizon)
            for target, horizon in names
            if target in (request.targets or self.model.targets)
            and horizon in (request.horizons or self.model.horizons)
        ]

    def summary(self) -> ModelSummary:
        """Who answers."""
        return ModelSummary(
            name=self.name,
            version=self.version,
            trained_until=self.model.trained_until,
            window=self.model.window,
        )

    def describe(self) -> ModelDescription:
        """Who answers, what may be asked, what it was trained on."""
        return ModelDescription(
            **self.summary().model_dump(),
            horizons=list(self.model.horizons),
            targets=list(self.model.targets),
            min_history=self.model.min_history,
            created=self.metadata.get("created"),
            data=dict(self.metadata.get("data", {})),
            metrics=dict(self.metadata.get("metrics", {})),
        )

    def _history(self, excess: FloatArray) -> list[tuple[SharpeSoFar, SharpeSoFar]]:
        """Of each series: Sharpe ratio of the newest window, and of all months."""
        per_year = self.model.periods_per_year
        newest = newest_window(excess, self.model.window, per_year)
        return list(zip(newest, full_history(excess, per_year), strict=True))

    def _fund_answer(
        self,
        fund: FundInput,
        history: tuple[SharpeSoFar, SharpeSoFar],
        forecasts: list[LeadForecast],
        warnings: Sequence[str],
    ) -> FundAnswer:
        in_sample = cautions.in_sample(month_label(fund.last), self.model.trained_until)
        return FundAnswer(
            id=fund.id,
            last_month=month_label(fund.last),
            months=fund.months,
            rolling=history[0],
            full_history=history[1],
            forecasts=forecasts,
            warnings=[*warnings, *in_sample],
        )


def _by_last_month(funds: Sequence[FundInput]) -> list[list[FundInput]]:
    groups: dict[int, list[FundInput]] = {}
    for fund in funds:
        groups.setdefault(fund.last, []).append(fund)
    return list(groups.values())


def _aligned(funds: Sequence[FundInput]) -> FloatArray:
    """Series that end together, as one array; shorter ones begin with NaN."""
    excess = np.full((len(funds), max(len(fund.excess) for fund in funds)), np.nan)
    for row, fund in enumerate(funds):
        excess[row, excess.shape[1] - len(fund.excess) :] = fund.excess
    return excess


def _refuse_non_finite(forecast: Forecast) -> None:
    if not (np.isfinite(forecast.mean).all() and np.isfinite(forecast.quantiles).all()):
        raise ModelError("the model gave a forecast that is not finite; report the request")
