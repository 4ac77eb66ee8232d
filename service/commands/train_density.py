"""`halyard train thermosphere-density`, and the first training of `halyard serve`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.density_options import ConfigFile, Snapshots, Workers, opened
from service.commands.promotion import settle

if TYPE_CHECKING:
    from models.emulators.settings import DensityConfig
    from pipelines.registry import StoredModel

#: Settings of the emulator that is trained when there is none.
FIRST = "thermosphere_first"


def train_density(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: a setting, such as rank=10 or recurrent.training.epochs=20."
        ),
    ] = None,
    snapshots: Snapshots = None,
    config: ConfigFile = None,
    workers: Workers = 2,
    promote: Annotated[
        bool | None,
        typer.Option(
            "--promote/--no-promote",
            help="Serve this version from now on [only when there is no champion yet].",
        ),
    ] = None,
) -> None:
    """Train the emulator of thermosphere density and store it as a new version.

    Its scores are those of the years held out. Fields come from --snapshots, or are made by
    NRLMSIS first.

    \b
    Example:
      halyard train thermosphere-density --snapshots fields held_out=[2003] members=2
    """
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.selection import selection_beside

    settings = load_dataclass(DensityConfig, config or "thermosphere_density", overrides or ())
    train_and_store(settings, snapshots, workers, promote, selection_beside(config, overrides))


def train_first(workers: int = 2) -> StoredModel:
    """Train the short shipped settings and make the emulator the champion."""
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass

    return train_and_store(load_dataclass(DensityConfig, FIRST), None, workers, promote=True)


def train_and_store(
    config: DensityConfig,
    snapshots: Path | None,
    workers: int,
    promote: bool | None,
    selection: Mapping[str, Any] | None = None,
) -> StoredModel:
    """Open or make the fields, train under a bar, store, promote, and say what happened."""
    from pipelines.thermosphere_density.storing import train_density as train
    from service.commands.progress_bars import part_bar
    from service.commands.tables import show_windows

    fields, drivers, config = opened(config, snapshots, workers)
    with part_bar("training networks") as advance:
        stored = train(fields, drivers, config, workers, advance, selection)
    typer.echo(f"Stored {stored.tag}.")
    show_windows(stored.metadata["metrics"])
    settle(stored, promote)
    return stored
