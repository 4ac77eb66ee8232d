"""The table of outcomes: one row is one forecast that came true or not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    inspect,
)
from sqlalchemy.schema import CreateTable

_METADATA = MetaData()
OUTCOMES = Table(
    "halyard_outcomes",
    _METADATA,
    Column("predictor", String(63), primary_key=True, comment="fund-sharpe, thermosphere-density"),
    Column("version", String(63), primary_key=True, comment="of the model"),
    Column("series", String(200), primary_key=True, comment="fund or satellite"),
    Column("origin", String(32), primary_key=True, comment="what the forecast knew ends here"),
    Column("target", String(40), primary_key=True, comment="rolling, forward, density"),
    Column("horizon", Integer, primary_key=True, comment="months; hours for density"),
    Column("period", String(32), primary_key=True, comment="what was forecast: month or epoch"),
    Column("point", Float, nullable=False, comment="expected value"),
    Column("lower_90", Float),
    Column("upper_90", Float),
    Column("outcome", Float, nullable=False),
    Column("error", Float, nullable=False, comment="Sharpe: point - outcome; density: %"),
    Column("inside", Boolean, comment="whether the 90 % interval held the outcome"),
    Column("in_sample", Boolean, comment="the model was trained on it; null: nobody knows"),
    Column("told", DateTime(timezone=True), nullable=False, comment="when it was ingested"),
)
#: Samples by `in_sample`: not seen in training, seen, and of a version that nobody knows.
SAMPLES: dict[bool | None, str] = {False: "out", True: "in", None: "unknown"}


def prepare(engine: Engine) -> None:
    """Make the table, or let one that was made earlier hold what nobody knows."""
    _METADATA.create_all(engine, checkfirst=True)
    if _is_open(engine):
        return
    if engine.dialect.name == "sqlite":
        _rebuild(engine)
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER TABLE {OUTCOMES.name} ALTER COLUMN in_sample DROP NOT NULL"
        )


def _is_open(engine: Engine) -> bool:
    columns = inspect(engine).get_columns(OUTCOMES.name)
    return any(column["name"] == "in_sample" and column["nullable"] for column in columns)


def _rebuild(engine: Engine) -> None:
    """SQLite changes no column: the rows move into a new table, in one transaction."""
    old, names = f"{OUTCOMES.name}_before", ", ".join(column.name for column in OUTCOMES.columns)
    made = str(CreateTable(OUTCOMES).compile(engine))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run: Any = connection.exec_driver_sql
        run("BEGIN IMMEDIATE")
        try:
            # Another process may have done it while this one waited.
            if not _is_open(engine):
                run(f"ALTER TABLE {OUTCOMES.name} RENAME TO {old}")
                run(made)
                run(f"INSERT INTO {OUTCOMES.name} ({names}) SELECT {names} FROM {old}")
                run(f"DROP TABLE {old}")
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
