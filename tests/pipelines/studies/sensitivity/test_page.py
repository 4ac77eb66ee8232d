"""Sentences, numbers and the page of a sensitivity study."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.diagnostics.sensitivity import Question
from models.errors import ConfigError
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.studies.sensitivity.density import density_inputs
from pipelines.studies.sensitivity.figure import sensitivity_figure
from pipelines.studies.sensitivity.page import About, moves_table, push_table, render, write_study
from pipelines.studies.sensitivity.run import density_study, driver_spread, fund_study
from pipelines.studies.sensitivity.section import Section, ask, headline, sentences
from pipelines.studies.sensitivity.words import driver_words
from tests.models.diagnostics.test_sensitivity import WEIGHTS, asked, linear, made
from tests.models.fund_sharpe.made import forecaster
from tests.pipelines.evaluation.test_report import Page
from tests.pipelines.studies.sensitivity.cases import density_case, emulator, panel

ABOUT = About("What moves it?", "Which?", {"fund": "<b>x</b>"})


def section(question: Question | None = None, percent: bool = False, lead: int = 0) -> Section:
    chosen = question or asked(slope=WEIGHTS)
    return ask(chosen, "key", "A title", "What.", size=0.1, percent=percent, lead=lead)


def test_sentences_say_what_moves_the_lead_most_and_what_does_not() -> None:
    told = sentences(section())
    assert told[0].startswith(
        "What moves near most, one standard deviation throughout: b (−1.000 when lower, +1.000 "
        "when higher); a ("
    )
    assert told[1].startswith("Of single inputs, a, 1 (one deviation: 1) moves it most")
    assert "by −0.300 to +0.300 in the worst direction (the slope promises +0.300)" in told[2]
    assert told[3] == "No effect on any lead: idle."
    assert "differ by at most" in told[4]
    assert headline(section()) == (
        "The forecast for near hangs most on b (−1.000 when lower, +1.000 when higher)"
    )
    assert headline(section(lead=1)).startswith("The forecast for far hangs most on a (−1.500 ")


def test_bundles_are_told_first_and_a_still_forecast_is_said_to_be_still() -> None:
    bundles = {"both": ("a", "b"), "none": ("idle",)}
    told = sentences(section(asked(bundles=bundles)))
    assert told[0].endswith("both (−1.000 when lower, +1.000 when higher).")
    assert told[1].startswith("Group by group: b (")
    still = section(Question(made(), ("near", "far"), lambda rows: 0.0 * linear(rows)))
    assert sentences(still) == ["Nothing that was moved here moves near."]
    assert headline(still) == "Nothing that was moved here moves the forecast for near"
    assert len(sensitivity_figure(still).axes) == 2


def test_logarithms_are_told_as_shares_of_the_outcome() -> None:
    one = section(percent=True)
    assert one.text(np.log10(1.5)) == "+50 %"
    assert one.text(np.log10(0.5)) == "−50 %"
    assert one.text(np.log10(0.9996)) == "+0.0 %"
    assert one.text(np.log10(1.02)) == "+2.0 %"
    assert one.to_json()["unit"] == "log10 of kg/m3"


def test_tables_hold_every_lead_and_mark_the_largest_move() -> None:
    table = moves_table(section())
    assert table.headings == ("near", "far")
    assert table.names == ("b", "a", "idle")
    assert table.cells[0][0].text == "−1.000 … +1.000"
    assert table.cells[0][0].marks == ("best",)
    assert [cell.text for cell in push_table(section()).cells[1]][:3] == [
        "−0.150",
        "+0.150",
        "+0.150",
    ]


def test_changes_of_many_leads_are_stacked() -> None:
    wide = np.tile(WEIGHTS, (3, 1))
    names = tuple(f"lead {place}" for place in range(6))
    table = moves_table(section(Question(made(), names, lambda rows: rows @ wide.T)))
    assert table.cells[0][0].text == "−1.000\n+1.000"
    assert "lower (above), higher (below)" in table.caption


def test_the_page_is_whole_safe_and_beside_its_numbers(tmp_path: Path) -> None:
    files = write_study([section()], ABOUT, tmp_path / "new")
    assert set(files) == {"page", "numbers", "key"}
    page = files["page"].read_text("utf-8")
    assert Page(page).open == []
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x" in page
    assert files["key"].read_bytes().startswith(b"\x89PNG")
    kept = json.loads(files["numbers"].read_text("utf-8"))["sections"][0]
    assert kept["groups"]["b"]["near"] == {"down": -1.0, "up": 1.0}
    assert kept["inputs"][1]["slope"] == [-1.0, 1.5]
    assert kept["pushes"][0]["expected"] == pytest.approx(0.3)


@cache
def studied() -> tuple[list[Section], About]:
    return fund_study(forecaster(), panel(), "fund 3", "2015-10", "rolling_12", 0.1)


def test_a_study_of_a_fund_reads_nothing_after_its_period() -> None:
    sections, about = studied()
    assert about.case["forecast from"] == "2015-10"
    assert [one.found.leads[one.lead] for one in sections] == ["rolling_12"] * 2
    later = panel()
    returns = later.returns.copy()
    returns[:, -2:] = 9.0
    others, _ = fund_study(
        forecaster(), replace(later, returns=returns), "fund 3", "2015-08", "rolling_12", 0.1
    )
    same, _ = fund_study(forecaster(), panel(), "fund 3", "2015-08", "rolling_12", 0.1)
    assert (others[0].found.single == same[0].found.single).all()
    assert (others[1].found.slope == same[1].found.slope).all()
    assert "What the networks read" in render(sections, about)


def test_every_name_has_a_meaning() -> None:
    sections, _ = studied()
    assert set(sections[0].words) == {"rolling_N", "forward_N"}
    assert "Sharpe ratio of the 12 periods" in sections[0].words["rolling_N"]
    assert set(sections[1].words) == set(sections[1].found.inputs.groups)
    assert not any("W periods" in text for text in sections[1].words.values())
    for name in density_inputs(density_case()).inputs.groups:
        assert name.rsplit(" ", 1)[0] in driver_words()


def test_words_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="--at: expected one of 2005-01 to 2015-10, got '1999'"):
        fund_study(forecaster(), panel(), None, "1999", None, 0.1)
    with pytest.raises(ConfigError, match="--lead: expected one of rolling_6, rolling_12"):
        fund_study(forecaster(), panel(), None, None, "rolling_7", 0.1)
    stored, _ = emulator()
    with pytest.raises(ConfigError, match="--start: expected an hour in UTC"):
        density_study(stored, "soon", [], (0.0, 0.0, 300.0), None, 0.1)
    for hours in (-3, 999_999):
        with pytest.raises(ConfigError, match=r"leads: expected hours from 0 to 23, .*, got \["):
            density_study(stored, "2003-10-29T00", [hours], (0.0, 0.0, 300.0), None, 0.1)
    with pytest.raises(ConfigError, match="--lead: expected one of 3, 9, got '5'"):
        density_study(stored, "2003-10-29T00", [3, 9], (0.0, 0.0, 300.0), 5, 0.1)


def test_a_study_of_density_reads_the_observed_space_weather() -> None:
    stored, _ = emulator()
    sections, about = density_study(
        stored, "2003-10-29T00", [], (0.0, 0.0, 300.0), None, 0.1, ("2003-01-01", "2003-12-31")
    )
    assert sections[0].found.leads == ("2003-10-29T23",)
    assert about.case["forecast from"] == "2003-10-29T00:00 UTC"
    assert "drivers alone" in sections[0].about


def test_deviations_of_drivers_are_those_of_the_training() -> None:
    weather = open_space_weather()
    quiet = driver_spread(weather, ("2008-01-01", "2008-12-31"))
    active = driver_spread(weather, ("2003-01-01", "2003-12-31"))
    assert quiet[0] < active[0] / 4  # F10.7
    everything = driver_spread(weather, None)
    assert (everything == driver_spread(weather, ("1901-01-01", "1902-01-01"))).all()
