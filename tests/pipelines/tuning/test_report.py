"""The summary of a study says everything that is needed to repeat it."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from pipelines.tuning.report import summary, write_report
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from tests.pipelines.tuning import toys

PNG = b"\x89PNG"
BEST = TrialRecord(1, "complete", {"x": 0.25}, 0.5, steps=4, seconds=2.0)
RESULT = TuningResult(
    "study",
    BEST,
    (
        TrialRecord(0, "complete", {"x": 1.0}, 2.0, steps=4, seconds=1.0),
        BEST,
        TrialRecord(2, "pruned", {"x": 0.9}, steps=2, seconds=0.25),
        TrialRecord(3, "failed", {"x": 0.1}, error="ModelError: diverged"),
    ),
    {"x": 1.0},
)


def test_the_summary_can_be_read_back(tmp_path: Path) -> None:
    settings = TuningSettings(trials=4, seed=7)
    files = write_report(RESULT, toys.bowl_space(), settings, tmp_path / "new")
    read = json.loads(files["summary"].read_text("utf-8"))
    assert read["best"]["params"] == {"x": 0.25}
    assert read["best"]["value"] == 0.5
    assert read["n_trials"] == {"complete": 2, "pruned": 1, "failed": 1}
    assert read["seconds"] == 3.25
    assert read["importances"] == {"x": 1.0}
    assert read["settings"]["seed"] == 7
    assert read["settings"]["sampler"] == "tpe"
    assert read["settings"]["storage"] == "study.db"
    assert read["space"]["extra"]["when"] == {"kind": "b"}
    assert {"python", "halyard", "optuna", "torch"} <= set(read["versions"])


def test_the_best_parameters_are_written_as_settings(tmp_path: Path) -> None:
    plain = write_report(RESULT, toys.bowl_space(), TuningSettings(), tmp_path / "a")
    settings = {"network": {"x": 0.25}, "horizons": (6, 12)}
    nested = write_report(RESULT, toys.bowl_space(), TuningSettings(), tmp_path / "b", settings)
    assert yaml.safe_load(plain["best"].read_text("utf-8")) == {"x": 0.25}
    read = yaml.safe_load(nested["best"].read_text("utf-8"))
    assert read == {"network": {"x": 0.25}, "horizons": [6, 12]}


def test_a_password_does_not_reach_the_summary() -> None:
    settings = TuningSettings(storage="postgresql://me:secret@host/studies")
    text = json.dumps(summary(RESULT, toys.bowl_space(), settings))
    assert "secret" not in text
    assert "postgresql://me:***@host/studies" in text


def test_the_plots_are_images(tmp_path: Path) -> None:
    files = write_report(RESULT, toys.bowl_space(), TuningSettings(), tmp_path)
    assert files["history"].read_bytes().startswith(PNG)
    assert files["importances"].read_bytes().startswith(PNG)


def test_there_is_no_plot_of_importances_without_any(tmp_path: Path) -> None:
    bare = TuningResult("study", BEST, (BEST,), {})
    files = write_report(bare, toys.bowl_space(), TuningSettings(), tmp_path)
    assert set(files) == {"summary", "best", "history"}
    assert not (tmp_path / "importances.png").exists()
