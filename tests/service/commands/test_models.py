"""What is stored can be listed, shown and put in charge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import registry
from service import cli
from tests.service.commands.stored import store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["models", *words]) == 0
    return capsys.readouterr().out


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["models", *words]) == 2
    return capsys.readouterr().err


def test_an_empty_store_says_how_to_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "train one: halyard train fund-sharpe" in said(["list"], capsys)
    assert json.loads(said(["list", "--json"], capsys)) == []


def test_the_list_marks_the_champion(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = store(), store()
    registry.promote(first)
    rows = json.loads(said(["list", "--json"], capsys))
    assert [(r["version"], r["champion"]) for r in rows] == [
        (first.version, True),
        (second.version, False),
    ]
    # The mean of 0.5 and 1.5.
    assert rows[0]["mean_holdout_rmse"] == 1.0
    table = said(["list"], capsys).splitlines()
    assert "champion" in table[1]
    assert "champion" not in table[2]
    assert "2001-01 to 2016-12" in table[1]


@pytest.mark.parametrize(
    "which", ["champion", "fund-sharpe", "fund-sharpe:champion", "fund-sharpe@champion"]
)
def test_a_version_can_be_named_in_short(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = store(), store()
    registry.promote(first)
    about = json.loads(said(["show", which, "--json"], capsys))
    assert (about["tag"], about["champion"], about["seed"]) == (first.tag, True, 7)
    assert "sample" not in about


def test_show_tells_data_scores_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    model = store()
    shown = said(["show", model.tag], capsys)
    lines = [line.split() for line in shown.splitlines()]
    assert shown.startswith(f"{model.tag} in ")
    assert ["rolling", "6", "0.500", "0.625", "87.5%"] in lines
    assert ["network.hidden_size", "4"] in lines
    assert ["series", "30"] in lines


def test_show_tells_the_error_of_each_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert "network alone" not in said(["show", store().tag], capsys)
    by_seed = {"lstm": {"rmse": [0.61, 0.634], "deviation": 0.012}}
    shown = said(["show", store(holdout_rmse_by_seed=by_seed).tag], capsys)
    assert ["lstm", "0.610,", "0.634", "0.012"] in [line.split() for line in shown.splitlines()]


def test_show_tells_what_chose_the_settings_and_on_what_it_was_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = said(["show", store().tag], capsys)
    assert "processor" in shown
    assert "settings chosen by" not in shown
    tuned = store(selection={"metric": "error-of-rollouts", "seed": 3})
    lines = [line.split() for line in said(["show", tuned.tag], capsys).splitlines()]
    assert ["settings", "chosen", "by"] in lines
    assert ["metric", "error-of-rollouts"] in lines


def test_show_tells_where_a_version_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    first = store()
    registry.promote(first)
    second = store()
    lines = [line.split() for line in said(["show", second.tag], capsys).splitlines()]
    assert ["parent", first.tag] in lines
    assert ["seed", "7"] in lines
    assert "study" not in [line[0] for line in lines if line]


def test_a_damaged_version_is_left_out_of_the_list_and_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = store(), store()
    (first.folder / registry.METADATA_FILE).write_text("{}")
    assert cli.run(["models", "list", "--json"]) == 0
    told = capsys.readouterr()
    assert [row["version"] for row in json.loads(told.out)] == [second.version]
    assert f"Left out: {first.folder / registry.METADATA_FILE}: damaged" in told.err


def test_promote_puts_a_version_in_charge(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = store(), store()
    assert "(it was none)" in said(["promote", first.tag], capsys)
    assert f"(it was {first.version})" in said(["promote", "latest"], capsys)
    assert registry.champion_version() == second.version


def test_a_damaged_version_is_not_promoted(capsys: pytest.CaptureFixture[str]) -> None:
    model = store()
    (model.folder / next(iter(model.metadata["files"]))).write_bytes(b"")
    assert "sha256 differs" in refused(["promote", "latest"], capsys)
    assert registry.champion_version() is None


def test_a_quarterly_version_is_not_promoted(capsys: pytest.CaptureFixture[str]) -> None:
    store(periods_per_year=4)
    assert "promote a monthly model" in refused(["promote", "latest"], capsys)


def test_unknown_versions_list_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    model = store()
    assert f"there are: {model.version}" in refused(["show", "fund-sharpe:v9"], capsys)
    assert "halyard train other" in refused(["show", "other:v9"], capsys)
