"""Read and check the rows of drivers that a caller gives: CSV, Parquet, JSON, or mappings."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.emulators.driver_kp import AP_OF_THIRDS
from models.emulators.driver_weather import F107_LIMITS, INTERVAL_HOURS, KP_LIMITS
from models.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
TimeArray = npt.NDArray[np.datetime64]
Rows = str | Path | Sequence[Mapping[str, Any]]

#: Column -> lowest and highest value. `time` and one of kp and ap must be there.
_LIMITS: dict[str, tuple[float, float]] = {
    "f107": F107_LIMITS,
    "kp": KP_LIMITS,
    "ap": (0.0, float(AP_OF_THIRDS[-1])),
    "f107_mean": F107_LIMITS,
    "f107_adjusted": F107_LIMITS,
}
_REQUIRED = ("time", "f107")


@dataclass(frozen=True)
class GivenRows:
    """Checked columns of the rows; times at whole hours, rising."""

    file: str
    times: TimeArray
    values: dict[str, FloatArray]


def read_rows(rows: Rows) -> GivenRows:
    """The rows of a file or a list, checked. Raises DataError for the first fault."""
    return _checked(*_frame(rows))


def _frame(rows: Rows) -> tuple[pl.DataFrame, str]:
    if not isinstance(rows, str | Path):
        return _of_mappings(list(rows), "drivers"), "drivers"
    file = str(rows)
    try:
        content = Path(rows).expanduser().read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        if content.startswith(b"PAR1"):
            return pl.read_parquet(io.BytesIO(content)), file
        if content.lstrip()[:1] in (b"[", b"{"):
            return _of_mappings(json.loads(content), file), file
        return pl.read_csv(io.BytesIO(content), infer_schema=False), file
    except (pl.exceptions.PolarsError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{file}: expected drivers as CSV, Parquet or JSON rows ({reason})"
        ) from error


def _of_mappings(rows: Any, file: str) -> pl.DataFrame:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise DataError(f"{file}: expected a list of rows such as {{time, f107, kp}}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: [_text(row.get(name)) for row in rows] for name in names})


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _checked(frame: pl.DataFrame, file: str) -> GivenRows:
    known = ("time", *_LIMITS)
    unknown = [name for name in frame.columns if name not in known]
    missing = [name for name in _REQUIRED if name not in frame.columns]
    indices = [name for name in ("kp", "ap") if name in frame.columns]
    if unknown or missing or not indices or not frame.height:
        wrong = "time, f107 and kp or ap are needed"
        wrong = f"unknown column {unknown[0]!r}" if unknown else wrong
        raise DataError(
            f"{file}: {wrong}; expected rows with the columns {', '.join(known)} (kp or ap will "
            f"do), got {', '.join(frame.columns) or 'none'} in {frame.height} rows"
        )
    times = _times(frame["time"], file)
    values = {name: _numbers(frame[name], name, file) for name in frame.columns if name != "time"}
    return GivenRows(file, times, values)


def _times(column: pl.Series, file: str) -> TimeArray:
    texts = column.dt.strftime("%Y-%m-%dT%H:%M:%S") if column.dtype.is_temporal() else column
    out: list[np.datetime64] = []
    for row, text in enumerate(texts.cast(pl.String).to_list(), 1):
        try:
            time = np.datetime64((text or "").strip().removesuffix("Z").replace(" ", "T"), "s")
        except ValueError:
            time = np.datetime64("NaT")
        if np.isnat(time) or time != time.astype("datetime64[h]"):
            raise DataError(
                f"{file}, row {row}, column 'time': expected a whole hour UTC such as "
                f"2024-05-10T03:00, got {text!r}"
            )
        if out and time <= out[-1]:
            raise DataError(
                f"{file}, row {row}, column 'time': {text} does not come after the row before; "
                "sort the rows and keep one per time"
            )
        if out and time - out[-1] > np.timedelta64(INTERVAL_HOURS, "h"):
            raise DataError(
                f"{file}, row {row}, column 'time': a gap from {out[-1]} to {time}; give a row at "
                "least every 3 hours"
            )
        out.append(time)
    return np.array(out, dtype="datetime64[h]")


def _numbers(column: pl.Series, name: str, file: str) -> FloatArray:
    low, high = _LIMITS[name]
    numbers = column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    bad = np.flatnonzero(~((numbers >= low) & (numbers <= high)))
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"{file}, row {row + 1}, column {name!r}: expected a number from {low:g} to {high:g}, "
            f"got {column[row]!r}"
        )
    return np.asarray(numbers, dtype=np.float64)
