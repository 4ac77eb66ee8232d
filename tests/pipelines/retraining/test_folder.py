"""A run's folder is read as it was written, and a damaged file is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.errors import ArtefactError, ConfigError
from pipelines.retraining.folder import RunFolder, new_run_id
from pipelines.retraining.lock import sole_run
from pipelines.retraining.start import unfinished


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def begun(run_id: str = "r1", created: str = "2026-01-01T00:00:00+00:00") -> RunFolder:
    folder = RunFolder("toy", run_id)
    folder.begin({"created": created, "champion": None, "told": {}})
    return folder


def test_what_is_kept_is_read_back() -> None:
    folder = begun()
    assert folder.result("train") is None
    folder.keep("train", {"b": 1, "a": [0.5]})
    assert folder.result("train") == {"a": [0.5], "b": 1}


@pytest.mark.parametrize(("text", "what"), [("{", "expected JSON"), ("[1]", "got list")])
def test_a_damaged_result_is_named_with_what_to_do(text: str, what: str) -> None:
    folder = begun()
    folder.keep("train", {})
    folder.step_file("train").write_text(text)
    with pytest.raises(ArtefactError, match=f"train.json: .*{what}.*its step is done again"):
        folder.result("train")


def test_seconds_add_up_over_attempts_and_a_torn_line_is_left_out() -> None:
    folder = begun()
    folder.note_time("train", 2.0, "stopped")
    folder.note_time("train", 3.0, "done")
    with (folder.path / "times.jsonl").open("a") as file:
        file.write('{"step": "judge", "sec')
    assert folder.seconds() == {"train": 5.0}


def test_leftovers_of_a_killed_attempt_are_removed_and_results_stay() -> None:
    folder = begun()
    folder.keep("train", {})
    stray = folder.path / "steps" / ".judge.json.x1y2"
    stray.write_text("half")
    half = folder.path / "fits" / ".2001-01-abc.x1y2"
    half.mkdir(parents=True)
    (half / ".state.json.z").write_text("half")
    folder.tidy()
    assert not stray.exists()
    assert not half.exists()
    assert folder.result("train") == {}


def test_unfinished_runs_come_newest_first_and_finished_ones_do_not() -> None:
    begun("b", "2026-01-01T00:00:00+00:00")
    begun("a", "2026-02-01T00:00:00+00:00")
    begun("c", "2026-03-01T00:00:00+00:00").keep("record", {})
    assert [folder.run_id for folder in unfinished("toy")] == ["a", "b"]


def test_a_new_run_id_can_be_a_folder() -> None:
    first, second = new_run_id(), new_run_id()
    assert first < second
    assert RunFolder("toy", first).path.name == first


def test_two_runs_of_a_name_do_not_overlap_and_the_holder_is_named() -> None:
    with (
        sole_run("toy"),
        pytest.raises(ConfigError, match=rf"another run is in progress \(process {os.getpid()},"),
        sole_run("toy"),
    ):
        pass
    with sole_run("toy"), sole_run("other"):
        pass
    with sole_run("toy"):
        pass
