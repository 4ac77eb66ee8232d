"""Tell returns in percent (1.2) from decimal ones (0.012)."""

from __future__ import annotations

import polars as pl

from pipelines.datasets.findings import Finding
from pipelines.datasets.periods import PERIODS_PER_YEAR, Frequency
from pipelines.datasets.reading import Observations, finding
from pipelines.datasets.tables import median

#: A median absolute monthly return above this is taken for percent, not decimal.
PERCENT_MEDIAN = 0.5
#: A file is wholly in percent if this share of its series has a median above the floor.
_PERCENT_SHARE, _PERCENT_FLOOR = 0.9, 0.1
#: Above this they may be either; leveraged funds stay below.
_LARGE = 0.15
#: Returns that a series must have before it alone is judged.
_FEWEST = 6


def percent_limit(frequency: Frequency) -> float:
    """Median absolute return of one period that is too large; it grows with the root of time."""
    return PERCENT_MEDIAN * _share_of_month(frequency)


def _share_of_month(frequency: Frequency) -> float:
    return float((12.0 / PERIODS_PER_YEAR[frequency]) ** 0.5)


def is_percent(values: pl.Series, frequency: Frequency) -> bool:
    """Tell whether returns are suspiciously large for decimals; zeros say nothing."""
    moving = values.filter(values.is_finite() & (values != 0.0)).abs()
    return (median(moving) or 0.0) > percent_limit(frequency)


def is_wholly_percent(observations: Observations) -> bool:
    """Tell whether the whole file is in percent, so that dividing by 100 is safe."""
    frame, frequency = observations.frame, observations.frequency
    if observations.kind == "nav" or not is_percent(frame["value"], frequency):
        return False
    medians = _series_medians(frame)["median"]
    above = medians > _PERCENT_FLOOR * _share_of_month(frequency)
    return int(above.sum()) >= _PERCENT_SHARE * medians.len()


def check_percent(observations: Observations) -> list[Finding]:
    """Report returns that look like percent: the whole file, or single series of it."""
    if observations.kind == "nav":
        return []
    if is_percent(observations.frame["value"], observations.frequency):
        return [_whole_file(observations)]
    return [*_large(observations), *_single_series(observations)]


def _large(observations: Observations) -> list[Finding]:
    """Warn of returns that could be either: those of money markets in percent, say."""
    moving = observations.frame["value"].filter(observations.frame["value"].is_finite()).abs()
    middle = median(moving) or 0.0
    if middle <= _LARGE * _share_of_month(observations.frequency):
        return []
    message = (
        f"median |return| is {middle:.3g}, read as {100 * middle:.3g} %; "
        "divide by 100 if these are percent"
    )
    return [finding(observations, "large_returns", message, severity="warning")]


def _single_series(observations: Observations) -> list[Finding]:
    limit = percent_limit(observations.frequency)
    suspects = _series_medians(observations.frame).filter(
        (pl.col("median") > limit) & (pl.col("rows") >= _FEWEST)
    )
    return [
        finding(
            observations,
            "percent",
            f"median |return| is {middle:.3g} while the rest of the file is in decimals; "
            "divide this series by 100",
            series=series or "",
            column=column,
        )
        for series, middle, column, _rows in suspects.iter_rows()
    ]


def _whole_file(observations: Observations) -> Finding:
    middle = median(observations.frame["value"].abs())
    whole = is_wholly_percent(observations)
    advice = "--clean does so" if whole else "some series do not, so --clean leaves them"
    message = (
        f"median |return| is {middle:.3g}: these look like percent, not decimals "
        f"(0.01 = 1 %); divide by 100 ({advice})"
    )
    return finding(observations, "percent", message)


def _series_medians(frame: pl.DataFrame) -> pl.DataFrame:
    moving = frame.filter(pl.col("value").is_finite() & (pl.col("value") != 0.0))
    return moving.group_by("series", maintain_order=True).agg(
        pl.col("value").abs().median().alias("median"),
        pl.col("column").first(),
        pl.len().alias("rows"),
    )
