"""The metric that chose the settings travels with the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.selection import selection_beside, with_selection
from pipelines.tuning.objectives import METRICS, OBJECTIVES, ObjectiveSource, metric_of
from pipelines.tuning.report import write_report
from pipelines.tuning.settings import TuningSettings
from tests.pipelines.tuning import toys
from tests.pipelines.tuning.test_report import RESULT


def written(folder: Path, metric: str = "nlpd of hours") -> Path:
    settings = TuningSettings(study="mine", seed=7)
    return write_report(RESULT, toys.bowl_space(), settings, folder, metric=metric)["best"]


def test_best_settings_know_the_metric_the_seed_and_the_trials(tmp_path: Path) -> None:
    assert selection_beside(written(tmp_path)) == {
        "study": RESULT.study,
        "metric": "nlpd of hours",
        "direction": "minimize",
        "seed": 7,
        "loss": 0.5,
        "trials": 2,
    }


def test_what_was_changed_since_is_not_said_to_be_chosen(tmp_path: Path) -> None:
    best = written(tmp_path)
    found = selection_beside(best, ["members=2", "training.epochs=4"])
    assert found is not None
    assert found.pop("changed_since") == ["members=2", "training.epochs=4"]
    assert found == selection_beside(best) == selection_beside(best, [])


@pytest.mark.parametrize("content", ["{}", "not json", '{"study": 1, "selection": {}}'])
def test_other_files_know_nothing(tmp_path: Path, content: str) -> None:
    best = written(tmp_path)
    assert selection_beside(None) is None
    assert selection_beside(tmp_path / "own.yaml") is None
    (tmp_path / "summary.json").write_text(content, "utf-8")
    assert selection_beside(best) is None
    (tmp_path / "summary.json").unlink()
    assert selection_beside(best) is None


def test_metrics_keep_it_and_stay_as_they_are_without() -> None:
    assert with_selection({"rmse": 1.0}, None) == {"rmse": 1.0}
    assert with_selection({"rmse": 1.0}, {"metric": "m"}) == {
        "rmse": 1.0,
        "selection": {"metric": "m"},
    }


def test_every_objective_says_what_it_minimises() -> None:
    assert set(METRICS) == set(OBJECTIVES)
    density = ObjectiveSource(OBJECTIVES["thermosphere-density"], {"loss": "mape"})
    assert metric_of(density).startswith("mape on the calibration months")
    assert "structural reference" in metric_of(ObjectiveSource(OBJECTIVES["fund-sharpe"]))
    assert metric_of(ObjectiveSource("my:factory")) == "my:factory"
