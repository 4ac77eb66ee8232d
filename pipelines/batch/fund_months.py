"""Months of millions of rows: dates, times, whole numbers (202001) and texts (2020-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from models.errors import DataError
from pipelines.months import month_index

if TYPE_CHECKING:
    from models.contract import IntArray

#: A month outside is a slip of the pen, as `month_index`.
EARLIEST, LATEST = month_index("1800-01"), month_index("2199-12")
_EPOCH = month_index("1970-01")
#: Texts that are read; anything else would be a guess.
_TEXT = r"^\s*(\d{4})[-/.]?(\d{2})(?:[-/.]?(\d{2}))?(?:[T ]\d{1,2}:.*)?\s*$"


def month_numbers(frame: pl.DataFrame, name: str, year: str | None = None) -> IntArray:
    """The month of each row as `month_index`, -1 where there is none.

    year   column of the year, where `name` is only the number of a month

    Raises DataError for a column of another type.
    """
    values = frame[name]
    if year is not None:
        part, whole = (_whole(frame[column]) for column in (name, year))
        months = whole * 12 + np.where((part >= 1) & (part <= 12), part - 1, -(10**9))
    elif values.dtype == pl.Date:
        months = _of_days(values.to_physical())
    elif isinstance(values.dtype, pl.Datetime):
        months = _of_days(values.cast(pl.Date).to_physical())
    elif values.dtype.is_numeric():
        months = _of_numbers(_whole(values))
    elif values.dtype in (pl.String, pl.Categorical, pl.Enum):
        months = _of_texts(values.cast(pl.String))
    else:
        raise DataError(
            f"column {name!r}: expected dates or texts such as 2020-01, got {values.dtype}"
        )
    return np.where((months >= EARLIEST) & (months <= LATEST), months, -1)


def _of_days(days: pl.Series) -> IntArray:
    """From days since 1970; each day that occurs is looked up in a table."""
    numbers = np.asarray(days.fill_null(-(2**31)).to_numpy(), dtype=np.int64)
    low, high = -63_000, 84_200
    table = np.arange(low, high).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    inside = (numbers >= low) & (numbers < high)
    if inside.all():
        return np.asarray(table[numbers - low] + _EPOCH)
    return np.where(inside, table[np.where(inside, numbers - low, 0)] + _EPOCH, -1)


def _of_numbers(numbers: IntArray) -> IntArray:
    """From 202001 or 20200131."""
    numbers = np.where(numbers >= 10_000_000, numbers // 100, numbers)
    part = numbers % 100
    fits = (numbers >= 100_000) & (numbers < 1_000_000) & (part >= 1) & (part <= 12)
    return np.where(fits, numbers // 100 * 12 + part - 1, -1)


def _of_texts(texts: pl.Series) -> IntArray:
    """Each text that occurs is read once."""
    kinds = texts.unique()
    part = kinds.str.extract_groups(_TEXT).struct.unnest()
    year, month = (part[column].cast(pl.Int64, strict=False) for column in part.columns[:2])
    # A day that its month does not have is no date.
    day = part[part.columns[2]].fill_null("01")
    whole = part.select(pl.concat_str([*part.columns[:2], day.alias("day")], separator="-"))
    valid = whole.to_series().str.to_date("%Y-%m-%d", strict=False).is_not_null()
    months = pl.select(
        pl.when(valid).then(year * 12 + month - 1).otherwise(-1).fill_null(-1).alias("month")
    ).to_series()
    found = texts.replace_strict(kinds, months, default=-1, return_dtype=pl.Int64)
    return np.asarray(found.fill_null(-1).to_numpy())


def _whole(values: pl.Series) -> IntArray:
    """As whole numbers; -1 where there is none."""
    return np.asarray(values.cast(pl.Int64, strict=False).fill_null(-1).to_numpy())
