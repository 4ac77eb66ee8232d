"""Is the challenger more accurate? One-sided tests on losses by date, over all leads.

All that is forecast at one date shares its market or its weather, so a date is one
observation. A lead's losses are divided by the champion's mean loss there, so that leads
count the same whatever their size; then either their mean over leads is tested (pooled), or
each lead and the smallest p-value is adjusted for their number (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.contract import FloatArray
from pipelines.evaluation.mean_test import MeanTest, fixed_smoothing_test, zero_mean_test
from pipelines.retraining.domain import LossSeries
from pipelines.retraining.settings import PromotionSettings


@dataclass(frozen=True)
class LeadTest:
    """Test of one lead, or of all pooled. p-values are None where they cannot be had.

    difference  mean of challenger less champion, as a share of the champion's loss
    p_better    one-sided, H1: the challenger's loss is smaller (Diebold-Mariano, HLN)
    p_smooth    the same by the fixed-smoothing test
    p_worse     H1: the challenger's loss is larger; the larger of both tests
    """

    lead: str
    dates: int
    lags: int
    difference: float
    p_better: float | None
    p_smooth: float | None
    p_worse: float | None

    def p(self, agree: bool) -> float:
        """p-value that counts: the larger of both tests where they must agree; 1 if none."""
        found = (self.p_better, self.p_smooth) if agree else (self.p_better,)
        return max(1.0 if p is None else p for p in found)


@dataclass(frozen=True)
class Accuracy:
    """The answer.

    better     surely more accurate, and no lead surely worse
    not_worse  surely less than `margin` worse: what a refresh asks for
    p          p-value of "better" before the look at worse leads
    worse      leads at which the challenger is surely worse
    """

    better: bool
    not_worse: bool
    p: float
    pooled: LeadTest
    leads: tuple[LeadTest, ...]
    worse: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_losses(series: Sequence[LossSeries], how: PromotionSettings) -> Accuracy:
    """Test whether the challenger is better, and whether it is not worse."""
    leads = tuple(_test(one.lead, relative(one), one.lags) for one in series)
    values, lags = pooled(series)
    overall = _test("pooled", values, lags)
    goals = [test for test, one in zip(leads, series, strict=True) if not one.guard]
    p = overall.p(how.agree) if how.leads == "pooled" else _smallest(goals, how)
    worse = tuple(
        test.lead
        for test, adjusted in zip(leads, holm([_p_worse(t) for t in leads]), strict=True)
        if adjusted < how.alpha
    )
    better = p < how.alpha and overall.difference < 0 and not worse
    return Accuracy(better, _not_worse(values, lags, how) and not worse, p, overall, leads, worse)


def relative(one: LossSeries) -> FloatArray:
    """Challenger's loss less the champion's by date, as a share of the champion's mean."""
    size = float(np.mean(np.abs(one.champion)))
    return np.asarray((one.challenger - one.champion) / (size if size > 0 else 1.0))


def pooled(series: Sequence[LossSeries]) -> tuple[FloatArray, int]:
    """Mean over leads of the relative difference, by date; and the largest of their lags.

    At the newest dates only short leads have an outcome; a date is the mean of those it has.
    """
    by_date: dict[str, list[float]] = {}
    goals = [one for one in series if not one.guard]
    for one in goals:
        for date, value in zip(one.dates, relative(one), strict=True):
            by_date.setdefault(date, []).append(float(value))
    values = np.array([np.mean(by_date[date]) for date in sorted(by_date)])
    return values, max((one.lags for one in goals), default=0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the given order: below alpha for any true null in alpha of cases."""
    order = np.argsort(p_values, kind="stable")
    adjusted, least = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def _smallest(leads: Sequence[LeadTest], how: PromotionSettings) -> float:
    return min(holm([test.p(how.agree) for test in leads]), default=1.0)


def _test(lead: str, values: FloatArray, lags: int) -> LeadTest:
    plain, smooth = zero_mean_test(values, lags), fixed_smoothing_test(values, lags)
    return LeadTest(
        lead,
        len(values),
        lags,
        float(values.mean()) if len(values) else 0.0,
        plain.p_less,
        smooth.p_less,
        _more(plain, smooth),
    )


def _more(plain: MeanTest, smooth: MeanTest) -> float | None:
    """One-sided p-value of a mean above zero: the larger of two tests."""
    if plain.p_less is None or smooth.p_less is None:
        return None
    return max(1.0 - plain.p_less, 1.0 - smooth.p_less)


def _p_worse(test: LeadTest) -> float:
    return 1.0 if test.p_worse is None else test.p_worse


def _not_worse(values: FloatArray, lags: int, how: PromotionSettings) -> bool:
    """Whether the mean difference is surely below the margin (non-inferiority)."""
    if len(values) and float(np.abs(values - values.mean()).max()) == 0.0:
        return float(values.mean()) < how.margin  # the same forecasts: nothing to be unsure of
    return _test("margin", values - how.margin, lags).p(how.agree) < how.alpha
