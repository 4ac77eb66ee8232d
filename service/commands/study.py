r"""`halyard study`: experiments with the methods, and what the emulator is good for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from models.errors import ConfigError
from service.commands import (
    study_changes,
    study_groups,
    study_memory,
    study_methods,
    study_sensitivity,
)
from service.commands.study_prequential import prequential
from service.commands.study_proofs import proofs
from service.commands.study_variants import variants

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.contract import FloatArray
    from pipelines.orbit.study import OrbitStudy

app = typer.Typer(help="Experiments: claims of papers, methods compared, errors in an orbit.")


@app.callback()
def _group() -> None:
    """Experiments: claims of papers, methods compared, errors in an orbit."""


app.command()(proofs)
app.command()(variants)
app.command()(prequential)
app.add_typer(study_methods.app, name="methods")
app.add_typer(study_memory.app, name="memory")
app.add_typer(study_changes.app, name="changes")
app.add_typer(study_sensitivity.app, name="sensitivity")
app.add_typer(study_groups.app, name="groups")


@app.command()
def orbit(
    start: Annotated[str, typer.Option(help="UTC, like 2003-11-18 or 2003-11-18T06:00.")],
    days: Annotated[float, typer.Option(help="Days to propagate.")] = 5.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results [HALYARD_HOME/studies/orbit-START].")
    ] = None,
    state: Annotated[
        str | None, typer.Option(help="x,y,z,vx,vy,vz in km and km/s, inertial (TEME), at --start.")
    ] = None,
    tle: Annotated[Path | None, typer.Option(help="File with a two-line element set.")] = None,
    satellite: Annotated[
        str | None, typer.Option(help="A known satellite [champ, unless a state or TLE is given].")
    ] = None,
    ballistic: Annotated[
        float | None, typer.Option(help="Cd A / m in m2/kg [the satellite's, or from B* of a TLE].")
    ] = None,
    truth: Annotated[
        str, typer.Option(help="Density that is true: msis-2.1, msis-00, fields:FOLDER.")
    ] = "msis-2.1",
    models: Annotated[
        str | None,
        typer.Option(
            help="Densities to compare, with commas: emulator, emulator:VERSION, dmdc, "
            "msis-2.1, msis-00, fields:FOLDER, exponential; NAME*1.05 is 5 % denser [emulator "
            "and dmdc of the champion, if any, msis-2.1*1.05,msis-00]."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="Trajectories of an emulator.")] = 100,
    step: Annotated[float, typer.Option(help="Seconds of a step.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Of samples of density.")] = 0,
) -> None:
    """Propagate one satellite under a true density and under models of it; tell how far apart.

    Writes orbit.json, error.png, along_track.png and density.png. Gravity is zonal to J6;
    the air turns with the Earth; every run shares them, so they cancel in the comparison.

    \b
    Example:
      halyard study orbit --start 2003-11-18 --days 5 --out orbit
    """
    from pipelines.moments import read_moment
    from pipelines.orbit.named import Span, density_model, usual_models
    from pipelines.orbit.plan import OrbitPlan
    from pipelines.orbit.study import run_orbit_study
    from service.commands.progress_bars import part_bar

    moment = read_moment(start, "--start", "s")
    what, place, coefficient = _satellite(moment, state, tle, satellite)
    chosen = ballistic if ballistic is not None else coefficient()
    plan = OrbitPlan(moment, days, place, chosen, what, step=step, seed=seed)
    span = Span(moment, days, samples, seed)
    true = density_model(truth, span)
    others = [density_model(name, span) for name in _names(models) or usual_models()]
    folder = out or _default_folder(moment)
    with part_bar("propagating") as advance:
        study, files = run_orbit_study(plan, true, others, folder, advance)
    _show(study)
    for name, file in files.items():
        typer.echo(f"{name}: {file}")


def _names(models: str | None) -> list[str]:
    return [name.strip() for name in (models or "").split(",") if name.strip()]


def _satellite(
    start: np.datetime64, state: str | None, tle: Path | None, name: str | None
) -> tuple[str, FloatArray, Callable[[], float]]:
    """What it is, its state at the start, and where its ballistic coefficient comes from."""
    from models.orbit.satellites import satellite
    from models.orbit.states import check_state
    from pipelines.orbit.tle import read_tle

    given = [x for x, y in (("--state", state), ("--tle", tle), ("--satellite", name)) if y]
    if len(given) > 1:
        raise ConfigError(f"{given[0]} and {given[1]} were given; expected one of them")
    if state is not None:
        return "state given", check_state(_numbers(state), "--state"), _none_known
    if tle is not None:
        lines = read_tle(tle)
        return f"TLE of {lines.name or lines.first[2:7]}", lines.state(start), lines.ballistic
    known = satellite(name or "champ")
    return known.label, known.state(start), lambda: known.ballistic


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--state: expected six numbers with commas, x,y,z,vx,vy,vz; got {text!r}"
        ) from error


def _none_known() -> float:
    raise ConfigError("--ballistic: needed with --state; Cd A / m in m2/kg, such as 0.00477")


def _default_folder(start: np.datetime64) -> Path:
    from pipelines.environment import halyard_home

    return halyard_home() / "studies" / f"orbit-{start.astype('datetime64[D]')}"


def _show(study: OrbitStudy) -> None:
    from pipelines.orbit.results import text_table
    from service.commands.tables import plain_table, show

    typer.echo(
        f"{study.plan.satellite}: {study.plan.days:g} days from {study.plan.start} UTC, truth "
        f"{study.true_label}"
    )
    head = ("model", "samples", "mean km", "final km", "along km", "in 95 %", "orbit density")
    show(plain_table(head, text_table(study)))
