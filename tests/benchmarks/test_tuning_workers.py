"""Two workers are worth their start, and run what one would have run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks import tuning_workers as bench
from pipelines.tuning.settings import TrialRecord


def test_trials_are_compared_whatever_their_order() -> None:
    one = TrialRecord(0, "complete", {"x": 1, "kind": "a"}, 0.5)
    other = TrialRecord(1, "complete", {"x": 2, "kind": "b"}, 0.25)
    assert bench._told([one, other]) == bench._told([other, one])
    assert bench._told([one, one]) != bench._told([one, other])


def test_runs_of_different_trials_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(workers: int, *_rest: Any) -> dict[str, Any]:
        return {"seconds": 1.0, "trials": [workers]}

    monkeypatch.setattr(bench, "timed_command", command)
    with pytest.raises(RuntimeError, match="did not run the same trials"):
        bench.measure(2, 1, None)


@pytest.mark.parametrize(("two", "code"), [(6.0, 0), (7.0, 1)])
def test_a_ratio_above_what_is_wanted_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two: float, code: int
) -> None:
    def command(workers: int, *_rest: Any) -> dict[str, Any]:
        return {"seconds": 10.0 if workers == 1 else two, "trials": []}

    monkeypatch.setattr(bench, "timed_command", command)
    out = tmp_path / "found.json"
    assert bench.main(["--repeats", "1", "--out", str(out)]) == code
    (study,) = json.loads(out.read_text("utf-8"))["studies"]
    assert study["ratio"] == two / 10.0


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two workers need two cores")
def test_two_workers_take_less_than_two_thirds_of_the_time_of_one() -> None:
    assert bench.measure(12, 3, None)["ratio"] < bench.WANTED
