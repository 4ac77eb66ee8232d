"""Past origins of F10.7 and Kp: what each knew, and what followed.

The predictors of a method (`Method`):
persistence  the departure of today from the long mean, which dies out with the lead
recurrence   what stood one turn of the sun (27 days) before the day forecast
climatology  the long mean alone
ensemble     all of these together, with the recent change
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from models.emulators.driver_hours import window_mean
from models.emulators.driver_paths import History
from models.emulators.driver_weather import PER_DAY

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
Method = Literal["persistence", "recurrence", "climatology", "ensemble"]

#: Days of a turn of the sun as seen from the Earth.
ROTATION = 27
_LONG = 81


def flux_history(log_flux: FloatArray, leads: int, method: Method) -> History:
    """Daily log F10.7, all known, to departures from the 81-day mean at 1 ... `leads` days."""
    today = len(log_flux) - 1
    origins = np.arange(_LONG, today - leads + 1)
    level = window_mean(log_flux, _LONG - 1, 0)
    at = np.append(origins, today)
    departure = (log_flux[at] - level[at])[:, None].repeat(leads, axis=1)
    change = (log_flux[at] - log_flux[at - 3])[:, None].repeat(leads, axis=1)
    before = at[:, None] + _turns_back(np.arange(1, leads + 1), ROTATION)
    recurrent = log_flux[before] - level[at][:, None]
    month = window_mean(log_flux, ROTATION - 1, 0)
    trend = (month[at] - level[at])[:, None].repeat(leads, axis=1)
    chosen = {
        "persistence": [departure],
        "recurrence": [recurrent],
        "climatology": [],
        "ensemble": [departure, change, recurrent, trend],
    }[method]
    return _history(
        log_flux[origins[:, None] + np.arange(1, leads + 1)] - level[origins][:, None],
        _stack(chosen, (len(at), leads)),
        np.stack([level[at], 0.5 * departure[:, 0]], axis=1),
    )


def kp_history(kp: FloatArray, leads: int, method: Method) -> History:
    """3-hourly Kp, all known, to Kp at 1 ... `leads` intervals.

    Past origins stand at the same hour of the day as today, so that what Kp owes to UT is
    in the forecast.
    """
    today = len(kp) - 1
    turn = ROTATION * PER_DAY
    first = 2 * turn + PER_DAY
    origins = np.arange(today - PER_DAY * -(-leads // PER_DAY), first, -PER_DAY)[::-1]
    at = np.append(origins, today)
    day = window_mean(kp, PER_DAY - 1, 0)
    month = window_mean(kp, turn - 1, 0)
    # The day around the same phase of the sun; its end stays before the origin.
    back = _turns_back(np.arange(1, leads + 1) + PER_DAY // 2, turn)
    recurrent = day[at[:, None] + back]

    def constant(values: FloatArray) -> FloatArray:
        return np.asarray(values[at][:, None].repeat(leads, axis=1))

    one = np.ones((len(at), leads))
    chosen = {
        "persistence": [one, constant(day), constant(kp)],
        "recurrence": [one, recurrent],
        "climatology": [one, constant(month)],
        "ensemble": [one, constant(day), constant(kp), recurrent, constant(month)],
    }[method]
    ahead = sliding_window_view(kp, leads)
    return _history(
        ahead[origins + 1],
        _stack(chosen, (len(at), leads)),
        np.stack([day[at], recurrent[:, : 3 * PER_DAY].mean(axis=1), 0.5 * month[at]], axis=1),
    )


def _turns_back(leads: IntArray, turn: int) -> IntArray:
    """Steps from the origin to the same phase, whole turns back, at or before the origin."""
    return leads - turn * -(-leads // turn)


def _stack(columns: list[FloatArray], shape: tuple[int, int]) -> FloatArray:
    """Lead × origin × predictor, of columns origin × lead."""
    if not columns:
        return np.empty((shape[1], shape[0], 0))
    return np.stack([column.T for column in columns], axis=-1)


def _history(targets: FloatArray, predictors: FloatArray, activity: FloatArray) -> History:
    """Part today, the last row, from the past origins."""
    return History(targets, predictors[:, :-1], predictors[:, -1], activity[:-1], activity[-1])
