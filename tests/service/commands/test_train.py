"""Training stores a version, says its scores, and says who is served from now on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import ConfigError
from pipelines import registry
from pipelines.datasets.panel import ReturnsPanel
from pipelines.registry import StoredModel
from service import cli
from service.commands import train
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config
from tests.service.commands.stored import store

TRAINER = "pipelines.fund_sharpe.training.train_fund_sharpe"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let training take no time: it reports two networks and stores an invented model."""

    def stored_at_once(
        panel: ReturnsPanel, _config: object, progress: object, _selection: object
    ) -> StoredModel:
        assert callable(progress)
        progress(1, 2)
        progress(2, 2)
        return store(periods_per_year=panel.periods_per_year)

    monkeypatch.setattr(TRAINER, stored_at_once)


@pytest.mark.usefixtures("instant")
def test_the_first_version_becomes_the_champion(capsys: pytest.CaptureFixture[str]) -> None:
    model = train.train_and_store(panel(), tiny_config(), promote=None)
    assert registry.champion_version() == model.version
    shown = capsys.readouterr()
    assert f"Champion is now {model.version} (there was none before)" in shown.out
    assert "2/2" in shown.err


@pytest.mark.usefixtures("instant")
def test_the_scores_are_shown_beside_those_without_networks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    train.train_and_store(panel(), tiny_config(), promote=None)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["rolling", "6", "0.500", "0.625", "87.5%"] in lines
    assert ["forward", "6", "1.500", "1.750", "92.5%"] in lines


@pytest.mark.usefixtures("instant")
def test_a_later_version_takes_over_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    first = train.train_and_store(panel(), tiny_config(), promote=None)
    second = train.train_and_store(panel(), tiny_config(), promote=None)
    assert registry.champion_version() == first.version
    shown = capsys.readouterr().out
    assert f"it stays {first.version}" in shown
    assert f"halyard models promote {second.tag}" in shown
    third = train.train_and_store(panel(), tiny_config(), promote=True)
    assert registry.champion_version() == third.version
    assert f"(it was {first.version})" in capsys.readouterr().out


@pytest.mark.usefixtures("instant")
def test_no_promote_leaves_the_place_empty(capsys: pytest.CaptureFixture[str]) -> None:
    train.train_and_store(panel(), tiny_config(), promote=False)
    assert registry.champion_version() is None
    assert "Champion unchanged (there is none)" in capsys.readouterr().out


@pytest.mark.usefixtures("instant")
def test_quarterly_models_are_stored_and_not_served() -> None:
    quarters = replace(panel(), periods_per_year=4)
    train.train_and_store(quarters, tiny_config(periods_per_year=4), promote=None)
    assert registry.champion_version() is None
    with pytest.raises(ConfigError, match="4 periods a year; leave --promote out"):
        train.train_and_store(quarters, tiny_config(periods_per_year=4), promote=True)


def test_settings_of_another_frequency_are_refused_before_training() -> None:
    with pytest.raises(ConfigError, match="expected 4, as the data have, got 12"):
        train.train_and_store(replace(panel(), periods_per_year=4), tiny_config(), promote=None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["alpha"], "nothing called 'alpha' to train; there is: fund-sharpe, thermosphere-density"),
        ([], "expected what to train; there is: fund-sharpe, thermosphere-density"),
        (["fund-sharpe", "member=2"], "override member: unknown key (did you mean 'members'?)"),
        (["fund-sharpe", "--data", "none.csv"], "none.csv"),
        (["fund-sharpe", "--config", "none.yaml"], "none.yaml: no such settings file"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["train", *words]) == 2
    line = capsys.readouterr().err
    assert expected in line
    assert line.count("\n") == 1


@pytest.mark.usefixtures("instant")
def test_overrides_reach_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(train, "train_and_store", lambda *given: seen.append(given))
    assert cli.run(["train", "fund-sharpe", "--promote", "members=2", "training.epochs=5"]) == 0
    ((data, settings, promote, selection),) = seen  # type: ignore[misc]
    # The shipped settings were not chosen by a study that lies beside them.
    assert selection is None
    assert (len(data.ids), settings.members, settings.training.epochs) == (30, 2, 5)
    assert promote is True
