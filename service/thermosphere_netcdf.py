"""A forecast grid as NetCDF (classic, 64-bit offsets) with CF names and units.

scipy writes it: the NetCDF library would bring a second HDF5 into the server.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import netcdf_file

from models.contract import FloatArray

NETCDF = "application/x-netcdf"
_DIMENSIONS = ("time", "local_time", "latitude", "height")
_AXIS_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "local_time": {"units": "hour", "long_name": "local solar time"},
    "latitude": {"units": "degrees_north", "standard_name": "latitude"},
    "height": {
        "units": "km",
        "standard_name": "height_above_reference_ellipsoid",
        "positive": "up",
    },
}
_DENSITY = {"units": "kg m-3"}


def write_grid(
    times: npt.NDArray[np.datetime64],
    axes: Mapping[str, FloatArray],
    fields: Mapping[str, FloatArray],
    quantiles: FloatArray,
    levels: Sequence[float],
    about: Mapping[str, Any],
) -> bytes:
    """The content of a file.

    fields     name -> time × local time × latitude × height, kg/m3
    quantiles  the same × level
    about      name -> text or number, the file's attributes
    """
    content = io.BytesIO()
    file = netcdf_file(content, "w", version=2)
    for name, value in {"Conventions": "CF-1.10", **about}.items():
        setattr(file, name, value)
    _write_time(file, times)
    for name, attributes in _AXIS_ATTRIBUTES.items():
        file.createDimension(name, len(axes[name]))
        _write(file, name, (name,), axes[name], np.float64, attributes)
    file.createDimension("level", len(levels))
    words = {"units": "1", "long_name": "probability"}
    _write(file, "level", ("level",), np.asarray(levels), np.float64, words)
    for name, values in fields.items():
        words = {**_DENSITY, "long_name": f"{name} of mass density"}
        _write(file, f"density_{name}", _DIMENSIONS, values, np.float32, words)
    words = {**_DENSITY, "long_name": "quantiles of mass density"}
    _write(file, "density_quantile", (*_DIMENSIONS, "level"), quantiles, np.float32, words)
    file.flush()
    # Closing the file would close what it was written into.
    return content.getvalue()


def _write_time(file: Any, times: npt.NDArray[np.datetime64]) -> None:
    file.createDimension("time", len(times))
    hours = (times - times[0]).astype("timedelta64[h]").astype(np.int32)
    since = str(times[0].astype("datetime64[s]")).replace("T", " ")
    words = {"units": f"hours since {since}", "standard_name": "time", "calendar": "standard"}
    _write(file, "time", ("time",), hours, np.int32, words)


def _write(
    file: Any,
    name: str,
    dimensions: Sequence[str],
    values: npt.NDArray[Any],
    dtype: type,
    attributes: Mapping[str, str],
) -> None:
    variable = file.createVariable(name, np.dtype(dtype).newbyteorder(">"), dimensions)
    variable[:] = values
    for attribute, text in attributes.items():
        setattr(variable, attribute, text)
