"""Objectives are found by name, and only when they are needed."""

from __future__ import annotations

import pytest

from models.errors import ConfigError
from pipelines.tuning import objectives
from pipelines.tuning.objectives import ObjectiveSource, objective_source, settings_of


def test_a_source_builds_its_objective() -> None:
    source = ObjectiveSource("tests.pipelines.tuning.toys:bowl", {"centre": 0.5})
    loss = source.build()({"x": 0.0, "y": 1.0}, lambda _step, _value: None)
    assert loss == 0.5**2 + 0.1


def test_a_registered_name_becomes_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(objectives.OBJECTIVES, "toy", "nowhere:factory")
    assert objective_source("toy", {"a": 1}) == ObjectiveSource("nowhere:factory", {"a": 1})


def test_an_unknown_name_lists_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectives, "OBJECTIVES", {"fund-sharpe": "a:b", "monthly": "a:c"})
    with pytest.raises(ConfigError) as caught:
        objective_source("fund-sharp", {})
    assert str(caught.value) == (
        "nothing called 'fund-sharp' to tune (did you mean 'fund-sharpe'?); "
        "known: fund-sharpe, monthly"
    )


@pytest.mark.parametrize("name", sorted(objectives.OBJECTIVES))
def test_every_registered_objective_can_be_imported(name: str) -> None:
    module, _, function = objectives.OBJECTIVES[name].partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_without_a_table_parameters_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectives, "SETTINGS", {"nested": f"{__name__}:nested"})
    assert settings_of("flat", {"x": 1}) == {"x": 1}
    assert settings_of("nested", {"x": 1}) == {"group": {"x": 1}}


def nested(parameters: dict[str, int]) -> dict[str, dict[str, int]]:
    return {"group": parameters}
