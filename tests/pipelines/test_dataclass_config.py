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


@dataclass(frozen=True)
class Special:
    inner: Inner = field(default_factory=lambda: Inner(rate=0.9))
    fixed: Inner = Inner(sizes=(7,))


def test_a_group_may_have_other_defaults_than_its_class() -> None:
    assert load_dataclass(Special, {}) == Special()


@dataclass(frozen=True)
class Needy:
    inner: Inner


def test_a_group_without_default_must_be_given() -> None:
    with pytest.raises(ConfigError, match="inner: this key is needed"):
        load_dataclass(Needy, {})
