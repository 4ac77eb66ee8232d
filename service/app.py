"""The BentoML service: one class that holds the models; `service.gateway` answers.

    bentoml serve service.app:Halyard      from a checkout (`halyard serve` does more)
    bentoml serve halyard:latest           from a built Bento

The settings are measured ones: tracing, access log and long request timers cost more
than a forecast does, and a second BentoML service would lose requests under load.
Newly promoted models are taken without a restart: see `service.watch_slot`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import bentoml
from bentoml.exceptions import BentoMLException

from models.errors import HalyardError
from pipelines.environment import process_environment
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    THERMOSPHERE_DENSITY,
    StoredModel,
    publish,
    verify,
)
from pipelines.served import SERVED, enclosing_bento, served_models
from service.outcome_meters import (
    OutcomeMeters,
    follow_outcomes,
    outcome_reader,
    outcome_seconds,
)
from service.started import earlier, tell_workers, told_by_parent
from service.watch import watch, watch_seconds
from service.watch_meters import SwapMeters, forget_dead_workers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: BentoML's own deadline; ours (turn.DEADLINE_SECONDS) comes before it.
TIMEOUT_SECONDS = 45


def find_models() -> dict[str, StoredModel]:
    """The models to serve by name, with their files checked; none in a worker.

    Raises BentoMLException, which BentoML's command line prints in one line: a fault
    found here ends the start, one found in a worker would be tried again for ever.
    """
    if told_by_parent() is not None:
        return {}
    try:
        watch_seconds()
        outcome_seconds()
        found = served_models()
        for stored in found.values():
            verify(stored)
            if enclosing_bento() is None:
                publish(stored)
    except HalyardError as error:
        raise BentoMLException(str(error)) from None
    tell_workers({name: stored.version for name, stored in found.items()})
    return found


class Mount:
    """The mounted application, made when a worker starts.

    BentoML's parent imports this file too, and must not hold torch in memory.
    """

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("a request came before the worker had started")
        await self.app(scope, receive, send)


# BentoML's parent imports this file before it starts the workers, which inherit this and
# read it when torch loads; `bentoml serve` knows nothing of it.
os.environ.update(process_environment())
STORED = find_models()
MOUNT = Mount()
FUNDS = bentoml.metrics.Counter("halyard_funds_total", "Funds forecast")
SECONDS = bentoml.metrics.Histogram("halyard_forecast_seconds", "Time to answer a forecast")
POINTS = bentoml.metrics.Counter("halyard_density_points_total", "Densities told")
DENSITY_SECONDS = bentoml.metrics.Histogram(
    "halyard_density_seconds", "Time to answer a request for densities"
)
SWAPS = SwapMeters()
OUTCOMES = OutcomeMeters()


@bentoml.service(
    name="halyard",
    workers=1,
    traffic={"timeout": TIMEOUT_SECONDS},
    tracing={"excluded_urls": ".*", "sample_rate": 0.0},
    logging={"access": {"enabled": False}},
    metrics={"enabled": True, "namespace": "halyard"},
)
@bentoml.asgi_app(MOUNT, path="/")
class Halyard:
    """Loads the models at start, then lets the mounted application answer."""

    # Tells a build which models belong into the Bento; either may be absent.
    if FUND_SHARPE in STORED:
        fund_sharpe = bentoml.models.BentoModel(STORED[FUND_SHARPE].tag)
    if THERMOSPHERE_DENSITY in STORED:
        thermosphere_density = bentoml.models.BentoModel(STORED[THERMOSPHERE_DENSITY].tag)
    if DENSITY_CORRECTION in STORED:
        density_correction = bentoml.models.BentoModel(STORED[DENSITY_CORRECTION].tag)
    if DENSITY_ASSIMILATION in STORED:
        density_assimilation = bentoml.models.BentoModel(STORED[DENSITY_ASSIMILATION].tag)

    def __init__(self) -> None:
        from service.champion import load_density_models, load_fund_models
        from service.gateway import Gateway
        from service.watch_slot import Slot

        forget_dead_workers()
        funds = Slot(FUND_SHARPE, load_fund_models, SWAPS)
        density = Slot(THERMOSPHERE_DENSITY, load_density_models, SWAPS)
        self.slots: dict[str, Slot[Any]] = {FUND_SHARPE: funds, THERMOSPHERE_DENSITY: density}
        self.tasks: list[asyncio.Task[None]] = []
        MOUNT.app = Gateway(
            lambda: funds.predictor,
            _observe,
            lambda: density.predictor,
            _observe_density,
            lambda: [*funds.refused, *density.refused],
        )

    @bentoml.on_startup
    def load(self) -> None:
        """Load and warm up; when a model cannot be served, nor an earlier one, the server ends."""
        try:
            for name in SERVED:
                self.slots[name].start(earlier(name))
        except HalyardError as error:
            _end(error)
        # What is loaded now stays: the collector need not look at it again. Models that are
        # replaced go without it, since they hold no cycles.
        gc.collect()
        gc.freeze()

    @bentoml.on_startup
    async def watch(self) -> None:
        """Follow what is promoted from now on; the models of a Bento are fixed."""
        seconds = watch_seconds()
        if seconds and enclosing_bento() is None:
            self.tasks.append(asyncio.create_task(watch(list(self.slots.values()), seconds)))

    @bentoml.on_startup
    async def tell_outcomes(self) -> None:
        """Show what became of forecasts, where a database tells."""
        seconds = outcome_seconds()
        if seconds:
            looking = follow_outcomes(outcome_reader(OUTCOMES), seconds)
            self.tasks.append(asyncio.create_task(looking))

    @bentoml.on_shutdown
    async def unfollow(self) -> None:
        """Stop following."""
        for task in self.tasks:
            task.cancel()


def _observe(funds: int, seconds: float) -> None:
    FUNDS.inc(funds)
    SECONDS.observe(seconds)


def _observe_density(points: int, seconds: float) -> None:
    POINTS.inc(points)
    DENSITY_SECONDS.observe(seconds)


def _end(error: HalyardError) -> NoReturn:
    if bentoml.server_context.worker_index is None:
        raise error
    # BentoML's parent starts a failed worker again for ever, so it has to end as well.
    print(f"halyard: {' '.join(str(error).split())}", file=sys.stderr, flush=True)  # noqa: T201
    os.kill(os.getppid(), signal.SIGTERM)
    os._exit(1)
