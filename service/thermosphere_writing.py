"""Densities as the bytes of an answer: JSON, Arrow or NetCDF."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.emulators.log_density import LogDensity
from service.bodies import JSON
from service.epochs import epoch_text
from service.thermosphere_answers import (
    DensityAnswer,
    DensityColumns,
    DensityForecastAnswer,
    PointDensity,
)
from service.thermosphere_arrow import ARROW, density_columns, write_table
from service.thermosphere_checks import too_many
from service.thermosphere_forecast_inputs import ForecastQuery
from service.thermosphere_inputs import PointQuery
from service.thermosphere_netcdf import write_grid
from service.thermosphere_predictor import DensityPredictor, Found
from service.thermosphere_schemas import MAX_JSON_POINTS


def write_density(
    predictor: DensityPredictor, query: PointQuery, found: Found, media: str
) -> bytes:
    """The answer for points. Raises ServiceError (413) for too many as JSON."""
    about = _about(predictor, query, found)
    if media == ARROW:
        return write_table(density_columns(found.density, query.levels), _plain(about))
    if len(query.points) > MAX_JSON_POINTS:
        raise too_many(len(query.points), MAX_JSON_POINTS, "JSON")
    columns = _columns(found.density, query.levels)
    points: list[PointDensity] | DensityColumns = DensityColumns(**columns)
    if not query.columns:
        names = list(columns)
        points = [
            PointDensity(**dict(zip(names, row, strict=True)))
            for row in zip(*columns.values(), strict=True)
        ]
    return DensityAnswer(**about, points=points).model_dump_json().encode()


def write_forecast(
    predictor: DensityPredictor, query: ForecastQuery, found: Found, media: str
) -> bytes:
    """The answer for a forecast of places or of a grid."""
    about = _about(predictor, query, found)
    if media == ARROW:
        return write_table(_long(query, found.density), _plain(about))
    quantiles = found.density.quantiles(query.levels).reshape(*query.shape, -1)
    fields = {
        "mean": found.density.mean_density.reshape(query.shape),
        "std": found.density.std_density.reshape(query.shape),
        "median": found.density.median_density.reshape(query.shape),
    }
    if media == JSON:
        answer = DensityForecastAnswer(
            **about,
            dimensions=["time", *(query.axes if query.grid else ["point"])],
            time=[epoch_text(time) for time in query.times],
            axes={name: values.tolist() for name, values in query.axes.items()},
            **{name: values.tolist() for name, values in fields.items()},
            quantiles=quantiles.tolist(),
        )
        return answer.model_dump_json().encode()
    return write_grid(query.times, query.axes, fields, quantiles, query.levels, _attributes(about))


def _about(
    predictor: DensityPredictor, query: PointQuery | ForecastQuery, found: Found
) -> dict[str, Any]:
    return {
        "model": predictor.summary(),
        "drivers": found.drivers,
        "correction": query.correction,
        "warnings": list(found.warnings),
        "levels": list(query.levels),
    }


def _plain(about: dict[str, Any]) -> dict[str, Any]:
    """The same without our types."""
    bodies = {name: about[name].model_dump() for name in ("model", "drivers")}
    return {**about, **bodies}


def _attributes(about: dict[str, Any]) -> dict[str, str]:
    """What an answer says of itself, as attributes of a file."""
    model, drivers = about["model"], about["drivers"]
    named = {"title": "Mass density of the thermosphere", "source": f"emulator of {model.label}"}
    told = {"model": f"{model.name}:{model.version}", "correction": about["correction"]}
    extra = {f"drivers_{k}": str(v) for k, v in drivers.model_dump(exclude_none=True).items()}
    # An attribute of no characters cannot be read by some libraries.
    return {**named, **told, **extra, "warnings": "; ".join(about["warnings"]) or "none"}


def _columns(density: LogDensity, levels: tuple[float, ...]) -> dict[str, list[Any]]:
    return {
        "mean": density.mean_density.tolist(),
        "std": density.std_density.tolist(),
        "median": density.median_density.tolist(),
        "quantiles": density.quantiles(levels).tolist(),
        "log10_mean": density.mean.tolist(),
        "log10_std": density.std.tolist(),
    }


def _long(query: ForecastQuery, density: LogDensity) -> dict[str, Any]:
    """One row per time and point, with where and when."""
    points = query.points
    where = {
        "epoch": points.time,
        "latitude": points.latitude,
        "longitude": np.mod(points.longitude, 360.0),
        "height": points.height,
    }
    return {**where, **density_columns(density, query.levels)}
