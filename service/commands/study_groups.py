"""`halyard study groups`: how good are forecasts of funds and satellites never trained on?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.studies.groups.page import About
    from pipelines.studies.groups.study import GroupStudy

Out = Annotated[Path, typer.Option(help="Folder of groups.html, groups.json and groups.png.")]
QUESTION = "How good are forecasts of {} that the model was never trained on?"

app = typer.Typer(help="Forecast groups that were never trained on, beside the usual ones.")


@app.command("fund-sharpe")
@takes_panel
def groups_fund(
    panel: PanelOptions,
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value of the settings, such as members=1.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Parts that funds are left out in.")] = 3,
    by: Annotated[
        str, typer.Option(help="group (of the data's group column) or fund: what stays together.")
    ] = "group",
    seed: Annotated[int, typer.Option(min=0, help="Of the parts.")] = 0,
    out: Out = Path("groups"),
) -> None:
    """Train with and without each part of the funds, and judge the same forecasts.

    Beside the model that is served stand pooled regressions with their coefficients: the price of
    interpretability. A run that was stopped goes on where it was.

    \b
    Example:
      halyard study groups fund-sharpe --data returns.parquet --folds 3 --out groups members=1
    """
    from models.errors import ConfigError
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.studies.groups.fund import FundGroups, study_fund_groups
    from pipelines.studies.groups.page import About

    if by not in ("group", "fund"):
        raise ConfigError(f"--by: expected group or fund, got {by!r}")
    settings = load_dataclass(FundSharpeConfig, "fund_sharpe", overrides or ())
    returns = panel.open().panel
    if by == "fund":
        returns = replace(returns, groups=None)
    case = FundGroups.of(returns, settings, folds, seed)
    study = study_fund_groups(case, out / "cutoffs", _say)
    protocol = (
        "Models are trained at several dates and forecast the months after each: on all funds, and "
        "on all but one part of them in turn. What is learnt then, and the series of the whole "
        "market, are those of the other funds alone; a fund of the part is forecast from its own "
        "returns, as a new one would be."
    )
    about = About(
        "Funds never trained on",
        QUESTION.format("funds"),
        protocol,
        {
            "left out together": "a group of the data" if returns.groups else "a fund",
            "networks of each kind": str(settings.members),
            "seed of the parts": str(seed),
            "data": returns.data_hash,
        },
    )
    _tell(study, about, out)


@app.command("satellites")
def groups_satellites(
    satellites: Annotated[
        Path, typer.Option(help="CSV or Parquet of densities that satellites measured.")
    ],
    model: Annotated[
        str, typer.Option(help="Version or alias of the stored emulator that is corrected.")
    ] = "champion",
    out: Out = Path("groups"),
) -> None:
    """Correct the emulator for satellites with and without their own densities in the fit.

    Satellites of one mission are left out together. Other years are fitted than those judged.

    \b
    Example:
      halyard study groups satellites --satellites densities.csv --out groups
    """
    from models.emulators.storage import from_state
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.registry import THERMOSPHERE_DENSITY, find_version, load_state
    from pipelines.studies.groups.page import About
    from pipelines.studies.groups.satellites import BLOCK, study_satellite_groups
    from pipelines.thermosphere_density.real_satellites import satellite_samples

    measured = read_satellite_densities(satellites)
    stored = find_version(THERMOSPHERE_DENSITY, model)
    samples = satellite_samples(measured, from_state(load_state(stored)))
    protocol = (
        f"In each block of {BLOCK} years corrections are fitted to the other years: to all "
        "satellites in them, and to those of other missions alone. A mission is judged where the "
        "usual fit knows it."
    )
    about = About(
        "Satellites never fitted to",
        QUESTION.format("satellites"),
        protocol,
        {"emulator": stored.tag, "samples": str(len(samples))},
    )
    _tell(study_satellite_groups(samples, _say), about, out)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _tell(study: GroupStudy, about: About, out: Path) -> None:
    from pipelines.studies.groups.page import write_study
    from pipelines.studies.groups.study import headline, sentences

    for sentence in (headline(study) + ".", *sentences(study)):
        typer.echo(sentence)
    for name, file in write_study(study, about, out).items():
        typer.echo(f"{name}: {file}")
