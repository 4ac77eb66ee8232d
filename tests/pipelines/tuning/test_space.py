"""A search space is checked when loaded and drawn in the order it is written."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import ConfigError
from pipelines.config import load_config
from pipelines.tuning.space import SearchSpace


class Lowest:
    """A suggester that always draws the lowest or first value and notes the call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        self.calls.append((name, low, high, log))
        return low

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        self.calls.append((name, low, high, step, log))
        return low

    def suggest_categorical(self, name: str, choices: tuple[Any, ...]) -> Any:
        self.calls.append((name, choices))
        return choices[0]


def space(**parameters: dict[str, Any]) -> SearchSpace:
    return load_config(SearchSpace, {"parameters": parameters})


LAYERS = {"type": "int", "low": 1, "high": 3}
CELL = {"type": "categorical", "choices": ["lstm", "gru"]}


def test_each_type_is_drawn_with_its_bounds() -> None:
    lowest = Lowest()
    drawn = space(
        rate={"type": "float", "low": 0.1, "high": 1, "log": True},
        layers={**LAYERS, "step": 2},
        cell=CELL,
    ).suggest(lowest)
    assert drawn == {"rate": 0.1, "layers": 1, "cell": "lstm"}
    assert lowest.calls == [
        ("rate", 0.1, 1.0, True),
        ("layers", 1, 3, 2, False),
        ("cell", ("lstm", "gru")),
    ]


@pytest.mark.parametrize(
    ("when", "exists"),
    [
        ({"cell": "lstm"}, True),
        ({"cell": "gru"}, False),
        ({"cell": ["gru", "lstm"]}, True),
        ({"cell": "lstm", "layers": [2, 3]}, False),
    ],
)
def test_a_parameter_exists_only_when_its_condition_is_met(
    when: dict[str, Any], exists: bool
) -> None:
    conditional = {"type": "float", "low": 0.0, "high": 0.5, "when": when}
    drawn = space(cell=CELL, layers=LAYERS, dropout=conditional).suggest(Lowest())
    assert ("dropout" in drawn) is exists


def test_a_condition_on_an_absent_parameter_is_not_met() -> None:
    drawn = space(
        cell=CELL,
        layers={**LAYERS, "when": {"cell": "gru"}},
        dropout={"type": "float", "low": 0, "high": 1, "when": {"layers": 1}},
    ).suggest(Lowest())
    assert drawn == {"cell": "lstm"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"a": {"type": "float", "low": 2, "high": 1}}, "expected low <= high, got 2.0 and 1.0"),
        ({"a": {"type": "float", "low": 0, "high": 1, "log": True}}, "low > 0 on a log scale"),
        ({"a": {"type": "int", "low": 1, "high": 9, "log": True, "step": 2}}, "expected step 1"),
        ({"a": {"type": "int", "low": 1, "high": 9, "step": 0}}, "greater than or equal to 1"),
        ({"a": {"type": "categorical", "choices": []}}, "at least 1 item"),
        ({"a": {"type": "number"}}, "a"),
        ({"a": {**LAYERS, "hihg": 3}}, "did you mean 'high'?"),
        ({"a": {**LAYERS, "when": {"b": 1}}, "b": LAYERS}, "earlier ones: none"),
        ({"b": LAYERS, "a": {**LAYERS, "when": {"b": 4}}}, "b can never be 4"),
        ({"b": LAYERS, "a": {**LAYERS, "when": {"b": "x"}}}, "b can never be 'x'"),
        ({"c": CELL, "a": {**LAYERS, "when": {"c": "rnn"}}}, "c can never be 'rnn'"),
        (
            {"f": {"type": "float", "low": 0, "high": 1}, "a": {**LAYERS, "when": {"f": 2.0}}},
            "f can never be 2.0",
        ),
        ({}, "at least 1 item"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(parameters: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(SearchSpace, {"parameters": parameters})
    assert expected in str(caught.value)


def test_the_shipped_space_covers_what_a_network_has() -> None:
    shipped = load_config(SearchSpace, "search_space")
    assert list(shipped.parameters) == [
        "layers",
        "hidden_size",
        "lookback",
        "dropout",
        "epochs",
        "learning_rate",
        "weight_decay",
        "batch_size",
        "head",
        "loss",
    ]
