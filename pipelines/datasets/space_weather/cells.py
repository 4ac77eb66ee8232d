"""From rows of a file to `SpaceWeather`: days in order and complete, values sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_kp import AP_OF_THIRDS, ap_to_kp, kp_thirds
from models.emulators.driver_weather import (
    F107_LIMITS,
    INTERVAL_HOURS,
    KP_LIMITS,
    PER_DAY,
    SpaceWeather,
)
from models.errors import DataError
from pipelines.datasets.space_weather.text_table import TextTable

FloatArray = npt.NDArray[np.floating[Any]]
DayArray = npt.NDArray[np.datetime64]
#: Adjusted over observed flux: the sun's distance squared, 0.967 to 1.034, and old roundings.
_ORBIT = (0.9, 1.1)


@dataclass(frozen=True)
class DayRows:
    """What the rows of a file say, one per day; NaN where a cell is empty.

    days                 row
    f107, f107_adjusted  row
    kp, ap               row × 8; ap may be all NaN
    """

    table: TextTable
    days: DayArray
    f107: FloatArray
    f107_adjusted: FloatArray
    kp: FloatArray
    ap: FloatArray

    def take(self, chosen: npt.NDArray[np.bool_]) -> DayRows:
        """Some of the rows; messages still name their lines."""
        index = [int(i) for i in np.flatnonzero(chosen)]
        table = replace(
            self.table,
            rows=[self.table.rows[i] for i in index],
            lines=[self.table.lines[i] for i in index],
        )
        return DayRows(
            table,
            self.days[chosen],
            self.f107[chosen],
            self.f107_adjusted[chosen],
            self.kp[chosen],
            self.ap[chosen],
        )


def to_weather(rows: DayRows, *, strict: bool = True) -> SpaceWeather:
    """The table of these days. Raises DataError for the first fault.

    strict   Kp must be whole thirds and agree with ap; predicted values need not
    """
    check_order(rows.table, rows.days, np.timedelta64(1, "D"), "day")
    for name, values in (("F10.7", rows.f107), ("adjusted F10.7", rows.f107_adjusted)):
        _check_limits(rows, name, values[:, None], F107_LIMITS)
    _check_limits(rows, "Kp", rows.kp, KP_LIMITS)
    # A predicted Kp is rounded from ap, and no third: ap says more.
    kp = rows.kp if strict else np.where(np.isfinite(rows.ap), ap_to_kp(rows.ap), rows.kp)
    thirds = kp_thirds(kp)
    if strict:
        _check_flux(rows)
        _check_kp(rows, thirds)
    return SpaceWeather(
        np.datetime64(rows.days[0]), rows.f107, rows.f107_adjusted, thirds / 3.0, rows.table.file
    )


def check_order(table: TextTable, times: DayArray, step: np.timedelta64, what: str) -> None:
    """Raise DataError at the first repeated, disordered or missing time."""
    steps = np.diff(times)
    wrong = np.flatnonzero(steps != step)
    if not len(wrong):
        return
    row = int(wrong[0]) + 1
    line = f"{table.file}, line {table.lines[row]}"
    if steps[row - 1] <= np.timedelta64(0, "D"):
        how = "stands twice" if times[row] in times[:row] else "comes after a later one"
        raise DataError(f"{line}: {what} {times[row]} {how}; keep one row per {what}, in order")
    raise DataError(
        f"{line}: {what} {times[row - 1] + step} is missing, {times[row]} follows "
        f"{times[row - 1]}; fetch the file again or fill the gap"
    )


def _check_limits(
    rows: DayRows, name: str, values: FloatArray, limits: tuple[float, float]
) -> None:
    bad = np.argwhere((values < limits[0]) | (values > limits[1]))
    if len(bad):
        row, at = (int(i) for i in bad[0])
        raise DataError(
            f"{_where(rows, row, at, values.shape[1])}: expected {name} from {limits[0]:g} to "
            f"{limits[1]:g}, got {values[row, at]:g}; correct the cell or leave it empty"
        )


def _check_flux(rows: DayRows) -> None:
    """Observed and adjusted flux differ by the square of the sun's distance."""
    ratio = rows.f107_adjusted / rows.f107
    bad = np.flatnonzero((ratio < _ORBIT[0]) | (ratio > _ORBIT[1]))
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"{_where(rows, row, 0, 1)}: observed F10.7 {rows.f107[row]:g} and adjusted "
            f"{rows.f107_adjusted[row]:g} differ by more than the sun's distance can; correct one"
        )


def _check_kp(rows: DayRows, thirds: FloatArray) -> None:
    """Kp stands in whole thirds, and ap is the one of the table or of a step beside it."""
    odd = np.argwhere(np.isfinite(thirds) & (thirds != np.rint(thirds)))
    if len(odd):
        row, at = (int(i) for i in odd[0])
        raise DataError(
            f"{_where(rows, row, at, PER_DAY)}: Kp {rows.kp[row, at]:g} is no third (0, 0.3, 0.7, "
            "1, ...); correct the cell"
        )
    whole = np.nan_to_num(thirds, nan=0.0).astype(np.int64)
    table = np.array(AP_OF_THIRDS, dtype=np.float64)
    low, high = table[np.maximum(whole - 1, 0)], table[np.minimum(whole + 1, 27)]
    # A file that is corrected in one column before the other is a step out at most.
    bad = np.argwhere(np.isfinite(thirds) & ((rows.ap < low) | (rows.ap > high)))
    if len(bad):
        row, at = (int(i) for i in bad[0])
        raise DataError(
            f"{_where(rows, row, at, PER_DAY)}: Kp {rows.kp[row, at]:g} goes with ap "
            f"{table[whole[row, at]]:g}, got ap {rows.ap[row, at]:g}; correct one of them"
        )


def _where(rows: DayRows, row: int, at: int, width: int) -> str:
    hours = f" from {at * INTERVAL_HOURS:02d} UTC" if width == PER_DAY else ""
    return f"{rows.table.file}, line {rows.table.lines[row]}, {rows.days[row]}{hours}"
