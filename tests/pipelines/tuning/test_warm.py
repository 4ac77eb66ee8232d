"""A study begins with what is known: given parameters, or the best of an earlier study."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from models.errors import ConfigError, ModelError
from pipelines.config import load_config
from pipelines.tuning.run import tune
from pipelines.tuning.settings import TuningSettings
from pipelines.tuning.space import SearchSpace
from pipelines.tuning.warm import parameters_of, warm_start, within
from tests.pipelines.tuning import toys
from tests.servers.postgres import fresh_database

SETTINGS = TuningSettings(trials=6, startup_trials=3)


def earlier(out: Path) -> Path:
    tune(toys.source("bowl"), toys.bowl_space(), SETTINGS, out)
    return out


def test_given_parameters_are_the_first_trials(tmp_path: Path) -> None:
    first = [{"x": 0.25, "y": 0.0, "kind": "a"}, {"x": -0.5}]
    result = tune(toys.source("bowl"), toys.bowl_space(), SETTINGS, tmp_path, first=first)
    assert result.trials[0].params == first[0]
    # What is not given is drawn.
    assert result.trials[1].params["x"] == -0.5
    assert set(result.trials[1].params) >= {"x", "y", "kind"}
    assert result.counts == {"complete": 6}


def test_a_study_that_has_begun_is_given_nothing_more(tmp_path: Path) -> None:
    first = [{"x": 0.25, "y": 0.0, "kind": "a"}]
    before = tune(toys.source("bowl"), toys.bowl_space(), SETTINGS, tmp_path)
    more = TuningSettings(trials=7, startup_trials=3)
    result = tune(toys.source("bowl"), toys.bowl_space(), more, tmp_path, first=first)
    assert result.trials[:6] == before.trials
    assert result.trials[6].params != first[0]


def test_the_best_of_an_earlier_study_come_first(tmp_path: Path) -> None:
    folder = earlier(tmp_path / "a")
    best = warm_start(str(folder), toys.bowl_space(), best=2)
    known = tune(toys.source("bowl"), toys.bowl_space(), SETTINGS, folder).trials
    ranked = sorted(known, key=lambda trial: trial.value or 0.0)
    assert best == [trial.params for trial in ranked[:2]]
    assert warm_start(f"sqlite:///{folder}/study.db#study", toys.bowl_space(), 2) == best


def test_only_what_the_space_has_and_allows_is_taken() -> None:
    space = load_config(SearchSpace, {"parameters": {"x": toys.BOWL_SPACE["x"]}})
    assert within({"x": 0.5, "y": 0.1}, space) == {"x": 0.5}
    assert within({"x": 1.5}, space) == {}


def test_settings_are_parameters_where_the_space_has_their_name() -> None:
    space = load_config(SearchSpace, "density_space")
    found = parameters_of(
        {
            "lookback": 72,
            "rank": 10,
            "recurrent": {
                "network": {"hidden_size": 64, "map_size": 128},
                "static": {"epochs": 12},
                "training": {"epochs": 80},
                "unknown_start": 0.5,
            },
        },
        space,
    )
    assert found == {
        "lookback": 72,
        "hidden_size": 64,
        "map_size": 128,
        "epochs": 80,
        "unknown_start": 0.5,
    }


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere", "expected the folder of a study, or a URL, got"),
        ("{folder}#other", "got 'other'; there are: study"),
    ],
)
def test_a_study_that_is_not_there_is_named(tmp_path: Path, place: str, message: str) -> None:
    folder = earlier(tmp_path / "a")
    with pytest.raises(ConfigError, match=message):
        warm_start(place.format(folder=folder), toys.bowl_space())


def test_no_trial_is_begun_after_the_deadline_and_the_study_goes_on_later(tmp_path: Path) -> None:
    until = time.time() + 0.5
    result = tune(toys.source("slow"), toys.bowl_space(), SETTINGS, tmp_path, until=until)
    assert 1 <= result.counts["complete"] < 6
    assert tune(toys.source("slow"), toys.bowl_space(), SETTINGS, tmp_path).counts == {
        "complete": 6
    }


def test_a_deadline_that_has_passed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none of 0 trials gave a value.*there was no time"):
        tune(toys.source("bowl"), toys.bowl_space(), SETTINGS, tmp_path, until=time.time())


def test_workers_keep_the_deadline(tmp_path: Path) -> None:
    settings = TuningSettings(trials=1000, workers=2, startup_trials=1000)
    started = time.monotonic()
    until = time.time() + 6.0
    result = tune(toys.source("slow"), toys.bowl_space(), settings, tmp_path, until=until)
    assert 1 <= result.counts["complete"] < 1000
    assert set(result.counts) == {"complete"}
    assert time.monotonic() - started < 60


def test_the_earlier_study_may_lie_on_a_server(tmp_path: Path) -> None:
    url = fresh_database()
    settings = TuningSettings(trials=4, startup_trials=4, storage=url, study="night")
    found = tune(toys.source("bowl"), toys.bowl_space(), settings, tmp_path)
    assert warm_start(f"{url}#night", toys.bowl_space(), 1) == [found.best.params]
    assert warm_start(url, toys.bowl_space(), 1) == [found.best.params]
    with pytest.raises(ConfigError, match="got 'day'; there are: night"):
        warm_start(f"{url}#day", toys.bowl_space())
