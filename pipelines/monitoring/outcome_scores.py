"""Running scores of outcomes, computed where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Integer, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from models.errors import DependencyError
from pipelines.database import database_url, open_database, shown
from pipelines.monitoring.outcome_table import OUTCOMES, SAMPLES

Scores = list[dict[str, Any]]
_KEYS = ("predictor", "version", "target", "horizon", "in_sample")


def stored_scores(url: str | None = None, patience: int = 5) -> Scores | None:
    """Scores of all outcomes, read only: None where there is no database of outcomes yet.

    patience  seconds that the database may take

    Raises ConfigError and DependencyError in one line.
    """
    place = database_url(url)
    if _is_missing(place):
        return None
    engine = open_database(place, patience)
    try:
        if not inspect(engine).has_table(OUTCOMES.name):
            return None
        return running_scores(engine)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DependencyError(f"database {shown(place)}: cannot be read: {reason}") from error
    finally:
        engine.dispose()


def _is_missing(place: str) -> bool:
    """Whether a file of SQLite is not there: opening would make an empty one."""
    if not place.startswith("sqlite"):
        return False
    file = make_url(place).database
    return bool(file) and not Path(str(file)).exists()


def running_scores(
    engine: Engine, predictor: str | None = None, since: str | None = None
) -> Scores:
    """n, bias, mae, rmse, coverage_90, first and last period, per predictor, version, target,
    horizon and sample.

    since  first period that counts, e.g. "2020-01"

    Forecasts that the model was trained on have rows of their own, and so have those of which
    that is not known (`in_sample`, and in words `sample`; see outcome_table.SAMPLES).
    """
    return grouped(engine, [OUTCOMES.c[name] for name in _KEYS], predictor, since)


def grouped(
    engine: Engine, keys: Sequence[Any], predictor: str | None, since: str | None, *more: Any
) -> Scores:
    """The same per other keys.

    more  conditions
    """
    wanted = select(*keys, *_measures()).group_by(*keys).order_by(*keys)
    conditions = list(more)
    if predictor is not None:
        conditions.append(OUTCOMES.c.predictor == predictor)
    if since is not None:
        conditions.append(OUTCOMES.c.period >= since)
    with engine.connect() as connection:
        found = connection.execute(wanted.where(*conditions)).mappings()
        return [_finished(dict(row)) for row in found]


def _measures() -> list[Any]:
    """n, bias (mean error), mae, mse, how many intervals there are and how many held."""
    error, inside = OUTCOMES.c.error, OUTCOMES.c.inside
    return [
        func.count().label("n"),
        func.avg(error).label("bias"),
        func.avg(func.abs(error)).label("mae"),
        func.avg(error * error).label("mse"),
        func.count(inside).label("intervals"),
        func.sum(func.cast(inside, Integer)).label("held"),
        func.min(OUTCOMES.c.period).label("first"),
        func.max(OUTCOMES.c.period).label("last"),
    ]


def _finished(row: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in row.items() if name not in ("mse", "intervals", "held")}
    if "in_sample" in row:
        made["sample"] = SAMPLES[row["in_sample"]]
    made["rmse"] = float(row["mse"]) ** 0.5
    intervals = int(row["intervals"])
    made["coverage_90"] = float(row["held"]) / intervals if intervals else None
    return made
