"""Orbit points of a whole catalogue of two-line elements, for a batch of densities.

SGP4 moves every satellite; its own drag is good enough to say where density is wanted. For one
satellite under a density model use `models.orbit.flight`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.errors import ConfigError, DataError
from models.orbit.frames import EARTH_RATE, geodetic, sidereal_angle
from pipelines.atomic import write_atomic
from pipelines.orbit.tle import MOST_DAYS, TwoLines, parse_tle

#: Points that are held before they are written.
_BUFFERED = 500_000
_DAY_2000, _JULIAN_2000 = np.datetime64("2000-01-01"), 2451544.5


@dataclass(frozen=True)
class When:
    """Every `step` seconds for `hours` from `start` (UTC) on."""

    start: np.datetime64
    hours: float
    step: float

    def __post_init__(self) -> None:
        if not (0 < self.step <= 86400 and 0 < self.hours <= 24 * MOST_DAYS):
            raise ConfigError(
                f"expected a step above 0 and at most 86400 s, and at most {24 * MOST_DAYS:g} "
                f"hours, got {self.step:g} s and {self.hours:g} hours"
            )

    @property
    def seconds(self) -> FloatArray:
        """After the start; the end is not among them."""
        return np.arange(int(np.ceil(self.hours * 3600 / self.step - 1e-9))) * self.step

    @property
    def times(self) -> npt.NDArray[np.datetime64]:
        """UTC, datetime64[us]."""
        offsets = np.rint(self.seconds * 1e6).astype("timedelta64[us]")
        return np.asarray(self.start.astype("datetime64[us]") + offsets)


@dataclass
class Written:
    """What became of a catalogue; `left_out` says why a satellite has no points."""

    satellites: int = 0
    points: int = 0
    left_out: list[str] = field(default_factory=list)


def read_catalogue(path: Path) -> tuple[list[TwoLines], list[str]]:
    """All TLEs of a file, with or without names, and what is wrong with the others.

    Raises DataError when there is none at all.
    """
    try:
        lines = [line.rstrip() for line in path.read_text("ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); expected two-line elements") from error
    found, faults = [], []
    for at, line in enumerate(lines):
        if line.startswith("1 "):
            name = [] if at == 0 or lines[at - 1][:2] in ("1 ", "2 ") else [lines[at - 1]]
            try:
                found.append(
                    parse_tle("\n".join([*name, *lines[at : at + 2]]), f"{path}, line {at + 1}")
                )
            except DataError as error:
                faults.append(str(error))
    if not found:
        raise DataError(faults[0] if faults else f"{path}: expected two-line elements, got none")
    return found, faults


def satellite_points(tle: TwoLines, when: When) -> pl.DataFrame:
    """Points of one satellite: id, epoch, latitude, longitude, height.

    Raises DataError where the TLE is too old, or SGP4 fails on the way.
    """
    from sgp4.api import WGS72, Satrec

    tle.state(when.times[0])
    days = when.times.astype("datetime64[D]")
    # Julian days and their fractions apart keep microseconds.
    julian = (days - _DAY_2000) / np.timedelta64(1, "D") + _JULIAN_2000
    record = Satrec.twoline2rv(tle.first, tle.second, WGS72)
    codes, places, _ = record.sgp4_array(julian, (when.times - days) / np.timedelta64(1, "D"))
    if codes.any():
        moment = when.times[int(np.argmax(codes != 0))]
        raise DataError(f"{tle.where}: SGP4 cannot propagate this TLE to {moment}")
    latitude, east, height = geodetic(*places.T)
    angle = np.degrees(sidereal_angle(when.times[0]) + EARTH_RATE * when.seconds)
    return pl.DataFrame(
        {
            "id": pl.Series([tle.first[2:7].strip()]).new_from_index(0, len(height)),
            "epoch": when.times,
            "latitude": latitude,
            "longitude": (east - angle + 180.0) % 360.0 - 180.0,
            "height": height,
        }
    )


def write_catalogue_points(
    tles: Sequence[TwoLines], when: When, heights: tuple[float, float], target: Path
) -> Written:
    """Points of all satellites as one Parquet file, satellite by satellite, whole or not at all.

    heights  km: points outside are left out, as no density is known there
    """
    written = Written()
    write_atomic(target, lambda file: _write(_batches(tles, when, heights, written), file))
    return written


def _batches(
    tles: Sequence[TwoLines], when: When, heights: tuple[float, float], written: Written
) -> Iterator[pl.DataFrame]:
    held: list[pl.DataFrame] = []
    for tle in tles:
        try:
            points = satellite_points(tle, when)
        except DataError as error:
            written.left_out.append(str(error))
            continue
        points = points.filter(pl.col("height").is_between(*heights))
        written.satellites += points.height > 0
        written.points += points.height
        held.append(points)
        if sum(part.height for part in held) >= _BUFFERED:
            yield pl.concat(held)
            held = []
    yield pl.concat([*held, _none()])


def _none() -> pl.DataFrame:
    numbers = dict.fromkeys(("latitude", "longitude", "height"), pl.Float64)
    return pl.DataFrame(schema={"id": pl.String, "epoch": pl.Datetime("us"), **numbers})


def _write(batches: Iterator[pl.DataFrame], file: BinaryIO) -> None:
    import pyarrow.parquet as pq

    first = next(batches).to_arrow()
    with pq.ParquetWriter(file, first.schema, compression="lz4") as writer:
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch.to_arrow().cast(first.schema))
