"""The batch job of the fund forecaster: months of many funds in, Sharpe forecasts out.

Choose it for whole markets; a few funds are better asked for over HTTP. The rows of a fund
have to lie in one shard (the fund sources see to that).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.batch.contract import REJECTS, Made, Shard, Source
from pipelines.batch.fund_columns import FundColumns, Rates
from pipelines.batch.meanings import fund_meanings
from pipelines.registry import StoredModel

if TYPE_CHECKING:
    from models.fund_sharpe import FundSharpeForecaster
    from pipelines.batch.fund_rows import FundRows

#: Name in the run's folder of the market that the funds themselves tell.
MARKET_FILE = "market.npz"


@dataclass
class FundSharpeJob:
    """What is asked for; plain data until `open`.

    model     the stored version
    columns   which column plays which role
    newest    newest month of the whole input, as `month_index`; None if it is not known
    horizons  months ahead to show; None for all of the model
    rates     risk-free returns, where they are not a column
    market    file of the market-wide series; None for those of training; `prepare` makes it
    apart     compute the market in a process of its own, which gives its memory back
    """

    model: StoredModel
    columns: FundColumns
    newest: int | None = None
    horizons: tuple[int, ...] | None = None
    rates: Rates | None = None
    market: Path | None = None
    apart: bool = False
    _opened: tuple[FundSharpeForecaster, FundSharpeForecaster] | None = field(
        default=None, repr=False, compare=False
    )

    #: What workers load first (see LocalEngine.warm).
    preload = ("models.fund_sharpe",)
    #: Of forecasts, for each row of input: a fund has about 120 rows, and 10 forecasts of 42 bytes.
    bytes_per_row = 3.5

    @property
    def key(self) -> tuple[str, ...]:
        return ("id", "origin", "target", "horizon", "model", "version")

    @property
    def schema(self) -> Mapping[str, Any]:
        from pipelines.fund_sharpe.forecast_table import FORECAST_SCHEMA

        return {
            **FORECAST_SCHEMA,
            **dict.fromkeys(("market", "model", "version"), pl.Categorical()),
        }

    @property
    def meanings(self) -> Mapping[str, str]:
        """See meanings."""
        return fund_meanings()

    def fingerprint(self) -> Mapping[str, Any]:
        """Version of the model and its checksums, columns, horizons, risk-free rate."""
        rates = None if self.rates is None else [self.rates.first, *self.rates.values]
        return {
            "job": "fund-sharpe",
            "model": self.model.tag,
            "files": _digest(self.model.metadata.get("files", {})),
            "columns": self.columns.names,
            "horizons": None if self.horizons is None else list(self.horizons),
            "rates": None if rates is None else _digest(rates),
        }

    def prepare(self, folder: Path, source: Source, shards: Sequence[Shard]) -> FundSharpeJob:
        """Compute the market-wide series from the input, where it can tell them."""
        from pipelines.batch.fund_market import write_market

        newest = getattr(source, "newest", None)
        job = replace(self, newest=newest if self.newest is None else self.newest)
        target = folder / MARKET_FILE
        if not target.is_file():
            write_market(job, source, shards, target)
        return replace(job, market=target)

    def open(self) -> None:
        """Load the model and its market. Raises ArtefactError."""
        from models.fund_sharpe import from_state
        from pipelines.batch.fund_market import with_market
        from pipelines.registry import load_state

        stored = from_state(load_state(self.model))
        self._opened = (stored, with_market(stored, self.market))

    def run(self, rows: pl.DataFrame) -> Made:
        """Forecast every fund of a shard at its newest month."""
        from pipelines.batch.fund_rows import read_fund_rows

        read, rejects = read_fund_rows(rows, self.columns, self.rates)
        table, refused = self._forecast(read)
        # A fund's rows may lie anywhere; its name tells it.
        named = refused.with_columns(pl.lit("", pl.String).alias("where")).select(list(REJECTS))
        return Made(table, pl.concat([rejects, named]))

    def _forecast(self, read: FundRows) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Forecasts of all funds, and the funds that have none."""
        from pipelines.fund_sharpe.forecast_table import empty_table
        from pipelines.fund_sharpe.forecasting import forecast_funds

        if self._opened is None:
            raise RuntimeError("the job was not opened")
        stored, informed = self._opened
        tables, reasons = [empty_table()], dict[int, str]()
        for place, funds in read.groups():
            table, why = forecast_funds(
                informed, funds, self.newest, trained=stored, horizons=self.horizons
            )
            tables.append(table)
            reasons |= {place.start + fund: reason for fund, reason in why.items()}
        ordered = sorted(reasons)
        refused = pl.DataFrame(
            {
                "id": read.ids.gather(ordered),
                "reason": pl.Series([reasons[fund] for fund in ordered], dtype=pl.String),
            }
        )
        constants = {
            "market": "training" if informed is stored else "file",
            "model": self.model.name,
            "version": self.model.version,
        }
        made = pl.concat(tables).with_columns(
            pl.lit(value, pl.Categorical()).alias(name) for name, value in constants.items()
        )
        return made, refused


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
