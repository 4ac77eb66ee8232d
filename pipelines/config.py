"""Strict settings: YAML in, frozen pydantic models out.

Every settings class derives from `StrictModel`: an unknown key, a text where a number
belongs or a value out of range is a `ConfigError` that names file, key, what was
expected and what came. Shipped files lie in `pipelines/conf/`.

Example
-------
>>> from pipelines.config import StrictModel, load_config
>>> class Training(StrictModel):
...     epochs: int = 10
>>> load_config(Training, {"epochs": 3}, ["epochs=5"]).epochs
5
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import ConfigError

ModelT = TypeVar("ModelT", bound=BaseModel)
Location = tuple[int | str, ...]


class StrictModel(BaseModel):
    """Base of every settings class: frozen, no unknown keys, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def load_config(
    model_type: type[ModelT],
    source: str | Path | Mapping[str, Any],
    overrides: Iterable[str] = (),
) -> ModelT:
    """Read settings and check them.

    source     name of a shipped file ("search_space"), path of a YAML file (a `Path`, or
               a text that ends in .yaml or .yml), or a mapping
    overrides  "key=value" with a dotted key; the value is read as YAML

    Raises ConfigError for a missing file, bad YAML, an unknown key or a bad value.
    """
    label, data = _read(source)
    changes = [_parse_override(text) for text in overrides]
    for path, value in changes:
        _assign(data, path, value)
    try:
        # Through JSON, because strict validation accepts a list for a tuple only there.
        text = json.dumps(data, default=str)
        return model_type.model_validate_json(text, strict=True)
    except ValidationError as error:
        problems = [_describe(model_type, problem, changes) for problem in error.errors()]
        raise ConfigError(f"{label}: {'; '.join(problems)}") from error


def shipped_configs() -> tuple[str, ...]:
    """Names of the YAML files in `pipelines/conf/`, sorted."""
    folder = resources.files("pipelines.conf")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


def _read(source: str | Path | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the label for messages and the data as plain, private dictionaries."""
    if isinstance(source, Mapping):
        return "settings", json.loads(json.dumps(dict(source), default=str))
    if isinstance(source, Path) or source.endswith((".yaml", ".yml")):
        path = Path(source)
        if not path.is_file():
            raise ConfigError(f"{path}: no such settings file")
        return str(path), _parse(path.read_text("utf-8"), str(path))
    if source not in shipped_configs():
        names = shipped_configs()
        raise ConfigError(
            f"no shipped settings {source!r}{_nearest(source, names)}; "
            f"there are: {', '.join(names)} (or give the path of a .yaml file)"
        )
    label = f"{source}.yaml"
    return label, _parse(
        resources.files("pipelines.conf").joinpath(label).read_text("utf-8"), label
    )


class _Loader(yaml.SafeLoader):
    """SafeLoader without two traps: 1e-3 read as text, and repeated keys kept silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigError(f"line {line}: key {key!r} stands twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1 wants a dot and a signed exponent in a float; people write 1e-3.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"),
    list("-+0123456789"),
)


def _parse(text: str, label: str) -> dict[str, Any]:
    try:
        data = yaml.load(text, Loader=_Loader)
    except ConfigError as error:
        raise ConfigError(f"{label}: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{label}: not valid YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{label}: expected keys and values, got a {type(data).__name__}")
    return data


def _parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    key, separator, value = text.partition("=")
    path = tuple(key.strip().split("."))
    if not separator or not all(path):
        raise ConfigError(f"override {text!r}: expected key=value, for example training.epochs=5")
    try:
        return path, yaml.load(value, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"override {text!r}: the value is not valid YAML") from error


def _assign(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a dotted key; missing groups are made, and judged when the whole is checked."""
    here = data
    for depth, key in enumerate(path[:-1], start=1):
        below = here.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(
                f"override {'.'.join(path)}: {'.'.join(path[:depth])} holds the value "
                f"{below!r}, not a group of keys"
            )
        here = below
    here[path[-1]] = value


def _describe(
    model_type: type[BaseModel],
    problem: Mapping[str, Any],
    changes: list[tuple[tuple[str, ...], Any]],
) -> str:
    """Say one pydantic error in one sentence."""
    location: Location = problem["loc"]
    key = ".".join(map(str, location)) or "the whole"
    overridden = any(location[: len(path)] == path for path, _ in changes)
    where = f"override {key}" if overridden else key
    if problem["type"] == "extra_forbidden":
        known = _known_keys(model_type, location[:-1])
        hint = _nearest(str(location[-1]), known)
        return f"{where}: unknown key{hint}; known keys: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{where}: this key is needed and not there"
    if problem["type"] == "value_error":
        # Raised by a validator of ours, whose text says all there is to say.
        return f"{where}: {str(problem['msg']).removeprefix('Value error, ')}"
    message = str(problem["msg"]).removeprefix("Input should be ")
    return f"{where}: expected {message}, got {problem['input']!r}"


def _known_keys(model_type: type[BaseModel], location: Location) -> tuple[str, ...]:
    """Fields that may stand at a location; unions contribute the fields of every member."""
    candidates = [model_type]
    for step in location:
        below = [
            found
            for candidate in candidates
            if step in candidate.model_fields
            for found in _models_in(candidate.model_fields[str(step)].annotation)
        ]
        # A list index, a mapping key or the tag of a union: the classes stay the same.
        candidates = below or candidates
    return tuple(dict.fromkeys(name for c in candidates for name in c.model_fields))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _nearest(word: str, known: Iterable[str]) -> str:
    matches = get_close_matches(word, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
