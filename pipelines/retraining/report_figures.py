"""Pictures of the page of a run: how the losses of both compare, lead by lead and over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipelines.evaluation.page import Picture, picture
from pipelines.evaluation.style import INK, MUTED, panels, styled
from pipelines.retraining.accuracy import pooled, relative
from pipelines.retraining.domain import Comparison

_GOOD, _BAD = "#0f8a66", "#d1590a"
#: Most labels of dates under a plot.
_LABELS = 6


def pictures_of(comparison: Comparison) -> list[Picture]:
    """The difference by lead, and summed over time."""
    return [
        picture(
            "leads",
            "Loss of the challenger against the champion's",
            "Mean over dates, as a share of the champion's mean loss; left of zero the challenger "
            "is better.",
            by_lead(comparison),
        ),
        picture(
            "time",
            "When the difference arose",
            "The difference of each date, mean over its leads (bars), and summed so far (line). A "
            "line that falls steadily is a gain that does not hang on a few dates.",
            over_time(comparison),
        ),
    ]


@styled
def by_lead(comparison: Comparison) -> Figure:
    """One bar per lead."""
    leads = [one.lead for one in comparison.series]
    values = [100 * float(relative(one).mean()) for one in comparison.series]
    figure, axes = panels(1, 1, height=max(1.4, 0.8 + 0.24 * len(leads)))
    ax = axes[0, 0]
    ax.barh(leads, values, color=[_GOOD if value < 0 else _BAD for value in values], height=0.6)
    ax.axvline(0.0, color=INK, linewidth=0.8)
    ax.invert_yaxis()
    ax.set_xlabel(f"difference of {comparison.loss}, % of the champion's")
    return figure


@styled
def over_time(comparison: Comparison) -> Figure:
    """Bars per date and their running sum."""
    values, _ = pooled(comparison.series)
    goals = [one for one in comparison.series if not one.guard]
    dates = sorted({date for one in goals for date in one.dates})
    figure, axes = panels(1, 1, height=2.4)
    ax = axes[0, 0]
    at = np.arange(len(values))
    ax.bar(at, 100 * values, color=np.where(values < 0, _GOOD, _BAD), width=0.8, alpha=0.55)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    ax.set_ylabel("one date, %")
    total = ax.twinx()
    total.plot(at, 100 * np.cumsum(values), color=INK, linewidth=1.6)
    total.set_ylabel("summed, %", color=INK)
    total.grid(visible=False)
    total.spines["right"].set_visible(True)
    total.spines["right"].set_color(MUTED)
    step = max(1, -(-len(dates) // _LABELS))
    ax.set_xticks(at[::step], [dates[i][:10] for i in range(0, len(dates), step)])
    return figure
