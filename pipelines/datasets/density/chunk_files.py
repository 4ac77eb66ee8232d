"""One chunk of fields as a NetCDF-4 file with CF names: written whole, read in slices.

`log10_density(time, local_time, latitude, height)` and, by hour, the drivers. Stored
uncompressed, because random mantissas hardly shrink and reading is what is done often; each
piece carries a checksum (HDF5's Fletcher 32), so damage is found when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.emulators.drivers import COLUMNS
from models.emulators.grid import FloatArray, Grid
from models.errors import DataError
from pipelines.atomic import write_atomic
from pipelines.datasets.density.sources import HourArray

if TYPE_CHECKING:
    from xarray import Dataset

DENSITY = "log10_density"
_AXES = ("time", "local_time", "latitude", "height")
_EPOCH = np.datetime64("1950-01-01", "h")
_FLUX_UNIT = "1e-22 W m-2 Hz-1"
#: Hours per piece of the file: a day, since readers ask for days.
_PIECE = 24

_AXIS_ATTRIBUTES: dict[str, dict[str, str]] = {
    "time": {
        "standard_name": "time",
        "long_name": "time, UTC",
        "units": "hours since 1950-01-01 00:00:00",
        "calendar": "standard",
        "axis": "T",
    },
    # "hour", because xarray takes "hours" for a length of time.
    "local_time": {"long_name": "local solar time, UTC + longitude / 15", "units": "hour"},
    "latitude": {
        "standard_name": "latitude",
        "long_name": "geodetic latitude",
        "units": "degrees_north",
        "axis": "Y",
    },
    "height": {
        "standard_name": "height_above_reference_ellipsoid",
        "long_name": "height above the WGS 84 ellipsoid",
        "units": "km",
        "positive": "up",
        "axis": "Z",
    },
}
_DENSITY_ATTRIBUTES = {
    "long_name": "log10 of mass density of the thermosphere in kg m-3",
    "units": "lg(re 1 kg m-3)",
    "comment": "10 ** log10_density is the mass density (CF: air_density) in kg m-3",
}


def write_chunk(
    path: Path,
    hours: HourArray,
    fields: FloatArray,
    grid: Grid,
    variables: Mapping[str, FloatArray],
    about: Mapping[str, str],
) -> None:
    """Write a chunk whole or not at all; `about` becomes the file's attributes."""
    dataset = _dataset(hours, fields, grid, variables, about)
    encoding: dict[str, dict[str, Any]] = {
        str(name): {"_FillValue": None} for name in dataset.variables
    }
    pieces = (min(_PIECE, len(hours)), *grid.shape)
    encoding[DENSITY] |= {"chunksizes": pieces, "fletcher32": True}
    # By name into the open file: the library makes the same file anew, and what is flushed
    # to disk before the rename is its content.
    write_atomic(
        path,
        lambda file: dataset.to_netcdf(
            file.name, engine="netcdf4", format="NETCDF4", encoding=encoding
        ),
    )


def read_fields(path: Path, part: slice) -> FloatArray:
    """Hours `part` of a chunk, hour × local time × latitude × height, float32."""
    with _opened(path) as dataset:
        return np.ascontiguousarray(dataset[DENSITY][part].values, dtype=np.float32)


def read_variables(path: Path) -> dict[str, FloatArray]:
    """What a chunk holds beside the fields, by hour."""
    with _opened(path) as dataset:
        return {
            str(name): np.asarray(values.values, dtype=np.float64)
            for name, values in dataset.data_vars.items()
            if name != DENSITY
        }


def content_hash(*arrays: npt.NDArray[Any]) -> str:
    """SHA-256 of the values; the file's own bytes also depend on library versions."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _dataset(
    hours: HourArray,
    fields: FloatArray,
    grid: Grid,
    variables: Mapping[str, FloatArray],
    about: Mapping[str, str],
) -> Dataset:
    import xarray as xr

    values = {
        "time": (hours.astype("datetime64[h]") - _EPOCH).astype(np.int32),
        "local_time": np.asarray(grid.local_time),
        "latitude": np.asarray(grid.latitude),
        "height": np.asarray(grid.height),
    }
    axes = {name: (name, values[name], _AXIS_ATTRIBUTES[name]) for name in _AXES}
    data: dict[str, Any] = {DENSITY: (_AXES, fields.astype(np.float32), _DENSITY_ATTRIBUTES)}
    for name, column in variables.items():
        data[name] = (("time",), np.asarray(column, dtype=np.float64), _describe(name))
    return xr.Dataset(data, axes, {"Conventions": "CF-1.11", **about})


def _describe(name: str) -> dict[str, str]:
    """Long name and unit of an hourly variable."""
    flux = "f107" in name
    unit = _FLUX_UNIT if flux else "2 nT" if name.startswith("ap") else "1"
    return {"long_name": COLUMNS.get(name, f"{name} as the source gives it"), "units": unit}


@contextmanager
def _opened(path: Path) -> Iterator[Dataset]:
    """The file, not decoded; whatever goes wrong in reading is a DataError of one line."""
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="netcdf4", decode_cf=False, cache=False) as dataset:
            yield dataset
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: this chunk is gone; run the command that made the folder again"
        ) from error
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise damaged(path, " ".join(str(error).split())) from error


def damaged(path: Path, what: str) -> DataError:
    """The one message for a chunk that cannot be trusted."""
    return DataError(
        f"{path}: damaged ({what}); delete this file and run the command that made the folder "
        "again: only what is missing is made"
    )
