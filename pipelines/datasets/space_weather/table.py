"""The table of space weather that Halyard keeps: one small Parquet file of whole numbers.

Columns: date; f107_obs and f107_adj in tenths; kp_1 ... kp_8 in thirds, from which ap
follows. The file's metadata says where it came from. One such file is part of the package
(1995-01 to 2025-07); an updated one lies in `$HALYARD_HOME/space_weather/`.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.emulators.driver_kp import kp_thirds
from models.emulators.driver_weather import PER_DAY, SpaceWeather
from models.errors import DataError
from pipelines.atomic import write_atomic
from pipelines.environment import halyard_home

FloatArray = npt.NDArray[np.floating[Any]]

EMBEDDED = Path(__file__).with_name("embedded.parquet")
ATTRIBUTION = (
    "Kp, ap, Ap: GFZ Potsdam, CC BY 4.0. F10.7: DRAO Penticton, National Research Council "
    "Canada. Compiled by CelesTrak / CSSI."
)
_FLUX = ("f107_obs", "f107_adj")
_KP = tuple(f"kp_{i}" for i in range(1, PER_DAY + 1))
_FORMAT = "halyard space weather 1"
_META = "halyard"


def open_space_weather(path: str | Path | None = None) -> SpaceWeather:
    """The table in `path`; without one, the updated table, or else the embedded one.

    Raises DataError when the file is missing, damaged or no such table.
    """
    if path is not None:
        return read_table(Path(path))
    updated = updated_path()
    return read_table(updated if updated.is_file() else EMBEDDED)


def updated_path() -> Path:
    """Where `halyard data update space-weather` keeps the table."""
    return halyard_home() / "space_weather" / "space_weather.parquet"


def write_table(path: Path, weather: SpaceWeather, about: dict[str, Any] | None = None) -> None:
    """Write a table whole or not at all; `about` (JSON) is kept as its provenance."""
    meta = {
        "format": _FORMAT,
        "attribution": ATTRIBUTION,
        "source": weather.source,
        "as_of": None if weather.as_of is None else str(weather.as_of),
        "data_hash": weather.data_hash,
        "about": about or {},
    }
    frame = to_frame(weather)
    write_atomic(
        path,
        lambda file: frame.write_parquet(
            file, compression="zstd", compression_level=19, metadata={_META: json.dumps(meta)}
        ),
    )


def read_table(path: Path) -> SpaceWeather:
    """Read a table that `write_table` wrote. Raises DataError for anything else."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); expected a table of space weather"
        ) from error
    return from_bytes(content, str(path))


def from_bytes(content: bytes, file: str) -> SpaceWeather:
    """The table in the content of a file."""
    meta = _metadata(content, file)
    frame = pl.read_parquet(io.BytesIO(content))
    flux = _floats(frame, _FLUX) / 10.0
    as_of = meta["as_of"]
    weather = SpaceWeather(
        frame["date"].to_numpy()[0].astype("datetime64[D]"),
        flux[:, 0],
        flux[:, 1],
        _floats(frame, _KP) / 3.0,
        meta["source"],
        None if as_of is None else np.datetime64(as_of),
    )
    if weather.data_hash != meta["data_hash"]:
        raise DataError(f"{file}: the values do not match their checksum; fetch the table again")
    return weather


def provenance(path: Path) -> dict[str, Any]:
    """What `write_table` was told about the sources of a table."""
    about = _metadata(path.read_bytes(), str(path))["about"]
    return dict(about)


def to_frame(weather: SpaceWeather) -> pl.DataFrame:
    """The table in whole numbers; null where unknown."""
    thirds = kp_thirds(weather.kp)
    flux = {"f107_obs": weather.f107, "f107_adj": weather.f107_adjusted}
    return pl.DataFrame(
        {
            "date": weather.days,
            **{name: _whole(10.0 * values, pl.UInt16) for name, values in flux.items()},
            **{name: _whole(thirds[:, i], pl.UInt8) for i, name in enumerate(_KP)},
        }
    )


def rounded(weather: SpaceWeather) -> SpaceWeather:
    """The table as it is kept: F10.7 to a tenth, Kp to a third."""
    return replace(
        weather,
        f107=np.rint(10.0 * weather.f107) / 10.0,
        f107_adjusted=np.rint(10.0 * weather.f107_adjusted) / 10.0,
        kp=np.rint(kp_thirds(weather.kp)) / 3.0,
    )


def _whole(values: FloatArray, dtype: type[pl.DataType]) -> pl.Series:
    return pl.Series(np.rint(values)).fill_nan(None).cast(dtype)


def _floats(frame: pl.DataFrame, names: tuple[str, ...]) -> FloatArray:
    return frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


def _metadata(content: bytes, file: str) -> dict[str, Any]:
    try:
        meta = json.loads(pl.read_parquet_metadata(io.BytesIO(content))[_META])
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{file}: not a table of space weather, or damaged; expected Parquet made by "
            "halyard data update space-weather"
        ) from error
    if meta.get("format") != _FORMAT:
        raise DataError(f"{file}: expected format {_FORMAT!r}, got {meta.get('format')!r}")
    return dict(meta)
