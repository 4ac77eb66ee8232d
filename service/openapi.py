"""The OpenAPI 3.1 document of the interface, made from the schemas."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Any

from pydantic.json_schema import models_json_schema

from service.errors import CODES
from service.example import EXAMPLE_REQUEST
from service.fund_sharpe import FORECAST_PATH, MODELS_PATH
from service.schemas import ErrorEnvelope, ForecastAnswer, ForecastRequest, ModelList

_FORECAST_ERRORS = (413, 415, 422, 500, 503, 504)


@cache
def document() -> dict[str, Any]:
    """Return the document; `/docs.json` serves it and `/docs` shows it."""
    _, definitions = models_json_schema(
        [
            (ForecastRequest, "validation"),
            (ForecastAnswer, "serialization"),
            (ModelList, "serialization"),
            (ErrorEnvelope, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Halyard",
            "version": _version(),
            "description": "Forecasts of annualised Sharpe ratios of funds, with intervals.",
        },
        "paths": {
            FORECAST_PATH: {"post": _forecast()},
            MODELS_PATH: {"get": _models()},
            "/livez": {"get": _health("The process runs.")},
            "/healthz": {"get": _health("The process runs.")},
            "/readyz": {"get": _health("The model is loaded.")},
            "/metrics": {"get": _health("Counters for Prometheus.")},
        },
        "components": {"schemas": definitions["$defs"]},
    }


def _forecast() -> dict[str, Any]:
    return {
        "operationId": "forecast_fund_sharpe",
        "summary": "Forecast the Sharpe ratio of one or many funds",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _reference("ForecastRequest"),
                    "example": EXAMPLE_REQUEST,
                }
            },
        },
        "responses": {
            "200": _answer("Forecasts, in the order of the funds", "ForecastAnswer"),
            **{str(s): _answer(CODES[s], "ErrorEnvelope") for s in _FORECAST_ERRORS},
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
    content = {"application/json": {"schema": _reference(schema)}}
    return {"description": description, "content": content}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _version() -> str:
    try:
        return metadata.version("halyard")
    except metadata.PackageNotFoundError:
        # Inside a Bento the project is not installed.
        return "0"
