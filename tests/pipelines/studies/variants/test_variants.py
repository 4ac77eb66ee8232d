"""The study of variants: draws, trials that go on where they were, tests, pages and pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.errors import ConfigError
from pipelines.studies.tasks.mackey_glass import mackey_glass, windows_of
from pipelines.studies.variants import tasks, trials
from pipelines.studies.variants.analysis import VANILLA, analysed, best_tests
from pipelines.studies.variants.page import study_page
from pipelines.studies.variants.report import write_study
from pipelines.studies.variants.search import BOUNDS, Drawn, drawn, run_trial
from pipelines.studies.variants.tasks import Rows, WindowTask, find_tasks, split_in_time
from service.cli import run as command


def small() -> WindowTask:
    def make() -> tuple[Rows, Rows, Rows]:
        past, wanted = windows_of(mackey_glass(260), 8, 3)
        return split_in_time(past, wanted, 11)

    return WindowTask("small", make, epochs=2)


def only_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tasks.TASKS, "small", small)
    trials._task.cache_clear()


def test_draws_lie_in_the_papers_box_and_are_the_same_for_every_variant() -> None:
    points = [drawn("jsb", number) for number in range(300)]
    for name, (low, high) in BOUNDS.items():
        values = np.array([point.params[name] for point in points])
        assert low <= values.min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < values.max() <= high
    assert 20 <= min(p.blocks for p in points) <= max(p.blocks for p in points) <= 200
    assert all(0 <= point.momentum <= 0.99 for point in points)
    assert drawn("jsb", 7) == points[7]
    assert drawn("fund", 7) != points[7]


def test_the_learning_rate_is_multiplied_by_one_minus_momentum_unless_told_not_to() -> None:
    params = {**drawn("jsb", 0).params, "log10_learning_rate": -3.0, "log10_one_minus_momentum": -1}
    assert Drawn(params).momentum == pytest.approx(0.9)
    assert Drawn(params).learning_rate == pytest.approx(1e-4)
    assert Drawn(params, rescaled=False).learning_rate == pytest.approx(1e-3)


def test_a_trial_is_repeatable_and_one_that_runs_away_counts_as_knowing_nothing() -> None:
    point = drawn("small", 3)
    first, second = (run_trial(small(), "tanh", point) for _ in range(2))
    assert first == second
    assert 0 < first["valid"] <= 2.0
    wild = Drawn({**point.params, "log10_learning_rate": 6.0}, rescaled=False)
    lost = run_trial(small(), "tanh", wild)
    assert (lost["valid"], lost["test"]) == (2.0, 2.0)


def test_rows_of_the_test_share_no_value_with_those_of_the_training() -> None:
    past, wanted = windows_of(np.arange(300.0), 8, 3)
    train, valid, test = split_in_time(past, wanted, 11)
    spread, mean = past[: len(train.past)].std(), past[: len(train.past)].mean()
    ends = [float(part.past.max()) * spread + mean + 3 for part in (train, valid)]
    begins = [float(part.past.min()) * spread + mean for part in (valid, test)]
    assert all(end < begin for end, begin in zip(ends, begins, strict=True))
    assert float(train.wanted.mean()) == pytest.approx(0, abs=1e-5)


def test_a_network_that_says_the_mean_has_an_error_near_one() -> None:
    task = small()

    class Mean(nn.Module):
        def forward(self, past: torch.Tensor) -> torch.Tensor:
            return past.new_zeros(len(past), 1)

    valid, test = task.errors(Mean())
    assert 0.3 < valid < 2.0
    assert 0.3 < test < 2.0


def test_the_chaotic_series_is_chaotic_and_repeatable() -> None:
    one = mackey_glass(600)
    assert np.array_equal(one, mackey_glass(600))
    assert 0.2 < one.min() < 0.6
    assert 1.1 < one.max() < 1.5
    apart = np.abs(one - mackey_glass(600, seed=1))
    assert apart.max() > 0.3


def test_a_stopped_study_goes_on_and_a_line_that_was_cut_short_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_small(monkeypatch)
    told: list[tuple[int, int]] = []
    trials.run_trials(["small"], ["tanh", "lstm"], 2, tmp_path, progress=lambda *x: told.append(x))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    file = trials.trials_file(tmp_path, "small", "tanh")
    whole = file.read_text("utf-8")
    file.write_text(whole[:-25], "utf-8")
    assert set(trials.read_trials(file)) == {0}
    told.clear()
    trials.run_trials(["small"], ["tanh", "lstm"], 2, tmp_path, progress=lambda *x: told.append(x))
    assert told == [(4, 4)]
    again = trials.read_trials(file)
    assert set(again) == {0, 1}
    assert again[1] == json.loads(whole.splitlines()[1])


def made(valid: float, test: float, number: int = 0) -> dict[str, Any]:
    return {"params": dict(drawn("made", number).params), "valid": valid, "test": test}


def test_the_best_tenth_by_validation_is_compared_by_its_test_loss() -> None:
    found = [made(float(n), 100.0 - n, n) for n in range(40)]
    assert best_tests(found) == (100.0, 99.0, 98.0, 97.0)
    assert len(best_tests(found[:5])) == 3


def test_a_variant_that_is_worse_is_told_from_the_vanilla_cell() -> None:
    draw = np.random.default_rng(0)
    kept = {
        name: [made(loss, loss, n) for n, loss in enumerate(centre + 0.1 * draw.random(60))]
        for name, centre in ((VANILLA, 1.0), (f"{VANILLA}_nfg", 2.0), (f"{VANILLA}_np", 1.0))
    }
    result = analysed("made", "units", kept)
    by_name = {one.variant: one for one in result.variants}
    assert by_name[VANILLA].p_value is None
    worse, same = by_name[f"{VANILLA}_nfg"].p_value, by_name[f"{VANILLA}_np"].p_value
    assert worse is not None
    assert worse < 1e-6
    assert same is not None
    assert same > 0.001
    page = study_page([result], "halyard study variants")
    assert "| NFG | 60 | " in page
    assert "differs (p" in page
    assert "| vanilla | 60 |" in page


def test_the_command_leaves_a_page_a_summary_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_small(monkeypatch)
    words = ["study", "variants", "--task", "small", "--trials", "6", "--out", str(tmp_path)]
    assert command([*words, "--variant", "tanh", "--variant", "gru"]) == 0
    assert "of the variance alone" in capsys.readouterr().out
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    shares = summary["tasks"][0]["importances"]
    assert set(shares) == {"hidden size", "learning rate", "momentum", "input noise"}
    assert all(0 <= share <= 1 and math.isfinite(share) for share in shares.values())
    for name in ("small-variants.png", "small-marginals.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert "## small" in (tmp_path / "README.md").read_text("utf-8")


def test_an_unknown_task_is_refused_and_too_few_trials_are_told() -> None:
    with pytest.raises(ConfigError, match="--task: expected one of jsb, mackey_glass, fund"):
        find_tasks(["x"])


def test_a_study_without_trials_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_small(monkeypatch)
    with pytest.raises(ConfigError, match="expected 10 or more trials"):
        list(write_study(["small"], ["tanh"], tmp_path))
