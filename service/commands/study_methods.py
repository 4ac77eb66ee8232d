"""`halyard study methods`: every backbone in both jobs, at equal parameters and equal tuning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.studies.methods.contest import Arena, Fairness

#: Where results lie that the repository keeps.
KEPT = Path("docs/studies/methods")

Budget = Annotated[int, typer.Option(min=100, help="Parameters of each backbone, about.")]
Trials = Annotated[int, typer.Option(min=1, help="Settings that are tried for each.")]
Seeds = Annotated[int, typer.Option(min=1, help="Networks of each that are judged.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the settings and the first network.")]
Only = Annotated[
    list[str] | None, typer.Option(help="One backbone or baseline; may be repeated [all].")
]
Out = Annotated[Path, typer.Option(help="Folder of a file for each method.")]
Page = Annotated[Path | None, typer.Option(help="Markdown page whose marked place gets the table.")]

app = typer.Typer(help="Compare all backbones at equal parameters and equal tuning.")


@app.command("fund-sharpe")
@takes_panel
def methods_fund(
    panel: PanelOptions,
    budget: Budget = 6000,
    trials: Trials = 8,
    seeds: Seeds = 2,
    seed: Seed = 0,
    only: Only = None,
    out: Out = KEPT,
    page: Page = None,
) -> None:
    """Compare backbones on a panel of returns: squared error against the structural reference.

    A run that was stopped goes on where it was.

    \b
    Example:
      halyard study methods fund-sharpe --only gru --trials 2 --out methods
    """
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.studies.methods.contest import Fairness
    from pipelines.studies.methods.fund import FundArena

    base = load_dataclass(FundSharpeConfig, "fund_sharpe")
    name = "" if panel.data is None else panel.data.stem
    arena = FundArena(panel.open().panel, base, name, panel.words())
    _contest(arena, Fairness(budget, trials, seeds, seed), only, out, page)


@app.command("thermosphere-density")
def methods_density(
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value of the settings, e.g. source=msis21.")
    ] = None,
    budget: Budget = 12000,
    trials: Trials = 6,
    seeds: Seeds = 2,
    seed: Seed = 0,
    only: Only = None,
    out: Out = KEPT,
    page: Page = None,
    snapshots: Annotated[
        Path | None, typer.Option(help="Folder of `halyard snapshots` [made once].")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that make fields.")] = 1,
) -> None:
    """Compare backbones on rollouts of density fields: percentage error on a year held out.

    A run that was stopped goes on where it was.

    \b
    Example:
      halyard study methods thermosphere-density source=msis21 --only gru --out methods
    """
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.studies.methods.contest import Fairness
    from pipelines.studies.methods.density import DensityArena
    from pipelines.thermosphere_density.fields import reduce_fields
    from pipelines.thermosphere_density.splits import split_hours
    from service.commands.density_options import opened

    config = load_dataclass(DensityConfig, "methods_density", overrides or ())
    fields, drivers, config = opened(config, snapshots, workers)
    train = split_hours(drivers.times, config.held_out).train
    series = reduce_fields(fields, drivers, train, config)
    arena = DensityArena(series, config, fields.data_hash)
    _contest(arena, Fairness(budget, trials, seeds, seed), only, out, page)


def _contest(
    arena: Arena, fair: Fairness, only: list[str] | None, out: Path, page: Path | None
) -> None:
    from pipelines.studies.methods.page import contest_table, put_into
    from pipelines.studies.methods.run import run_contest
    from pipelines.studies.methods.standings import standings

    records = run_contest(arena, fair, out, only or [], lambda line: typer.echo(line, err=True))
    found = standings(records, arena.loss, arena.lags, fair.seed)
    table = contest_table(arena.job, arena.loss, fair, found, arena.command)
    typer.echo(table)
    if page is not None:
        put_into(page, arena.job, table)
