"""Drivers that a caller gives, in a file or as rows: for a query, or for a forecast's future.

A row holds from its time on: F10.7 for the UTC day, Kp or ap for the 3 hours. What came
before the rows (57 hours of ap, 81 days of F10.7) is taken from a table of space weather,
or from the rows themselves where they reach back.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.emulators.driver_flares import TRUSTED, clean_flares
from models.emulators.driver_futures import sun_distance
from models.emulators.driver_hours import Mean, hourly_drivers
from models.emulators.driver_kp import AP_OF_THIRDS, ap_to_kp, kp_thirds
from models.emulators.driver_weather import (
    F107_LIMITS,
    INTERVAL_HOURS,
    KP_LIMITS,
    PER_DAY,
    SpaceWeather,
)
from models.emulators.drivers import Drivers
from models.errors import DataError
from pipelines.datasets.space_weather.merge import merge

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
#: Intervals of Kp between a table and the rows that may be unknown: what is published late.
_BRIDGED = 2


@dataclass(frozen=True)
class _Given:
    """Checked columns of the rows; times at whole hours, rising."""

    file: str
    times: TimeArray
    values: dict[str, FloatArray]


def drivers_from_rows(
    rows: Rows,
    weather: SpaceWeather | None = None,
    first_hour: np.datetime64 | None = None,
    last_hour: np.datetime64 | None = None,
    mean: Mean = "so_far",
) -> Drivers:
    """Hourly drivers from a caller's rows.

    rows        a CSV, Parquet or JSON file, or a list of mappings; columns time (UTC), f107,
                kp or ap, and if wanted f107_mean, f107_adjusted. Every 3 hours, or hourly with
                the same values within 3 hours
    weather     what was before (and, where it knows them, after); rows win
    first_hour  the span asked for; by default from the first row to 2 hours after the last
    mean        how f107_mean is computed where the rows do not give it

    F10.7 of the rows is taken as it is; flares are only taken out of `weather`.

    Kp is filled from ap, or ap from Kp, by the official table; one or two Kp that were not out
    yet when the rows begin repeat the last one. Raises DataError for the
    first fault: an unknown column, a cell that is empty, no number or out of limits, a gap,
    a contradiction, or a past that nobody gives.
    """
    given = _checked(*_frame(rows))
    table = _as_table(given)
    if weather is not None:
        table = _bridged(merge(_cleaned(weather), table))
    end = given.times[-1] + (INTERVAL_HOURS - 1)
    first = given.times[0] if first_hour is None else first_hour.astype("datetime64[h]")
    last = end if last_hour is None else last_hour.astype("datetime64[h]")
    hours = first + np.arange(max(int((last - first).astype(int)) + 1, 0))
    stated = _stated(given, np.asarray(hours))
    return hourly_drivers(table, np.datetime64(first), np.datetime64(last), mean, stated, TRUSTED)


def _cleaned(weather: SpaceWeather) -> SpaceWeather:
    """The table without flares, so that they need not be looked for in what the caller states."""
    flux = clean_flares(weather.f107, weather.f107_adjusted)
    return replace(weather, f107=flux.f107, f107_adjusted=flux.f107_adjusted)


def _bridged(table: SpaceWeather) -> SpaceWeather:
    """Repeat the last Kp over the one or two intervals before the rows that are not out yet."""
    kp = table.kp.ravel().copy()
    known = np.flatnonzero(np.isfinite(kp))
    for at in np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= _BRIDGED + 1)):
        kp[known[at] + 1 : known[at + 1]] = kp[known[at]]
    return replace(table, kp=kp.reshape(table.kp.shape))


def _stated(given: _Given, hours: TimeArray) -> dict[str, FloatArray]:
    """Columns that the rows give outright, at these hours; NaN outside of the rows.

    A stated mean also stands for the trailing one: without a table that cannot be computed.
    """
    row = np.searchsorted(given.times, hours, side="right") - 1
    inside = (row >= 0) & (hours < given.times[-1] + INTERVAL_HOURS)
    stated = {
        name: np.where(inside, values[np.maximum(row, 0)], np.nan)
        for name, values in given.values.items()
        if name in ("f107_mean", "f107_adjusted")
    }
    if "f107_mean" in stated:
        stated["f107_trailing"] = stated["f107_mean"]
    return stated


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


def _checked(frame: pl.DataFrame, file: str) -> _Given:
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
    return _Given(file, times, values)


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


def _as_table(given: _Given) -> SpaceWeather:
    """The rows as days of F10.7 and intervals of Kp; NaN in what they do not cover."""
    first = given.times[0].astype("datetime64[D]")
    days = int((given.times[-1].astype("datetime64[D]") - first).astype(int)) + 1
    since = (given.times - first.astype("datetime64[h]")).astype(np.int64)
    f107 = _constant(given, "f107", since // 24, days, "the UTC day")
    kp = _kp(given)
    interval = since // INTERVAL_HOURS
    by_interval = _constant(_Given(given.file, given.times, {"kp": kp}), "kp", interval, 8 * days)
    adjusted = f107 * sun_distance(np.asarray(first + np.arange(days))) ** 2
    return SpaceWeather(
        np.datetime64(first), f107, adjusted, by_interval.reshape(days, PER_DAY), given.file
    )


def _kp(given: _Given) -> FloatArray:
    """Kp as given, or of ap. Raises DataError where both are given and contradict."""
    values = given.values
    if "kp" not in values:
        return ap_to_kp(values["ap"])
    thirds = kp_thirds(values["kp"])
    if "ap" in values:
        bad = np.flatnonzero(np.abs(3.0 * ap_to_kp(values["ap"]) - thirds) > 1.0)
        if len(bad):
            row = int(bad[0])
            raise DataError(
                f"{given.file}, row {row + 1}: kp {values['kp'][row]:g} and ap "
                f"{values['ap'][row]:g} contradict each other; give one of them"
            )
    return thirds / 3.0


def _constant(
    given: _Given, name: str, slot: npt.NDArray[np.int64], slots: int, what: str = "the 3 hours"
) -> FloatArray:
    """One value per slot; DataError where the rows of a slot differ."""
    values = given.values[name]
    out = np.full(slots, np.nan)
    # Written backwards, so that the first row of each slot stays.
    out[slot[::-1]] = values[::-1]
    bad = np.flatnonzero(values != out[slot])
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"{given.file}, row {row + 1}, column {name!r}: {values[row]:g} differs from "
            f"{out[slot[row]]:g} earlier in {what}; {name} has one value there"
        )
    return out
