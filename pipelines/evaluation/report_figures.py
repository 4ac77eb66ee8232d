"""Figures of the report with their captions, as inline SVG."""

from __future__ import annotations

import polars as pl

from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.evaluate import Evaluation
from pipelines.evaluation.page import Picture, picture
from pipelines.evaluation.plots_accuracy import error_by_horizon, pit_histograms, reliability
from pipelines.evaluation.plots_fans import choose_fans, plot_fans
from pipelines.evaluation.plots_order import decile_wealth, rank_ic_over_time
from pipelines.evaluation.style import Palette


def pictures(table: pl.DataFrame, found: Evaluation, about: ReportAbout) -> list[Picture]:
    """Draw every figure of the report."""
    palette = Palette(found.models, found.roles.reference)
    shown = _shown(found)
    return [
        *_accuracy(found, about, palette, shown),
        *_fans(table, found, about, palette),
        *_order(found, about, palette),
    ]


def best_baseline(found: Evaluation) -> str | None:
    """Return the baseline with the smallest mean rank in CRPS over targets and horizons."""
    places: dict[str, list[int]] = {}
    leads = dict.fromkeys((s.target, s.horizon) for s in found.scores)
    for lead in leads:
        here = [s for s in found.scores if (s.target, s.horizon) == lead]
        here = [s for s in here if s.model in found.roles.baselines]
        for place, scores in enumerate(sorted(here, key=lambda s: float(s.row["crps"]))):
            places.setdefault(scores.model, []).append(place)
    return min(places, key=lambda m: sum(places[m]) / len(places[m]), default=None)


def _shown(found: Evaluation) -> list[str]:
    """The judged models and the best baseline: enough lines to tell apart."""
    best = best_baseline(found)
    judged = [model for model in found.roles.reference if model in found.models]
    return judged + ([best] if best and best not in judged else [])


def _accuracy(
    found: Evaluation, about: ReportAbout, palette: Palette, shown: list[str]
) -> list[Picture]:
    ensemble = found.roles.ensemble
    return [
        picture(
            "error",
            "Error by horizon",
            f"All series. Horizon in {about.period}s; lower is better. Lines far above the rest "
            "may leave the panel; their values are in the tables.",
            error_by_horizon(found.scores, palette),
        ),
        picture(
            "reliability",
            "Coverage",
            "Share of outcomes inside central intervals that promise 5 to 95 %, minus the "
            "promise, all horizons together. Zero is honest; below it intervals are too narrow.",
            reliability(found.scores, shown, palette),
        ),
        picture(
            "pit",
            f"PIT histogram of {ensemble}",
            "Where outcomes fell in the forecast distribution. Flat is calibrated; a U says too "
            "narrow, a hump too wide, a slope biased. Outcomes of a date move together, so "
            "with few dates a slope may be the market of the period, not the model.",
            pit_histograms(found.scores, ensemble, palette),
        ),
    ]


def _fans(
    table: pl.DataFrame, found: Evaluation, about: ReportAbout, palette: Palette
) -> list[Picture]:
    rival = best_baseline(found)
    drawn = []
    for place, target in enumerate(dict.fromkeys(s.target for s in found.scores)):
        fans = choose_fans(table, target, found.roles.ensemble, rival)
        if fans:
            drawn.append(
                picture(
                    f"fans-{place}",
                    f"Forecasts of single series, {target}",
                    f"From origin {fans[0].origin}, the newest whose outcomes are all known, by "
                    f"horizon in {about.period}s. Bands hold 50, 80 and 95 %. Series are taken "
                    "at fixed places of the order of CRPS at that origin: 5, 25, 50, 75, 95 % "
                    "and the worst, not picked by hand.",
                    plot_fans(fans, found.roles.ensemble, rival, palette),
                )
            )
    return drawn


def _order(found: Evaluation, about: ReportAbout, palette: Palette) -> list[Picture]:
    targets = list(dict.fromkeys(s.target for s in found.scores))
    target = about.portfolio_target if about.portfolio_target in targets else targets[0]
    horizon = min(s.horizon for s in found.scores if s.target == target)
    both = (found.roles.ensemble, best_baseline(found))
    few = list(dict.fromkeys(model for model in both if model))
    return [
        picture(
            "rank-ic",
            "Rank correlation over time",
            "Spearman's correlation of forecast and outcome across series, by forecast origin, "
            "at the shortest and the longest horizon. Neighbouring origins share outcomes.",
            rank_ic_over_time(found.scores, few, palette),
        ),
        picture(
            "deciles",
            "Top and bottom tenth",
            f"Outcomes ({target}, {horizon} {about.period}s ahead) of the tenth of series with "
            "the highest forecasts and of the tenth with the lowest, summed over origins whose "
            f"outcomes do not overlap (every origin at least {horizon} {about.period}s after "
            "the one before). Units of the target, before costs: an order of merit, not money.",
            decile_wealth(found.scores, few, target, palette),
        ),
    ]
