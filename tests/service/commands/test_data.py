"""`halyard data`: what it prints, writes and ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.datasets.funds import load_panel
from service import cli
from service.commands import data

GOOD = "fund,month,ret\nA,2013-01,0.01\nA,2013-02,0.02\nA,2013-03,0.03\n"
BAD = GOOD.replace("0.02", "n/k").replace("0.03", "inf")
NAVS = "fund,month,nav,rf_pct_pa\n" + "".join(
    f"A[/b],2013-0{m},{nav},3\n" for m, nav in enumerate((10, 10.1, 102, 103.02, 104.05), start=1)
)


@pytest.fixture(autouse=True)
def the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verb under test, whatever the table of verbs holds."""
    monkeypatch.setattr(cli, "VERBS", {"data": data.app})


def file_of(folder: Path, text: str, name: str = "funds.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_good_file_is_told_to_be_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, GOOD)
    assert cli.run(["data", "check", file]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: read as long table of monthly returns, values in 'ret', series in 'fund', "
        "date in 'month'",
        "0 error(s), 0 warning(s)",
    ]


def test_all_faults_are_listed_and_the_first_ends_it_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, BAD)
    assert cli.run(["data", "check", file]) == 2
    shown = capsys.readouterr()
    assert "[not_a_number]" in shown.out
    assert "[not_finite]" in shown.out
    assert shown.out.splitlines()[-1] == "2 error(s), 0 warning(s)"
    assert shown.err == (
        f"halyard: 2 error(s), the first: {file}, row 3, column 'ret', series 'A': expected a "
        "number such as 0.0123, got the text 'n/k'; repair the file, or try halyard data clean\n"
    )


def test_findings_are_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, BAD)
    assert cli.run(["data", "check", file, "--json"]) == 2
    shown = json.loads(capsys.readouterr().out)
    assert (shown["errors"], shown["warnings"]) == (2, 0)
    assert [(f["rule"], f["row"]) for f in shown["findings"]] == [
        ("not_a_number", 3),
        ("not_finite", 4),
    ]


def test_a_check_covers_the_file_of_rates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = file_of(tmp_path, "month,yield\n2013-01,3\n2013-03,3\n", "rates.csv")
    file = file_of(tmp_path, GOOD)
    assert cli.run(["data", "check", file, "--risk-free", rates]) == 0
    assert "no rate for 2013-02; the one before it is used" in capsys.readouterr().out


def test_an_unreadable_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["data", "check", str(tmp_path / "absent.csv")]) == 2
    shown = capsys.readouterr()
    assert shown.err == f"halyard: {tmp_path / 'absent.csv'}: no such file\n"
    assert shown.out == ""


@pytest.mark.parametrize("name", ["clean.csv", "clean.parquet", "deep/clean.parquet"])
def test_a_cleaned_file_reads_back_and_its_repairs_are_beside_it(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = file_of(tmp_path, NAVS), tmp_path / name
    assert cli.run(["data", "clean", file, "--out", str(out)]) == 0
    assert "1 face_value" in capsys.readouterr().out
    expected = load_panel(file, clean=True).panel
    panel = load_panel(out).panel
    assert panel.data_hash == expected.data_hash
    assert panel.ids == ("A[/b]",)
    assert panel.risk_free[0] == pytest.approx(1.03 ** (1 / 12) - 1)
    actions = json.loads(out.with_suffix(".actions.json").read_text())
    assert [(a["rule"], a["period"]) for a in actions] == [("face_value", "2013-03")]


def test_what_cannot_be_repaired_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clean.csv"
    assert cli.run(["data", "clean", file_of(tmp_path, BAD), "--out", str(out)]) == 2
    assert "got the text 'n/k'" in capsys.readouterr().err
    assert not out.exists()
    assert not out.with_suffix(".actions.json").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("clean.xlsx", "--out: expected a name that ends in .csv or .parquet"),
        ("funds.csv", "is the file itself; give another name"),
    ],
)
def test_a_target_that_cannot_be_is_refused(
    out: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, GOOD)
    assert cli.run(["data", "clean", file, "--out", str(tmp_path / out)]) == 2
    assert message in capsys.readouterr().err
    assert Path(file).read_text() == GOOD


def test_a_description_tells_span_lengths_and_deaths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, GOOD + "B,2013-03,0.01\n")
    assert cli.run(["data", "describe", file, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["n_series"], shown["first"], shown["last"]) == (2, "2013-01", "2013-03")
    assert shown["at_least"][0] == [12, 0]
    assert shown["attrition"] == [["2013", 2, 0]]
    assert cli.run(["data", "describe", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "late starts      1" in lines
    assert [line.split() for line in lines[-2:]] == [
        ["year", "alive", "ended", "%"],
        ["2013", "2", "0", "0.0"],
    ]


def test_without_a_file_the_embedded_portfolios_are_described(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["data", "describe", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["file"], shown["n_series"]) == ("embedded portfolios", 30)


def test_options_reach_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, GOOD.replace("ret", "x").replace("month", "y"))
    words = ["data", "describe", file, "--json", "--return-column", "x", "--date-column", "y"]
    assert cli.run(words) == 0
    assert "values in 'x'" in json.loads(capsys.readouterr().out)["read_as"]


def test_the_known_columns_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["data", "columns"]) == 0
    assert "risk_free" in capsys.readouterr().out
    assert cli.run(["data", "columns", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["returns"]["minimum"] == -1.0


@pytest.mark.parametrize("verb", ["check", "clean", "describe", "columns"])
def test_every_verb_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["data", verb, "--help"]) == 0
    assert f"halyard data {verb}" in capsys.readouterr().out.partition("Example:")[2]
