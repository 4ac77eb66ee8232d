"""`halyard study orbit`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from tests.pipelines.orbit.test_tle import FIRST, SECOND, changed

SHORT = ["--start", "2003-11-18", "--days", "0.125", "--step", "30"]
AIR = ["--truth", "exponential", "--models", "exponential*1.05, exponential*1.1"]
STATE = "6780,0,0,0,0.36,7.66"


def study(*words: str) -> int:
    return cli.run(["study", "orbit", *words])


def test_champ_is_propagated_under_msis_by_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(*SHORT, "--models", "msis-2.1*1.05,exponential", "--out", str(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "CHAMP, orbit made from elements of November 2003: 0.125 days" in said
    assert "truth NRLMSIS 2.1" in said
    assert "+5.0" in said
    found = json.loads((tmp_path / "orbit.json").read_text())
    assert [model["name"] for model in found["models"]] == ["msis-2.1*1.05", "exponential"]
    assert found["ballistic_m2_kg"] == 0.00477


def test_without_a_folder_the_results_lie_below_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    assert study(*SHORT, *AIR, "--state", STATE, "--ballistic", "0.01") == 0
    found = json.loads((tmp_path / "studies/orbit-2003-11-18/orbit.json").read_text())
    assert found["satellite"] == "state given"
    assert found["state_km_km_s"] == [6780.0, 0.0, 0.0, 0.0, 0.36, 7.66]


def write_tle(file: Path, revolutions: str, eccentricity: str) -> None:
    """A TLE with another mean motion (a day) and eccentricity (after its decimal point)."""
    second = changed(changed(SECOND, 53, revolutions), 27, eccentricity)
    file.write_text(f"SAT\n{FIRST}\n{second}\n")


def test_a_tle_gives_state_and_ballistic_coefficient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sat.tle"
    write_tle(file, "15.60000000", "0010000")
    words = ["--days", "0.125", "--step", "60", *AIR, "--out", str(tmp_path)]
    assert study("--start", "2000-06-28", "--tle", str(file), *words) == 0
    assert "TLE of SAT: 0.125 days" in capsys.readouterr().out
    found = json.loads((tmp_path / "orbit.json").read_text())
    assert found["ballistic_m2_kg"] == pytest.approx(12.741621 * 0.28098e-4)
    assert 300 < found["truth"]["lowest_km"] < found["truth"]["highest_km"] < 450


def test_a_satellite_above_the_density_model_leaves_no_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sat.tle"
    # 650 by 3,970 km.
    write_tle(file, "10.82419157", "1859667")
    words = ["--days", "0.125", "--step", "60", *AIR, "--out", str(tmp_path)]
    assert study("--start", "2000-06-28", "--tle", str(file), *words) == 2
    assert "expected 80 to 2000 km, the heights of this density model" in capsys.readouterr().err
    assert not (tmp_path / "orbit.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "soon"], "--start: expected a UTC moment like 2003-11-18"),
        (["--start", "NaT"], "--start: expected a UTC moment"),
        ([*SHORT, "--state", "1,2,x"], "--state: expected six numbers with commas"),
        ([*SHORT, "--state", "1,2,3"], "--state: expected six finite numbers"),
        ([*SHORT, "--state", "7e6,0,0,0,7500,0"], "is it in metres?"),
        ([*SHORT, "--state", STATE], "--ballistic: needed with --state"),
        (
            [*SHORT, "--state", STATE, "--satellite", "champ"],
            "--state and --satellite were given; expected one of them",
        ),
        ([*SHORT, "--satellite", "grace"], "satellite 'grace' is not known"),
        ([*SHORT, "--tle", "none.tle"], "none.tle: cannot be read"),
        ([*SHORT, "--ballistic", "210"], "is it m / (Cd A) in kg/m2?"),
        ([*SHORT, "--models", "jb2008"], "density model 'jb2008' is not known"),
        (["--start", "2003-11-18", "--days", "40"], "days: expected above 0 and at most 31"),
        ([*SHORT, "--step", "7"], "output: 60 s is not a whole number of 7 s"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(*words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert error.startswith("halyard: ")
