"""The files of a density back-test: strict, repeatable, complete, and honest about the truth."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl
import pytest

from models.errors import ConfigError
from pipelines.thermosphere_density.results import (
    DensityAbout,
    DensityResults,
    aims_note,
    write_density_results,
)
from tests.pipelines.thermosphere_density.judged_tables import ERRORS, judged

SATELLITE = {
    "model": "assimilated",
    "satellite": "CHAMP",
    "n": 365,
    "mape": 12.34,
    "log_rmse": 0.1567,
    "bias": -0.0123,
    "coverage_90": 0.9,
}
ABOUT = DensityAbout(
    config={
        "model": {"rank": None, "grid": {"heights": 16}},
        "backtest": {"bands": [100.0, 450.0]},
    },
    data_hash="c0ffee",
    seed=7,
    truth="NRLMSIS 2.1",
    first="1997-01",
    last="2008-12",
    held_out=(2003,),
    satellites=[
        {**SATELLITE, "satellite": "all", "year": "all"},
        {**SATELLITE, "year": "all"},
        {**SATELLITE, "year": 2003},
        {**SATELLITE, "model": "NRLMSIS 2.1", "mape": 40.0, "year": "all", "coverage_90": None},
    ],
    satellite_storms=[{**SATELLITE, "satellite": "all", "year": "2003-11-20"}],
    notes=["A note on <data>."],
    versions={"python": "3.11"},
)


@cache
def written() -> tuple[DensityResults, str]:
    found = write_density_results(judged(), Path(mkdtemp()), ABOUT)
    return found, found.files["report"].read_text("utf-8")


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_metrics_hold_everything_in_strict_json() -> None:
    found, _ = written()
    metrics = strict(found.files["metrics"].read_text("utf-8"))
    assert metrics == json.loads(json.dumps(found.metrics))
    row = next(r for r in metrics["rows"] if r["model"] == "dmdc" and r["segment"] == "all")
    wanted = {"r", "mape", "nlpd", "crps", "calibration_error_score", "coverage_90", "hours"}
    assert wanted < set(row)
    assert row["mape"] == pytest.approx(6.0)
    assert metrics["satellites"][2] == {**SATELLITE, "year": 2003}
    assert (metrics["data_hash"], metrics["seed"], metrics["truth"]) == ("c0ffee", 7, "NRLMSIS 2.1")
    assert metrics["explained_variance"] == [0.9, 0.99, 0.999]
    assert metrics["storms"][0]["peak"] == "2003-11-20T18"
    assert all(goal["met"] for goal in metrics["verdict"]["goals"])
    assert set(metrics["models"]) == set(ERRORS)


def test_hours_are_what_was_judged() -> None:
    found, _ = written()
    assert pl.read_parquet(found.files["hours"]).equals(judged().hours)


def test_the_same_tables_give_the_same_files(tmp_path: Path) -> None:
    found, page = written()
    again = write_density_results(judged(), tmp_path, ABOUT)
    assert again.files["report"].read_text("utf-8") == page
    assert again.files["metrics"].read_bytes() == found.files["metrics"].read_bytes()


def test_the_report_needs_nothing_from_outside() -> None:
    _, page = written()
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", page)
    assert "<script" not in page
    assert "@import" not in page


def test_the_report_opens_with_the_headline_and_the_aims() -> None:
    found, page = written()
    assert page.index(found.verdict.headline) < page.index("<h2>Accuracy")
    assert page.count(">met<") == 10
    assert ">missed<" not in page


@pytest.mark.parametrize(
    "key", ["lead", "kp", "height", "reliability", "explained", "curve-0", "map-0"]
)
def test_every_figure_is_drawn(key: str) -> None:
    assert written()[1].count(f'id="figure-{key}"') == 1


def test_names_and_notes_are_escaped() -> None:
    _, page = written()
    assert "what &lt;dmdc&gt; is; 3 components" in page
    assert "A note on &lt;data&gt;." in page


def test_satellites_stand_in_the_report_where_there_are_any(tmp_path: Path) -> None:
    _, page = written()
    assert "intervals, %), by year" in page
    assert "intervals, %), by storm" in page
    assert '>all samples</th><td>365</td><td class="best">12.3 (90)</td><td>–</td>' in page
    assert '>CHAMP</th><td>365</td><td class="best">12.3 (90)</td><td>40.0</td>' in page
    assert page.count("12.3 (90)") == 3
    without = replace(ABOUT, satellites=(), satellite_storms=())
    text = write_density_results(judged(), tmp_path, without).files["report"].read_text("utf-8")
    assert "Against real satellites" not in text


def test_the_truth_is_named_and_never_said_to_be_another_model() -> None:
    _, page = written()
    assert "Truth is NRLMSIS 2.1." in page
    assert "TIE-GCM" not in page


def test_a_test_truth_is_named_so_and_the_aims_are_a_yardstick(tmp_path: Path) -> None:
    label = "relaxed NRLMSIS 2.1 (test truth)"
    other = replace(ABOUT, truth=label, held_out=(2004,))
    page = write_density_results(judged(), tmp_path, other).files["report"].read_text("utf-8")
    assert f"Truth is {label}." in page
    assert "judged on 2004: read them as a yardstick only." in page
    assert aims_note(ABOUT) == ""


def test_aims_that_are_missed_stand_in_the_verdict(tmp_path: Path) -> None:
    found = judged({**ERRORS, "emulator": 1.2})
    page = write_density_results(found, tmp_path, ABOUT).files["report"].read_text("utf-8")
    box = page[page.index('class="verdict"') : page.index("</section>")]
    assert "1.80 %, at most 1.50 % wanted, missed." in box


def test_a_run_without_emulator_or_storms_has_a_report(tmp_path: Path) -> None:
    found = replace(judged({"dmdc": 4.0}, storms=0))
    results = write_density_results(found, tmp_path, ABOUT)
    page = results.files["report"].read_text("utf-8")
    assert "The emulator took no part" in page
    assert "Is the difference real?" not in page
    assert 'id="figure-map-0"' not in page
    assert results.metrics["tests"] == []


def test_settings_that_json_cannot_hold_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="expected values that JSON can hold"):
        write_density_results(judged(), tmp_path, replace(ABOUT, config={"x": float("nan")}))
    assert not list(tmp_path.iterdir())
