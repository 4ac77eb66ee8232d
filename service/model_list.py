"""GET /v1/models: who answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.errors import ServiceError
from service.schemas import Body, ModelDescription
from service.thermosphere_answers import DensityDescription

MODELS_PATH = "/v1/models"


class ModelList(Body):
    """The models that answer."""

    models: list[ModelDescription | DensityDescription] = Field(min_length=1)


class Describing(Protocol):
    """A predictor, as this list sees it."""

    def describe(self) -> ModelDescription | DensityDescription: ...


def models_route(predictors: Sequence[Callable[[], Describing | None]]) -> Route:
    """The route over whatever is loaded at the time of the request."""

    async def models(_: Request) -> Response:
        ready = [predictor for find in predictors if (predictor := find()) is not None]
        if not ready:
            raise ServiceError(503, "the models are still loading; try again in a few seconds")
        listed = ModelList(models=[predictor.describe() for predictor in ready])
        return Response(listed.model_dump_json(), media_type="application/json")

    return Route(MODELS_PATH, models, methods=["GET"])
