"""`halyard backtest thermosphere-density`: judge emulator and baselines on a year held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.registry import THERMOSPHERE_DENSITY
from service.commands.density_options import ConfigFile, Snapshots, Workers, opened

if TYPE_CHECKING:
    from models.emulators.settings import DensityConfig
    from pipelines.thermosphere_density.backtest import DensityBacktest
    from pipelines.thermosphere_density.real_satellites import SatelliteJudgement

#: Overrides that begin so change how models are judged, the others the model.
JUDGING = "backtest."


def backtest_density(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: a setting of the model (members=2), or of the back-test "
            "(backtest.models=[emulator, dmdc], backtest.picture_height=250)."
        ),
    ] = None,
    snapshots: Snapshots = None,
    year: Annotated[int | None, typer.Option(help="Year that is judged [2003].")] = None,
    satellites: Annotated[
        Path | None,
        typer.Option(help="CSV of densities that satellites measured: judge a stored model too."),
    ] = None,
    storms: Annotated[
        Path | None, typer.Option(help="Text file of storms (start, peak, end) for --satellites.")
    ] = None,
    version: Annotated[
        str, typer.Option(help="Version of the stored emulator for --satellites.")
    ] = "champion",
    config: ConfigFile = None,
    workers: Workers = 2,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results [HALYARD_HOME/backtests/thermosphere-density]."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first report in minutes: two years of training.")
    ] = False,
) -> None:
    """Back-test the density emulator and all baselines on a year held out.

    Consecutive windows of five days, each from the true state at its start. Writes
    metrics.json, hours.parquet and report.html; the same command goes on with a run that was
    stopped or killed.

    \b
    Example:
      halyard backtest thermosphere-density --snapshots fields --year 2003 --out report
    """
    folder = out or default_folder(THERMOSPHERE_DENSITY)
    settings, how = _settings(config, year, workers, overrides or (), quick=quick)
    real = None if satellites is None else _satellites(satellites, storms, version)
    _run(settings, how, snapshots, workers, real, folder)


def default_folder(target: str) -> Path:
    """Where results lie unless --out says."""
    from pipelines.environment import halyard_home

    return halyard_home() / "backtests" / target


def as_overrides(options: Mapping[str, Any]) -> list[str]:
    """Options that were given, as overrides of settings."""
    return [f"{name}={value}" for name, value in options.items() if value is not None]


def _settings(
    config: Path | None, year: int | None, workers: int, overrides: Sequence[str], *, quick: bool
) -> tuple[DensityConfig, DensityBacktest]:
    """Shipped settings with the options and overrides, checked."""
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.thermosphere_density.backtest import DensityBacktest
    from pipelines.thermosphere_density.judging import check_judging
    from pipelines.thermosphere_density.quick import quick_settings

    own = [text.removeprefix(JUDGING) for text in overrides if text.startswith(JUDGING)]
    rest = [text for text in overrides if not text.startswith(JUDGING)]
    model = as_overrides({"held_out": None if year is None else [year]})
    settings = load_dataclass(DensityConfig, config or "thermosphere_density", [*model, *rest])
    how = load_dataclass(DensityBacktest, "density_backtest", [f"jobs={workers}", *own])
    # Before fields are made, which may take minutes.
    check_judging(how, settings)
    return (quick_settings(settings) if quick else settings), how


def _satellites(file: Path, storms: Path | None, version: str) -> SatelliteJudgement:
    """Judge a stored emulator on satellites, under a bar."""
    from models.emulators.storage import from_state
    from pipelines import registry
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.thermosphere_density.real_satellites import judge_satellites
    from pipelines.thermosphere_density.satellite_scores import read_storms
    from service.commands.progress_bars import part_bar
    from service.commands.train_density import train_first

    # Before a model is trained, which takes minutes.
    measured = read_satellite_densities(file)
    spans = () if storms is None else read_storms(storms)
    if version == registry.CHAMPION and registry.champion_version(THERMOSPHERE_DENSITY) is None:
        typer.echo("No stored emulator yet: training the one that `halyard serve` would.", err=True)
        train_first()
    stored = registry.find_version(THERMOSPHERE_DENSITY, version)
    emulator = from_state(registry.load_state(stored))
    with part_bar("judging on satellites") as advance:
        found = judge_satellites(measured, emulator, spans, advance)
    note = f"Judged on satellites: {stored.tag}, trained on {emulator.label}."
    return replace(found, notes=(note, *found.notes))


def _run(
    config: DensityConfig,
    how: DensityBacktest,
    snapshots: Path | None,
    workers: int,
    satellites: SatelliteJudgement | None,
    out: Path,
) -> None:
    from pipelines.thermosphere_density.judging import backtest_density as judge
    from service.commands.progress_bars import timed_bars

    fields, drivers, config = opened(config, snapshots, workers)
    with timed_bars() as bars:
        task = bars.add_task("judging", total=None)

        def advance(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total)

        found = judge(fields, drivers, config, how, out, satellites, advance)
    typer.echo(found.verdict.headline)
    for sentence in found.verdict.sentences:
        typer.echo(sentence)
    for name, file in found.files.items():
        typer.echo(f"{name}: {file}")
