"""A contest goes on where it stopped, is fair, and says who cannot be told from the best."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigError, DataError
from pipelines.studies.methods.contest import Fairness, MethodRecord
from pipelines.studies.methods.page import contest_table, put_into
from pipelines.studies.methods.run import run_contest
from pipelines.studies.methods.standings import standings
from tests.pipelines.studies.methods.toys import FAIR, ToyArena, judged


def run(folder: Path, arena: ToyArena, *names: str, fair: Fairness = FAIR) -> list[MethodRecord]:
    return run_contest(arena, fair, folder, names, lambda _: None)


def test_every_method_is_tuned_on_the_same_settings_and_judged_with_its_best(
    tmp_path: Path,
) -> None:
    arena, said = ToyArena(), list[str]()
    records = run_contest(arena, FAIR, tmp_path, (), said.append)
    assert [record.method for record in records] == ["naive", "shipped", "lstm", "gru"]
    assert "judge gru 0.0" in arena.asked
    assert [trial["params"]["rate"] for trial in records[3].trials] == [0.0, 1.0, 2.0]
    assert [trial["loss"] for trial in records[3].trials] == [0.5, None, 2.5]
    assert records[2].step_ratio == 1.0
    assert records[3].step_ratio == 3.0
    # A method without any loss is left out, and said to be.
    assert any("broken: no trial of toy came to a loss" in line for line in said)


def test_a_stopped_contest_goes_on_with_the_trials_that_it_has(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", ToyArena(), "gru")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", ToyArena(patience=2), "gru")
    again = ToyArena()
    assert run(tmp_path / "cut", again, "gru")[0].trials == whole[0].trials
    assert again.asked == ["gru 2.0", "judge gru 0.0"]
    assert not list((tmp_path / "cut" / "toy").glob(".*"))
    third = ToyArena()
    assert run(tmp_path / "cut", third, "gru")[0].judged.dates == whole[0].judged.dates
    assert third.asked == []


def test_a_contest_with_other_settings_is_not_mixed_in(tmp_path: Path) -> None:
    run(tmp_path, ToyArena(), "lstm")
    with pytest.raises(ConfigError, match=r"other settings \(budget\); give another --out"):
        run(tmp_path, ToyArena(), "gru", fair=Fairness(200, 3, 1))
    arena = ToyArena()
    arena.data_hash = "others"
    with pytest.raises(ConfigError, match=r"other settings \(data_hash\)"):
        run(tmp_path, arena, "gru")


def test_the_shipped_model_may_be_made_of_other_networks(tmp_path: Path) -> None:
    arena = ToyArena()
    run(tmp_path, arena, "shipped-gru+lstm")
    assert arena.asked == ["shipped-gru+lstm"]
    # Once made, it stays in the contest.
    assert "shipped-gru+lstm" in [one.method for one in run(tmp_path, ToyArena())]
    with pytest.raises(ConfigError, match="no method called 'tree' in toy"):
        run(tmp_path, arena, "shipped-gru+tree")
    with pytest.raises(ConfigError, match="no method called 'tree' in toy"):
        run(tmp_path, arena, "tree")


def test_the_best_comes_first_and_is_told_from_the_rest(tmp_path: Path) -> None:
    records = run(tmp_path, ToyArena())
    found = standings(records, "squared_error", 1)
    assert found[0].record.method == "gru"
    assert [one.record.method for one in found if one.among_best] == ["gru"]
    difference, p_value = found[0].against["lstm"]
    assert difference == pytest.approx(-0.5, abs=0.01)
    assert p_value is not None
    assert p_value < 0.01
    assert found[-1].against["lstm"] == (0.0, None)
    table = contest_table("toy", "squared_error", FAIR, found, "halyard study methods toy")
    first = table.splitlines()[4]
    assert first.startswith("| gru | 100 | 10 | 0.5")
    assert first.endswith("| yes | 1 | 3.0 |")
    assert "negative log density" in table.splitlines()[2]


def test_p_values_are_adjusted_for_their_number() -> None:
    draw = np.random.default_rng(0)
    names = ["lstm", *(f"m{n}" for n in range(12))]
    dates = tuple(str(n) for n in range(60))
    records = [MethodRecord("toy", name, 0, 0, (), {}, judged(1.0), 0.0) for name in names]
    noisy = [
        MethodRecord.from_json(
            {**r.to_json(), "judged": {"dates": dates, "losses": {"x": draw.normal(1, 0.1, 60)}}}
        )
        for r in records
    ]
    found = standings(noisy, "x", 0)
    known = [p for one in found if (p := one.against["lstm"][1]) is not None]
    assert len(known) == 12
    assert min(known) > 0.05


def test_other_dates_are_refused_and_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    (record,) = run(tmp_path, ToyArena(), "gru")
    kept = json.loads((tmp_path / "toy" / "gru.json").read_text("utf-8"))
    assert MethodRecord.from_json(kept).to_json() == record.to_json()
    kept["judged"]["dates"][0] = "1999-01"
    with pytest.raises(DataError, match="judged on other dates"):
        standings([record, MethodRecord.from_json(kept)], "squared_error", 1)


def test_a_table_goes_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- toy -->\nold\n<!-- end of toy -->\nb\n", "utf-8")
    put_into(page, "toy", r"new \1")
    assert page.read_text("utf-8") == "a\n<!-- toy -->\nnew \\1\n<!-- end of toy -->\nb\n"
    with pytest.raises(DataError, match="expected the marks <!-- fund-sharpe -->"):
        put_into(page, "fund-sharpe", "new")
    with pytest.raises(DataError, match="expected the marks"):
        put_into(tmp_path / "none.md", "toy", "new")
