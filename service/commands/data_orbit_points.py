"""`halyard data orbit-points`: where satellites will be, as a file for a batch of densities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import ConfigError


def orbit_points(
    tles: Annotated[Path, typer.Argument(help="File of two-line elements, of any number.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    start: Annotated[str, typer.Option(help="UTC, like 2025-07-20 or 2025-07-20T06:00.")],
    hours: Annotated[float, typer.Option(help="Hours from the start on.")] = 24.0,
    step: Annotated[float, typer.Option(help="Seconds between points.")] = 60.0,
    lowest: Annotated[float, typer.Option(help="km: lower points are left out.")] = 100.0,
    highest: Annotated[float, typer.Option(help="km: higher points are left out.")] = 1000.0,
) -> None:
    """Write the points of all satellites of a catalogue, for `halyard forecast`.

    SGP4 moves them. Columns: id (catalogue number), epoch (UTC), latitude, longitude (degrees),
    height (km). A satellite whose elements cannot be used is named and left out.

    \b
    Example:
      halyard data orbit-points active.tle --start 2025-07-20 --out points.parquet
    """
    from pipelines.orbit.catalogue_points import When, read_catalogue, write_catalogue_points
    from service.epochs import EPOCH_WORDS, read_epoch

    if out.suffix.lower() != ".parquet":
        raise ConfigError(f"--out: expected a name that ends in .parquet, got {str(out)!r}")
    try:
        moment = read_epoch(start)
    except ValueError as error:
        raise ConfigError(f"--start: {EPOCH_WORDS}, got {start!r}") from error
    when = When(moment, hours, step)
    found, faults = read_catalogue(tles)
    written = write_catalogue_points(found, when, (lowest, highest), out)
    typer.echo(f"{out}: {written.points} points of {written.satellites} satellites")
    for fault in [*faults, *written.left_out]:
        typer.echo(f"left out: {fault}", err=True)
