"""A satellite under sampled densities: where it will be, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.errors import DataError, ModelError, RequestError
from models.orbit.flight import Flight, fly
from models.orbit.states import check_ballistic, check_state
from pipelines.orbit.state_density import StateDensity
from pipelines.orbit.tle import parse_tle
from service.epochs import EPOCH_WORDS, epoch_text, read_epoch
from service.errors import Detail, invalid
from service.thermosphere_answers import DriversUsed
from service.thermosphere_checks import Rows, level_faults
from service.thermosphere_forecast_inputs import future_rows
from service.thermosphere_orbit_schemas import (
    MAX_ORBIT_HOURS,
    OrbitAnswer,
    OrbitFutures,
    OrbitRequest,
)
from service.thermosphere_predictor import DensityPredictor

#: Futures of space weather behind the trajectories, at most; each has several of them.
DRIVER_SAMPLES = 20
#: (up to so many hours, seconds of a step): errors of 1, about 10 and 80 m a day, each far
#: below the spread by then, and a request that is done within the deadline.
_STEPS = ((24, 10.0), (72, 20.0), (MAX_ORBIT_HOURS, 30.0))


@dataclass(frozen=True)
class OrbitQuery:
    """A checked flight; `start` and `hours` are of the space weather, whole hours around it."""

    moment: np.datetime64
    state: FloatArray
    ballistic: float
    flight_hours: int
    every: float
    trajectories: int
    futures: OrbitFutures
    seed: int
    levels: tuple[float, ...]
    drivers: Rows | None

    @property
    def start(self) -> np.datetime64:
        return np.datetime64(self.moment.astype("datetime64[h]"))

    @property
    def hours(self) -> int:
        return self.flight_hours + (1 if self.moment > self.start else 0)

    @property
    def last(self) -> np.datetime64:
        return np.datetime64(self.start + self.hours)

    @property
    def samples(self) -> int:
        """Futures of space weather."""
        return min(self.trajectories, DRIVER_SAMPLES)


def orbit_query(request: OrbitRequest) -> OrbitQuery:
    """Check a request. Raises ServiceError (422)."""
    faults = level_faults(request.levels)
    if (request.state is None) == (request.tle is None):
        got = "neither" if request.state is None else "both"
        faults.append(Detail("state", "expected either state or tle", got))
    if faults:
        raise invalid(faults)
    try:
        moment, state, ballistic = _of_lines(request) if request.tle else _of_state(request)
    except RequestError as error:
        raise invalid([Detail(error.field, str(error))]) from error
    query = OrbitQuery(
        moment,
        state,
        ballistic,
        request.hours,
        float(request.step_seconds),
        request.samples,
        request.futures,
        request.seed,
        tuple(request.levels),
        None,
    )
    if request.drivers is None:
        return query
    return replace(query, drivers=future_rows(request.drivers, query.last))


def fly_orbit(predictor: DensityPredictor, query: OrbitQuery) -> bytes:
    """The answer as JSON. Raises ServiceError (422) or ModelError."""
    drivers, said = predictor.ahead(query)
    flight = fly(
        query.state,
        query.moment,
        query.flight_hours,
        _densities(predictor, query, drivers),
        ballistic=query.ballistic,
        step=next(step for hours, step in _STEPS if query.flight_hours <= hours),
        every=query.every,
        levels=query.levels,
    )
    warnings = predictor.outside([d.between(query.start, query.last) for d in drivers])
    return _answer(predictor, query, flight, said, warnings).model_dump_json().encode()


def _densities(
    predictor: DensityPredictor, query: OrbitQuery, drivers: list[Drivers]
) -> StateDensity:
    """Sampled paths of every future, as many of each as the trajectories ask for."""
    emulator = predictor.emulator
    shares = np.array_split(np.arange(query.trajectories), len(drivers))
    states = [
        emulator.path(each, query.start, query.last).sample(len(share), query.seed + index)
        for index, (each, share) in enumerate(zip(drivers, shares, strict=True))
    ]
    label = f"emulator of {emulator.label}"
    return StateDensity(
        predictor.name, label, emulator, query.moment, query.start, np.concatenate(states)
    )


def _of_state(request: OrbitRequest) -> tuple[np.datetime64, FloatArray, float]:
    given = request.state
    if given is None:
        raise RequestError("expected a state", "state")
    if request.ballistic is None:
        raise RequestError("a ballistic coefficient (m2/kg) is needed with a state", "ballistic")
    if request.start is not None:
        raise RequestError("start goes with tle; a state has its epoch", "start")
    moment = _moment(given.epoch, "state.epoch")
    try:
        state = check_state([*given.position_km, *given.velocity_km_s])
    except ModelError as error:
        raise RequestError(str(error), "state") from error
    return moment, state, _drag(request.ballistic)


def _of_lines(request: OrbitRequest) -> tuple[np.datetime64, FloatArray, float]:
    try:
        lines = parse_tle("\n".join(request.tle or ()), "tle")
        moment = lines.epoch if request.start is None else _moment(request.start, "start")
        state = lines.state(moment)
    except (DataError, ModelError) as error:
        raise RequestError(str(error), "tle") from error
    if request.ballistic is None and lines.bstar <= 0:
        raise RequestError("B* of the elements is not above 0; give ballistic", "ballistic")
    drag = lines.ballistic() if request.ballistic is None else request.ballistic
    return moment, state, _drag(drag)


def _drag(value: float) -> float:
    try:
        return check_ballistic(value)
    except ModelError as error:
        raise RequestError(str(error), "ballistic") from error


def _moment(text: str, field: str) -> np.datetime64:
    try:
        return read_epoch(text)
    except ValueError:
        raise RequestError(EPOCH_WORDS, field) from None


def _answer(
    predictor: DensityPredictor,
    query: OrbitQuery,
    flight: Flight,
    said: DriversUsed,
    warnings: list[str],
) -> OrbitAnswer:
    radial, along, cross = flight.spread.T.tolist()
    return OrbitAnswer(
        model=predictor.summary(),
        drivers=said,
        warnings=warnings,
        ballistic=query.ballistic,
        frame="TEME",
        levels=list(query.levels),
        time=[epoch_text(time) for time in flight.times],
        latitude=flight.latitude.tolist(),
        longitude=flight.longitude.tolist(),
        height=flight.height.tolist(),
        position_km=flight.position.tolist(),
        velocity_km_s=flight.velocity.tolist(),
        radial_std_km=radial,
        along_std_km=along,
        cross_std_km=cross,
        density_quantiles=flight.density.tolist(),
    )
