"""A panel of series from a long file, and the part of it that a model may see.

The file has the columns series, t and value; rows in any order, `t` whole numbers or
dates. An empty value is a gap; gaps at the ends are cut off. Series are right-aligned,
so that the newest values stand under each other whatever their dates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from models.contract import FloatArray, IntArray
from models.errors import DataError
from pipelines.datasets.tables import ROW, Table, open_table, text_cells
from pipelines.monthly.steps import whole_steps

COLUMNS = ("series", "t", "value")
#: A time axis so many times as long as the longest series holds values is a mistake.
MAX_SPARSITY = 50
#: Known values that a series needs before its test part.
MIN_TRAINING = 2


@dataclass(frozen=True)
class Panel:
    """Series of unequal length.

    names    one per series
    values   series × time, newest last, NaN in gaps and before the beginning
    split    "test" where the file says so, else ""; None when it never does
    """

    names: tuple[str, ...]
    values: FloatArray
    split: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.names)

    def hold_out(self, horizon: int) -> tuple[Panel, FloatArray]:
        """Take the last `horizon` steps away: what is left, and series × lead.

        Series with fewer than MIN_TRAINING values left are dropped from both. Raises
        DataError when none remains.
        """
        before, after = self.values[:, :-horizon], self.values[:, -horizon:]
        if self.values.shape[1] <= horizon:
            before = np.empty((len(self), 0))
        kept = np.isfinite(before).sum(axis=1) >= MIN_TRAINING
        if not kept.any():
            longest = int(np.isfinite(self.values).sum(axis=1).max())
            raise DataError(
                f"horizon {horizon}: the longest series has {longest} values, expected at least "
                f"{horizon + MIN_TRAINING}; give a shorter --horizon"
            )
        names = tuple(name for name, keep in zip(self.names, kept, strict=True) if keep)
        return Panel(names, trimmed(before[kept])), after[kept]

    def stated_training(self) -> tuple[Panel, int]:
        """The part that the file calls training, and the longest of its test parts.

        Without a `split` column everything is training, and the length is zero.
        """
        if self.split is None:
            return self, 0
        horizon = int((self.split == "test").sum(axis=1).max())
        return self.hold_out(horizon)[0], horizon


def trimmed(values: FloatArray) -> FloatArray:
    """Shift each series right until its newest value is last; cut empty columns."""
    rows = [row[np.isfinite(row).nonzero()[0].min(initial=len(row)) :] for row in values]
    ends = [row[: np.isfinite(row).nonzero()[0].max(initial=-1) + 1] for row in rows]
    return right_aligned(ends)


def right_aligned(series: Sequence[FloatArray]) -> FloatArray:
    """Stack series of unequal length with their ends under each other, series × time."""
    length = max(len(row) for row in series)
    return np.stack([np.pad(row, (length - len(row), 0), constant_values=np.nan) for row in series])


def read_panel(file: Path) -> Panel:
    """Read a long CSV or Parquet file.

    Raises DataError for a missing column, text where a number belongs, a value or time that
    cannot be read, a (series, t) that stands twice, and a file without values.
    """
    table = open_table(file)
    missing = [name for name in COLUMNS if name not in table.names]
    if missing:
        raise DataError(
            f"{file}: expected the columns {', '.join(COLUMNS)}; {', '.join(missing)} is not "
            f"among {', '.join(table.names)}"
        )
    frame = _checked(table, file)
    try:
        steps = whole_steps(frame["t"], frame["series"])
    except DataError as error:
        raise DataError(f"{file}, column 't': {error}") from error
    known = frame.with_columns(pl.Series("step", steps)).filter(pl.col("value").is_not_nan())
    if known.is_empty():
        raise DataError(f"{file}: no values; expected rows of series, t and value")
    return _panel(known, file)


def data_hash(file: Path) -> str:
    """SHA-256 of a file's content."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _checked(table: Table, file: Path) -> pl.DataFrame:
    """Every row, checked: row, series, t, value, text, split. Raises DataError."""
    numeric = table.schema["value"].is_numeric()
    text = pl.col("value") if numeric else text_cells("value")
    split = pl.col("split").cast(pl.String) if "split" in table.names else pl.lit("")
    times = text_cells("t") if table.schema["t"] == pl.String else pl.col("t")
    frame = table.collect(
        table.lazy.select(
            pl.col(ROW).alias("row"),
            text_cells("series").alias("series"),
            times.alias("t"),
            text.cast(pl.Float64, strict=False).alias("value"),
            text.cast(pl.String).alias("text"),
            split.alias("split"),
        )
    )
    _refuse(frame, pl.col("series").is_null(), file, "series", "a name", "nothing")
    _refuse(frame, pl.col("t").is_null(), file, "t", "a whole number or a date", "nothing")
    unread = pl.col("value").is_null() & pl.col("text").is_not_null()
    _refuse(frame, unread | pl.col("value").is_infinite(), file, "value", "a finite number", "text")
    return frame


def _refuse(
    frame: pl.DataFrame, fault: pl.Expr, file: Path, column: str, wanted: str, shown: str
) -> None:
    """Raise DataError for the first row with this fault."""
    bad = frame.filter(fault)
    if not bad.is_empty():
        came = "nothing" if shown == "nothing" else repr(bad[shown][0])
        raise DataError(
            f"{file}, row {bad['row'][0]}, column {column!r}: expected {wanted}, got {came}"
            + (f" ({bad.height} such rows)" if bad.height > 1 else "")
        )


def _panel(frame: pl.DataFrame, file: Path) -> Panel:
    twice = frame.filter(pl.struct("series", "step").is_duplicated()).sort("series", "step")
    if not twice.is_empty():
        raise DataError(
            f"{file}, row {twice['row'][1]}: series {twice['series'][0]!r} has a second value at "
            f"t = {twice['t'][1]}; keep one value per series and time"
        )
    names, values, splits = [], [], []
    for (name,), rows in frame.sort("step").group_by("series", maintain_order=True):
        steps: IntArray = rows["step"].to_numpy() - int(rows["step"][0])
        _check_sparsity(file, str(name), len(steps), int(steps[-1]) + 1)
        names.append(str(name))
        values.append(_scattered(steps, rows["value"].to_numpy(), np.nan))
        splits.append(_scattered(steps, rows["split"].fill_null("").to_numpy() == "test", 0.0))
    order = np.argsort(names, kind="stable")
    split = right_aligned([splits[i] for i in order])
    stated = np.where(split == 1.0, "test", "") if (split == 1.0).any() else None
    return Panel(tuple(names[i] for i in order), right_aligned([values[i] for i in order]), stated)


def _check_sparsity(file: Path, name: str, count: int, span: int) -> None:
    if span > MAX_SPARSITY * count + MAX_SPARSITY:
        raise DataError(
            f"{file}, column 't': series {name!r} has {count} values over {span} steps; number "
            "the steps 0, 1, 2 ... or write dates as 2024-01-31"
        )


def _scattered(steps: IntArray, found: np.ndarray, fill: float) -> FloatArray:
    out = np.full(int(steps[-1]) + 1, fill)
    out[steps] = found
    return out
