"""`halyard train`: fit a model, score it on months held out, store it, put it in charge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import DENSITY_CORRECTION, FUND_SHARPE, THERMOSPHERE_DENSITY

# A model of another frequency is stored, not served.
from pipelines.served import SERVED_PERIODS_PER_YEAR as SERVED_PERIODS_PER_YEAR
from service.commands import train_correction, train_density
from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.promotion import settle
from service.commands.targets import target_group

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.datasets.panel import ReturnsPanel
    from pipelines.registry import StoredModel

app = target_group("train", "Train a model and store it as a new version.")


@app.command(FUND_SHARPE)
@takes_panel
def train_fund_sharpe(
    panel: PanelOptions,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="key=value: a setting, such as members=2 or training.epochs=4."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML file of settings [the shipped ones].")
    ] = None,
    promote: Annotated[
        bool | None,
        typer.Option(
            "--promote/--no-promote",
            help="Serve this version from now on [only when there is no champion yet].",
        ),
    ] = None,
) -> None:
    """Train the forecaster of Sharpe ratios and store it as a new version.

    Its scores come from a first fit that did not see the newest months.

    \b
    Example:
      halyard train fund-sharpe --data returns.parquet --risk-free bills.csv members=2
    """
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.selection import selection_beside

    settings = load_dataclass(FundSharpeConfig, config or "fund_sharpe", overrides or ())
    train_and_store(panel.open().panel, settings, promote, selection_beside(config, overrides))


def train_and_store(
    panel: ReturnsPanel,
    settings: FundSharpeConfig,
    promote: bool | None,
    selection: Mapping[str, Any] | None = None,
) -> StoredModel:
    """Train under a bar, store, promote, and say what happened.

    promote    None promotes when there is no champion yet
    selection  how the settings were chosen (`selection_beside`)

    Raises ConfigError when panel and settings are of different frequency.
    """
    from pipelines.fund_sharpe import training
    from service.commands.progress_bars import part_bar

    check_frequency(panel, settings, promote)
    typer.echo(
        f"Training on {len(panel.ids)} series, {panel.periods[0]} to {panel.periods[-1]}.", err=True
    )
    with part_bar("training networks") as advance:
        stored = training.train_fund_sharpe(panel, settings, advance, selection)
    typer.echo(f"Stored {stored.tag}.")
    _tell_scores(stored.metadata["metrics"])
    settle(stored, promote, servable=panel.periods_per_year == SERVED_PERIODS_PER_YEAR)
    return stored


def check_frequency(panel: ReturnsPanel, settings: FundSharpeConfig, promote: bool | None) -> None:
    """Raise ConfigError before hours are spent on a model that would be of no use."""
    if panel.periods_per_year != settings.periods_per_year:
        raise ConfigError(
            f"periods_per_year: expected {panel.periods_per_year}, as the data have, got "
            f"{settings.periods_per_year}; add periods_per_year={panel.periods_per_year}, and "
            "window and horizons in the same periods"
        )
    if promote and panel.periods_per_year != SERVED_PERIODS_PER_YEAR:
        raise ConfigError(
            f"--promote: the service answers for monthly returns, and these have "
            f"{panel.periods_per_year} periods a year; leave --promote out"
        )


def _tell_scores(metrics: Mapping[str, Any]) -> None:
    if "holdout_rmse" not in metrics:
        typer.echo("No scores: the data are too short to hold the newest months out.")
        return
    from service.commands.tables import show_holdout

    show_holdout(metrics)


app.command(THERMOSPHERE_DENSITY)(train_density.train_density)
app.command(DENSITY_CORRECTION)(train_correction.train_correction)
