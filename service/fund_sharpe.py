"""The routes of the fund-Sharpe forecaster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import ModelError
from service.bodies import read_request
from service.errors import Detail, ServiceError
from service.inputs import FundInput, read_inputs
from service.predictor import Predictor
from service.schemas import ForecastAnswer, ForecastRequest
from service.turn import Turn

FORECAST_PATH = "/v1/fund-sharpe/forecast"
#: More funds than this are forecast in a thread, so that health checks are still answered.
INLINE_FUNDS = 32

logger = logging.getLogger("bentoml.halyard")


class Observer(Protocol):
    """Who counts what was asked for: funds, or points."""

    def __call__(self, count: int, seconds: float, /) -> None: ...


class FundSharpeRoutes:
    """Handlers around whatever predictor is loaded at the time of the request."""

    def __init__(
        self, predictor: Callable[[], Predictor | None], observe: Observer, turn: Turn
    ) -> None:
        self._predictor = predictor
        self._observe = observe
        self._turn = turn

    def routes(self) -> list[Route]:
        return [Route(FORECAST_PATH, self.forecast, methods=["POST"])]

    async def forecast(self, request: Request) -> Response:
        """Answer POST /v1/fund-sharpe/forecast."""
        started = time.perf_counter()
        predictor = self._ready()
        asked = await read_request(request)
        funds = read_inputs(asked, predictor.model)
        answer = await self._answer(predictor, asked, funds)
        self._observe(len(funds), time.perf_counter() - started)
        return _json(answer)

    async def _answer(
        self, predictor: Predictor, asked: ForecastRequest, funds: list[FundInput]
    ) -> ForecastAnswer:
        try:
            if len(funds) <= INLINE_FUNDS:
                return predictor.answer(asked, funds)
            work = partial(predictor.answer, asked, funds)
            return await self._turn.run(work, "send fewer funds at a time")
        except ModelError as error:
            raise ServiceError(422, str(error), [Detail("funds", str(error))]) from error

    def _ready(self) -> Predictor:
        predictor = self._predictor()
        if predictor is None:
            raise ServiceError(
                503,
                "no fund model is loaded: the server is still starting, or has none (train one "
                "with `halyard train fund-sharpe`; it answers once it is promoted)",
            )
        return predictor


def _json(body: BaseModel) -> Response:
    # Schemas hold finite numbers only, so this cannot write NaN.
    return Response(body.model_dump_json(), media_type="application/json")
