"""From a well-formed request to arrays, with everything checked that a schema cannot say.

All faults of a request are collected, so that one answer names them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.transforms.sharpe import MIN_DISPERSION
from pipelines.fund_sharpe import cautions
from pipelines.months import month_index, month_label
from pipelines.warm_up import FundForecaster
from service.errors import Detail, invalid, shown
from service.schemas import ForecastRequest, FundSeries

#: Median absolute return above which numbers are percent and not decimals.
PERCENT = 0.5
#: A month above +800 % is a change of the face value, not a return.
JUMP = 8.0
#: Risk-free return of a month above which it is a rate per year, or in percent.
RATE = 0.05
LOWEST_LEVEL, HIGHEST_LEVEL = 0.05, 0.95


@dataclass(frozen=True)
class FundInput:
    """One fund, checked: excess returns up to its newest month with a return.

    excess     decimal per month, NaN where missing, first and last observed
    last       newest month, as in `month_index`
    warnings   what the caller should know of the data
    """

    id: str
    excess: FloatArray
    last: int
    warnings: tuple[str, ...]

    @property
    def months(self) -> int:
        return int(np.isfinite(self.excess).sum())


def read_inputs(request: ForecastRequest, model: FundForecaster) -> list[FundInput]:
    """Check a request against a model and make its arrays. Raises ServiceError (422)."""
    faults = [*_choices(request, model), *_names(request.funds), *_common_rates(request)]
    funds: list[FundInput] = []
    for index, fund in enumerate(request.funds):
        path = f"funds[{index}]"
        found, positions = _months(fund, path)
        found += _returns(fund, path)
        found += _rates(fund, path)
        if not found and not faults:
            made = _fund_input(fund, request, positions, model.min_history)
            found += _history(made, path, model.min_history)
            funds.append(made)
        faults += found
    if faults:
        raise invalid(faults)
    return funds


def _choices(request: ForecastRequest, model: FundForecaster) -> list[Detail]:
    faults = []
    for name, chosen, known in (
        ("horizons", request.horizons, model.horizons),
        ("targets", request.targets, model.targets),
    ):
        listed = ", ".join(map(str, known))
        for index, value in enumerate(chosen or ()):
            if value not in known:
                message = f"expected one of {listed}"
                faults.append(Detail(f"{name}[{index}]", message, shown(value)))
    for index, level in enumerate(request.intervals):
        if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
            message = f"expected a coverage from {LOWEST_LEVEL} to {HIGHEST_LEVEL}"
            faults.append(Detail(f"intervals[{index}]", message, shown(level)))
    return faults


def _names(funds: Sequence[FundSeries]) -> list[Detail]:
    first: dict[str, int] = {}
    faults = []
    for index, fund in enumerate(funds):
        before = first.setdefault(fund.id, index)
        if before != index:
            message = f"this id stands at funds[{before}] already; give each fund its own"
            faults.append(Detail(f"funds[{index}].id", message, shown(fund.id)))
    return faults


def _common_rates(request: ForecastRequest) -> list[Detail]:
    """A list for all funds needs funds of the same months."""
    faults = _rate_values(request.risk_free, "risk_free")
    if isinstance(request.risk_free, list):
        users = [fund for fund in request.funds if fund.risk_free is None]
        if len({(fund.start, tuple(fund.dates or ())) for fund in users}) > 1:
            message = "one list needs funds of the same months; give each fund its own risk_free"
            faults.append(Detail("risk_free", message))
        lengths = {len(fund.returns) for fund in users} - {len(request.risk_free)}
        if lengths:
            message = f"expected {min(lengths)} numbers, one for each return"
            faults.append(Detail("risk_free", message, len(request.risk_free)))
    return faults


def _months(fund: FundSeries, path: str) -> tuple[list[Detail], list[int]]:
    """Faults, and the month of each return."""
    size = len(fund.returns)
    if (fund.start is None) == (fund.dates is None):
        got = "neither" if fund.start is None else "both"
        return [Detail(f"{path}.start", "expected either start or dates", got)], []
    if fund.start is not None:
        first = month_index(fund.start)
        return [], list(range(first, first + size))
    dates = fund.dates or []
    if len(dates) != size:
        message = f"expected {size} dates, one for each return"
        return [Detail(f"{path}.dates", message, len(dates))], []
    positions = [month_index(text) for text in dates]
    faults = [
        Detail(f"{path}.dates[{i}]", f"expected a month after {dates[i - 1]}", dates[i])
        for i in range(1, size)
        if positions[i] <= positions[i - 1]
    ]
    return faults, positions


def _returns(fund: FundSeries, path: str) -> list[Detail]:
    values = _array(fund.returns)
    seen = values[np.isfinite(values)]
    typical = float(np.median(np.abs(seen))) if len(seen) else 0.0
    if typical > PERCENT:
        message = (
            f"the median size of the returns is {typical:.3g}: this looks like percent; "
            "send decimals (0.012 for 1.2 %)"
        )
        return [Detail(f"{path}.returns", message, round(typical, 6))]
    return [
        Detail(f"{path}.returns[{i}]", _return_fault(float(values[i])), float(values[i]))
        for i in np.flatnonzero((values <= -1.0) | (values > JUMP))
    ]


def _return_fault(value: float) -> str:
    if value <= -1.0:
        return "expected a return above -1 (-100 %)"
    return (
        f"a return of {value:.0%} in a month looks like a change of the face value; "
        "send adjusted returns"
    )


def _rates(fund: FundSeries, path: str) -> list[Detail]:
    faults = _rate_values(fund.risk_free, f"{path}.risk_free")
    if isinstance(fund.risk_free, list) and len(fund.risk_free) != len(fund.returns):
        message = f"expected {len(fund.returns)} numbers, one for each return"
        faults.append(Detail(f"{path}.risk_free", message, len(fund.risk_free)))
    return faults


def _rate_values(rate: float | list[float] | str | None, path: str) -> list[Detail]:
    message = "this looks like a rate per year or in percent; send the decimal return of a month"
    if isinstance(rate, list):
        wrong = [i for i, value in enumerate(rate) if abs(value) > RATE]
        return [Detail(f"{path}[{i}]", message, rate[i]) for i in wrong]
    if isinstance(rate, int | float) and abs(rate) > RATE:
        return [Detail(path, message, rate)]
    return []


def _fund_input(
    fund: FundSeries, request: ForecastRequest, positions: list[int], minimum: int
) -> FundInput:
    rate = request.risk_free if fund.risk_free is None else fund.risk_free
    free = 0.0 if rate is None or isinstance(rate, str) else np.asarray(rate, dtype=np.float64)
    span = np.full(positions[-1] - positions[0] + 1, np.nan)
    span[np.array(positions) - positions[0]] = _array(fund.returns) - free
    observed = np.flatnonzero(np.isfinite(span))
    if not len(observed):
        return FundInput(fund.id, span[:0], positions[-1], ())
    excess = span[observed[0] : observed[-1] + 1]
    last = positions[0] + int(observed[-1])
    warnings = _warnings(excess, last, positions[-1] - last, minimum)
    if rate is None:
        warnings.append("risk_free was not given: the returns are taken as excess returns")
    return FundInput(fund.id, excess, last, tuple(warnings))


def _warnings(excess: FloatArray, last: int, missing_at_end: int, minimum: int) -> list[str]:
    months = int(np.isfinite(excess).sum())
    notes = cautions.short_history(months, minimum)
    notes += cautions.gaps(len(excess) - months, len(excess))
    if missing_at_end:
        notes.append(
            f"the newest {missing_at_end} months have no return: "
            f"the forecast starts at {month_label(last)}"
        )
    return notes


def _history(fund: FundInput, path: str, minimum: int) -> list[Detail]:
    if fund.months < minimum:
        message = f"expected at least {minimum} months with a return"
        return [Detail(f"{path}.returns", message, fund.months)]
    if float(np.nanstd(fund.excess)) < MIN_DISPERSION:
        message = "all returns are equal: a Sharpe ratio needs dispersion"
        return [Detail(f"{path}.returns", message, round(float(np.nanmean(fund.excess)), 9))]
    return []


def _array(returns: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in returns], dtype=np.float64)
