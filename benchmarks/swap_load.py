"""A load on a server while models are promoted, and a judge of what came back.

A response is right when its bytes are those that the version it names answers alone, in
this process; any other one is mixed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.model_variants import store_variant
from benchmarks.open_load import Answered, Ask, OpenLoad
from models.errors import ArtefactError
from pipelines import registry
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY, StoredModel
from service.example import (
    DENSITY_EXAMPLE,
    DENSITY_FORECAST_EXAMPLE,
    EXAMPLE_REQUEST,
    ORBIT_EXAMPLE,
)
from service.fund_sharpe import FORECAST_PATH, INLINE_FUNDS
from service.model_list import MODELS_PATH
from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH, ORBIT_PATH
from service.thermosphere_arrow import ARROW
from service.thermosphere_netcdf import NETCDF

NAMES = (FUND_SHARPE, THERMOSPHERE_DENSITY)
#: Added to outputs of networks and to log10 densities: far above any rounding.
SHIFTS = (0.0, 0.05)
_JSON = ("Content-Type", "application/json")
#: So many that they are forecast in a thread.
_MANY = {
    **EXAMPLE_REQUEST,
    "funds": [{**EXAMPLE_REQUEST["funds"][0], "id": f"F{i}"} for i in range(INLINE_FUNDS + 8)],
}
_GRID = {
    **{name: DENSITY_FORECAST_EXAMPLE[name] for name in ("start", "hours", "step_hours")},
    "grid": {"local_time": [0, 12], "latitude": [-45, 45], "height": [250, 400]},
    "futures": "persistence",
    "samples": 1,
}
_ORBIT = {**ORBIT_EXAMPLE, "hours": 1, "samples": 2}

#: Bytes of a right answer to an ask -> the versions that it is of, by model.
Right = Mapping[tuple[str, bytes], Mapping[str, str]]


def asks() -> list[Ask]:
    """A hundred requests: every kind of answer that names a version, the quick ones more often."""

    def post(name: str, path: str, body: object, *accepted: str) -> Ask:
        accept = [("Accept", media) for media in accepted]
        return Ask(name, path, json.dumps(body).encode(), (_JSON, *accept))

    fund = post("fund", FORECAST_PATH, EXAMPLE_REQUEST)
    many = post("many funds", FORECAST_PATH, _MANY)
    density = post("density", DENSITY_PATH, DENSITY_EXAMPLE)
    arrow = post("density as Arrow", DENSITY_PATH, DENSITY_EXAMPLE, ARROW)
    grid = post("grid as NetCDF", DENSITY_FORECAST_PATH, _GRID, NETCDF)
    orbit = post("orbit", ORBIT_PATH, _ORBIT)
    listed = Ask("models", MODELS_PATH)
    quick = [fund, density, fund, arrow] * 6
    return [*quick, many, *quick, grid, *quick, listed, *quick, orbit]


def variants(name: str) -> list[StoredModel]:
    """Two versions that answer differently, made of the champion. Raises ArtefactError."""
    champion = registry.get_model(name)
    return [store_variant(champion, by) for by in SHIFTS]


def right_answers(models: Mapping[str, Sequence[StoredModel]], wanted: Sequence[Ask]) -> Right:
    """What each combination of versions answers in this process."""
    from starlette.testclient import TestClient

    from service.champion import load_density_predictor, load_predictor
    from service.gateway import Gateway

    funds = [load_predictor(stored) for stored in models[FUND_SHARPE]]
    densities = [load_density_predictor(stored) for stored in models[THERMOSPHERE_DENSITY]]
    right: dict[tuple[str, bytes], Mapping[str, str]] = {}
    for fund, density in itertools.product(funds, densities):
        client = TestClient(Gateway(lambda fund=fund: fund, density=lambda of=density: of))
        versions = {FUND_SHARPE: fund.version, THERMOSPHERE_DENSITY: density.version}
        for ask in {ask.name: ask for ask in wanted}.values():
            verb = "POST" if ask.body else "GET"
            answer = client.request(verb, ask.path, content=ask.body, headers=dict(ask.headers))
            if answer.status_code != 200:
                raise ArtefactError(f"{ask.path} answers {answer.status_code}: {answer.text}")
            right[ask.name, answer.content] = versions
    return right


@dataclass
class Promotion:
    """A version that was made champion.

    at       when the promotion was done, by time.perf_counter
    first    seconds from then to the first answer by it, None when none came
    """

    name: str
    version: str
    at: float
    first: float | None = None


async def promote_in_turn(
    models: Mapping[str, Sequence[StoredModel]], seconds: float, every: float
) -> list[Promotion]:
    """Promote the other version of one model after the other until the time is over."""
    turns = itertools.cycle([(name, index) for index in (1, 0) for name in models])
    done: list[Promotion] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds - every:
        await asyncio.sleep(every)
        name, index = next(turns)
        stored = models[name][index]
        await asyncio.to_thread(registry.promote, stored, why="hot swap under load")
        done.append(Promotion(name, stored.version, time.perf_counter()))
    return done


@dataclass(frozen=True)
class Verdict:
    """What came of a load.

    mixed   answers that are no version's, by the name of the ask
    """

    requests: int
    failures: list[str]
    mixed: list[str]
    p50_ms: float
    p99_ms: float
    worst_ms: float


#: Asks by which the first answer of a version is noticed: bytes of one model alone.
_OF = {"fund": FUND_SHARPE, "density": THERMOSPHERE_DENSITY}


def judge(answered: Sequence[Answered], right: Right) -> Verdict:
    """Count what failed, what is mixed, and how long answers took."""
    good = [answer for answer in answered if answer.status == 200]
    milliseconds = np.array([1000 * answer.seconds for answer in answered])
    return Verdict(
        requests=len(answered),
        failures=[f"{a.name}: {a.status} {a.content[:200]!r}" for a in answered if a not in good],
        mixed=[answer.name for answer in good if (answer.name, answer.content) not in right],
        p50_ms=round(float(np.quantile(milliseconds, 0.5)), 2),
        p99_ms=round(float(np.quantile(milliseconds, 0.99)), 2),
        worst_ms=round(float(milliseconds.max()), 2),
    )


def time_first_answers(
    promotions: Sequence[Promotion], answered: Sequence[Answered], right: Right
) -> None:
    """Fill in `first` of each promotion."""
    for promotion in promotions:
        times = [
            answer.at - promotion.at
            for answer in answered
            if _OF.get(answer.name) == promotion.name
            and right.get((answer.name, answer.content), {}).get(promotion.name)
            == promotion.version
            and answer.at > promotion.at
        ]
        promotion.first = min(times, default=None)


async def swap_under_load(
    port: int,
    models: Mapping[str, Sequence[StoredModel]],
    right: Right,
    *,
    seconds: float,
    per_second: float,
    every: float,
) -> tuple[list[Answered], list[Promotion]]:
    """Ask at a pace while versions are promoted, one model's `every` so many seconds."""
    load = OpenLoad(port, asks(), per_second)
    _, promotions = await asyncio.gather(load.run(seconds), promote_in_turn(models, seconds, every))
    time_first_answers(promotions, load.answered, right)
    return load.answered, promotions
