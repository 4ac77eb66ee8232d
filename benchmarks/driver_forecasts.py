"""How good the forecasts of space weather are, by method and lead, on the embedded table.

    python -m benchmarks.driver_forecasts

At each of some hundred moments of 2009-2024 every method forecasts five days from what was
published by then. CRPS (lower is better) of F10.7, Kp and ap, and how often the truth lies
in the central 50, 80 and 90 % of the samples; ties of the stepped Kp are split at random.
Forecasts are made from published values, and judged against values without flares.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from models.emulators.driver_futures import forecast_drivers
from models.emulators.driver_history import Method
from models.emulators.driver_hours import day_values
from models.emulators.driver_samples import DriverSamples
from models.emulators.driver_weather import SpaceWeather
from pipelines.atomic import write_text
from pipelines.datasets.space_weather.table import EMBEDDED, read_table

FloatArray = npt.NDArray[np.floating[Any]]

FIRST, LAST = np.datetime64("2009-01-01T00"), np.datetime64("2024-12-20T00")
DAYS, SAMPLES = 5, 200
LEVELS = (0.5, 0.8, 0.9)
#: Slack, so that equal thirds of Kp count as equal.
_TIE = 1e-9
RESULTS = Path(__file__).parent / "results" / "driver_forecasts.json"


def origins(count: int) -> npt.NDArray[np.datetime64]:
    """Moments spread evenly over the years, at all hours of the day."""
    span = int((LAST - FIRST).astype(int))
    return np.asarray(FIRST + np.linspace(0, span, count).astype(np.int64))


def crps(samples: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score of samples (first axis) at each truth."""
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    weight = 2.0 * np.arange(1, count + 1) - count - 1
    spread = np.tensordot(weight, ordered, axes=1) / count**2
    return np.asarray(np.abs(samples - truth).mean(axis=0) - spread)


def rank(samples: FloatArray, truth: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Part of the samples below each truth; ties at random."""
    below = (samples < truth - _TIE).mean(axis=0)
    equal = (np.abs(samples - truth) <= _TIE).mean(axis=0)
    return np.asarray(below + equal * rng.random(truth.shape))


def samples_and_truth(
    drawn: DriverSamples, weather: SpaceWeather, f107: FloatArray, moment: np.datetime64
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Name -> samples × value and value: F10.7 of the next days, Kp and ap of 40 intervals."""
    day = int((moment.astype("datetime64[D]") - weather.days[0]).astype(int))
    interval = int((moment - weather.days[0].astype("datetime64[h]")).astype(int)) // 3
    steps = slice(0, 24 * DAYS, 3)
    return {
        "f107": (drawn.column("f107")[:, 24::24], f107[day + 1 : day + 1 + DAYS]),
        **{
            name: (drawn.column(name)[:, steps], values.ravel()[interval : interval + 8 * DAYS])
            for name, values in (("kp", weather.kp), ("ap", weather.ap))
        },
    }


def judge(
    method: Method, weather: SpaceWeather, moments: npt.NDArray[np.datetime64]
) -> list[dict[str, Any]]:
    """Rows of scores of one method: one per quantity and lead in days."""
    f107 = day_values(weather).f107
    rng = np.random.default_rng(1)
    scores: dict[str, list[tuple[FloatArray, FloatArray]]] = {"f107": [], "kp": [], "ap": []}
    for seed, moment in enumerate(moments):
        drawn = forecast_drivers(weather, moment, 24 * DAYS + 1, method, SAMPLES, seed)
        for name, (drawn_values, truth) in samples_and_truth(drawn, weather, f107, moment).items():
            scores[name].append((crps(drawn_values, truth), rank(drawn_values, truth, rng)))
    return [
        row
        for name, pairs in scores.items()
        for row in _rows(method, name, *(np.array(part) for part in zip(*pairs, strict=True)))
    ]


def _rows(method: str, name: str, score: FloatArray, ranks: FloatArray) -> list[dict[str, Any]]:
    by_day = score.reshape(len(score), DAYS, -1)
    ranks = ranks.reshape(len(ranks), DAYS, -1)
    rows = []
    for day in range(DAYS):
        inside = {
            f"coverage_{100 * level:.0f}": float((abs(ranks[:, day] - 0.5) <= level / 2).mean())
            for level in LEVELS
        }
        crps_of_day = float(by_day[:, day].mean())
        rows.append(
            {"method": method, "quantity": name, "day": day + 1, "crps": crps_of_day, **inside}
        )
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print one line per quantity and method: CRPS of each day, coverages over all of them."""
    table = Table("quantity", "method", *(f"day {d + 1}" for d in range(DAYS)), "50/80/90 %")
    for name in ("f107", "kp", "ap"):
        for method in get_args(Method):
            mine = [r for r in rows if (r["quantity"], r["method"]) == (name, method)]
            inside = [np.mean([r[f"coverage_{100 * c:.0f}"] for r in mine]) for c in LEVELS]
            cells = [f"{row['crps']:.3f}" for row in mine]
            table.add_row(name, method, *cells, " / ".join(f"{100 * c:.0f}" for c in inside))
    Console(width=120).print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge all methods, print the table, and keep the rows."""
    parser = argparse.ArgumentParser(description="Score forecasts of space weather.")
    parser.add_argument("--origins", type=int, default=400)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    weather = read_table(EMBEDDED)
    moments = origins(options.origins)
    rows = [row for method in get_args(Method) for row in judge(method, weather, moments)]
    show(rows)
    about = {"data_hash": weather.data_hash, "origins": options.origins, "samples": SAMPLES}
    write_text(options.out, json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
