"""A reduced series in one file, so that workers of a study do not each project the fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.emulators.drivers import Drivers
from models.errors import DataError
from models.transforms.principal_components import PrincipalComponents
from pipelines.atomic import write_atomic
from pipelines.thermosphere_density.fields import ReducedSeries

_COMPONENTS = "components."


def write_series(path: Path, series: ReducedSeries) -> None:
    """Write a series whole or not at all."""
    arrays = {
        "start": np.array([series.times[0].astype("datetime64[h]").astype(np.int64)]),
        "drivers": np.ascontiguousarray(series.drivers.values),
        "state": np.ascontiguousarray(series.state),
        "left_out": np.ascontiguousarray(series.left_out),
        **{f"{_COMPONENTS}{n}": value for n, value in series.components.arrays().items()},
    }
    content = save(arrays)
    write_atomic(path, lambda file: file.write(content))


def read_series(path: Path) -> ReducedSeries:
    """Inverse of `write_series`. Raises DataError when the file is missing or damaged."""
    try:
        arrays = load(path.read_bytes())
        start = np.datetime64(int(arrays["start"][0]), "h")
        components = PrincipalComponents.from_arrays(
            {
                name.removeprefix(_COMPONENTS): value
                for name, value in arrays.items()
                if name.startswith(_COMPONENTS)
            }
        )
        drivers = Drivers(start, arrays["drivers"])
        return ReducedSeries(drivers, arrays["state"], arrays["left_out"], components)
    except (OSError, SafetensorError, KeyError) as error:
        raise DataError(
            f"{path}: not a reduced series ({type(error).__name__}: {error}); run "
            "`halyard tune thermosphere-density` again, which makes it"
        ) from error
