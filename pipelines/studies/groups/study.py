"""What a study by groups finds: losses by date in two ways of training, and what they say.

Usual: the model was trained on earlier outcomes of the same funds or satellites, among others.
Unseen: it was trained on other groups alone. Both forecast the same rows, so that differences of
a date are differences of training; dates, not rows, are what is tested, for all rows of a date
move together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.contract import FloatArray
from pipelines.evaluation.mean_test import fixed_smoothing_test
from pipelines.evaluation.page import p_text

USUAL, UNSEEN = "usual", "unseen"
WAYS = (USUAL, UNSEEN)
#: Below it a difference is called real.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Coefficients:
    """A linear model, written out: a row per lead or component.

    columns  names of the numbers
    rows     name -> numbers
    about    what they are
    """

    about: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class GroupStudy:
    """Losses of every model on the same dates.

    unit     of the loss, the smaller the better
    groups   how many there are; `folds` of them are left out in turn
    rows     forecasts that were judged
    dates    label of each
    losses   model -> way -> date
    simple   the interpretable model, `best` the one that is served, whatever it came to here
    lags     dates that a date hangs together with
    """

    job: str
    unit: str
    kind: str
    groups: int
    folds: int
    rows: int
    dates: tuple[str, ...]
    losses: Mapping[str, Mapping[str, FloatArray]]
    simple: str
    best: str
    lags: int
    coefficients: Mapping[str, Coefficients]

    def loss(self, model: str, way: str) -> float:
        return float(self.losses[model][way].mean())

    def cost_of_unseen(self, model: str) -> Difference:
        """Loss on groups never trained on less that of the usual."""
        return difference(self.losses[model][USUAL], self.losses[model][UNSEEN], self.lags)

    def price_of_simple(self, way: str) -> Difference:
        """Loss of the simple model less that of the best, trained the same way."""
        return self.beside_best(self.simple, way)

    def beside_best(self, model: str, way: str) -> Difference:
        """Loss of a model less that of the best, trained the same way."""
        return difference(self.losses[self.best][way], self.losses[model][way], self.lags)

    def lowest(self, way: str) -> str:
        """The model with the lowest loss; it need not be the one that is served."""
        return min(self.losses, key=lambda model: self.loss(model, way))


@dataclass(frozen=True)
class Difference:
    """Of the mean losses of two on the same dates.

    share    of the first's loss: 0.05 says that the second loses 5 % more
    p_value  two-sided; None for too few dates, or where nothing differs
    """

    share: float
    p_value: float | None

    @property
    def real(self) -> bool:
        return self.p_value is not None and self.p_value < SIGNIFICANT

    @property
    def text(self) -> str:
        """Such as "3.1 % more (p 0.020)"."""
        word = "more" if self.share >= 0 else "less"
        return f"{abs(100 * self.share):.1f} % {word} ({self.chance})"

    @property
    def chance(self) -> str:
        """The p-value in words."""
        if self.p_value is None:
            return "not tested: too few dates" if self.share else "no difference"
        return f"p {p_text(self.p_value)}"

    @property
    def verdict(self) -> str:
        """What the second is beside the first, such as "worse than" or "better than"."""
        if not self.real:
            return "neither reliably better nor worse than"
        return "worse than" if self.share > 0 else "better than"


def difference(first: FloatArray, second: FloatArray, lags: int) -> Difference:
    """Test by date whether the second loses more or less than the first."""
    found = fixed_smoothing_test(second - first, lags)
    return Difference(float(second.mean() / first.mean() - 1.0), found.p_two)


def sentences(study: GroupStudy) -> list[str]:
    """The price of being unseen, that of being simple, and who else would have been lowest."""
    best, simple = study.best, study.simple
    told = [
        f"On {study.kind} never trained on, {best} errs {study.cost_of_unseen(best).text} than "
        f"with them in its training; {simple} {study.cost_of_unseen(simple).text}.",
    ]
    for way, where in ((USUAL, "trained as usual"), (UNSEEN, f"on {study.kind} never trained on")):
        told.append(
            f"The price of interpretability, {where}: {simple} errs "
            f"{study.price_of_simple(way).text} than {best}."
        )
    lowest = study.lowest(UNSEEN)
    if lowest not in (best, simple):
        told.append(
            f"Lowest on {study.kind} never trained on is {lowest}: it errs "
            f"{study.beside_best(lowest, UNSEEN).text} than {best}."
        )
    return told


def headline(study: GroupStudy) -> str:
    """Both prices, in one sentence without its full stop."""
    cost, price = study.cost_of_unseen(study.best), study.price_of_simple(UNSEEN)
    return (
        f"On {study.kind} never trained on, {study.best} is {cost.verdict} with them in its "
        f"training, and {study.simple} is {price.verdict} {study.best}"
    )


def to_json(study: GroupStudy) -> dict[str, Any]:
    """All numbers."""
    return {
        "job": study.job,
        "unit": study.unit,
        "groups": study.groups,
        "folds": study.folds,
        "forecasts": study.rows,
        "dates": list(study.dates),
        "simple": study.simple,
        "best": study.best,
        "headline": headline(study),
        "sentences": sentences(study),
        "models": {
            model: {
                **{way: round(study.loss(model, way), 6) for way in WAYS},
                "unseen_costs": study.cost_of_unseen(model).share,
                "p_value": study.cost_of_unseen(model).p_value,
                "by_date": {way: [float(f"{x:.6g}") for x in ways[way]] for way in WAYS},
            }
            for model, ways in study.losses.items()
        },
        "price_of_simple": {
            way: {"share": found.share, "p_value": found.p_value}
            for way in WAYS
            for found in (study.price_of_simple(way),)
        },
        "coefficients": {
            model: {
                "about": one.about,
                "columns": list(one.columns),
                "rows": {name: list(map(_number, row)) for name, row in one.rows.items()},
            }
            for model, one in study.coefficients.items()
        },
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
