"""Train the model that is served, score it on months that it did not see, store it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from models.contract import Forecast, IntArray
from models.errors import ModelError
from models.fund_sharpe import FundSharpeConfig, FundSharpeForecaster, FundSharpeModel, to_state
from models.fund_sharpe.model import Progress
from models.transforms.fund_windows import FundFeatures
from pipelines.datasets.panel import ReturnsPanel
from pipelines.registry import FUND_SHARPE, StoredModel, save_model
from pipelines.selection import with_selection
from pipelines.warm_up import Sample

#: Months at the end of the panel whose outcomes score the model before it is fitted on all.
HOLDOUT = 48
#: Funds and months of the sample forecast that is stored with the model.
SAMPLE_FUNDS, SAMPLE_PERIODS = 3, 72


def train_fund_sharpe(
    panel: ReturnsPanel,
    config: FundSharpeConfig,
    progress: Progress | None = None,
    selection: Mapping[str, Any] | None = None,
) -> StoredModel:
    """Fit on all of a panel and store a new version; the champion stays who it was.

    progress   called with (networks trained, networks in all), over both fits
    selection  how the settings were chosen, stored with the metrics

    The stored metrics come from a first fit, which ends `HOLDOUT` months earlier. Raises
    ModelError when the panel is too short to train on.
    """
    model = FundSharpeModel(config)
    features = model.features(panel.excess, panel.risk_free)
    networks = len(config.cells) * config.members
    held_out = _can_be_held_out(model, features)
    total = networks * (2 if held_out else 1)

    def report(done: int, _total: int, before: int = 0) -> None:
        if progress is not None:
            progress(before + done, total)

    metrics: dict[str, Any] = {}
    if held_out:
        cutoff = features.times - 1 - HOLDOUT
        model.fit(features, cutoff, report)
        metrics = holdout_scores(model, features, cutoff)
        metrics["holdout_rmse_by_seed"] = rmse_by_seed(model, features, cutoff)
    before = total - networks
    model.fit(features, features.times - 1, lambda done, all_: report(done, all_, before))
    forecaster = FundSharpeForecaster(model, panel.periods[-1])
    return store_forecaster(forecaster, panel, with_selection(metrics, selection))


def store_forecaster(
    forecaster: FundSharpeForecaster,
    panel: ReturnsPanel,
    metrics: Mapping[str, Any],
    **lineage: str | None,
) -> StoredModel:
    """Save a model fitted on all of a panel, with a sample forecast that servers repeat.

    lineage   parent, study and run, as `save_model` takes them
    """
    config = forecaster.model.config
    return save_model(
        FUND_SHARPE,
        to_state(forecaster),
        _sample(forecaster, panel).to_json(),
        metrics=metrics,
        config=asdict(config),
        data=describe_data(panel),
        seed=config.seed,
        **lineage,
    )


def describe_data(panel: ReturnsPanel) -> dict[str, Any]:
    """What tells this panel from another."""
    return {
        "hash": panel.data_hash,
        "first": panel.periods[0],
        "last": panel.periods[-1],
        "series": len(panel.ids),
        "periods": len(panel.periods),
    }


def holdout_scores(model: FundSharpeModel, features: FundFeatures, cutoff: int) -> dict[str, Any]:
    """RMSE and coverage per lead, over all origins from `cutoff` on with a known outcome."""
    series, origin = _held_out_rows(model, features, cutoff)
    outcome = features.outcome[series, origin]
    ensemble = model.predict(features, series, origin)
    reference = model.predict(features, series, origin, cells=())
    low, high = ensemble.interval(0.9)
    inside = np.where(np.isfinite(outcome), (outcome >= low) & (outcome <= high), np.nan)
    names = [lead.name for lead in features.leads]
    scores = {
        "holdout_rmse": _rmse(ensemble, outcome),
        "holdout_rmse_structural": _rmse(reference, outcome),
        "holdout_coverage_90": np.nanmean(inside, axis=0),
    }
    table = {
        name: {lead: round(float(v), 6) for lead, v in zip(names, values, strict=True)}
        for name, values in scores.items()
    }
    return {**table, "holdout_months": HOLDOUT, "holdout_forecasts": len(series)}


def _held_out_rows(
    model: FundSharpeModel, features: FundFeatures, cutoff: int
) -> tuple[IntArray, IntArray]:
    """Series and origin of what is forecast from `cutoff` on and has come true."""
    times = np.arange(cutoff, features.times - min(model.config.horizons))
    return features.rows(times, model.config.min_history)


def rmse_by_seed(
    model: FundSharpeModel, features: FundFeatures, cutoff: int
) -> dict[str, dict[str, Any]]:
    """By kind of cell: RMSE (mean over leads) of the reference corrected by each network alone,
    and the standard deviation over networks, which differ by seed and, but for the first, by the
    dates they were trained on."""
    series, origin = _held_out_rows(model, features, cutoff)
    outcome, found = features.outcome[series, origin], dict[str, dict[str, Any]]()
    for cell, networks in model.fitted.members.items():
        errors = []
        for network in networks:
            alone = FundSharpeModel(model.config)
            alone.restore(replace(model.fitted, members={cell: (network,)}))
            forecast = alone.predict(features, series, origin, cells=(cell,))
            errors.append(round(float(_rmse(forecast, outcome).mean()), 6))
        found[cell] = {"rmse": errors, "deviation": round(float(np.std(errors)), 6)}
    return found


def _rmse(forecast: Forecast, outcome: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(np.sqrt(np.nanmean((forecast.mean - outcome) ** 2, axis=0)))


def _can_be_held_out(model: FundSharpeModel, features: FundFeatures) -> bool:
    """Whether enough is left to train on, and every lead has outcomes in the months held out."""
    cutoff = features.times - 1 - HOLDOUT
    if max(model.config.horizons) >= HOLDOUT or cutoff < 0:
        return False
    try:
        model.training_windows(features, cutoff)
    except ModelError:
        return False
    return True


def _sample(forecaster: FundSharpeForecaster, panel: ReturnsPanel) -> Sample:
    """The first funds that are alive at the end, without those that cannot be forecast."""
    excess = panel.excess[:, -SAMPLE_PERIODS:]
    whole = np.flatnonzero(np.isfinite(excess).all(axis=1) & (excess.std(axis=1) > 0))
    if not len(whole):
        raise ModelError(
            f"no fund has returns in all of the newest {SAMPLE_PERIODS} periods, so no sample "
            "forecast can be stored with the model; give a file whose funds are still alive"
        )
    return Sample.record(forecaster, excess[whole[:SAMPLE_FUNDS]], panel.periods[-1])
