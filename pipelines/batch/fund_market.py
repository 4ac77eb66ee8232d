"""The market-wide series that a batch of funds tells itself, computed once for all shards.

Up to SAMPLE funds, all take part; of more, those whose names have the smallest hashes: the
same ones in every run, however the rows lie. The mean over 5,000 funds differs from that over
millions by a seventieth of their spread, far less than one month's market move.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipelines.atomic import write_atomic
from pipelines.batch.contract import Shard, Source
from pipelines.batch.local_engine import prepare_server

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeForecaster
    from pipelines.batch.fund_sharpe import FundSharpeJob
    from pipelines.datasets.panel import ReturnsPanel

#: Funds that are enough to tell the market.
SAMPLE = 5_000
#: Fund-months that fit the memory; of longer histories fewer funds are taken.
_CELLS = 2_500_000
#: Shards, evenly spread, that are read where a source cannot pick funds by itself.
_SHARDS = 10
#: Processes that look for the sample.
_PARTS = 2


def write_market(job: FundSharpeJob, source: Source, shards: Sequence[Shard], target: Path) -> None:
    """Compute the market of the input and store it; an empty file means: that of training."""
    if not job.apart:
        _write(job, source, shards, target)
        return
    prepare_server(job.preload)
    with ProcessPoolExecutor(_PARTS, multiprocessing.get_context("forkserver")) as pool:
        sample, parts = getattr(source, "sample", None), None
        if sample is not None and pool.submit(_is_newer, job).result():
            parts = list(pool.map(sample, range(_PARTS), [_PARTS] * _PARTS))
        pool.submit(_write, job, source, shards, target, parts).result()


def _write(
    job: FundSharpeJob,
    source: Source,
    shards: Sequence[Shard],
    target: Path,
    parts: Sequence[pl.DataFrame] | None = None,
) -> None:
    """parts   the sample of the source, where it has been read already"""
    from models.fund_sharpe import from_state
    from pipelines.fund_sharpe.forecasting import FROM_FILE, check_monthly, with_market_of
    from pipelines.months import month_index
    from pipelines.registry import load_state

    stored = from_state(load_state(job.model))
    check_monthly(stored, 12)
    arrays: dict[str, Any] = {}
    if _is_newer(job):
        rows = _sample(source, shards, job.columns.id) if parts is None else pl.concat(parts)
        panel = _panel(job, _smallest(rows, job.columns.id))
        origin, informed = with_market_of(stored, panel)
        if origin == FROM_FILE:
            fitted = informed.model.fitted
            arrays = {**fitted.market.arrays(), "ratios": fitted.ratios}
            arrays["last"] = np.array(month_index(panel.periods[-1]))
    write_atomic(target, lambda file: np.savez(file, **arrays))


def _is_newer(job: FundSharpeJob) -> bool:
    """Whether the input may know a market that the model's training did not."""
    from models.fund_sharpe import from_state
    from pipelines.months import month_index
    from pipelines.registry import load_state

    trained_until = from_state(load_state(job.model)).trained_until
    return job.newest is None or job.newest > month_index(trained_until)


def with_market(stored: FundSharpeForecaster, file: Path | None) -> FundSharpeForecaster:
    """The forecaster with the market of a file that `write_market` wrote."""
    from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel
    from models.transforms.fund_state import Market
    from pipelines.months import month_label

    if file is None:
        return stored
    with np.load(file, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    if not arrays:
        return stored
    last, ratios = int(arrays.pop("last")), arrays.pop("ratios")
    informed = FundSharpeModel(stored.model.config)
    informed.restore(replace(stored.model.fitted, market=Market(**arrays), ratios=ratios))
    return FundSharpeForecaster(informed, month_label(last))


def _sample(source: Source, shards: Sequence[Shard], id_column: str) -> pl.DataFrame:
    """Rows of SAMPLE funds and more, or of all where there are not more."""
    sample = getattr(source, "sample", None)
    if sample is not None:
        found: pl.DataFrame = sample()
        return found
    places = np.unique(np.linspace(0, len(shards) - 1, _SHARDS).astype(int))
    parts = [_smallest(source.read(shards[place])[0], id_column) for place in places]
    return pl.concat(parts, how="vertical_relaxed")


def _smallest(rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
    """Rows of the SAMPLE funds whose names have the smallest hashes."""
    names = rows[id_column].cast(pl.String)
    kept = names.unique().drop_nulls().hash(0).sort().head(SAMPLE)
    return rows if len(kept) < SAMPLE else rows.filter(names.hash(0) <= kept[-1])


def _panel(job: FundSharpeJob, rows: pl.DataFrame) -> ReturnsPanel:
    """Excess returns of the sample, as a panel whose risk-free rate is already taken off."""
    from pipelines.batch.fund_rows import bills_of, read_fund_rows
    from pipelines.datasets.panel import ReturnsPanel
    from pipelines.months import month_label

    read, _ = read_fund_rows(rows, job.columns, job.rates)
    first = int(read.months.min()) if len(read.months) else 0
    last = int(read.months.max()) if len(read.months) else 0
    last = last if job.newest is None else max(job.newest, first)
    excess = np.full((len(read.ids), last - first + 1), np.nan)
    fund = np.repeat(np.arange(len(read.ids)), np.diff(read.starts))
    excess[fund, read.months - first] = read.excess
    kept = max(_CELLS // excess.shape[1], 1)
    if kept < len(excess):
        chosen = np.sort(np.argsort(read.ids.hash(0).to_numpy(), kind="stable")[:kept])
        read, excess = replace(read, ids=read.ids.gather(chosen)), excess[chosen]
    bills = bills_of(rows, job.columns, job.rates, first, last)
    return ReturnsPanel(
        ids=tuple(read.ids),
        periods=tuple(month_label(month) for month in range(first, last + 1)),
        returns=excess + bills,
        risk_free=bills,
        periods_per_year=12,
    )
