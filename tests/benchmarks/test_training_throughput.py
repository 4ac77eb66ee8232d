"""Our training loop does what a bare one does, and keeps at least 0.8 of its speed."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import training_throughput as bench
from benchmarks.timing import interleaved, median_ratio
from models.forecasters.batches import BatchSource


def small() -> bench.Problem:
    return bench.make_problem(funds=12, months=140, epochs=4)


@pytest.mark.parametrize("cell", bench.CELLS)
def test_both_loops_end_at_the_same_weights(cell: str) -> None:
    problem = small()
    start = bench.new_module(problem, cell)
    ours = bench.ours(problem, copy.deepcopy(start))
    bare = bench.bare(problem, copy.deepcopy(start), problem.ready())
    assert bench.difference(ours, bare) < 1e-6
    assert bench.difference(ours, start) > 1e-3


def test_windows_are_views_of_the_shared_arrays() -> None:
    windows = small().windows
    view = windows.past_view()
    assert np.shares_memory(view, windows.channels)
    # Every window of 36 months of all channels, from an array that is not larger for it.
    assert view.nbytes > 10 * windows.channels.nbytes


def test_batches_are_gathered_from_a_view_that_stores_no_window() -> None:
    problem = small()
    source = BatchSource(problem.windows, problem.scaling)
    stored = problem.windows.channels.size * 4
    assert source._windows.untyped_storage().nbytes() == stored
    assert source._windows.numel() * 4 > 10 * stored


def test_a_gathered_batch_holds_the_windows_asked_for() -> None:
    problem = small()
    rows = torch.tensor([5, 0, len(problem.windows) - 1])
    batch = BatchSource(problem.windows, problem.scaling).batch(rows)
    windows = problem.windows.past(rows.numpy())
    expected = problem.scaling.channels.transform(windows)
    np.testing.assert_array_equal(batch.past.numpy(), expected)
    np.testing.assert_array_equal(
        batch.target.numpy(), problem.windows.target[rows.numpy()].astype(np.float32)
    )


def test_jobs_take_turns_after_one_that_is_not_measured() -> None:
    turns: list[str] = []
    jobs = {name: lambda name=name: turns.append(name) for name in "ab"}
    taken = interleaved(jobs, 2)
    assert "".join(turns) == "ababab"
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 2, "b": 2}


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    # 2, 1 and 0.5: the ratio of the medians would be 4 / 2.
    assert median_ratio([4.0, 2.0, 5.0], [2.0, 2.0, 10.0]) == 1.0


def test_the_figures_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem, preparation = small(), bench.measure_preparation
    monkeypatch.setattr(bench, "make_problem", lambda: problem)
    monkeypatch.setattr(
        bench, "measure_preparation", lambda repeats: preparation(repeats, funds=12, months=100)
    )
    monkeypatch.setattr(bench, "WANTED", 0.0)
    out = tmp_path / "results" / "found.json"
    assert bench.main(["--repeats", "1", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert [loop["cell"] for loop in found["loops"]] == ["lstm", "gru"]
    assert all(loop["ratio"] > 0 for loop in found["loops"])
    assert found["preparation"]["funds"] == 12
    assert "12 funds prepared" in " ".join(capsys.readouterr().out.split())
    monkeypatch.setattr(bench, "WANTED", 1e9)
    assert bench.main(["--repeats", "1", "--out", str(out)]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("cell", bench.CELLS)
def test_our_loop_keeps_four_fifths_of_a_bare_loops_speed(cell: str) -> None:
    problem = bench.make_problem(funds=300)
    assert bench.measure(problem, cell, repeats=5)["ratio"] >= bench.WANTED
