"""Plots show the numbers they claim to, and become safe inline SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from pipelines.evaluation.plots_accuracy import error_by_horizon, pit_histograms, reliability
from pipelines.evaluation.plots_fans import choose_fans, plot_fans
from pipelines.evaluation.plots_order import decile_wealth, rank_ic_over_time, without_overlap
from pipelines.evaluation.scores import GroupScores, score_groups
from pipelines.evaluation.style import Palette, panels, to_svg
from tests.pipelines.evaluation.tables import contest_table, many_origins

MODELS = ["ens", "lstm", "mean"]
PALETTE = Palette(MODELS, ["ens", "lstm"])


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return contest_table()


@pytest.fixture(scope="module")
def scores(table: pl.DataFrame) -> list[GroupScores]:
    return score_groups(table, sample=False)


def lines_of(figure: Figure, panel: int) -> dict[str, list[float]]:
    return {str(x.get_label()): list(x.get_ydata()) for x in figure.axes[panel].lines}  # type: ignore[arg-type]


def test_every_model_has_its_own_colour_and_the_first_the_thickest_line() -> None:
    many = [f"m{i}" for i in range(12)]
    palette = Palette(many, ["m0", "m1"])
    assert len({palette.colour(m) for m in many}) == 12
    widths = [palette.line(m)["linewidth"] for m in ("m0", "m1", "m2")]
    assert widths == sorted(widths, reverse=True)
    assert palette.colour("unknown") == palette.line("unknown")["color"]


def test_models_beyond_the_colours_differ_by_dashes() -> None:
    palette = Palette([f"m{i}" for i in range(20)], [])
    looks = {
        (palette.line(f"m{i}")["color"], palette.line(f"m{i}")["linestyle"]) for i in range(20)
    }
    assert len(looks) == 20


def test_the_error_plot_shows_the_scores(scores: list[GroupScores]) -> None:
    figure = error_by_horizon(scores, PALETTE)
    assert [axis.get_title("left") for axis in figure.axes] == [
        "RMSE, forward",
        "CRPS, forward",
        "RMSE, rolling",
        "CRPS, rolling",
    ]
    shown = lines_of(figure, 0)
    assert list(shown) == MODELS
    assert shown["ens"] == [
        s.row["rmse"] for s in scores if (s.model, s.target) == ("ens", "forward")
    ]


def test_one_wild_model_does_not_flatten_the_others(scores: list[GroupScores]) -> None:
    wild = many_origins(np.zeros((3, 2)), np.full((3, 2), 1e6), model="wild", target="forward")
    figure = error_by_horizon([*scores, *score_groups(wild, sample=False)], PALETTE)
    assert figure.axes[0].get_ylim()[1] < 10


def test_reliability_is_the_gap_to_the_promise(scores: list[GroupScores]) -> None:
    gap = lines_of(reliability(scores, ["ens", "absent"], PALETTE), 0)["ens"]
    inside = sum(s.row["coverage_50"] for s in scores if (s.model, s.target) == ("ens", "forward"))
    assert gap[9] == pytest.approx(100 * (inside / 2 - 0.5))


def test_pit_bars_have_mean_one(scores: list[GroupScores]) -> None:
    figure = pit_histograms(scores, "ens", PALETTE)
    assert len(figure.axes) == 4
    bars = [patch.get_height() for patch in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert (len(bars), np.mean(bars)) == (20, pytest.approx(1.0))


def test_rank_correlation_is_drawn_at_both_ends_of_the_horizons(scores: list[GroupScores]) -> None:
    figure = rank_ic_over_time(scores, ["ens"], PALETTE)
    assert [axis.get_title("left") for axis in figure.axes] == [
        "forward 6",
        "forward 9",
        "rolling 6",
        "rolling 9",
    ]
    np.testing.assert_array_equal(lines_of(figure, 0)["ens"], scores[0].rank_ic)


def test_origins_without_overlap_are_a_horizon_apart() -> None:
    np.testing.assert_array_equal(without_overlap(np.array([0, 3, 6, 9, 12]), 6), [0, 2, 4])
    np.testing.assert_array_equal(without_overlap(np.array([0, 3, 6, 9, 12]), 7), [0, 3])
    np.testing.assert_array_equal(without_overlap(np.array([], dtype=np.int64), 7), [])


def test_wealth_sums_the_spread_over_origins_without_overlap(scores: list[GroupScores]) -> None:
    figure = decile_wealth(scores, ["ens"], "forward", PALETTE)
    total = lines_of(figure, 0)["top minus bottom"]
    np.testing.assert_allclose(total, np.cumsum(scores[0].deciles.spread[::2]))
    assert figure.axes[0].get_title("left") == "ens, 6 origins"


def test_fans_are_at_fixed_places_of_the_order(table: pl.DataFrame) -> None:
    fans = choose_fans(table, "forward", "ens", "mean")
    assert [fan.place for fan in fans] == [0.05, 0.25, 0.5, 0.75, 0.95, 1.0][-len(fans) :]
    assert fans[-1].place == 1.0
    assert {fan.origin for fan in fans} == {table["origin"].max()}
    fan = fans[0]
    mine = table.filter(series=fan.series, model="ens", target="forward", origin=fan.origin)
    np.testing.assert_array_equal(fan.y, mine.sort("horizon")["y"].to_numpy())
    assert fan.horizons == (6, 9)
    assert fan.rival is not None


def test_a_rival_that_did_not_run_on_a_series_is_not_drawn(table: pl.DataFrame) -> None:
    fans = choose_fans(table, "forward", "ens", "slow")
    assert {fan.rival is None for fan in fans if fan.series > "s002"} == {True}
    assert plot_fans(fans, "ens", "slow", PALETTE).axes


def test_without_an_origin_that_has_every_outcome_there_is_no_fan(table: pl.DataFrame) -> None:
    early, late = table["origin"].min(), table["origin"].max()
    apart = table.filter(
        ((pl.col("horizon") == 6) & (pl.col("origin") == early))
        | ((pl.col("horizon") == 9) & (pl.col("origin") == late))
    )
    assert choose_fans(apart, "forward", "ens", None) == []


def svg_with_title(title: str, name: str = "a") -> str:
    figure, axes = panels(1, 1)
    axes[0, 0].plot([0, 1], label="line")
    axes[0, 0].set_title(title)
    return to_svg(figure, name)


def test_a_name_with_markup_and_dollars_stays_text() -> None:
    svg = svg_with_title("<script>$x$ & co")
    assert "<script>" not in svg
    assert "&lt;script&gt;$x$ &amp; co" in svg


def test_the_same_figure_is_the_same_text_and_ids_of_two_differ() -> None:
    assert svg_with_title("t") == svg_with_title("t")
    first, second = (set(re.findall(r'\sid="([^"]+)"', svg_with_title("t", n))) for n in "ab")
    assert first
    assert not first & second


def test_references_inside_an_svg_lead_somewhere() -> None:
    svg = svg_with_title("t")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    ids = set(re.findall(r'\sid="([^"]+)"', svg))
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
    assert used
    assert used <= ids
