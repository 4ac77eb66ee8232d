"""What a back-test found, made up so that every score can be worked out by hand.

Two windows of five days, two bands of heights of 100 cells each, three days of Kp classes. A
model's absolute percentage error is a constant, times 2 in the upper band.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from pipelines.thermosphere_density.backtest import Judged
from pipelines.thermosphere_density.contestants import Contestant
from pipelines.thermosphere_density.scoring import COVERAGES
from pipelines.thermosphere_density.storms import Storm

START = np.datetime64("2003-11-17T00", "h")
HORIZON, WINDOWS, CELLS = 120, 2, 100
BANDS = ("100-200 km", "200-450 km")
#: Model -> MAPE of the lower band, in per cent.
ERRORS: Mapping[str, float] = {
    "emulator": 1.0,
    "emulator_r10": 1.4,
    "emulator_f107_kp": 2.0,
    "memoryless": 2.0,
    "dmdc": 4.0,
    "persistence": 6.0,
}


def judged(errors: Mapping[str, float] = ERRORS, inside: float = 0.0, storms: int = 1) -> Judged:
    """The tables; `inside` is added to the coverage that every interval promises."""
    times = START + np.arange(HORIZON * WINDOWS)
    return Judged(
        pl.concat([_hours(name, error, inside, times) for name, error in errors.items()]),
        pl.concat([_curve(name, error, times) for name, error in errors.items()]),
        pl.concat([_map(name, error) for name, error in errors.items()]),
        pl.concat([_leads(name, error) for name, error in errors.items()]),
        np.array([0.9, 0.99, 0.999]),
        {name: 10 if name.endswith("_r10") else 3 for name in errors},
        tuple(Contestant(n, f"what <{n}> is", ("dmdc",), "full") for n in errors),
        (Storm(times[90], times[42], times[162]),) * storms,
    )


def _hours(
    name: str, error: float, inside: float, times: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> pl.DataFrame:
    hours, bands = len(times), len(BANDS)
    lead = np.arange(hours) % HORIZON + 1
    # The last day of a window is strong, the first three are quiet; the error moves by day.
    classes = np.array(["quiet", "quiet", "quiet", "moderate", "strong"])[(lead - 1) // 24]
    wave = 1.0 + 0.1 * (-1.0) ** (np.arange(hours) // 24)
    ape = np.repeat(error * wave, bands) * np.tile([1.0, 2.0], hours) * CELLS
    columns = {
        "model": [name] * (hours * bands),
        "window": np.repeat(np.arange(hours) // HORIZON, bands).astype(np.int32),
        "hour": np.repeat(times.astype("datetime64[us]"), bands),
        "lead": np.repeat(lead, bands).astype(np.int32),
        "kp_class": np.repeat(classes, bands).tolist(),
        "band": list(BANDS) * hours,
        "ape": ape,
        "signed": np.zeros(hours * bands),
        "nlpd": 0.1 * ape,
        "crps": 0.001 * ape,
        **{
            f"inside_{100 * p:g}": np.full(hours * bands, min(p + inside, 1.0) * CELLS)
            for p in COVERAGES
        },
        "cells": np.full(hours * bands, float(CELLS)),
        "scored": np.full(hours * bands, float(CELLS)),
    }
    return pl.DataFrame(columns)


def _curve(
    name: str, error: float, times: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> pl.DataFrame:
    shown = times[42:163]
    truth = 4e-12 + 1e-12 * np.sin(np.arange(len(shown)) / 20)
    median = truth * (1 + error / 100)
    return pl.DataFrame(
        {
            "model": [name] * len(shown),
            "storm": [str(times[90].astype("datetime64[D]"))] * len(shown),
            "hour": shown.astype("datetime64[us]"),
            "truth": truth,
            "median": median,
            "low": 0.9 * median,
            "high": 1.1 * median,
        }
    )


def _leads(name: str, error: float) -> pl.DataFrame:
    """Ten days at five leads; the error grows by 2 % of itself a day."""
    day, lead = np.meshgrid(np.arange(10), np.arange(1, 6), indexing="ij")
    return pl.DataFrame(
        {
            "model": [name] * day.size,
            "day": (START.astype("datetime64[D]") + day.ravel()),
            "lead": lead.ravel(),
            "mape": error * (1 + 0.02 * (lead.ravel() - 1)),
        }
    )


def _map(name: str, error: float) -> pl.DataFrame:
    local_time, latitude = np.meshgrid(np.arange(4) * 6.0, np.linspace(-60, 60, 3), indexing="ij")
    truth = 4e-12 + 1e-14 * latitude.ravel()
    count = truth.size
    return pl.DataFrame(
        {
            "model": [name] * count,
            "storm": [str((START + 90).astype("datetime64[D]"))] * count,
            "height": [400.0] * count,
            "local_time": local_time.ravel(),
            "latitude": latitude.ravel(),
            "truth": truth,
            "median": truth * (1 + error / 100),
        }
    )
