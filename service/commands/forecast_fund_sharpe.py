"""`halyard forecast fund-sharpe`: Sharpe forecasts of every fund of an input of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from service.commands import batch_options as batch
from service.commands.batch_run import run_forecast
from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.batch.contract import Source
    from pipelines.batch.fund_sharpe import FundSharpeJob
    from pipelines.registry import StoredModel

_DEFAULT_MEMORY_MB = 1500


@takes_panel
def forecast(
    panel: PanelOptions,
    output: batch.Output = None,
    input: batch.Input = None,
    horizons: Annotated[
        str | None, typer.Option(help="Months ahead, such as 6,12 [all of the model].")
    ] = None,
    model: batch.Model = "champion",
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
    """Forecast the Sharpe ratio of every fund of an input at its newest month.

    Writes one row per fund, target and horizon, with intervals (docs/batch.md). Broken rows,
    and funds that cannot be forecast, go to the rejects with their reason, and the rest goes
    on: the exit code is then 3. A run that was stopped goes on with --resume, to the same
    bytes.

    \b
    Example:
      halyard forecast fund-sharpe --input returns.parquet --output next/
    """
    from pipelines.batch.fund_opening import DEMAND
    from pipelines.batch.memory import fit
    from pipelines.registry import FUND_SHARPE, find_model

    where = batch.required(output, "--output")
    source_text = input if input is not None else (None if panel.data is None else str(panel.data))
    count, rows = fit(DEMAND, memory_mb, workers)
    options = batch.RunOptions(
        where, engine, ray_address, count, resume, overwrite, dry_run, table, created_at
    )
    _refuse_own_input(source_text, where)
    stored = find_model(model, FUND_SHARPE)
    chosen = _chosen(horizons, stored)
    stores = batch.storage_options(storage_option)
    job, source = _opened(source_text, query, panel, stores, rows, stored)
    # With one worker, all is done in this process, and the model is loaded there anyway.
    run_forecast(replace(job, horizons=chosen, apart=count > 1), source, options)


def _opened(
    text: str | None,
    query: str | None,
    panel: PanelOptions,
    stores: dict[str, str],
    rows_per_shard: int,
    stored: StoredModel,
) -> tuple[FundSharpeJob, Source]:
    from pipelines.batch.fund_opening import Reading, open_funds
    from pipelines.batch.fund_sharpe import FundSharpeJob

    reading = Reading(
        panel.risk_free,
        panel.risk_free_unit,
        panel.frequency,
        panel.columns(),
        panel.clean,
        panel.min_months,
    )
    if text is not None and batch.is_postgresql(text):
        from pipelines.batch.fund_query import open_fund_query

        opened = open_fund_query(text, batch.required(query, "--query"), reading, rows_per_shard)
    else:
        if query is not None:
            raise ConfigError("--query: goes with an --input of postgresql://")
        opened = open_funds(text, reading, stores, rows_per_shard)
    return FundSharpeJob(stored, opened.columns, rates=opened.rates), opened.source


def _refuse_own_input(text: str | None, output: str) -> None:
    if text is not None and "://" not in text and Path(text).resolve() == Path(output).resolve():
        raise ConfigError(f"--output: {output} is the input itself; give another name")


def _chosen(text: str | None, stored: StoredModel) -> tuple[int, ...] | None:
    """Horizons of the caller's choice, all of which the model has."""
    if text is None:
        return None
    from pipelines.registry import load_state

    settings = load_state(stored).config["settings"]
    known: Sequence[int] = settings["horizons"]
    words = [word.strip() for word in text.split(",")]
    wrong = [word for word in words if word not in map(str, known)]
    if wrong:
        listed = ",".join(map(str, known))
        raise ConfigError(
            f"--horizons: expected some of {listed}, as the model has, got {wrong[0]!r}"
        )
    return tuple(int(word) for word in words)
