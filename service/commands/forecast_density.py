"""`halyard forecast thermosphere-density`: the density at every orbit point of an input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from service.commands import batch_options as batch
from service.commands.batch_run import run_forecast

if TYPE_CHECKING:
    from pipelines.batch.contract import Source

_DEFAULT_MEMORY_MB = 1500


def forecast(
    input: batch.Input = None,
    output: batch.Output = None,
    model: batch.Model = "champion",
    levels: Annotated[
        str, typer.Option(help="Probabilities of the quantiles, between 0 and 1.")
    ] = "0.05,0.5,0.95",
    correction: Annotated[
        str, typer.Option(help="By satellite densities, where stored: satellite, assimilated.")
    ] = "none",
    drivers: Annotated[
        Path | None,
        typer.Option(
            help="Your own space weather: CSV, Parquet or JSON with time, f107, kp or ap [the "
            "table, and a forecast of what comes after it]."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="Futures of space weather that are drawn.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of these futures.")] = 0,
    engine: batch.EngineName = "local",
    ray_address: batch.RayAddress = None,
    workers: batch.Workers = 2,
    resume: batch.Resume = False,
    overwrite: batch.Overwrite = False,
    dry_run: batch.DryRun = False,
    memory_mb: batch.MemoryMb = _DEFAULT_MEMORY_MB,
    storage_option: batch.StorageOption = None,
    query: batch.Query = None,
    table: batch.Table = None,
    created_at: batch.CreatedAt = None,
) -> None:
    """Tell the density at every point of an input: epoch, latitude, longitude, height, id.

    Writes one row per point in the order of the input, with mean, standard deviation and
    quantiles in kg/m3 (docs/batch_density.md). After the last day whose space weather is known
    it is forecast, for 27 days. Points that cannot be answered go to the rejects with their
    reason, and the rest goes on: the exit code is then 3.

    \b
    Example:
      halyard forecast thermosphere-density --input points.parquet --output densities/
    """
    from pipelines.batch.density_opening import DEMAND, open_density_job
    from pipelines.batch.memory import fit
    from pipelines.registry import THERMOSPHERE_DENSITY, find_model

    text, where = batch.required(input, "--input"), batch.required(output, "--output")
    count, rows = fit(DEMAND, memory_mb, workers)
    options = batch.RunOptions(
        where, engine, ray_address, count, resume, overwrite, dry_run, table, created_at
    )
    _refuse_own_input(text, where)
    job = open_density_job(
        find_model(model, THERMOSPHERE_DENSITY),
        levels=_numbers(levels),
        correction=correction,
        drivers=drivers,
        samples=samples,
        seed=seed,
    )
    if resume:
        job = job.as_begun(options.sink().state)
    source = _points(text, query, batch.storage_options(storage_option), rows)
    run_forecast(job, source, options)


def _points(text: str, query: str | None, stores: dict[str, str], rows: int) -> Source:
    if batch.is_postgresql(text):
        from pipelines.batch.density_query import open_point_query

        return open_point_query(text, batch.required(query, "--query"), rows)
    if query is not None:
        raise ConfigError("--query: goes with an --input of postgresql://")
    from pipelines.batch.density_opening import open_point_files

    return open_point_files(text, stores, rows)


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--levels: expected probabilities such as 0.05,0.5,0.95, got {text!r}"
        ) from error


def _refuse_own_input(text: str, output: str) -> None:
    if "://" not in text and Path(text).resolve() == Path(output).resolve():
        raise ConfigError(f"--output: {output} is the input itself; give another name")
