"""The ASGI application that BentoML mounts at "/": routes, pages, one kind of error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Detail, ServiceError, error_response
from service.fund_sharpe import FundSharpeRoutes, Observer
from service.model_list import models_route
from service.openapi import document
from service.predictor import Predictor
from service.thermosphere import ThermosphereRoutes
from service.thermosphere_predictor import DensityPredictor
from service.turn import Turn
from service.watch_slot import Refusal

logger = logging.getLogger("bentoml.halyard")

#: Nothing may be loaded from elsewhere, so that no visit is told to a third party.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}

#: BentoML answers GET at these, and leaves all else to us.
_GET_ONLY = frozenset({"/livez", "/healthz", "/readyz", "/metrics"})


def _unobserved(_count: int, _seconds: float) -> None:
    """Count nothing."""


class Gateway:
    """Answers everything that BentoML does not (health and /metrics are BentoML's).

    A plain callable and not a Starlette application: BentoML hands unknown paths to
    its own 404 otherwise.
    """

    def __init__(
        self,
        predictor: Callable[[], Predictor | None],
        observe: Observer = _unobserved,
        density: Callable[[], DensityPredictor | None] = lambda: None,
        observe_density: Observer = _unobserved,
        refused: Callable[[], Sequence[Refusal]] = tuple,
    ) -> None:
        turn = Turn()
        routes = [
            *FundSharpeRoutes(predictor, observe, turn).routes(),
            *ThermosphereRoutes(density, observe_density, turn).routes(),
            models_route([predictor, density], refused),
            Route("/", _page("index.html")),
            Route("/docs", _page("docs.html")),
            Route("/docs.json", _document),
        ]
        self._app: ASGIApp = ExceptionMiddleware(
            Router(routes, redirect_slashes=False),
            {ServiceError: _service_error, HTTPException: _http_error},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            # Starlette raises its 404 and 405 only for a request that belongs to an application.
            await self._app({**scope, "app": self}, receive, watched)
        except Exception:
            # A defect of ours: the log has the trace, the caller has a plain 500.
            logger.exception("request failed: %s %s", scope.get("method"), scope.get("path"))
            if not started:
                message = "the server failed at this request; its log says why"
                await error_response(ServiceError(500, message))(scope, receive, send)


def _page(name: str) -> Callable[[Request], Response]:
    def show(_: Request) -> Response:
        return HTMLResponse(_text(name), headers=_PAGE_HEADERS)

    return show


@cache
def _text(name: str) -> str:
    return resources.files("service.pages").joinpath(name).read_text("utf-8")


def _document(_: Request) -> Response:
    return JSONResponse(document())


def _service_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceError):
        raise error
    return error_response(error)


def _http_error(request: Request, error: Exception) -> Response:
    """Starlette's 404 and 405 in our envelope."""
    if not isinstance(error, HTTPException):
        raise error
    path = request.url.path
    if error.status_code == 405 or path in _GET_ONLY:
        allowed = (error.headers or {}).get("Allow", "GET")
        message = f"{request.method} is not for {path}; use {allowed}"
        headers = {"Allow": allowed}
        wrong = ServiceError(405, message, [Detail("method", message)], headers)
    else:
        message = f"there is no {path}; /docs lists what there is"
        wrong = ServiceError(404, message, [Detail("path", message)])
    return error_response(wrong)
