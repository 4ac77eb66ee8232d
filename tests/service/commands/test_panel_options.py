"""One copy of the options of every verb that reads a file of fund returns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer

from service import cli
from service.commands.panel_options import FileOptions, PanelOptions, takes_panel


@takes_panel
def look(
    word: Annotated[str, typer.Argument()],
    panel: PanelOptions,
    times: Annotated[int, typer.Option()] = 1,
) -> None:
    """Look at a panel."""
    typer.echo(f"{word} {times} {panel.min_months} {panel.open().panel.returns.shape}")


@takes_panel
def read(options: FileOptions) -> None:
    """Read the options of a file."""
    typer.echo(str(options.columns()))


@pytest.fixture(autouse=True)
def the_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs that only tell their options."""
    monkeypatch.setattr(cli, "VERBS", {"look": look, "read": read})


def test_a_verb_gets_its_own_words_and_one_object_of_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "funds.csv"
    file.write_text("who,when,x\n" + "".join(f"A,2013-0{m},0.0{m}\n" for m in (1, 2, 3)))
    words = ["look", "here", "--times", "2", "--data", str(file), "--min-months", "3"]
    names = ["--series-column", "who", "--date-column", "when", "--return-column", "x"]
    assert cli.run(words + names) == 0
    assert capsys.readouterr().out == "here 2 3 (1, 3)\n"


def test_without_options_the_embedded_panel_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["look", "here"]) == 0
    assert capsys.readouterr().out == "here 1 0 (30, 819)\n"


def test_every_option_of_a_column_reaches_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--series-column", "a", "--series-column", "b", "--date-column", "c"]
    words += ["--observed-column", "d", "--nav-column", "e", "--group-column", "f"]
    words += ["--benchmark-column", "g", "--risk-free-column", "h"]
    assert cli.run(["read", *words, "--layout", "long", "--values", "nav"]) == 0
    assert capsys.readouterr().out.strip() == (
        "ColumnChoice(series=('a', 'b'), date='c', observed='d', returns=None, nav='e', "
        "group='f', benchmark='g', risk_free='h', layout='long', values='nav')"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layout", "tall"], "--layout: expected long or wide or transposed, got 'tall'"),
        (["--risk-free", "r.csv"], "--risk-free: needs --data FILE"),
        (["--min-months", "-1"], "--min-months"),
        (["--frequency", "daily"], "--frequency: needs --data FILE"),
    ],
)
def test_wrong_options_are_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["look", "here", *words]) == 2
    line = capsys.readouterr().err
    assert message in line
    assert line.count("\n") == 1


def test_the_help_shows_the_data_before_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["look", "--help"]) == 0
    shown = capsys.readouterr().out
    assert 0 < shown.index("--data") < shown.index("--clean") < shown.index("--series-column")


def test_options_are_told_as_they_were_typed_without_folders() -> None:
    given = PanelOptions(
        data=Path("/somewhere/my funds.csv"), clean=True, min_months=60, series_column=["a", "b"]
    )
    assert set(given.words().split(" --")) == {
        "--series-column a",
        "series-column b",
        "data 'my funds.csv'",
        "clean",
        "min-months 60",
    }
    assert PanelOptions().words() == ""
