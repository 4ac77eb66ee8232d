"""`halyard retrain`: renew a model when it should be, and only by a better one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.commands import retrain_density, retrain_runs
from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.retrain_options import (
    Config,
    Database,
    Deadline,
    DryRun,
    IfNeeded,
    OnlyStep,
    Overrides,
    Quick,
    RunId,
    carry_out,
    changes,
    told_of,
)
from service.commands.targets import target_group

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.registry import StoredModel
    from pipelines.retraining.domain import Domain

app = target_group("retrain", "Renew a model: only a better one takes over.")


@app.command(FUND_SHARPE)
@takes_panel
def retrain_fund_sharpe(
    panel: PanelOptions,
    overrides: Overrides = None,
    config: Config = None,
    if_needed: IfNeeded = False,
    deadline: Deadline = None,
    run_id: RunId = None,
    only_step: OnlyStep = None,
    database: Database = None,
    dry_run: DryRun = False,
    quick: Quick = False,
) -> None:
    """Renew the forecaster of Sharpe ratios, if a challenger is surely better.

    Checks the data, looks for drift, decides, tunes, trains a challenger, compares it with the
    champion on the newest dates, which neither has seen, and promotes it only if it wins. The
    same command goes on with a run that was stopped or killed. Exit code 4: the deadline came.

    \b
    Example:
      halyard retrain fund-sharpe --data returns.parquet --if-needed --deadline 120
    """
    from pipelines.config import load_config
    from pipelines.fund_sharpe.training import describe_data
    from pipelines.retraining.fund_sharpe import FundRetraining
    from pipelines.retraining.settings import FundRetrainSettings

    pipeline, model = changes(overrides)
    how = load_config(FundRetrainSettings, _shipped(quick), pipeline)
    given = panel.open().panel
    told = {"data": describe_data(given), "model": {**told_of(config, model), "quick": quick}}

    def make(champion: StoredModel | None) -> Domain:
        challenger = challenger_settings(champion, config, model, quick=quick)
        return FundRetraining(given, how, champion, challenger)

    asked: dict[str, Any] = {"run_id": run_id, "if_needed": if_needed, "minutes": deadline}
    carry_out(FUND_SHARPE, told, make, how, dry_run, asked, only_step, database)


def challenger_settings(
    champion: StoredModel | None, config: Path | None, overrides: list[str], *, quick: bool
) -> FundSharpeConfig:
    """The champion's settings, or those of a file, or the shipped ones; with overrides."""
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass

    smaller = ["members=1", "training.epochs=1", "cells=[lstm]"] if quick else []
    source = config or (champion.metadata["config"] if champion else "fund_sharpe")
    return load_dataclass(FundSharpeConfig, source, [*smaller, *overrides])


def _shipped(quick: bool) -> str:
    return "retrain_quick" if quick else "retrain_fund_sharpe"


app.command(THERMOSPHERE_DENSITY)(retrain_density.retrain_density)
app.command("runs")(retrain_runs.runs)
