"""A planted change is flagged, an undisturbed year is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.contract import FloatArray
from models.errors import ConfigError, DataError
from pipelines.datasets.density.satellite_densities import read_satellite_densities
from pipelines.datasets.funds import load_panel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.sources import embedded_panel
from pipelines.evaluation.style import to_svg
from pipelines.monitoring.changes import change_point
from pipelines.monitoring.drift import (
    density_drift,
    forecast_drift,
    fund_drift,
    outcome_drift,
)
from pipelines.monitoring.drift_figures import drift_figure
from pipelines.monitoring.nominal import nominal_findings
from pipelines.monitoring.report import DriftFinding, DriftReport, judged
from pipelines.monitoring.satellite_channels import DatedErrors, flux_fit
from pipelines.monitoring.satellite_errors import dated_errors
from pipelines.monitoring.settings import DriftSettings
from pipelines.monitoring.several import combined, together
from pipelines.monitoring.shapes import ks_distance, psi_distance
from service import cli

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SATELLITES = SHARED / "thermosphere" / "satellite_densities_2000_2014.csv"
ETFS = SHARED / "funds" / "us_etf_monthly_to_2021.parquet"


def moved(panel: ReturnsPanel, months: int, change: str) -> ReturnsPanel:
    """The newest months under another regime."""
    returns = panel.returns.copy()
    newest = returns[:, -months:]
    if change == "volatility":
        newest *= 2.5
    elif change == "mean":
        newest -= 0.06
    elif change == "correlation":
        # Each fund its own months in another order: the common movement is gone.
        draw = np.random.default_rng(0)
        for row in range(len(newest)):
            newest[row] = draw.permutation(newest[row])
    return replace(panel, returns=returns)


@pytest.mark.parametrize("change", ["volatility", "mean", "correlation"])
def test_a_planted_regime_is_flagged(change: str) -> None:
    report = fund_drift(moved(embedded_panel(), 12, change))
    assert report.drifted
    assert report.recent[1] == embedded_panel().periods[-1]
    assert "has drifted" in report.sentences[0]


def undisturbed(panel: ReturnsPanel, years: int) -> Iterator[ReturnsPanel]:
    """The panel as it was known at the end of each of the newest years."""
    for back in range(years):
        yield panel.until(len(panel.periods) - 12 * back)


def test_undisturbed_years_are_rarely_flagged() -> None:
    """At a level of 5 % one of twenty years may be; real crises among them are drift."""
    flagged = [fund_drift(one).drifted for one in undisturbed(embedded_panel(), 20)]
    assert sum(flagged) <= 3
    assert not flagged[0]


def test_later_months_do_not_move_a_report_of_earlier_ones() -> None:
    panel = embedded_panel()
    early = panel.until(len(panel.periods) - 24)
    changed = moved(panel, 24, "volatility")
    again = changed.until(len(panel.periods) - 24)
    assert fund_drift(early).to_json() == fund_drift(again).to_json()


@pytest.mark.skipif(not ETFS.is_file(), reason="the funds' file is not beside the project")
@pytest.mark.parametrize("change", ["volatility", "mean"])
def test_a_planted_regime_in_traded_funds_is_flagged_and_a_real_year_is_not(change: str) -> None:
    panel = load_panel(ETFS).panel
    known = panel.until(panel.periods.index("2019-12") + 1)
    assert not fund_drift(known).drifted
    assert fund_drift(moved(known, 12, change)).drifted


def test_too_few_funds_or_months_are_refused() -> None:
    panel = embedded_panel()
    few = replace(panel, ids=panel.ids[:4], returns=panel.returns[:4])
    with pytest.raises(DataError, match=r"at least 5 funds with 24 returns .* got 4"):
        fund_drift(few)


def test_what_cannot_be_tested_says_why() -> None:
    report = outcome_drift(outcomes().head(20 * 40))
    assert not report.drifted
    changes = [finding for finding in report.findings if finding.test != "nominal"]
    assert {finding.note for finding in changes} == {
        "too few stretches with values to compare with"
    }
    assert report.findings[0].sentence == "bias (level)"


def test_logarithms_are_told_as_ratios() -> None:
    found = DriftFinding("volatility", "level", recent=np.log(0.6), usual=np.log(0.3), unit="log")
    assert found.sentence == "volatility is 2 times the usual (level)"


def test_what_was_watched_is_drawn_the_surest_drift_first() -> None:
    report = fund_drift(moved(embedded_panel(), 12, "volatility"))
    figure = drift_figure(report, most=3)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[0].startswith("dispersion (jump, p ")
    assert len([title for title in titles if title]) == 3
    assert to_svg(figure, "drift") == to_svg(drift_figure(report, most=3), "drift")


def test_too_short_a_panel_is_refused() -> None:
    with pytest.raises(ConfigError, match="need a panel of at least 84 periods"):
        fund_drift(embedded_panel().until(60))


def made_up(years: int = 10, offset: float = 0.0, months: int = 12) -> DatedErrors:
    """Three satellites, ten measurements a month each; model errors that wander and follow the
    flux; the newest months of the second with an offset."""
    draw = np.random.default_rng(1)
    count = 12 * years
    month = np.repeat(np.arange(count), 30)
    satellite = np.tile(np.repeat(["a", "b", "c"], 10), count)
    flux = 110 + 60 * np.cos(2 * np.pi * month / 132)
    wander = np.zeros(count)
    for t in range(1, count):
        wander[t] = 0.8 * wander[t - 1] + draw.normal(0.0, 0.04)
    error = -0.2 - 0.1 * (100 / flux) ** 4 + wander[month] + draw.normal(0.0, 0.15, len(month))
    error[(month >= count - months) & (satellite == "b")] += offset
    start = np.datetime64("2002-01", "M")
    time = (start + month).astype("datetime64[s]") + np.tile(np.arange(30), count) * 80_000
    return DatedErrors(time, satellite, error, flux)


def test_a_sensor_that_is_off_is_told_apart_from_the_atmosphere() -> None:
    report = density_drift(made_up(offset=np.log(1.2)))
    assert {finding.where for finding in report.flagged} >= {"b"}
    assert "density against the other satellites of b" in " ".join(report.sentences).lower()


def test_a_sensor_that_goes_off_in_the_middle_of_the_year_is_flagged_too() -> None:
    assert density_drift(made_up(offset=np.log(1.25), months=6)).drifted


def test_satellites_in_their_usual_state_are_not_flagged() -> None:
    assert not density_drift(made_up()).drifted


def test_all_satellites_together_are_the_atmosphere() -> None:
    calm = made_up()
    newest = calm.month >= calm.month.max() - 11
    report = density_drift(replace(calm, error=calm.error + 0.5 * newest))
    assert {finding.where for finding in report.flagged} == {""}


def test_the_flux_fit_reads_the_reference_alone() -> None:
    calm = made_up()
    use = calm.month < 60
    later = np.where(use, calm.error, calm.error + 5.0)
    assert np.array_equal(flux_fit(calm.error, calm.flux, use), flux_fit(later, calm.flux, use))


def test_one_satellite_is_held_against_itself() -> None:
    calm = made_up()
    own = calm.satellite == "a"
    alone = DatedErrors(calm.time[own], calm.satellite[own], calm.error[own], calm.flux[own])
    report = density_drift(alone)
    assert {finding.where for finding in report.findings} == {""}
    with pytest.raises(DataError, match="measurements before the newest 12 months"):
        density_drift(replace_rows(alone, slice(-50, None)))


def replace_rows(dated: DatedErrors, rows: slice) -> DatedErrors:
    return DatedErrors(dated.time[rows], dated.satellite[rows], dated.error[rows], dated.flux[rows])


@pytest.mark.skipif(
    not SATELLITES.is_file(), reason="the satellites' file is not beside the project"
)
def test_a_real_sensor_with_a_planted_offset_is_flagged_and_a_real_year_is_not() -> None:
    real = dated_errors(read_satellite_densities(SATELLITES))
    until = real.time < np.datetime64("2010-01-01")
    known = replace_mask(real, until)
    assert not density_drift(known).drifted
    off = (known.satellite == "grace_a") & (known.time >= np.datetime64("2009-01-01"))
    report = density_drift(replace(known, error=known.error + np.log(1.3) * off))
    assert "grace_a" in {finding.where for finding in report.flagged}


def replace_mask(
    dated: DatedErrors, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> DatedErrors:
    return DatedErrors(dated.time[mask], dated.satellite[mask], dated.error[mask], dated.flux[mask])


def outcomes(newest: float = 1.0) -> pl.DataFrame:
    """Ten years of outcomes, twenty a month; errors of the newest year `newest` times as large."""
    draw = np.random.default_rng(2)
    month = np.repeat(np.arange(120), 20)
    error = draw.normal(0.0, 1.0, len(month)) * np.where(month >= 108, newest, 1.0)
    period = [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in month]
    return pl.DataFrame({"period": period, "error": error, "inside": np.abs(error) < 1.645})


def test_errors_that_grow_are_drift_and_lower_the_coverage() -> None:
    assert not outcome_drift(outcomes()).drifted
    names = {finding.name for finding in outcome_drift(outcomes(2.0)).flagged}
    assert names == {"size of errors", "coverage of 90 % intervals"}
    with pytest.raises(DataError, match="tell outcomes"):
        outcome_drift(outcomes().head(0))


def test_intervals_that_never_held_are_flagged_without_any_change() -> None:
    narrow = outcomes().with_columns(inside=pl.col("error").abs() < 1.0)
    report = outcome_drift(narrow)
    (found,) = report.flagged
    assert (found.name, found.test) == ("90 % interval", "nominal")
    assert found.recent == pytest.approx(0.68, abs=0.03)
    assert re.match(
        r"90 % interval holds 6\d % of outcomes, 90 % expected \(nominal", found.sentence
    )
    assert "2010-01 to 2019-12 does not hold what was promised" in report.sentences[0]


def test_a_steady_bias_is_flagged_and_a_small_one_is_not() -> None:
    biased = outcomes().with_columns(error=pl.col("error") + 0.6)
    assert [f.name for f in outcome_drift(biased).flagged] == ["bias"]
    slight = outcomes().with_columns(error=pl.col("error") + 0.1)
    assert not outcome_drift(slight).drifted


def test_promises_are_tested_where_months_are_too_few_for_a_change() -> None:
    year = outcomes().head(20 * 12)
    report = outcome_drift(year)
    assert not report.drifted
    assert {finding.test for finding in report.findings} == {"nominal"}
    assert "holds what was promised, unknown whether it has changed" in report.sentences[0]
    assert "too few to say whether they have changed" in report.sentences[-1]
    assert outcome_drift(year.with_columns(inside=pl.lit(False))).drifted


def test_outcomes_that_overlap_for_longer_than_they_are_known_say_unknown() -> None:
    report = outcome_drift(outcomes().head(20 * 20), lags=23)
    assert any("unknown: 20 months of outcomes" in note for note in report.notes)
    assert all(f.p_value is None for f in report.findings if f.test == "nominal")
    assert report.unknown
    assert "unknown whether" in report.sentences[0]
    assert "no drift" not in " ".join(report.sentences)
    assert report.to_json()["drifted"] is None


def test_intervals_that_held_a_few_overlapping_years_through_are_no_surprise() -> None:
    # Five years of one market: every month's outcomes share two years with the next one's.
    calm = outcomes().head(20 * 60).with_columns(inside=pl.lit(True))
    assert not outcome_drift(calm, lags=23).drifted
    # Ten years of months that share nothing say that the intervals are too wide.
    wide = outcomes().with_columns(inside=pl.lit(True))
    found = [finding.name for finding in outcome_drift(wide).flagged]
    assert found == ["90 % interval"]


def test_promises_kept_are_rarely_flagged_however_outcomes_overlap() -> None:
    draw, found = np.random.default_rng(0), []
    for _ in range(100):
        # One shock a month for all, summed over a year: one observation each.
        shocks = np.convolve(draw.normal(size=71), np.ones(12), "valid") / np.sqrt(12)
        period = [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(60)]
        table = pl.DataFrame({"period": period, "error": shocks, "inside": np.abs(shocks) < 1.645})
        report = judged(nominal_findings(table, lags=11), 0.05)
        found.append(any(finding.flagged for finding in report))
    assert np.mean(found) <= 0.1


def test_several_reports_make_one_with_what_drifted_first() -> None:
    calm, wild = outcome_drift(outcomes()), outcome_drift(outcomes(2.0), kind="others")
    both = combined([calm, wild], 0.05)
    assert both["drifted"] is True
    assert both["sentences"][0] == wild.sentences[0]
    assert [reason.partition(":")[0] for reason in both["reasons"]] == ["others"]
    assert len(both["findings"]) == len(calm.findings) + len(wild.findings)
    assert [one["drifted"] for one in both["reports"]] == [True, False]


def test_tests_of_several_reports_pay_for_each_other() -> None:
    raw = [DriftFinding(name, "level", p_value=p) for name, p in (("a", 0.03), ("b", 0.9))]
    alone = DriftReport("x", ("1", "2"), ("3", "4"), 0.05, judged(raw[:1], 0.05))
    other = DriftReport("y", ("1", "2"), ("3", "4"), 0.05, judged(raw[1:], 0.05))
    assert alone.drifted
    first, second = together([alone, other], 0.05)
    assert (first.drifted, second.drifted) == (False, False)
    assert first.findings[0].adjusted == pytest.approx(0.06)


def test_reports_that_can_test_nothing_are_unknown_together() -> None:
    report = outcome_drift(outcomes().head(20 * 20), lags=23)
    both = combined([report, report], 0.05)
    assert (both["drifted"], both["reasons"]) == (None, [])
    assert combined([report, outcome_drift(outcomes())], 0.05)["drifted"] is False


def test_forecasts_that_widen_are_drift() -> None:
    table = outcomes().rename({"period": "origin", "error": "mean"})
    wide = pl.when(pl.col("origin") >= "2019").then(1.5).otherwise(1.0)
    narrow = table.with_columns(lower_90=pl.col("mean") - 1, upper_90=pl.col("mean") + 1)
    assert not forecast_drift(narrow).drifted
    made = narrow.with_columns(upper_90=pl.col("mean") + 2 * wide - 1)
    assert {f.name for f in forecast_drift(made).flagged} == {"width of intervals"}


def test_a_change_is_dated() -> None:
    draw = np.random.default_rng(0)
    values: FloatArray = draw.normal(0.0, 1.0, 120)
    assert change_point(values) is None
    values[100:] += 6.0
    found = change_point(values)
    assert found is not None
    assert abs(found - 100) <= 4
    assert change_point(values[:4]) is None


def test_holm_pays_for_the_number_of_tests() -> None:
    found = [DriftFinding(str(i), "level", p_value=p) for i, p in enumerate((0.01, 0.03, 0.2))]
    assert [f.adjusted for f in judged(found, 0.05)] == pytest.approx([0.03, 0.06, 0.2])
    assert [f.flagged for f in judged(found, 0.05)] == [True, False, False]


def test_distances_are_none_between_equal_samples() -> None:
    values = np.arange(100.0)
    assert ks_distance(values, values) == 0.0
    assert psi_distance(values, values, 5) == pytest.approx(0.0)
    assert psi_distance(values, values + 100, 5) > 1.0


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"min_blocks": 2}, {"psi_bins": 1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        DriftSettings(**wrong)  # type: ignore[arg-type]


def test_the_command_tells_drift_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["drift", "fund-sharpe"]) == 0
    assert "shows no drift" in capsys.readouterr().out
    panel = moved(embedded_panel(), 12, "volatility")
    table = pl.DataFrame(
        {
            "fund": np.repeat(panel.ids, len(panel.periods)),
            "month": list(panel.periods) * len(panel.ids),
            "return": panel.returns.ravel(),
        }
    )
    table.write_parquet(tmp_path / "moved.parquet")
    words = ["drift", "fund-sharpe", "--data", str(tmp_path / "moved.parquet"), "--json"]
    assert cli.run([*words, "--figure", str(tmp_path / "drift.png")]) == 3
    assert json.loads(capsys.readouterr().out)["drifted"] is True
    assert (tmp_path / "drift.png").read_bytes().startswith(b"\x89PNG")
    assert cli.run([*words, "--figure", "drift.docx"]) == 2
    assert "expected a name that ends in .png, .svg or .pdf" in capsys.readouterr().err
