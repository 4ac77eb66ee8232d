"""Settings are read strictly, and every mistake is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError, model_validator

from models.errors import ConfigError
from pipelines.config import StrictModel, load_config, shipped_configs


class Network(StrictModel):
    """Settings used by these tests."""

    layers: int = Field(1, ge=1)
    cell: str = "lstm"


class Study(StrictModel):
    """Settings with a group, a list and a rule over two keys."""

    epochs: int = Field(10, gt=0)
    rate: float = 0.1
    horizons: tuple[int, ...] = (6, 12)
    network: Network = Network()
    extras: dict[str, Network] = Field(default_factory=dict)
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Study:
        if self.low >= self.high:
            raise ValueError(f"expected low below high, got {self.low} and {self.high}")
        return self


class Needy(StrictModel):
    """Settings with a key that has no default."""

    name: str


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return path


def message_of(source: Any, overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(Study, source, overrides)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_file_is_read_into_the_model_with_its_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "epochs: 3\nhorizons: [6, 9]\nnetwork: {layers: 2}\n")
    study = load_config(Study, path)
    assert (study.epochs, study.horizons, study.network.layers) == (3, (6, 9), 2)
    assert study.network.cell == "lstm"


def test_a_path_may_be_given_as_text(tmp_path: Path) -> None:
    assert load_config(Study, str(write(tmp_path, "epochs: 4"))).epochs == 4


def test_an_empty_file_means_all_defaults(tmp_path: Path) -> None:
    assert load_config(Study, write(tmp_path, "# nothing\n")) == Study()


def test_settings_cannot_be_changed_after_loading() -> None:
    study = load_config(Study, {})
    with pytest.raises(ValidationError, match="frozen"):
        study.epochs = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 0.001), ("2E+1", 20.0), ("-1e2", -100.0), ("3", 3.0)]
)
def test_exponents_without_a_dot_are_numbers(tmp_path: Path, text: str, value: float) -> None:
    assert load_config(Study, write(tmp_path, f"rate: {text}\nhigh: 1e9\n")).rate == value


def test_overrides_win_and_are_read_as_yaml() -> None:
    changes = ["network.layers=3", "horizons=[1, 2]", "rate=1e-2", "network.cell=gru"]
    study = load_config(Study, {"epochs": 2, "network": {"layers": 1}}, changes)
    assert (study.epochs, study.network, study.horizons, study.rate) == (
        2,
        Network(layers=3, cell="gru"),
        (1, 2),
        0.01,
    )


def test_overrides_leave_the_given_mapping_alone() -> None:
    given = {"network": {"layers": 1}}
    load_config(Study, given, ["network.layers=2"])
    assert given == {"network": {"layers": 1}}


def test_an_unknown_key_lists_the_known_ones_and_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "epoch: 3\n")
    assert message_of(path) == (
        f"{path}: epoch: unknown key (did you mean 'epochs'?); "
        "known keys: epochs, rate, horizons, network, extras, low, high"
    )


def test_an_unknown_key_in_a_group_lists_the_keys_of_the_group() -> None:
    text = message_of({"network": {"wings": 2}})
    assert text == "settings: network.wings: unknown key; known keys: layers, cell"


def test_an_unknown_key_in_a_mapping_of_groups_lists_their_keys() -> None:
    assert message_of({"extras": {"a": {"wings": 2}}}).endswith("known keys: layers, cell")


def test_text_is_not_taken_for_a_number() -> None:
    assert message_of({"epochs": "3"}) == "settings: epochs: expected a valid integer, got '3'"


def test_a_value_out_of_range_says_the_range() -> None:
    assert message_of({"epochs": 0}) == "settings: epochs: expected greater than 0, got 0"


def test_several_mistakes_are_told_at_once() -> None:
    text = message_of({"epochs": 0, "network": {"layers": "x"}})
    assert "epochs" in text
    assert "network.layers" in text


def test_a_rule_over_two_keys_speaks_for_itself() -> None:
    assert (
        message_of({"low": 2.0}) == "settings: the whole: expected low below high, got 2.0 and 1.0"
    )


def test_a_bad_override_is_named_as_one() -> None:
    text = message_of({}, ("network.layers=zero",))
    assert text == "settings: override network.layers: expected a valid integer, got 'zero'"


@pytest.mark.parametrize("text", ["epochs", "=3", "network..layers=1"])
def test_an_override_needs_a_key_and_a_value(text: str) -> None:
    assert "expected key=value" in message_of({}, (text,))


def test_an_override_that_is_not_yaml_is_refused() -> None:
    assert "not valid YAML" in message_of({}, ("horizons=[1",))


def test_an_override_cannot_go_below_a_value() -> None:
    assert "epochs holds the value 3" in message_of({"epochs": 3}, ("epochs.x=1",))


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match="name: this key is needed"):
        load_config(Needy, {})


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = message_of(write(tmp_path, "epochs: 1\nrate: 1.0\nepochs: 2\n"))
    assert "line 3: key 'epochs' stands twice" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [("a: [1", "not valid YAML"), ("- 1\n- 2\n", "expected keys and values, got a list")],
)
def test_a_file_that_holds_no_settings_is_refused(
    tmp_path: Path, content: str, expected: str
) -> None:
    assert expected in message_of(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert message_of(tmp_path / "none.yaml").endswith("none.yaml: no such settings file")


def test_an_unknown_shipped_name_lists_the_shipped_ones() -> None:
    text = message_of("serch_space")
    assert "did you mean 'search_space'?" in text
    assert all(name in text for name in shipped_configs())
