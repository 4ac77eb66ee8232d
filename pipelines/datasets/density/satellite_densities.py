"""Densities that satellites measured, from a CSV or Parquet file.

Columns: date, seconds_in_day_s, satellite, altitude_m, longitude_deg, latitude_deg,
density_kg_m3, and where another model's answer stands beside it nrlmsise00_density_kg_m3.
Units are in the names, and the numbers are checked against them: kilometres given for
metres and g/cm3 for kg/m3 are the usual slips. Longitudes run from -180 or from 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.errors import DataError
from pipelines.datasets.density.units import decades_away
from pipelines.datasets.numbers import to_numbers
from pipelines.datasets.tables import ROW, Table, id_cells, open_table, text_cells

NUMBERS: tuple[str, ...] = (
    "seconds_in_day_s",
    "altitude_m",
    "longitude_deg",
    "latitude_deg",
    "density_kg_m3",
)
REFERENCE = "nrlmsise00_density_kg_m3"
#: Heights in metres that a density is believed at.
ALTITUDES = (90_000.0, 1_000_000.0)
#: Measured densities above this, kg/m3, are no density at 90 km or more.
_DENSEST = 1e-4
#: Powers of ten by which a file may differ from what its heights usually have: solar activity
#: moves 600 km by one, a wrong unit of density by three.
_TOLERANCE = 2.0


@dataclass(frozen=True)
class SatelliteDensities:
    """Measured densities in order of time.

    time       row: datetime64[s], UTC
    satellite  row: name as in the file
    height     row: km
    longitude  row: degrees east, -180 to below 180
    latitude   row: degrees north
    density    row: kg/m3, positive
    reference  row: density of NRLMSISE-00 in kg/m3, NaN where the file has none
    """

    time: npt.NDArray[np.datetime64]
    satellite: npt.NDArray[np.str_]
    height: FloatArray
    longitude: FloatArray
    latitude: FloatArray
    density: FloatArray
    reference: FloatArray

    def __len__(self) -> int:
        return len(self.time)

    @property
    def local_time(self) -> FloatArray:
        """Hours of local solar time, 0 to below 24."""
        hour = (self.time - self.time.astype("datetime64[D]")).astype(np.float64) / 3600.0
        return np.asarray((hour + self.longitude / 15.0) % 24.0)


def read_satellite_densities(path: str | Path) -> SatelliteDensities:
    """Read and check a file; rows are sorted by time, rows of one time keep their order.

    Raises DataError with file, row and column of the first cell that is wrong.
    """
    table = open_table(path)
    missing = [n for n in ("date", "satellite", *NUMBERS) if n not in table.names]
    if missing:
        raise DataError(
            f"{table.file}: no column {missing[0]!r}; expected date, satellite, "
            f"{', '.join(NUMBERS)} and, where known, {REFERENCE}; got {', '.join(table.names)}"
        )
    frame = table.collect(table.lazy)
    if frame.is_empty():
        raise DataError(f"{table.file}: no rows; expected densities of satellites")
    numbers = {name: _numbers(table, frame, name) for name in NUMBERS}
    _check_units(table, frame, numbers)
    return _sorted(_rows(table, frame, numbers))


def _rows(table: Table, frame: pl.DataFrame, numbers: dict[str, FloatArray]) -> SatelliteDensities:
    seconds = numbers["seconds_in_day_s"].astype("timedelta64[s]")
    return SatelliteDensities(
        (_days(table, frame).astype("datetime64[s]") + seconds).astype("datetime64[s]"),
        _names(table, frame),
        numbers["altitude_m"] / 1000.0,
        (numbers["longitude_deg"] + 180.0) % 360.0 - 180.0,
        numbers["latitude_deg"],
        numbers["density_kg_m3"],
        _reference(table, frame),
    )


def _sorted(rows: SatelliteDensities) -> SatelliteDensities:
    order = np.argsort(rows.time, kind="stable")
    return SatelliteDensities(*(getattr(rows, name)[order] for name in rows.__dataclass_fields__))


def _days(table: Table, frame: pl.DataFrame) -> npt.NDArray[Any]:
    column = frame["date"]
    days = column if column.dtype.is_temporal() else frame.select(text_cells("date")).to_series()
    read = days.cast(pl.Date) if column.dtype.is_temporal() else days.str.to_date(strict=False)
    _refuse(table, frame, "date", read.is_null().to_numpy(), "a date such as 2003-11-20")
    return read.to_numpy().astype("datetime64[D]")


def _names(table: Table, frame: pl.DataFrame) -> npt.NDArray[np.str_]:
    names = frame.select(id_cells("satellite")).to_series()
    _refuse(table, frame, "satellite", names.is_null().to_numpy(), "the name of a satellite")
    return np.asarray(names.to_list(), dtype=np.str_)


def _numbers(table: Table, frame: pl.DataFrame, name: str) -> FloatArray:
    text = frame.select(text_cells(name)).to_series()
    values = to_numbers(text, table.separator).to_numpy().astype(np.float64)
    _refuse(table, frame, name, ~np.isfinite(values), "a finite number")
    return values


def _reference(table: Table, frame: pl.DataFrame) -> FloatArray:
    """NRLMSISE-00 where the file has it; a cell may be missing, but not wrong."""
    if REFERENCE not in table.names:
        return np.full(len(frame), np.nan)
    text = frame.select(text_cells(REFERENCE)).to_series()
    values = to_numbers(text, table.separator).to_numpy().astype(np.float64)
    wrong = text.is_not_null().to_numpy() & ~(np.isfinite(values) & (values > 0))
    _refuse(table, frame, REFERENCE, wrong, "a positive density in kg/m3, or an empty cell")
    return values


def _check_units(table: Table, frame: pl.DataFrame, numbers: dict[str, FloatArray]) -> None:
    altitude, density = numbers["altitude_m"], numbers["density_kg_m3"]
    low, high = ALTITUDES
    if high / 1e3 >= np.median(altitude) >= low / 1e3:
        raise DataError(
            f"{table.file}: altitude_m holds {np.median(altitude):g} as its middle value: "
            "kilometres, it seems; expected metres, multiply by 1000"
        )
    checks: tuple[tuple[str, Callable[[FloatArray], npt.NDArray[np.bool_]], str], ...] = (
        ("seconds_in_day_s", lambda v: (v < 0) | (v >= 86_401), "0 to 86400 seconds"),
        ("altitude_m", lambda v: (v < low) | (v > high), f"{low:g} to {high:g} metres"),
        ("longitude_deg", lambda v: (v < -180) | (v > 360), "-180 to 360 degrees"),
        ("latitude_deg", lambda v: np.abs(v) > 90, "-90 to 90 degrees"),
        ("density_kg_m3", lambda v: (v <= 0) | (v > _DENSEST), f"above 0 to {_DENSEST:g} kg/m3"),
    )
    for name, is_wrong, expected in checks:
        _refuse(table, frame, name, is_wrong(numbers[name]), expected)
    off = decades_away(np.log10(density), altitude / 1000.0)
    if abs(off) > _TOLERANCE:
        raise DataError(
            f"{table.file}: density_kg_m3 lies {10 ** abs(off):.0f} times "
            f"{'above' if off > 0 else 'below'} what these altitudes have; expected kg/m3 "
            "(1 g/cm3 is 1000 kg/m3, so multiply values in g/cm3 by 1000)"
        )


def _refuse(
    table: Table, frame: pl.DataFrame, name: str, wrong: npt.NDArray[np.bool_], expected: str
) -> None:
    """Raises DataError at the first wrong cell of a column."""
    if wrong.any():
        place = int(np.argmax(wrong))
        raise DataError(
            f"{table.file}, row {frame[ROW][place]}, column {name!r}: got "
            f"{frame[name][place]!r}; expected {expected}; correct or remove the row"
        )
