"""What a study by groups says, and its page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.studies.groups.page import About, losses_table, write_study
from pipelines.studies.groups.study import (
    UNSEEN,
    USUAL,
    Coefficients,
    GroupStudy,
    difference,
    headline,
    sentences,
)
from tests.pipelines.evaluation.test_report import Page

ABOUT = About("Funds", "How good?", "As it is.", {"seed": "<i>0</i>"})


def losses(mean: float, seed: int) -> np.ndarray:
    return mean + 0.01 * np.random.default_rng(seed).normal(size=60)


def study() -> GroupStudy:
    """The best is 10 % worse unseen; the simple one as good in both, and 20 % behind."""
    made = {
        "best": {USUAL: losses(1.0, 0), UNSEEN: losses(1.1, 1)},
        "simple": {USUAL: losses(1.2, 2), UNSEEN: losses(1.2, 3)},
    }
    numbers = Coefficients("Numbers.", ("a", "b"), {"rolling_6": (1.0, float("nan"))})
    dates = tuple(f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(60))
    return GroupStudy(
        "fund-sharpe", "loss", "funds", 6, 3, 600, dates, made, "simple", "best", 3,
        {"simple": numbers},
    )  # fmt: skip


def test_differences_are_shares_of_the_first_and_tested_by_date() -> None:
    found = study().cost_of_unseen("best")
    assert found.share == pytest.approx(0.1, abs=0.01)
    assert found.real
    assert not study().cost_of_unseen("simple").real
    assert difference(np.ones(3), np.ones(3) * 2, lags=5).text == (
        "100.0 % more (not tested: too few dates)"
    )
    assert difference(np.ones(9), np.ones(9), lags=2).text == "0.0 % more (no difference)"
    assert difference(losses(2.0, 0), losses(1.0, 1), 2).text == "50.0 % less (p <0.001)"


def test_sentences_tell_the_price_of_being_unseen_and_of_being_simple() -> None:
    told = sentences(study())
    assert len(told) == 3
    assert told[0].startswith("On funds never trained on, best errs 9.9 % more (p <0.001) than")
    assert "trained as usual: simple errs 20" in told[1]
    assert "on funds never trained on: simple errs 9" in told[2]
    assert headline(study()) == (
        "On funds never trained on, best is worse than with them in its training, and simple is "
        "worse than best"
    )
    made = {**study().losses, "best": {USUAL: losses(1.3, 4), UNSEEN: losses(1.3, 5)}}
    turned = headline(replace(study(), losses=made))
    assert "best is neither reliably better nor worse than with them" in turned
    assert turned.endswith("simple is better than best")
    same = {**study().losses, "best": study().losses["simple"]}
    assert headline(replace(study(), losses=same)).endswith("nor worse than best")


def test_another_model_with_the_lowest_loss_is_named() -> None:
    made = {**study().losses, "third": {USUAL: losses(0.9, 6), UNSEEN: losses(0.99, 7)}}
    told = sentences(replace(study(), losses=made))
    assert told[3].startswith("Lowest on funds never trained on is third: it errs 10.2 % less (p <")


def test_the_table_marks_the_best_and_what_is_really_worse() -> None:
    table = losses_table(study())
    assert table.cells[0][0].marks == ("best",)
    assert table.cells[0][2].marks == ("worse",)
    assert table.cells[1][2].marks == ()


def test_the_page_is_whole_and_safe_and_beside_its_numbers(tmp_path: Path) -> None:
    files = write_study(study(), ABOUT, tmp_path / "out")
    text = files["html"].read_text("utf-8")
    assert Page(text).open == []
    assert "<i>0</i>" not in text
    assert "rolling_6" in text
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    kept = json.loads(files["json"].read_text("utf-8"))
    assert kept["models"]["best"][USUAL] == pytest.approx(1.0, abs=0.01)
    assert kept["coefficients"]["simple"]["rows"]["rolling_6"] == [1.0, None]
    assert len(kept["models"]["best"]["by_date"][UNSEEN]) == 60
