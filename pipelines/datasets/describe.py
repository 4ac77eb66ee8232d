"""A panel in figures: how long its series are, where they have gaps, when they ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import IntArray
from pipelines.datasets.panel import ReturnsPanel

BoolArray = npt.NDArray[np.bool_]

#: A series that was seen in one of the last periods is alive: reports come late.
ALIVE_WITHIN = 3
#: Lengths in periods that forecasts ask for.
LENGTHS = (12, 36, 60, 120)
#: So many series that stop together, more than half of the living, were cut off with the file.
CUT_TOGETHER = 10


@dataclass(frozen=True)
class PanelSummary:
    """Figures of a panel; counts are of series, lengths are in periods.

    observed         number of returns that are there
    median_length    median number of returns of a series
    at_least         number of periods, series with at least so many returns
    late_starts      series that start after the panel does
    with_gaps        series with a missing return between their first and last
    ended            series last seen more than three periods before the panel's end
    cut_short        series that stop there too, but with most others: the file ends there for
                     them, not the fund, so they are not among the ended
    attrition        year, series alive in it, of which ended in it
    """

    n_series: int
    n_periods: int
    first: str
    last: str
    observed: int
    median_length: float
    at_least: tuple[tuple[int, int], ...]
    late_starts: int
    with_gaps: int
    ended: int
    cut_short: int
    attrition: tuple[tuple[str, int, int], ...]


def describe_panel(panel: ReturnsPanel) -> PanelSummary:
    """Summarise a panel, dead series included."""
    seen = np.isfinite(panel.returns)
    some = seen.any(axis=1)
    first = seen.argmax(axis=1)[some]
    last = (seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1))[some]
    lengths = seen.sum(axis=1)[some]
    early = last < seen.shape[1] - ALIVE_WITHIN
    cut = early & _cut_off(seen[some], last)
    ended = early & ~cut
    return PanelSummary(
        n_series=len(panel.ids),
        n_periods=len(panel.periods),
        first=panel.periods[0] if panel.periods else "",
        last=panel.periods[-1] if panel.periods else "",
        observed=int(seen.sum()),
        median_length=float(np.median(lengths)) if lengths.size else 0.0,
        at_least=tuple((size, int((lengths >= size).sum())) for size in LENGTHS),
        late_starts=int((first > 0).sum()),
        with_gaps=int((lengths < last - first + 1).sum()),
        ended=int(ended.sum()),
        cut_short=int(cut.sum()),
        attrition=_attrition(panel, first, last, ended),
    )


def _cut_off(seen: BoolArray, last: IntArray) -> BoolArray:
    """Series that stop in a period in which more than half of the living do."""
    stops = np.bincount(last, minlength=seen.shape[1])
    together = (stops >= CUT_TOGETHER) & (2 * stops > seen.sum(axis=0))
    return np.asarray(together[last])


def _attrition(
    panel: ReturnsPanel, first: IntArray, last: IntArray, ended: BoolArray
) -> tuple[tuple[str, int, int], ...]:
    years = np.asarray([period[:4] for period in panel.periods])
    deaths = Counter(years[last[ended]].tolist())
    rows = []
    for year in dict.fromkeys(years.tolist()):
        within = np.flatnonzero(years == year)
        alive = int(((first <= within[-1]) & (last >= within[0])).sum())
        rows.append((year, alive, deaths.get(year, 0)))
    return tuple(rows)
