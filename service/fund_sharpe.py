"""The routes of the fund-Sharpe forecaster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

import anyio
from anyio import to_thread
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import ModelError
from service.bodies import read_request
from service.errors import Detail, ServiceError
from service.inputs import FundInput, read_inputs
from service.predictor import Predictor
from service.schemas import ForecastAnswer, ForecastRequest, ModelList

FORECAST_PATH = "/v1/fund-sharpe/forecast"
MODELS_PATH = "/v1/models"
#: More funds than this are forecast in a thread, so that health checks are still answered.
INLINE_FUNDS = 32
DEADLINE_SECONDS = 30.0

logger = logging.getLogger("bentoml.halyard")


class Observer(Protocol):
    """Who counts requests."""

    def __call__(self, funds: int, seconds: float) -> None: ...


class FundSharpeRoutes:
    """Handlers around whatever predictor is loaded at the time of the request."""

    def __init__(self, predictor: Callable[[], Predictor | None], observe: Observer) -> None:
        self._predictor = predictor
        self._observe = observe
        # One forecast at a time: more threads than cores only make all of them late.
        self._turn = anyio.CapacityLimiter(1)

    def routes(self) -> list[Route]:
        return [
            Route(FORECAST_PATH, self.forecast, methods=["POST"]),
            Route(MODELS_PATH, self.models, methods=["GET"]),
        ]

    async def forecast(self, request: Request) -> Response:
        """Answer POST /v1/fund-sharpe/forecast."""
        started = time.perf_counter()
        predictor = self._ready()
        asked = await read_request(request)
        funds = read_inputs(asked, predictor.model)
        answer = await self._answer(predictor, asked, funds)
        self._observe(len(funds), time.perf_counter() - started)
        return _json(answer)

    async def models(self, _: Request) -> Response:
        """Answer GET /v1/models."""
        return _json(ModelList(models=[self._ready().describe()]))

    async def _answer(
        self, predictor: Predictor, asked: ForecastRequest, funds: list[FundInput]
    ) -> ForecastAnswer:
        try:
            if len(funds) <= INLINE_FUNDS:
                return predictor.answer(asked, funds)
            with anyio.fail_after(DEADLINE_SECONDS):
                return await to_thread.run_sync(
                    predictor.answer, asked, funds, abandon_on_cancel=True, limiter=self._turn
                )
        except TimeoutError:
            message = f"not done within {DEADLINE_SECONDS:.0f} seconds; send fewer funds at a time"
            raise ServiceError(504, message) from None
        except ModelError as error:
            raise ServiceError(422, str(error), [Detail("funds", str(error))]) from error

    def _ready(self) -> Predictor:
        predictor = self._predictor()
        if predictor is None:
            raise ServiceError(503, "the model is still loading; try again in a few seconds")
        return predictor


def _json(body: BaseModel) -> Response:
    # Schemas hold finite numbers only, so this cannot write NaN.
    return Response(body.model_dump_json(), media_type="application/json")
