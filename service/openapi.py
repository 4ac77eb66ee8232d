"""The OpenAPI 3.1 document of the interface, made from the schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.bodies import JSON
from service.errors import CODES
from service.example import (
    DENSITY_EXAMPLE,
    DENSITY_FORECAST_EXAMPLE,
    EXAMPLE_REQUEST,
    ORBIT_EXAMPLE,
)
from service.fund_sharpe import FORECAST_PATH
from service.model_list import MODELS_PATH, ModelList
from service.schemas import ErrorEnvelope, ForecastAnswer, ForecastRequest
from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH, ORBIT_PATH
from service.thermosphere_answers import DensityAnswer, DensityForecastAnswer
from service.thermosphere_arrow import ARROW
from service.thermosphere_netcdf import NETCDF
from service.thermosphere_orbit_schemas import OrbitAnswer, OrbitRequest
from service.thermosphere_schemas import DensityForecastRequest, DensityRequest

_ERRORS = (413, 415, 422, 500, 503, 504)


@dataclass(frozen=True)
class _Operation:
    """A route that answers POST."""

    name: str
    summary: str
    request: type[BaseModel]
    answer: type[BaseModel]
    example: Mapping[str, Any]
    says: str
    takes: Sequence[str] = ()
    gives: Sequence[str] = ()


_OPERATIONS = {
    FORECAST_PATH: _Operation(
        "forecast_fund_sharpe",
        "Forecast the Sharpe ratio of one or many funds",
        ForecastRequest,
        ForecastAnswer,
        EXAMPLE_REQUEST,
        "Forecasts, in the order of the funds",
    ),
    DENSITY_PATH: _Operation(
        "thermosphere_density",
        "Density of the thermosphere at points, with its distribution",
        DensityRequest,
        DensityAnswer,
        DENSITY_EXAMPLE,
        "Densities, in the order of the points",
        takes=(ARROW,),
        gives=(ARROW,),
    ),
    DENSITY_FORECAST_PATH: _Operation(
        "forecast_thermosphere",
        "Forecast density from what was published by a moment",
        DensityForecastRequest,
        DensityForecastAnswer,
        DENSITY_FORECAST_EXAMPLE,
        "Densities by time, then by point or grid cell",
        gives=(ARROW, NETCDF),
    ),
    ORBIT_PATH: _Operation(
        "thermosphere_orbit",
        "Propagate a satellite under sampled densities",
        OrbitRequest,
        OrbitAnswer,
        ORBIT_EXAMPLE,
        "The mean trajectory, its spread, and the density along it",
    ),
}


@cache
def document() -> dict[str, Any]:
    """Return the document; `/docs.json` serves it and `/docs` shows it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Halyard",
            "version": _version(),
            "description": "Forecasts of annualised Sharpe ratios of funds, and of the density "
            "of the thermosphere, each with its distribution.",
        },
        "paths": {
            **{path: {"post": _post(what)} for path, what in _OPERATIONS.items()},
            MODELS_PATH: {"get": _models()},
            "/livez": {"get": _health("The process runs.")},
            "/healthz": {"get": _health("The process runs.")},
            "/readyz": {"get": _health("The models are loaded.")},
            "/metrics": {"get": _health("Counters for Prometheus.")},
        },
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    operations = _OPERATIONS.values()
    _, definitions = models_json_schema(
        [
            *((what.request, "validation") for what in operations),
            *((what.answer, "serialization") for what in operations),
            (ModelList, "serialization"),
            (ErrorEnvelope, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return dict(definitions["$defs"])


def _post(what: _Operation) -> dict[str, Any]:
    schema = _reference(what.request.__name__)
    errors = (406, *_ERRORS) if what.gives else _ERRORS
    answer = _answer(what.says, what.answer.__name__)
    answer["content"] |= {media: _binary() for media in what.gives}
    return {
        "operationId": what.name,
        "summary": what.summary,
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": schema, "example": what.example},
                **{media: _binary() for media in what.takes},
            },
        },
        "responses": {
            "200": answer,
            **{str(status): _answer(CODES[status], "ErrorEnvelope") for status in errors},
        },
    }


def _models() -> dict[str, Any]:
    return {
        "operationId": "list_models",
        "summary": "The models that answer, and what they were trained on",
        "responses": {
            "200": _answer("Models", "ModelList"),
            "503": _answer(CODES[503], "ErrorEnvelope"),
        },
    }


def _health(summary: str) -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {"summary": summary, "responses": {"200": {"description": "OK", "content": content}}}


def _answer(description: str, schema: str) -> dict[str, Any]:
    content = {JSON: {"schema": _reference(schema)}}
    return {"description": description, "content": content}


def _binary() -> dict[str, Any]:
    return {"schema": {"type": "string", "format": "binary"}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _version() -> str:
    try:
        return metadata.version("halyard")
    except metadata.PackageNotFoundError:
        # Inside a Bento the project is not installed.
        return "0"
