"""Strict settings straight into the frozen dataclasses that `models` are built from.

`models` know nothing of pydantic; here each dataclass gets a strict twin, made from
its fields, so that no list of settings is written down twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, create_model
from pydantic import Field as SettingsField

from pipelines.config import StrictModel, load_config

ConfigT = TypeVar("ConfigT")


def load_dataclass(
    config_type: type[ConfigT],
    source: str | Path | Mapping[str, Any],
    overrides: Iterable[str] = (),
) -> ConfigT:
    """Read settings as `load_config` does, into a dataclass (nested ones included).

    Raises ConfigError for a missing file, bad YAML, an unknown key or a bad value.
    """
    settings = load_config(strict_twin(config_type), source, overrides)
    built: ConfigT = _build(config_type, settings)
    return built


def strict_twin(config_type: type[Any]) -> type[StrictModel]:
    """Return the pydantic model with the fields, types and defaults of a dataclass."""
    hints = get_type_hints(config_type)
    definitions: dict[str, Any] = {}
    for item in fields(config_type):
        hint = hints[item.name]
        if is_dataclass(hint) and isinstance(hint, type):
            group = strict_twin(hint)
            definitions[item.name] = (group, _group_default(item, group))
        else:
            definitions[item.name] = (hint, _default(item))
    twin: type[StrictModel] = create_model(
        config_type.__name__, __base__=StrictModel, **definitions
    )
    return twin


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    if item.default_factory is not MISSING:
        return SettingsField(default_factory=item.default_factory)
    return ...


def _group_default(item: Field[Any], twin: type[StrictModel]) -> Any:
    """The dataclass's own default for a group of settings, as the group's strict twin."""
    if item.default is MISSING and item.default_factory is MISSING:
        return ...

    def make() -> StrictModel:
        factory: Any = item.default_factory
        made: Any = item.default if factory is MISSING else factory()
        return twin.model_validate(asdict(made))

    return SettingsField(default_factory=make)


def _build(config_type: type[Any], settings: BaseModel) -> Any:
    hints = get_type_hints(config_type)
    values = {}
    for item in fields(config_type):
        value = getattr(settings, item.name)
        values[item.name] = (
            _build(hints[item.name], value) if isinstance(value, BaseModel) else value
        )
    return config_type(**values)
