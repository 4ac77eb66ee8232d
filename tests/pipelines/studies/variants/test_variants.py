"""The study of variants: draws, trials that go on where they were, tests, pages and pictures."""

from __future__ import annotations

import json
import math
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.errors import ConfigError, DependencyError
from pipelines.studies.tasks.mackey_glass import mackey_glass, windows_of
from pipelines.studies.variants import crew, tasks, trials
from pipelines.studies.variants.analysis import VANILLA, analysed, best_tests, together
from pipelines.studies.variants.crew import results_of
from pipelines.studies.variants.figures import marginals_figure, variants_figure
from pipelines.studies.variants.kept import (
    Design,
    kept_variants,
    open_task,
    read_made,
    read_trials,
    trials_file,
)
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


class Mean(nn.Module):
    """Knows nothing but the means of the training."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        return past.new_zeros(len(past), self.outputs)


@pytest.mark.parametrize(
    "name", ["mackey_glass", "fund", pytest.param("density", marks=pytest.mark.slow)]
)
def test_what_knows_nothing_is_told_from_what_runs_away(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    (task,) = find_tasks([name])
    assert isinstance(task, WindowTask)
    errors = task.errors(Mean(task.rows[0].wanted.shape[1]))
    assert all(0.3 < error < 0.75 * task.worst for error in errors)


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
    file = trials_file(tmp_path, "small", "tanh")
    whole = file.read_text("utf-8")
    file.write_text(whole[:-25], "utf-8")
    assert set(read_trials(file)) == {0}
    told.clear()
    trials.run_trials(["small"], ["tanh", "lstm"], 2, tmp_path, progress=lambda *x: told.append(x))
    assert told == [(4, 4)]
    again = read_trials(file)
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
    page = study_page([result])
    assert "| NFG | 60 | " in page
    assert "differs (p" in page
    assert "| V | 60 |" in page
    assert "over 60 settings" in page
    (axis,) = variants_figure(result).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["V", "NFG", "NP"]


def test_losses_far_apart_are_drawn_on_a_logarithmic_axis() -> None:
    draw = np.random.default_rng(1)
    kept = {
        name: [made(loss, loss, n) for n, loss in enumerate(centre * (1 + draw.random(20)))]
        for name, centre in ((VANILLA, 0.01), ("gru", 1.0))
    }
    assert variants_figure(analysed("made", "units", kept)).axes[0].get_xscale() == "log"


def test_a_parameter_that_decides_alone_leaves_nothing_to_several_together() -> None:
    points = [drawn("made", number).params for number in range(80)]
    kept = [{"params": dict(p), "valid": -p["log10_learning_rate"], "test": 1.0} for p in points]
    plain = [
        {**trial, "valid": -p["input_noise"] + 2.0} for trial, p in zip(kept, points, strict=True)
    ]
    result = analysed("made", "units", {VANILLA: kept}, plain={VANILLA: plain})
    assert next(iter(result.shares)) == "learning rate"
    assert result.shares["learning rate"] > 0.9
    assert together(result.shares) == pytest.approx(1 - sum(result.shares.values()))
    assert result.plain is not None
    assert result.plain["input noise"] > 0.9
    axes = marginals_figure(result).axes
    assert [axis.get_title("left").split(":")[0] for axis in axes] == list(result.shares)
    assert axes[0].get_xscale() == "log"
    low, high = axes[0].get_xlim()
    assert low < 1e-6 < 1e-2 < high
    assert axes[0].get_yscale() == "linear"
    wide = [
        {**trial, "valid": 10.0 ** -p["log10_learning_rate"]}
        for trial, p in zip(kept, points, strict=True)
    ]
    wider = marginals_figure(analysed("made", "units", {VANILLA: wide}))
    assert wider.axes[0].get_yscale() == "log"
    page = study_page([result])
    assert "| rate not times (1 - momentum) |" in page


def test_the_command_leaves_a_page_a_summary_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_small(monkeypatch)
    words = ["study", "variants", "--task", "small", "--trials", "10", "--out", str(tmp_path)]
    assert command([*words, "--variant", "tanh", "--variant", "gru"]) == 0
    assert "% of the variance" in capsys.readouterr().out
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    shares = summary["tasks"][0]["importances"]
    alone = {"hidden size", "learning rate", "momentum", "input noise"}
    assert set(shares) == {*alone, "together"}
    assert all(0 <= share <= 1 and math.isfinite(share) for share in shares.values())
    for name in ("small-variants.png", "small-marginals.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "README.md").read_text("utf-8")
    assert "## small" in page
    assert "`halyard study variants --task small --trials 10 --seed 0 --epochs 2`" in page
    assert command([*words, "--variant", "lstm", "--plain"]) == 0
    assert kept_variants(tmp_path, "small", rescaled=False) == {"lstm"}
    assert kept_variants(tmp_path, "small") == {"tanh", "gru"}
    assert "| GRU | 10 |" in (tmp_path / "README.md").read_text("utf-8")


def test_trials_made_otherwise_are_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_small(monkeypatch)
    trials.run_trials(["small"], ["tanh"], 3, tmp_path)
    words = ["study", "variants", "--task", "small", "--variant", "tanh", "--trials", "3"]
    for option, there in (("seed", 0), ("epochs", 2)):
        assert command([*words, f"--{option}", "9", "--out", str(tmp_path)]) == 2
        said = " ".join(capsys.readouterr().err.split())
        assert f"its trials have {option} {there}, got --{option} 9" in said
    assert command([*words, "--variant", "x", "--out", str(tmp_path)]) == 2
    assert "no backbone called 'x'" in capsys.readouterr().err


def test_two_runs_do_not_work_on_the_same_trials(tmp_path: Path) -> None:
    with (
        open_task(tmp_path, "small", 0, 2),
        pytest.raises(ConfigError, match="another process runs trials of small"),
        open_task(tmp_path, "small", 0, 2),
    ):
        pass
    with open_task(tmp_path, "small", 0, 2):
        pass
    assert read_made(tmp_path, "small") == {"seed": 0, "epochs": 2}
    with pytest.raises(ConfigError, match="expected seed and epochs of the trials"):
        read_made(tmp_path, "other")


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        folder, design = tmp_path / str(workers), Design(epochs=1)
        trials.run_trials(["mackey_glass"], ["lstm"], 3, folder, design=design, workers=workers)
        found.append(read_trials(trials_file(folder, "mackey_glass", "lstm")))
    assert list(found[0]) == [0, 1, 2]
    assert found[0] == found[1]


def test_a_killed_worker_ends_the_study_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(ThreadPoolExecutor):
        def __init__(self, workers: int, *_: Any, **__: Any) -> None:
            super().__init__(workers)

        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            lost = Future[Any]()
            lost.set_exception(BrokenProcessPool("ended abruptly"))
            return lost

    monkeypatch.setattr(crew, "ProcessPoolExecutor", Killed)
    with pytest.raises(DependencyError, match="it goes on where it stopped"):
        list(results_of(dict, [(), (), ()], workers=2))


def test_an_unknown_task_is_refused_and_too_few_trials_are_told() -> None:
    with pytest.raises(ConfigError, match="--task: expected one of jsb, mackey_glass, fund"):
        find_tasks(["x"])


def test_a_study_without_trials_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_small(monkeypatch)
    with pytest.raises(ConfigError, match="expected 10 or more settings"):
        list(write_study(tmp_path))


def test_the_tasks_of_chorales_and_funds_are_trained_a_little() -> None:
    for name in ("jsb", "fund"):
        (task,) = find_tasks([name])
        network = task.network("lstm", 4)
        batch = task.batches(np.random.default_rng(0))[0]
        loss = task.loss(network, batch, 0.1)
        assert 0 < float(loss.detach()) < 30
        with torch.inference_mode():
            assert all(math.isfinite(error) for error in task.errors(network))


def test_a_fund_is_judged_in_years_after_those_it_was_trained_in() -> None:
    train, valid, test = tasks.fund_rows()
    assert train.past.shape[1:] == (36, 1)
    assert min(map(len, (train.past, valid.past, test.past))) > 500
    assert float(train.wanted.std()) == pytest.approx(1.0, abs=0.01)
