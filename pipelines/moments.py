"""Moments in UTC as they are typed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from models.errors import ConfigError

_EXPECTED = {
    "h": "an hour in UTC like 2003-10-29T00",
    "s": "a UTC moment like 2003-11-18 or 2003-11-18T06:00",
}


def read_moment(text: str, option: str, unit: Literal["h", "s"]) -> np.datetime64:
    """The moment, cut to hours or seconds. Raises ConfigError that names the option."""
    try:
        moment: np.datetime64 = np.datetime64(text, unit)
    except ValueError:
        moment = np.datetime64("NaT", unit)
    if np.isnat(moment):
        raise ConfigError(f"{option}: expected {_EXPECTED[unit]}, got {text!r}")
    return moment
