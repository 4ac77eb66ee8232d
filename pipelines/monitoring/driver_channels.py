"""What could drift in space weather: level and storminess by month, and hours beyond a training.

An emulator is trained between the lowest and highest of each driver; beyond them it is asked
what it has not seen. Within them a change is no fault of the data, and yet news.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.drivers import COLUMNS, Drivers
from pipelines.monitoring.blocks import trailing_mean
from pipelines.monitoring.channels import Channel
from pipelines.monitoring.report import DriftFinding

#: Share of the hours beyond the training that is drift.
BEYOND = 0.05
#: Hours that a month needs, and log differences nobody would act upon.
_FEWEST, _FLOOR = 14 * 24, 0.1


def months_of_hours(drivers: Drivers) -> npt.NDArray[np.int64]:
    """Month of each hour, counted from the first."""
    months = drivers.times.astype("datetime64[M]").astype(np.int64)
    return np.asarray(months - months[0])


def driver_labels(drivers: Drivers) -> tuple[str, ...]:
    """Every month from the first to the last."""
    first, last = (drivers.times[i].astype("datetime64[M]") for i in (0, -1))
    return tuple(str(m) for m in np.arange(first, last + np.timedelta64(1, "M")))


def driver_channels(drivers: Drivers, recent: int) -> tuple[Channel, ...]:
    """Flux of the sun and activity of the earth's field, whose newest months are judged."""
    month = months_of_hours(drivers)
    flux = _monthly(np.log(np.maximum(drivers.column("f107"), 1.0)), month)
    storms = _monthly(np.log1p(drivers.column("ap")), month)
    return tuple(
        Channel(name, trailing_mean(values, recent), values, "log", _FLOOR, "", ("level", "jump"))
        for name, values in (("F10.7", flux), ("ap", storms))
    )


def beyond_training(
    drivers: Drivers, limits: FloatArray, recent: int
) -> tuple[DriftFinding, list[DriftFinding]]:
    """Share of the newest months' hours beyond the training: of any driver, and of each.

    limits  driver × (lowest, highest) of the training, as in `DensityEmulator.limits`

    A share is no test with a p-value: above BEYOND it is flagged.
    """
    month = months_of_hours(drivers)
    values = drivers.values[month > month[-1] - recent]
    beyond = (values < limits[:, 0]) | (values > limits[:, 1])
    each = [
        _share(float(found.mean()), name)
        for name, found in zip(COLUMNS, beyond.T, strict=True)
        if found.any()
    ]
    return _share(float(beyond.any(axis=1).mean()), "any driver"), each


def _share(share: float, where: str) -> DriftFinding:
    return DriftFinding(
        "share of hours beyond the training",
        "range",
        where,
        recent=share,
        usual=BEYOND,
        flagged=share > BEYOND,
    )


def _monthly(values: FloatArray, month: npt.NDArray[np.int64]) -> FloatArray:
    """Mean of each month; NaN for one that has only begun."""
    hours = np.bincount(month)
    return np.where(hours >= _FEWEST, np.bincount(month, weights=values) / hours, np.nan)
