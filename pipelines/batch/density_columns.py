"""The table of densities: one row for each point, in the order of the input.

| column | unit, meaning |
|---|---|
| id | as in the input: a whole number, or text; not there when the input has none |
| epoch | moment of the point, UTC |
| latitude, longitude, height | degrees north, degrees east, km, as in the input |
| mean, std | expected density and its standard deviation, kg/m3 |
| q_0.05, ... | density at this probability, kg/m3 |
| drivers | space weather: observed, forecast, or the caller's |
| origin | last hour that was observed (or given), or the issue of the forecast, UTC |
| correction | none, satellite or assimilated |
| warning | nothing, or why to trust it less |
| model, version | who forecast |

Densities are float32: their last digit is 1e-7 of them, and they are uncertain by percents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from models.errors import DataError
from pipelines.batch.contract import FILE, ROW

ID, EPOCH = "id", "epoch"
#: What places a point, beside its time.
AXES = ("latitude", "longitude", "height")
NEEDED = (EPOCH, *AXES)
#: Kinds of drivers, as HTTP answers name them.
OBSERVED, FORECAST, CALLER = "observed", "forecast", "caller"
#: Parts of a warning: which drivers leave the training; what else lessens trust (its place).
WIDE = (
    "",
    "extrapolated: F10.7 is outside the range of training",
    "extrapolated: Kp or ap is outside the range of training",
    "extrapolated: F10.7 and Kp or ap are outside the range of training",
)
_MORE = (
    "",
    "f107_mean is of those of its 81 days that are known",
    "forecast for longer than the rollouts of training",
)
PARTIAL, FAR = 1, 2
#: All that can be said; the first is nothing.
WARNINGS = tuple("; ".join(filter(None, (wide, more))) for more in _MORE for wide in WIDE)
#: How ids are written; None where there is none.
IdKind = Literal["number", "text"] | None
_IDS: dict[str, Any] = {"number": pl.Int64, "text": pl.String}
#: Words that ask for a correction, as in HTTP requests.
CORRECTIONS = ("none", "satellite", "assimilated")
_MOMENT = pl.Datetime("us", "UTC")
#: Words that repeat in every row are written in a sixth of the time of other text. A word of a
#: fixed list is an Enum; names of versions are not, because files of several nights are read as
#: one table.
SAID: dict[str, Any] = {
    "drivers": pl.Enum([OBSERVED, FORECAST, CALLER]),
    "origin": _MOMENT,
    "correction": pl.Enum(CORRECTIONS),
    "warning": pl.Enum(WARNINGS[1:]),
    "model": pl.Categorical(),
    "version": pl.Categorical(),
}


def id_kind(ids: pl.Series | None) -> IdKind:
    """How the ids of an input are written."""
    if ids is None:
        return None
    return "number" if ids.dtype.is_integer() else "text"


def quantile_name(level: float) -> str:
    """Column of a quantile, as in HTTP answers."""
    return f"q_{level:g}"


def density_schema(levels: Sequence[float], named: IdKind) -> dict[str, Any]:
    """Column -> type."""
    return {
        **({} if named is None else {ID: _IDS[named]}),
        EPOCH: _MOMENT,
        **dict.fromkeys(AXES, pl.Float64),
        **dict.fromkeys(("mean", "std", *map(quantile_name, levels)), pl.Float32),
        **SAID,
    }


def density_key(named: IdKind) -> tuple[str, ...]:
    """What tells a density from others: the point, what was known, and who forecast."""
    point = (EPOCH, *AXES) if named is None else (ID, EPOCH, *AXES)
    return (*point, "drivers", "origin", "correction", "model", "version")


def refuse_without_columns(names: Sequence[str], where: str) -> None:
    """Raise DataError unless a table has what a point needs."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        shown = [name for name in names if name not in (FILE, ROW)]
        raise DataError(
            f"{where}: expected the columns {', '.join(NEEDED)} (and id, if wanted), there is no "
            f"{missing[0]!r} among {', '.join(shown[:20])}; rename its columns"
        )
