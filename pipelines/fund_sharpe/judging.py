"""A back-test from plan to report: run what is missing, then judge what came out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pipelines.datasets.describe import describe_panel
from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.results import Results, write_results
from pipelines.fund_sharpe.backtest import Progress, run_origins
from pipelines.fund_sharpe.backtest_plan import BacktestPlan
from pipelines.fund_sharpe.contestants import parts_of
from pipelines.fund_sharpe.training import describe_data
from pipelines.provenance import provenance

#: What the report calls each model, one line each.
MODELS: dict[str, str] = {
    "ensemble": "Weighted mean of the structural reference and all LSTM and GRU networks; "
    "what the service answers with.",
    "lstm": "One LSTM network trained to correct the structural reference.",
    "gru": "One GRU network trained to correct the structural reference.",
    "lstm_gru": "Plain mean of that LSTM and that GRU: the ensemble of Chu et al. (2023).",
    "structural": "No network: expected Sharpe ratio from the fund's loading on the common factor "
    "and its own mean, both shrunken, combined with the known months of the window.",
    "last_value": "The newest Sharpe ratio of the same length.",
    "series_mean": "The fund's mean Sharpe ratio so far (fund mean).",
    "shrunken_mean": "The fund's mean, pulled toward the mean of all funds.",
    "pooled_ar": "One autoregression per lead, pooled over funds.",
    "known_part_ridge": "Ridge regression per lead, pooled, with the known months of the window.",
    "pooled_least_squares": "Least squares on the whole look-back and the fund's mean, pooled.",
    "pca_ridge": "Ridge regression per lead, pooled, on principal components of the window.",
    "autoencoder_ridge": "The same on the code of a denoising autoencoder of the window.",
    "signature_ridge": "The same on the signature of the window's path.",
    "ses": "Simple exponential smoothing of each fund's Sharpe ratio (statsforecast).",
    "auto_ets": "Exponential smoothing chosen by AICc, fund by fund (statsforecast).",
    "auto_arima": "ARIMA chosen by AICc, fund by fund (statsforecast).",
    "auto_theta": "The best theta model, fund by fund (statsforecast).",
}


def backtest_fund_sharpe(
    plan: BacktestPlan, out: Path, progress: Progress, remarks: tuple[str, ...] = ()
) -> Results:
    """Forecast every origin, then write metrics.json, forecasts.parquet and report.html.

    remarks   what else the reader should know, e.g. how the data were cleaned

    A killed run goes on where it stopped. Raises ConfigError when `out` holds another run.
    """
    table = run_origins(plan, out, progress)
    return write_results(table, out, about(plan, remarks))


def about(plan: BacktestPlan, remarks: tuple[str, ...] = ()) -> ReportAbout:
    """What the report says of a plan beside the numbers."""
    settings = plan.settings
    parts = [name for name in parts_of(plan.config) if name != "structural"]
    slow = settings.statistical if plan.sample else ()
    judged = (*parts, "structural", *settings.baselines, *slow)
    return ReportAbout(
        config={
            "model": asdict(plan.config),
            "backtest": settings.model_dump(mode="json"),
            "data": describe_data(plan.panel),
            "origins": [plan.panel.periods[origin] for origin in plan.origins],
            "sample": [plan.panel.ids[series] for series in plan.sample],
        },
        data_hash=plan.panel.data_hash,
        seed=settings.seed,
        reference=(*parts, "structural"),
        baselines=(*settings.baselines, *slow),
        models={name: MODELS.get(name, name) for name in judged},
        notes=(*notes(plan), *remarks),
        attrition=describe_panel(plan.panel).attrition,
        versions=provenance(),
        title="Fund Sharpe ratios: back-test",
    )


def notes(plan: BacktestPlan) -> tuple[str, ...]:
    """How the forecasts were made, in sentences computed from the plan."""
    config, settings, panel = plan.config, plan.settings, plan.panel
    newest, oldest = panel.periods[plan.origins[-1]], panel.periods[plan.origins[0]]
    said = [
        f"Targets: the annualised Sharpe ratio of the {config.window} months that end at the "
        "horizon (rolling), and that of the months up to the horizon (forward). Forecasts start "
        f"at {len(plan.origins)} origins, every {settings.step} months from {oldest} to {newest}. "
        "With each horizon, the newest origins have no outcome yet and are left out.",
        f"Networks ({config.members} of each kind) were refitted at every "
        f"{_nth(settings.refit_every)} origin, on outcomes known by then; baselines and the "
        "distribution of errors were refitted at every origin. Scaling, factor loadings and "
        "premiums use only months up to the origin. All settings are in metrics.json.",
        "Intervals of the ensemble and its parts have one shape: that of the reference's past "
        "errors about their mean, moved to the forecast. Their width learns from the share of "
        "earlier intervals that missed, and is reduced as much as the ensemble reduced the error "
        "on recent dates, by a fifth at most.",
        f"A fund is forecast at an origin when it has {config.min_history} months of history "
        f"and all of the newest {config.window}. Funds stay in until their last month.",
    ]
    if plan.sample and settings.statistical:
        said.append(
            f"{', '.join(settings.statistical)} are slow, so they ran on {len(plan.sample)} funds "
            f"drawn at random (seed {settings.seed + 1}) from those alive at the middle origin; "
            "every other model is scored on the same funds beside its full score."
        )
    if settings.max_funds is not None and len(panel.ids) == settings.max_funds:
        said.append(
            f"Quick run: {settings.max_funds} funds drawn at random (seed {settings.seed}), "
            "fewer origins and fewer networks; a full run is the one to quote."
        )
    return tuple(said)


def _nth(number: int) -> str:
    return {1: "single", 2: "second", 3: "third"}.get(number, f"{number}th")
