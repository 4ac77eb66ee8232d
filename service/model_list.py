"""GET /v1/models: who answers, and who was promoted but may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Protocol

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.errors import ServiceError
from service.schemas import Body, ModelDescription
from service.thermosphere_answers import DensityDescription
from service.watch_slot import Refusal

MODELS_PATH = "/v1/models"


class RefusedModel(Body):
    """A promoted model that does not answer; what answered before it does."""

    name: str
    version: str | None = Field(description="null where none can be read")
    reason: str


class ModelList(Body):
    """The models that answer, and promoted ones that do not."""

    models: list[ModelDescription | DensityDescription] = Field(min_length=1)
    refused: list[RefusedModel]


class Describing(Protocol):
    """A predictor, as this list sees it."""

    def describe(self) -> ModelDescription | DensityDescription: ...


def models_route(
    predictors: Sequence[Callable[[], Describing | None]],
    refused: Callable[[], Sequence[Refusal]] = tuple,
) -> Route:
    """The route over whatever is loaded, and refused, at the time of the request."""

    async def models(_: Request) -> Response:
        ready = [predictor for find in predictors if (predictor := find()) is not None]
        if not ready:
            raise ServiceError(503, "the models are still loading; try again in a few seconds")
        listed = ModelList(
            models=[predictor.describe() for predictor in ready],
            refused=[RefusedModel(**asdict(refusal)) for refusal in refused()],
        )
        return Response(listed.model_dump_json(), media_type="application/json")

    return Route(MODELS_PATH, models, methods=["GET"])
