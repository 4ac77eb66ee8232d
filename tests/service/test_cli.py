"""The command line answers quickly, in one line, and with the right exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from models.errors import DataError
from pipelines.environment import process_environment
from service import cli

#: The verbs before a test adds its own.
REAL = dict(cli.VERBS)
HEAVY = ("torch", "polars", "optuna", "bentoml", "pandas", "matplotlib", "sklearn", "scipy")


@pytest.fixture(autouse=True)
def two_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test one verb of each kind next to the real ones."""

    def fail(how: str, times: int = 1) -> None:
        """Fail in a chosen way."""
        raise {
            "data": DataError(f"funds.csv: row 3,\ncolumn ret: {times} things are wrong"),
            "interrupt": KeyboardInterrupt(),
            "defect": ZeroDivisionError("a defect"),
        }[how]

    group = typer.Typer(help="A group of verbs.")
    group.command("done")(lambda: None)
    group.command("refuse")(refuse)
    monkeypatch.setattr(cli, "VERBS", {**cli.VERBS, "fail": fail, "group": group})


def refuse() -> None:
    """End with a code of its own."""
    raise typer.Exit(3)


def verbs() -> list[list[str]]:
    """The words of every verb, with those of a group's own verbs."""
    found = []
    for name, verb in REAL.items():
        if isinstance(verb, typer.Typer):
            commands = [c.name or str(c.callback.__name__) for c in verb.registered_commands]
            found += [[name, command] for command in commands]
        else:
            found.append([name])
    return found


def test_every_file_of_a_verb_is_on_the_command_line() -> None:
    # A file here that makes no verb is a helper of others, and imported by them.
    helpers = {"__init__", "data_tables", "panel_options", "progress_bars", "tables"}
    helpers |= {"data_space_weather", "density_options", "promotion", "studies", "targets"}
    helpers |= {"train_density", "train_correction", "backtest_density", "tune_density"}
    helpers |= {f"models_{of}" for of in ("change", "compare", "log", "options", "transfer")}
    helpers |= {"retrain_density", "retrain_options", "retrain_runs"}
    helpers |= {f"batch_{of}" for of in ("options", "progress", "run")}
    helpers |= {"forecast_fund_sharpe", "forecast_density", "data_orbit_points", "data_signatures"}
    studies = ("proofs", "variants", "memory", "methods", "prequential", "changes")
    helpers |= {f"study_{of}" for of in (*studies, "sensitivity", "groups")}
    helpers |= {"drift_stored", "drift_told"}
    files = {path.stem for path in Path(cli.__file__).parent.joinpath("commands").glob("*.py")}
    assert files - helpers == set(REAL)


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_every_verb_has_help_that_ends_in_an_example(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*words, "--help"]) == 0
    assert f"halyard {' '.join(words)}" in capsys.readouterr().out.split("Example:")[1]


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert "Usage: halyard" in capsys.readouterr().out


def test_bad_input_is_one_line_on_stderr_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["fail", "data"]) == 2
    shown = capsys.readouterr()
    assert shown.err == "halyard: funds.csv: row 3, column ret: 1 things are wrong\n"
    assert shown.out == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["fial", "data"], "Did you mean 'fail'?"),
        (["fail"], "Missing"),
        (["fail", "data", "--times", "many"], "--times"),
        (["fail", "data", "--bogus"], "--bogus"),
        (["group"], "Missing command"),
    ],
)
def test_wrong_usage_is_one_line_with_a_hint(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert expected in line
    assert "--help" in line


def test_an_interrupt_ends_with_130() -> None:
    assert cli.run(["fail", "interrupt"]) == 130


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError, match="a defect"):
        cli.run(["fail", "defect"])


def test_a_verb_of_a_group_may_choose_its_code() -> None:
    assert cli.run(["group", "done"]) == 0
    assert cli.run(["group", "refuse"]) == 3


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from service import cli; code = cli.run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
