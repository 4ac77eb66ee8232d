"""What every verb of the density emulator needs: its options, settings and fields."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.emulators.drivers import Drivers
    from models.emulators.settings import DensityConfig
    from pipelines.datasets.density.store import SnapshotStore

Snapshots = Annotated[
    Path | None,
    typer.Option(
        "--snapshots",
        help="Folder of `halyard snapshots` [made by NRLMSIS below HALYARD_HOME, once].",
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="YAML file of settings [the shipped ones].")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes.")]


def opened(
    config: DensityConfig, snapshots: Path | None, workers: int
) -> tuple[SnapshotStore, Drivers, DensityConfig]:
    """Fields and drivers of the settings' months, made under a bar where they are not there."""
    from pipelines.thermosphere_density.opening import open_fields
    from service.commands.progress_bars import part_bar

    if snapshots is not None:
        found = open_fields(config, snapshots)
    else:
        with part_bar("making fields") as advance:
            found = open_fields(config, None, workers, advance)
    store = found[0]
    typer.echo(
        f"{store.label}, {len(store)} hourly fields from {store.first} to {store.last}.", err=True
    )
    return found
