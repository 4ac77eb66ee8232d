"""Forecasts whose outcome is known, in a database: each once, however often it is told.

What was said, what came, and whether the model had seen it in training: in SQLite in
HALYARD_HOME, or in PostgreSQL by a URL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from pipelines.database import open_database
from pipelines.monitoring.outcome_scores import grouped, running_scores
from pipelines.monitoring.outcome_table import OUTCOMES, prepare

#: Columns that a table of outcomes has to have, in this order.
COLUMNS: tuple[str, ...] = tuple(c.name for c in OUTCOMES.columns if c.name != "told")
_ERRORS = {
    "period": pl.String,
    "horizon": pl.Int64,
    "error": pl.Float64,
    "inside": pl.Boolean,
}
#: Rows of one statement.
_ROWS = 1000


class OutcomeStore:
    """The table in one database."""

    def __init__(self, url: str | None = None) -> None:
        self._engine: Engine = open_database(url)
        prepare(self._engine)

    def add(self, outcomes: pl.DataFrame) -> tuple[int, int]:
        """Keep rows with COLUMNS; returns how many there are, and how many were new.

        A row that is there already is replaced: outcomes are revised, and told twice.
        """
        before = self._count()
        moment = datetime.now(UTC)
        with self._engine.begin() as connection:
            for part in outcomes.select(COLUMNS).iter_slices(_ROWS):
                rows = [{**row, "told": moment} for row in part.iter_rows(named=True)]
                connection.execute(self._upsert(rows))
        return outcomes.height, self._count() - before

    def scores(
        self, predictor: str | None = None, since: str | None = None
    ) -> list[dict[str, Any]]:
        """Running scores per predictor, version, target, horizon and sample; see
        outcome_scores.

        since  first period that counts, e.g. "2020-01"
        """
        return running_scores(self._engine, predictor, since)

    def series_scores(
        self, predictor: str | None = None, since: str | None = None
    ) -> list[dict[str, Any]]:
        """The same per series (fund or satellite), out of sample only."""
        keys = [OUTCOMES.c[n] for n in ("predictor", "version", "series", "target")]
        return grouped(self._engine, keys, predictor, since, OUTCOMES.c.in_sample.is_(False))

    def periods(self, predictor: str, since: str | None = None) -> pl.DataFrame:
        """Scores per version, target, horizon and month of `period`, out of sample, in order."""
        month = func.substr(OUTCOMES.c.period, 1, 7).label("month")
        keys = [OUTCOMES.c[name] for name in ("version", "target", "horizon")]
        rows = grouped(
            self._engine, [*keys, month], predictor, since, OUTCOMES.c.in_sample.is_(False)
        )
        return pl.DataFrame(rows, infer_schema_length=None)

    def errors(self, predictor: str, version: str) -> pl.DataFrame:
        """Forecasts of one version that it was not trained on: period, horizon, error, inside."""
        columns = [OUTCOMES.c[name] for name in ("period", "horizon", "error", "inside")]
        wanted = select(*columns).where(
            OUTCOMES.c.predictor == predictor,
            OUTCOMES.c.version == version,
            OUTCOMES.c.in_sample.is_(False),
        )
        with self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(wanted).mappings()]
        return pl.DataFrame(rows, schema=_ERRORS)

    def versions(self, predictor: str) -> list[str]:
        """Versions that have outcomes, in order of their newest."""
        newest = func.max(OUTCOMES.c.period)
        version = OUTCOMES.c.version
        wanted = select(version).where(OUTCOMES.c.predictor == predictor)
        with self._engine.connect() as connection:
            found = connection.execute(wanted.group_by(version).order_by(newest, version))
            return [str(name) for name in found.scalars()]

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _upsert(self, rows: list[dict[str, Any]]) -> Any:
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        statement: Any = dialect.insert(OUTCOMES).values(rows)
        key = [column.name for column in OUTCOMES.primary_key]
        names = [column.name for column in OUTCOMES.columns]
        changed = {name: statement.excluded[name] for name in names if name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=changed)

    def _count(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(OUTCOMES)).scalar_one())
