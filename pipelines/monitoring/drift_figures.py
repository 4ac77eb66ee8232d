"""A picture of a drift report: what was watched, over time, with the newest stretch marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.evaluation.style import GRID, INK, MUTED, panels, styled
from pipelines.monitoring.report import DriftFinding, DriftReport, Trace

_BAD = "#d1590a"
#: Most panels, and most dates under one.
_PANELS, _DATES = 6, 6
#: Periods from which on a year is label enough.
_YEARS = 72


@styled
def drift_figure(report: DriftReport, most: int = _PANELS) -> Figure:
    """Up to `most` channels, the surest drift first.

    A point of a line is the mean of the stretch that ends there. The band holds the reference's
    stretches but for the outermost twentieths; the newest stretch is the dot.
    """
    shown = sorted(report.traces, key=lambda trace: _surest(report, trace))[:most]
    figure, axes = panels(max(1, -(-len(shown) // 2)), 2, height=1.9)
    for ax, trace in zip(axes.flat, shown, strict=False):
        _draw(ax, trace, report)
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    return figure


def _draw(ax: Axes, trace: Trace, report: DriftReport) -> None:
    split = report.labels.index(report.recent[0])
    at = np.arange(len(trace.values))
    before = trace.values[:split][np.isfinite(trace.values[:split])]
    if len(before):
        ax.axhspan(*np.quantile(before, [0.05, 0.95]).tolist(), color=GRID, linewidth=0)
    found = _strongest(report, trace)
    colour = _BAD if found is not None and found.flagged else INK
    ax.plot(at[:split], trace.values[:split], color=MUTED)
    ax.plot(at[split - 1 :], trace.values[split - 1 :], color=colour)
    ax.plot(at[-1:], trace.values[-1:], "o", color=colour, markersize=4)
    ax.set_title(_title(trace, found), color=colour, fontsize=8.5)
    ax.set_ylabel(trace.unit)
    places = at[:: max(1, -(-len(at) // _DATES))]
    letters = 4 if len(at) > _YEARS else 7
    ax.set_xticks(places, [report.labels[i][:letters] for i in places], fontsize=7.5)


def _title(trace: Trace, found: DriftFinding | None) -> str:
    # Half a page is too narrow for both in one line.
    name = f"{trace.name}\n{trace.where}" if trace.where else trace.name
    if found is None or found.adjusted is None:
        return f"{name} (not tested)"
    return f"{name} ({found.test}, p {found.adjusted:.2g})"


def _surest(report: DriftReport, trace: Trace) -> float:
    found = _strongest(report, trace)
    return 1.0 if found is None or found.p_value is None else found.p_value


def _strongest(report: DriftReport, trace: Trace) -> DriftFinding | None:
    """The test of a channel with the smallest p-value."""
    own = [f for f in report.findings if (f.name, f.where) == (trace.name, trace.where)]
    tested = [f for f in own if f.p_value is not None]
    return min(tested, key=lambda f: f.p_value or 0.0, default=None)
