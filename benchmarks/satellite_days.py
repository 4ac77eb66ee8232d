"""Orbit points of many satellites: a day each, a point every ten seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

DAY = np.datetime64("2024-05-10", "us")
STEP, PER_DAY = 10.0, 8640
_SATELLITES_PER_FILE = 100


def satellite_day(number: int) -> pl.DataFrame:
    """A day on a circular orbit of 250 to 900 km; the number decides which."""
    draw = np.random.default_rng(number)
    height, inclination = draw.uniform(250, 900), np.radians(draw.uniform(30, 98))
    node, phase = draw.uniform(-180, 180), draw.uniform(0, 2 * np.pi)
    seconds = np.arange(PER_DAY) * STEP
    period = 2 * np.pi * np.sqrt((6371.0 + height) ** 3 / 398600.4)
    angle = phase + seconds / period * 2 * np.pi
    east = np.degrees(np.arctan2(np.cos(inclination) * np.sin(angle), np.cos(angle)))
    return pl.DataFrame(
        {
            "id": np.full(PER_DAY, 25000 + number),
            "epoch": DAY + (seconds * 1e6).astype("timedelta64[us]"),
            "latitude": np.degrees(np.arcsin(np.sin(inclination) * np.sin(angle))),
            "longitude": (node + east - seconds * 360 / 86164 + 180) % 360 - 180,
            "height": height + 10 * np.sin(angle),
        }
    )


def write_satellite_days(folder: Path, points: int) -> int:
    """Files of whole days, of at least so many points; returns how many there are."""
    folder.mkdir(parents=True)
    satellites = -(-points // PER_DAY)
    for start in range(0, satellites, _SATELLITES_PER_FILE):
        numbers = range(start, min(start + _SATELLITES_PER_FILE, satellites))
        table = pl.concat([satellite_day(number) for number in numbers])
        table.write_parquet(folder / f"points-{start:06d}.parquet", compression="lz4")
    return satellites * PER_DAY
