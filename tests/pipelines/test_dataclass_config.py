"""Settings for dataclasses are as strict as any other settings."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from models.errors import ConfigError
from pipelines.dataclass_config import load_dataclass


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    sizes: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    tags: tuple[str, ...] = field(default_factory=lambda: ("a",))


def test_groups_and_defaults_become_dataclasses() -> None:
    read = load_dataclass(Outer, {"name": "x", "inner": {"sizes": [3]}}, ["inner.rate=0.5"])
    assert read == Outer("x", Inner(0.5, (3,)), ("a",))


def test_without_the_group_its_defaults_hold() -> None:
    assert load_dataclass(Outer, {"name": "x"}).inner == Inner()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "name: this key is needed"),
        ({"name": "x", "inner": {"rat": 1.0}}, "inner.rat: unknown key"),
        ({"name": "x", "inner": {"rate": "fast"}}, "inner.rate: expected a valid number"),
    ],
)
def test_bad_settings_name_the_key(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_dataclass(Outer, data)
