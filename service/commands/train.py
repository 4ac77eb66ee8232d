"""`halyard train`: fit a model, score it on months held out, store it, put it in charge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE
from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.datasets.panel import ReturnsPanel
    from pipelines.registry import StoredModel

#: What the service answers for; a model of another frequency is stored, not served.
SERVED_PERIODS_PER_YEAR = 12


@takes_panel
def train(
    target: Annotated[str, typer.Argument(help="What to train: fund-sharpe.")],
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
    """Train a model and store it as a new version.

    Its scores come from a first fit that did not see the newest months.

    \b
    Example:
      halyard train fund-sharpe --data returns.parquet --risk-free bills.csv members=2
    """
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass

    if target != FUND_SHARPE:
        raise ConfigError(f"nothing called {target!r} to train; there is: {FUND_SHARPE}")
    settings = load_dataclass(FundSharpeConfig, config or "fund_sharpe", overrides or ())
    train_and_store(panel.open().panel, settings, promote)


def train_and_store(
    panel: ReturnsPanel, settings: FundSharpeConfig, promote: bool | None
) -> StoredModel:
    """Train under a bar, store, promote, and say what happened.

    promote   None promotes when there is no champion yet

    Raises ConfigError when panel and settings are of different frequency.
    """
    from pipelines.fund_sharpe.training import train_fund_sharpe
    from service.commands.progress_bars import part_bar

    check_frequency(panel, settings, promote)
    typer.echo(
        f"Training on {len(panel.ids)} series, {panel.periods[0]} to {panel.periods[-1]}.", err=True
    )
    with part_bar("training networks") as advance:
        stored = train_fund_sharpe(panel, settings, advance)
    typer.echo(f"Stored {stored.tag}.")
    _tell_scores(stored.metadata["metrics"])
    _settle(stored, promote, monthly=panel.periods_per_year == SERVED_PERIODS_PER_YEAR)
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


def _settle(stored: StoredModel, promote: bool | None, *, monthly: bool) -> None:
    """Promote or not, and say which version answers from now on."""
    from pipelines import registry

    champion = registry.champion_version(stored.name)
    wanted = champion is None if promote is None else promote
    if wanted and monthly:
        registry.promote(stored)
        before = "there was none before" if champion is None else f"it was {champion}"
        typer.echo(f"Champion is now {stored.version} ({before}); a running server keeps its own.")
        return
    kept = "there is none" if champion is None else f"it stays {champion}"
    typer.echo(f"Champion unchanged ({kept}). Serve this version after:")
    typer.echo(f"  halyard models promote {stored.tag}")


def _tell_scores(metrics: Mapping[str, Any]) -> None:
    if "holdout_rmse" not in metrics:
        typer.echo("No scores: the data are too short to hold the newest months out.")
        return
    from service.commands.tables import show_holdout

    show_holdout(metrics)
