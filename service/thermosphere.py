"""The routes of the density emulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import InputError, ModelError
from service.bodies import JSON, MAX_BODY, answer_type, body_type, parse, read_body
from service.errors import Detail, ServiceError
from service.fund_sharpe import Observer
from service.thermosphere_arrow import ARROW, MAX_ARROW_BODY, read_points
from service.thermosphere_forecast_inputs import forecast_query
from service.thermosphere_inputs import PointQuery, point_query
from service.thermosphere_netcdf import NETCDF
from service.thermosphere_orbit import fly_orbit, orbit_query
from service.thermosphere_orbit_schemas import KNOWN_ORBIT, OrbitRequest
from service.thermosphere_predictor import DensityPredictor
from service.thermosphere_schemas import (
    KNOWN_DENSITY,
    KNOWN_FORECAST,
    DensityForecastRequest,
    DensityRequest,
)
from service.thermosphere_writing import write_density, write_forecast
from service.turn import Turn

DENSITY_PATH = "/v1/thermosphere/density"
DENSITY_FORECAST_PATH = "/v1/thermosphere/forecast"
ORBIT_PATH = "/v1/thermosphere/orbit"
_FEWER = "send fewer points at a time"
_ARROW_ADVICE = f"send fewer points, or an Arrow stream ({ARROW})"


class ThermosphereRoutes:
    """Handlers around whatever predictor is loaded at the time of the request."""

    def __init__(
        self, predictor: Callable[[], DensityPredictor | None], observe: Observer, turn: Turn
    ) -> None:
        self._predictor = predictor
        self._observe = observe
        self._turn = turn
        # An orbit takes seconds; quick requests need not wait for it.
        self._orbit_turn = Turn()

    def routes(self) -> list[Route]:
        return [
            Route(DENSITY_PATH, self.density, methods=["POST"]),
            Route(DENSITY_FORECAST_PATH, self.forecast, methods=["POST"]),
            Route(ORBIT_PATH, self.orbit, methods=["POST"]),
        ]

    async def density(self, request: Request) -> Response:
        """Answer POST /v1/thermosphere/density."""
        started = time.perf_counter()
        predictor = self._ready()
        given = body_type(request, (JSON, ARROW))
        wanted = answer_type(request, (JSON, ARROW), default=given)
        if given == JSON:
            body = await read_body(request, MAX_BODY, _ARROW_ADVICE)
        else:
            body = await read_body(request, MAX_ARROW_BODY, _FEWER)
        work = partial(_density, predictor, body, given, wanted)
        return await self._answered(work, self._turn, _FEWER, wanted, started)

    async def forecast(self, request: Request) -> Response:
        """Answer POST /v1/thermosphere/forecast."""
        started = time.perf_counter()
        predictor = self._ready()
        body_type(request, (JSON,))
        wanted = answer_type(request, (JSON, ARROW, NETCDF), default=JSON)
        body = await read_body(request, MAX_BODY, _FEWER)
        work = partial(_forecast, predictor, body, wanted)
        return await self._answered(work, self._turn, _FEWER, wanted, started)

    async def orbit(self, request: Request) -> Response:
        """Answer POST /v1/thermosphere/orbit."""
        started = time.perf_counter()
        predictor = self._ready()
        body_type(request, (JSON,))
        wanted = answer_type(request, (JSON,), default=JSON)
        body = await read_body(request, MAX_BODY, "send fewer rows of drivers")
        work = partial(_orbit, predictor, body)
        advice = "ask for fewer hours or samples"
        return await self._answered(work, self._orbit_turn, advice, wanted, started)

    async def _answered(
        self,
        work: Callable[[], tuple[bytes, int]],
        turn: Turn,
        advice: str,
        media: str,
        started: float,
    ) -> Response:
        try:
            content, points = await turn.run(work, advice)
        except ServiceError:
            raise
        except (ModelError, InputError) as error:
            raise ServiceError(422, str(error), [Detail("body", str(error))]) from error
        self._observe(points, time.perf_counter() - started)
        return Response(content, media_type=media)

    def _ready(self) -> DensityPredictor:
        predictor = self._predictor()
        if predictor is None:
            raise ServiceError(
                503,
                "no density emulator is loaded: the server is still starting, or has none "
                "(train one with `halyard train thermosphere-density`; it answers once it is "
                "promoted)",
            )
        return predictor


def _density(
    predictor: DensityPredictor, body: bytes, given: str, wanted: str
) -> tuple[bytes, int]:
    """The answer's content, and how many points it holds."""
    query = _query(predictor, body, given)
    return write_density(predictor, query, predictor.density(query), wanted), len(query.points)


def _query(predictor: DensityPredictor, body: bytes, given: str) -> PointQuery:
    grid = predictor.emulator.grid
    if given == ARROW:
        return read_points(body, grid)
    return point_query(parse(body, DensityRequest, KNOWN_DENSITY), grid)


def _forecast(predictor: DensityPredictor, body: bytes, wanted: str) -> tuple[bytes, int]:
    asked = parse(body, DensityForecastRequest, KNOWN_FORECAST)
    query = forecast_query(asked, predictor.emulator.grid, json=wanted == JSON)
    if wanted == NETCDF and not query.grid:
        message = "NetCDF is for grids; accept JSON or an Arrow stream for points"
        raise ServiceError(406, message, [Detail("header.Accept", message, NETCDF)])
    content = write_forecast(predictor, query, predictor.forecast(query), wanted)
    return content, len(query.points)


def _orbit(predictor: DensityPredictor, body: bytes) -> tuple[bytes, int]:
    query = orbit_query(parse(body, OrbitRequest, KNOWN_ORBIT))
    outputs = int(query.flight_hours * 3600 / query.every) + 1
    return fly_orbit(predictor, query), outputs
