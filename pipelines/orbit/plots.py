"""Plots of an orbit study: errors over time with their band, and density along the orbit."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.contract import FloatArray
from pipelines.evaluation.style import INK, MUTED, Palette, legend_below, panels, styled
from pipelines.orbit.measures import AXES, orbit_means, orbit_numbers
from pipelines.orbit.study import Compared, OrbitStudy

_FAINT = 0.16
#: The truth is thin and on top, so that a model that hits it still shows.
_TRUE: Any = {"color": INK, "linewidth": 1.1, "zorder": 6}
#: Hours of the close view of density, around its highest orbit.
_CLOSE = 12.0


@styled
def error_plot(study: OrbitStudy) -> Figure:
    """Distance from the true position, mean and 5-95 % of samples, one panel."""
    figure, axes = panels(1, 1, height=3.6)
    panel, palette = axes[0, 0], _palette(study)
    for model in study.models:
        distance = model.deviation.distance
        panel.plot(
            _days(study), distance.mean(axis=1), label=model.label, **palette.line(model.name)
        )
        _band(panel, study, distance, (0.05, 0.95), palette.colour(model.name))
    panel.set_ylim(bottom=0)
    panel.set_ylabel("km")
    panel.set_title(f"Distance from the position under {study.true_label}")
    _finish(figure, panel, study)
    return figure


@styled
def along_track_plot(study: OrbitStudy) -> Figure:
    """Radial, along-track and cross-track error, mean and 95 % band, one panel each."""
    figure, axes = panels(3, 1, height=2.0, sharex=True)
    palette = _palette(study)
    for row, axis in enumerate((1, 0, 2)):
        panel = axes[row, 0]
        for model in study.models:
            offsets = model.deviation.offsets[..., axis]
            panel.plot(
                _days(study), offsets.mean(axis=1), label=model.label, **palette.line(model.name)
            )
            _band(panel, study, offsets, (0.025, 0.975), palette.colour(model.name))
        panel.axhline(0.0, color=INK, linewidth=0.9, zorder=5)
        panel.set_ylabel("km")
        panel.set_title(f"{AXES[axis]}{'' if axis == 0 else '-track'} error".capitalize())
    _finish(figure, axes[-1, 0], study)
    return figure


@styled
def density_plot(study: OrbitStudy) -> Figure:
    """Mean density of each orbit over all days, and density along the densest hours."""
    figure, axes = panels(2, 1, height=2.6)
    whole, close = axes[:, 0]
    palette, orbit = _palette(study), orbit_numbers(study.track.states[:, 0])
    days = _days(study)
    if (orbit >= 0).any():
        middle = orbit_means(days, orbit)
        means = orbit_means(study.track.density[:, 0], orbit)
        whole.plot(middle, 1e12 * means, **_TRUE, label=study.true_label)
        for model in study.models:
            mine = orbit_means(model.density.mean(axis=1), orbit)
            whole.plot(middle, 1e12 * mine, label=model.label, **palette.line(model.name))
        densest = middle[int(np.argmax(means))]
    else:
        densest = days[int(np.argmax(study.track.density[:, 0]))]
    _close_view(close, study, palette, float(densest))
    whole.set_title("Mean density of an orbit")
    for panel in (whole, close):
        panel.set_ylabel("10⁻¹² kg/m³")
        panel.set_ylim(bottom=0)
    whole.set_xlabel(_since(study))
    close.set_xlabel(_since(study))
    _name_satellite(figure, study)
    legend_below(figure, close, columns=3)
    return figure


def _close_view(panel: Axes, study: OrbitStudy, palette: Palette, centre: float) -> None:
    days = _days(study)
    half = min(_CLOSE / 48.0, days[-1] / 2)
    low = min(max(centre - half, 0.0), days[-1] - 2 * half)
    rows = (days >= low) & (days <= low + 2 * half)
    truth = 1e12 * study.track.density[rows, 0]
    panel.plot(days[rows], truth, **_TRUE, label=study.true_label)
    for model in study.models:
        mine = 1e12 * model.density[rows]
        panel.plot(days[rows], mine.mean(axis=1), label=model.label, **palette.line(model.name))
        if mine.shape[1] > 1:
            edges = np.quantile(mine, (0.025, 0.975), axis=1)
            panel.fill_between(
                days[rows], *edges, color=palette.colour(model.name), alpha=_FAINT, linewidth=0
            )
    panel.set_title(f"Along the orbit, the densest {48 * half:.0f} hours")


def _band(
    panel: Axes, study: OrbitStudy, values: FloatArray, ends: tuple[float, float], colour: str
) -> None:
    if values.shape[1] > 1:
        low, high = np.quantile(values, ends, axis=1)
        panel.fill_between(_days(study), low, high, color=colour, alpha=_FAINT, linewidth=0)


def _palette(study: OrbitStudy) -> Palette:
    """Models with samples are the ones that are judged; the first one where none has."""
    names = [model.name for model in study.models]
    judged = [model.name for model in study.models if _sampled(model)]
    return Palette(names, judged or names[:1])


def _sampled(model: Compared) -> bool:
    return bool(model.density.shape[1] > 1)


def _days(study: OrbitStudy) -> FloatArray:
    return np.asarray(study.hours / 24.0)


def _since(study: OrbitStudy) -> str:
    return f"days since {str(study.plan.start.astype('datetime64[m]')).replace('T', ' ')} UTC"


def _finish(figure: Figure, lowest: Axes, study: OrbitStudy) -> None:
    lowest.set_xlabel(_since(study))
    legend_below(figure, lowest, columns=3)
    _name_satellite(figure, study)


def _name_satellite(figure: Figure, study: OrbitStudy) -> None:
    figure.suptitle(study.plan.satellite, x=0.995, ha="right", fontsize=7.5, color=MUTED)
