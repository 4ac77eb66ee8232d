r"""`halyard snapshots`: make, convert and look at hourly fields of thermosphere density."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands import data_tables as tables

if TYPE_CHECKING:
    from pipelines.datasets.density.settings import SnapshotConfig
    from pipelines.datasets.density.store import SnapshotStore

app = typer.Typer(help="Make, convert and look at hourly fields of thermosphere density.")

Out = Annotated[Path, typer.Option(help="Folder of the fields; a run that stopped goes on.")]
Workers = Annotated[int | None, typer.Option(help="Processes [one per core].")]
Config = Annotated[str, typer.Option(help="Settings: a shipped name or a .yaml file.")]
Weather = Annotated[
    Path | None, typer.Option(help="Table of space weather [the updated or embedded one].")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def generate(
    out: Out,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="key=value of the settings, such as grid.highest=1000."),
    ] = None,
    source: Annotated[
        str, typer.Option(help="msis21, msis20, msis00 or relaxed_msis21 (a test truth).")
    ] = "msis21",
    first: Annotated[str, typer.Option(help="First month.")] = "1997-01",
    last: Annotated[str, typer.Option(help="Last month.")] = "2008-12",
    workers: Workers = None,
    config: Config = "snapshots",
    space_weather: Weather = None,
    json: Json = False,
) -> None:
    """Compute fields by NRLMSIS, month by month, in several processes.

    The same command goes on after it was stopped or killed; with a later --last it adds
    months. A folder made with other settings is refused.

    \b
    Example:
      halyard snapshots generate --source msis21 --first 2003-01 --last 2003-12 --out fields
    """
    from pipelines.datasets.density.generate import generate_snapshots
    from pipelines.datasets.density.settings import computed_source, month_hours
    from pipelines.datasets.space_weather.table import open_space_weather

    settings = _settings(config, overrides)
    hours = month_hours(first, last)
    weather = open_space_weather(space_weather)
    made = computed_source(source, settings.grid.grid(), weather, *hours, settings.relaxation)
    with _bar(f"{made.label}, {first} to {last}") as progress:
        store = generate_snapshots(
            made, *hours, out, workers=_processes(workers), progress=progress
        )
    _tell(store, json=json)


@app.command()
def convert(
    files: Annotated[
        list[str],
        typer.Argument(help="Files of TIE-GCM; key=value among them is a setting."),
    ],
    out: Out,
    kind: Annotated[
        str, typer.Option("--format", help="auto, tiegcm (NetCDF histories) or hdf5 (yearly).")
    ] = "auto",
    workers: Workers = None,
    config: Config = "snapshots",
    space_weather: Weather = None,
    json: Json = False,
) -> None:
    """Bring TIE-GCM's secondary histories, or yearly HDF5 files, onto the grid.

    Drivers of the same hours are kept beside the fields when space weather covers them.

    \b
    Example:
      halyard snapshots convert run/*.nc grid.highest=400 --out fields
    """
    from pipelines.datasets.density.generate import generate_snapshots
    from pipelines.datasets.density.settings import checked_format, file_source
    from pipelines.datasets.space_weather.table import open_space_weather

    overrides = [word for word in files if "=" in word and not Path(word).exists()]
    paths = [Path(word) for word in files if word not in overrides]
    settings = _settings(config, overrides)
    weather = open_space_weather(space_weather)
    found = file_source(paths, settings, checked_format(kind), weather)
    if found.drivers is None:
        typer.echo(
            f"warning: space weather does not cover {found.hours[0]} to {found.hours[-1]}; no "
            "drivers are kept, and an emulator needs them",
            err=True,
        )
    with _bar(f"{found.label}, {len(paths)} file(s)") as progress:
        store = generate_snapshots(
            found,
            found.hours[0],
            found.hours[-1],
            out,
            workers=_processes(workers),
            progress=progress,
        )
    _tell(store, json=json)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of fields.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every field, which finds damage.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell what a folder holds: source, grid, span, size.

    \b
    Example:
      halyard snapshots show fields --verify
    """
    from pipelines.datasets.density.store import SnapshotStore

    store = SnapshotStore.open(folder)
    if verify:
        store.verify()
    _tell(store, json=json)


def _settings(config: str, overrides: list[str] | None) -> SnapshotConfig:
    from pipelines.dataclass_config import load_dataclass
    from pipelines.datasets.density.settings import SnapshotConfig

    return load_dataclass(SnapshotConfig, config, overrides or [])


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is drawn once there is something to do: a refusal stays one line."""
    from service.commands.progress_bars import part_bar

    with ExitStack() as stack:
        bars: list[Callable[[int, int], None]] = []

        def told(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(part_bar(what)))
            bars[0](done, total)

        yield told


def _processes(wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tell(store: SnapshotStore, *, json: bool) -> None:
    local_times, latitudes, heights = store.grid.shape
    height = store.grid.height
    about: dict[str, Any] = {
        "folder": str(store.folder),
        "source": store.source,
        "label": store.label,
        "first": f"{store.first}:00",
        "last": f"{store.last}:00",
        "hours": len(store),
        "grid": f"{local_times} local times × {latitudes} latitudes × {heights} heights, "
        f"{height[0]:g} to {height[-1]:g} km",
        "files": len(store.manifest.chunks),
        "megabytes": round(sum(c.bytes for c in store.manifest.chunks) / 1e6, 1),
        "data_hash": store.data_hash,
    }
    if json:
        tables.show_json(about)
        return
    for name, value in about.items():
        typer.echo(f"{name.replace('_', ' '):<10} {value}")
