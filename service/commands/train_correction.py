"""`halyard train density-correction`: learn from satellites what the emulator gets wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from pipelines.registry import THERMOSPHERE_DENSITY
from service.commands.promotion import settle


def train_correction(
    satellites: Annotated[
        Path, typer.Option(help="CSV or Parquet of densities that satellites measured.")
    ],
    version: Annotated[
        str, typer.Option(help="Version of the stored emulator that is corrected.")
    ] = "champion",
    promote: Annotated[
        bool | None,
        typer.Option(
            "--promote/--no-promote",
            help="Use these versions from now on [only when there is no champion yet].",
        ),
    ] = None,
) -> None:
    """Fit correction and assimilation to measured densities and store both.

    They belong to the emulator that they were fitted to. A server offers the correction of
    the emulator that it serves.

    \b
    Example:
      halyard train density-correction --satellites densities.csv --promote
    """
    from pipelines import registry
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.thermosphere_density.correcting import train_corrections

    measured = read_satellite_densities(satellites)
    emulator = registry.find_version(THERMOSPHERE_DENSITY, version)
    digest = hashlib.sha256(satellites.read_bytes()).hexdigest()
    typer.echo(f"Fitting to {len(measured.time)} samples beside {emulator.tag}.", err=True)
    for stored in train_corrections(measured, emulator, digest):
        typer.echo(f"Stored {stored.tag}.")
        settle(stored, promote)
