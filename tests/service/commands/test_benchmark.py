"""`halyard benchmark monthly`: one JSON object or a table, progress on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from service.commands import benchmark
from tests.models.monthly.panels import seasonal_panel
from tests.pipelines.monthly.files import write_csv, write_long

QUICK = (
    *("training.epochs=1", "network.hidden_size=4", "network.head_size=4"),
    *("seeds=1", "lookback=6", "max_rows=600", "theta_budget=0"),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "VERBS", {**cli.VERBS, "benchmark": benchmark.app})


def run(file: Path, *words: str) -> int:
    given = ("--data", str(file), "--season", "6", "--jobs", "1", *QUICK)
    return cli.run(["benchmark", "monthly", *given, *words])


def test_json_is_one_object_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_long(tmp_path, seasonal_panel(12, 60))
    assert run(file, "--horizon", "6", "--json", "--no-statistical", "--seed", "3") == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["rows"][0]["model"] == "ensemble"
    assert set(result["rows"][0]) == {"model", "mase", "smape", "crps"}
    assert (result["horizon"], result["season"], result["seed"]) == (6, 6, 3)
    assert "networks: 100%, about 0 s left" in shown.err


def test_a_table_shows_every_model_and_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = seasonal_panel(6, 40)
    values[2] = 5.0
    assert run(write_long(tmp_path, values), "--statistical-minutes", "0.001") == 0
    shown = capsys.readouterr().out
    assert "6 series, the last 12 steps forecast, season 6" in shown
    for word in ("ensemble", "lstm", "gru", "smoothers", "seasonal_naive", "ses", "MASE"):
        assert word in shown
    assert "auto_arima was left out: expected to take" in shown
    assert "1 constant series are not scored, 0 are too short" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--horizon", "99"), "expected at least 101; give a shorter --horizon"),
        (("--season", "0"), "--season: expected 1 or more, got 0"),
        (("training.epoch=3",), "did you mean 'epochs'?"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert run(write_long(tmp_path, seasonal_panel(4, 40)), *words) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def test_a_file_of_another_form_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(write_csv(tmp_path, ["a,0,many"])) == 2
    assert "row 2, column 'value': expected a finite number, got 'many'" in capsys.readouterr().err


def test_lines_of_progress_tell_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 5.0, 25.0, 26.0])
    monkeypatch.setattr(benchmark.time, "monotonic", lambda: next(now))
    lines = benchmark._Lines()
    lines.tell("smoothers", 9.0, 10.0)
    # The first fit took the twenty seconds since then.
    lines.tell("networks", 20.0, 80.0)
    lines.tell("networks", 21.0, 80.0)
    assert capsys.readouterr().err == "networks: 25%, about 60 s left\n"
