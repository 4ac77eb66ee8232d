"""`halyard study prequential`: do networks that go on to learn forecast better than frozen ones?"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from models.forecasters.online import OnlineConfig

#: Learning rates that are tried unless others are given.
RATES = (1e-4, 1e-3, 1e-2)


@takes_panel
def prequential(
    panel: PanelOptions,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: a setting, such as members=2 or network.readout=soft_gbdt."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML file of settings [the shipped ones].")
    ] = None,
    cell: Annotated[str, typer.Option(help="Kind of network.")] = "lstm",
    first: Annotated[
        str | None, typer.Option(help="First period of forecasts [after 60 % of the data].")
    ] = None,
    rate: Annotated[
        list[float] | None, typer.Option(help="Learning rate; repeat for several [1e-4 to 1e-2].")
    ] = None,
    optimiser: Annotated[str, typer.Option(help="sgd or adam.")] = "sgd",
    steps: Annotated[int, typer.Option(help="Steps on the outcomes of each period.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results [HALYARD_HOME/studies/prequential].")
    ] = None,
) -> None:
    """Forecast period after period, with frozen networks and with copies that learn.

    Each outcome is learnt from once, when its time has come; no forecast sees a later one.
    Writes prequential.json and prequential.png. The structural reference, without a network, has
    a loss of about 1.

    \b
    Example:
      halyard study prequential --data returns.parquet --rate 1e-3 --out online members=2
    """
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.studies.prequential.fund import run_fund_prequential
    from pipelines.studies.prequential.results import COLUMNS, table_rows, write_results
    from service.commands.tables import plain_table, show

    settings = load_dataclass(FundSharpeConfig, config or "fund_sharpe", overrides or ())
    ways = _ways(rate or list(RATES), optimiser, steps)
    returns = panel.open().panel
    settings = replace(settings, periods_per_year=returns.periods_per_year)
    study = run_fund_prequential(returns, settings, cell, ways, first, _say)
    show(plain_table(COLUMNS, table_rows(study)))
    typer.echo(
        f"{study.dates[0]} to {study.dates[-1]}, {len(study.dates)} dates, {study.networks} "
        f"networks; {study.outcomes} outcomes were learnt from"
    )
    told = {"model": asdict(settings), "online": [asdict(way) for way in ways]}
    for name, file in write_results(study, told, out or _default_folder()).items():
        typer.echo(f"{name}: {file}")


def _ways(rates: list[float], optimiser: str, steps: int) -> list[OnlineConfig]:
    from models.forecasters.online import OnlineConfig

    return [OnlineConfig(rate, steps, optimiser) for rate in rates]  # type: ignore[arg-type]


def _default_folder() -> Path:
    from pipelines.environment import halyard_home

    return halyard_home() / "studies" / "prequential"


def _say(line: str) -> None:
    typer.echo(line, err=True)
