"""A whole study, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigError, ModelError
from models.orbit.density import Exponential, Scaled
from pipelines.orbit.plan import OrbitPlan
from pipelines.orbit.results import study_json, text_table
from pipelines.orbit.study import compare_orbits, run_orbit_study
from tests.models.orbit.cases import START, low_orbit
from tests.pipelines.orbit.cases import Spread, plan


def test_denser_air_puts_the_satellite_ahead_in_proportion() -> None:
    models = [Scaled(Exponential(), 1.05), Scaled(Exponential(), 1.10), Scaled(Exponential(), 1.0)]
    study = compare_orbits(plan(), Exponential(), models)
    ahead = [model.deviation.offsets[-1, 0, 1] for model in study.models]
    assert ahead[0] > 0.001
    assert ahead[1] == pytest.approx(2 * ahead[0], rel=0.01)
    assert ahead[2] == pytest.approx(0.0, abs=1e-9)
    bias = study.models[0].deviation.summary()["orbit_density_bias_percent"]
    assert bias == pytest.approx(5.0, abs=0.01)


def test_the_same_study_gives_the_same_numbers_whoever_takes_part() -> None:
    alone = compare_orbits(plan(3.0), Exponential(), [Scaled(Exponential(), 1.1)])
    more = compare_orbits(
        plan(3.0), Exponential(), [Spread((0.9, 1.2)), Scaled(Exponential(), 1.1)]
    )
    np.testing.assert_allclose(
        alone.models[0].deviation.offsets, more.models[1].deviation.offsets, atol=1e-8
    )


def test_a_study_writes_strict_json_and_three_plots(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    study, files = run_orbit_study(
        plan(),
        Exponential(),
        [Spread((0.94, 0.98, 1.01, 1.05)), Scaled(Exponential(), 1.2)],
        tmp_path,
        lambda done, steps: told.append((done, steps)),
    )
    assert told[-1] == (720, 720)
    assert sorted(files) == ["along_track", "density", "error", "results"]
    for name in ("along_track", "density", "error"):
        assert files[name].read_bytes().startswith(b"\x89PNG")
    found = json.loads(files["results"].read_text())
    assert found["start"] == "2003-11-18T00:00:00"
    assert (found["days"], found["ballistic_m2_kg"], found["seed"]) == (0.25, 0.00477, 3)
    assert found["truth"]["label"] == "exponential atmosphere"
    spread, dense = found["models"]
    assert (spread["samples"], spread["coverage_95"]) == (4, 1.0)
    assert dense["coverage_95"] is None
    series = found["series"]
    assert series["hours"][-1] == 6.0
    for model, keys in (("spread", {"mean", "p05", "p50", "p95"}), ("exponential*1.2", {"mean"})):
        assert set(series["models"][model]["along_km"]) == keys
        assert len(series["models"][model]["density_kg_m3"]) == len(series["hours"]) == 73
    assert spread["mean_error_km"] < dense["mean_error_km"]
    rows = text_table(study)
    assert rows[0][0] == "spread"
    assert rows[0][5] == "100 %"
    assert rows[1][5:] == ("", "+20.00 %")


def test_a_study_shorter_than_an_orbit_is_told_without_orbit_means(tmp_path: Path) -> None:
    study, _ = run_orbit_study(plan(0.5), Exponential(), [Spread((0.9, 1.1))], tmp_path)
    model = study_json(study)["models"][0]
    assert model["orbit_density_bias_percent"] is None
    assert text_table(study)[0][6] == ""


@pytest.mark.parametrize(
    ("truth", "models", "said"),
    [
        (Spread((1.0, 2.0)), [Exponential()], "truth: spread has 2 samples; expected a model with"),
        (Exponential(), [], "models: expected one or more"),
        (Exponential(), [Exponential(), Exponential()], "models: exponential was given twice"),
    ],
)
def test_models_that_cannot_be_compared_are_refused(
    truth: Exponential, models: list[Exponential], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        compare_orbits(plan(0.5), truth, models)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"days": 0.0}, ConfigError, "days: expected above 0 and at most 31, got 0"),
        ({"days": 0.26}, ModelError, "is not a whole number of"),
        ({"ballistic": 300.0}, ModelError, "is it m / "),
        ({"state": np.ones(5)}, ModelError, "expected six finite numbers"),
    ],
)
def test_a_plan_is_checked_before_anything_runs(
    changes: dict[str, object], error: type[Exception], said: str
) -> None:
    wanted = {"days": 0.25, "state": low_orbit(), "ballistic": 0.005, **changes}
    with pytest.raises(error, match=said):
        OrbitPlan(START, satellite="a test", every=3600.0, **wanted)  # type: ignore[arg-type]
