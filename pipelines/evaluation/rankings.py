"""Who comes first by each metric? A model may win by one and lose by another.

Several metrics of the same forecasts stand side by side, each with its order of the models, so
that nobody sees only the one that flatters (Sarsa, Leinonen and Hellas 2022 show on 5,880 rows of
a grid how the metric decides who wins). A place is the mean over cases, such as target and
horizon, of the model's rank in each; models that are equal share their places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from pipelines.evaluation.page import Cell, Table, number

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Metric:
    """One measure of a row.

    key    of the value in a row
    label  for a reader
    cost   value -> what is small for a good model
    """

    key: str
    label: str
    cost: Callable[[float], float] = float


def larger(value: float) -> float:
    """Cost of a measure whose large values are good."""
    return -value


def off(nominal: float) -> Callable[[float], float]:
    """Cost of a coverage: its distance from what was promised."""
    return lambda value: abs(value - nominal)


def ranking_rows(
    rows: Sequence[Row], metrics: Sequence[Metric], case: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per metric and model: mean place over cases, and in how many it is first.

    case  keys that tell cases apart; only cases where every model has the metric count

    In order of the metrics, and of the places in each.
    """
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    found = []
    for metric in metrics:
        places = _places(rows, metric, case, models)
        if not len(places):
            continue
        order = np.argsort(places.mean(axis=0), kind="stable")
        found += [
            {
                "metric": metric.key,
                "model": models[column],
                "mean_place": round(float(places[:, column].mean()), 4),
                "first": int((places[:, column] == places.min(axis=1)).sum()),
                "cases": len(places),
            }
            for column in order
        ]
    return found


def ranking_table(found: Sequence[Row], metrics: Sequence[Metric], caption: str) -> Table:
    """Model × metric: mean place; the first of a column is marked."""
    labels = {metric.key: metric.label for metric in metrics}
    present = list(dict.fromkeys(str(row["metric"]) for row in found))
    models = _by_mean_place(found)
    values = {(row["metric"], row["model"]): float(row["mean_place"]) for row in found}
    best = {key: min(v for (metric, _), v in values.items() if metric == key) for key in present}

    def cell(model: str, key: str) -> Cell:
        value = values[key, model]
        return Cell(number(value, 1), ("best",) if value == best[key] else ())

    return Table(
        caption,
        tuple(labels[key] for key in present),
        tuple(models),
        tuple(tuple(cell(model, key) for key in present) for model in models),
    )


def winners(found: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Metric -> models that are first by it."""
    best: dict[str, float] = {}
    for row in found:
        place = float(row["mean_place"])
        best[row["metric"]] = min(best.get(row["metric"], place), place)
    return {
        key: tuple(r["model"] for r in found if r["metric"] == key and r["mean_place"] == value)
        for key, value in best.items()
    }


def agreement(found: Sequence[Row], metrics: Sequence[Metric]) -> str:
    """Whether the metrics agree on who is first, in a sentence; "" without any."""
    labels = {metric.key: metric.label for metric in metrics}
    first: dict[str, list[str]] = {}
    for key, models in winners(found).items():
        for model in models:
            first.setdefault(model, []).append(labels[key])
    if not first:
        return ""
    if len(first) == 1:
        return f"By every metric {next(iter(first))} comes first."
    parts = (f"{model} by {', '.join(keys)}" for model, keys in first.items())
    return f"The metrics do not agree on who comes first: {'; '.join(parts)}."


def _places(
    rows: Sequence[Row], metric: Metric, case: Sequence[str], models: Sequence[str]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Case × model, from 1."""
    costs: dict[tuple[Any, ...], dict[str, float]] = {}
    for row in rows:
        value = row.get(metric.key)
        if value is not None and np.isfinite(value):
            key = tuple(row[name] for name in case)
            costs.setdefault(key, {})[str(row["model"])] = metric.cost(float(value))
    whole = [[known[m] for m in models] for known in costs.values() if len(known) == len(models)]
    return np.array([rankdata(one) for one in whole], dtype=np.float64)


def _by_mean_place(found: Sequence[Row]) -> list[str]:
    """Models from the best mean place over all metrics to the worst."""
    places: dict[str, list[float]] = {}
    for row in found:
        places.setdefault(str(row["model"]), []).append(float(row["mean_place"]))
    return sorted(places, key=lambda model: sum(places[model]) / len(places[model]))
