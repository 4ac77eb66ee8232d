"""Models in folders: what comes back, and what is refused."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from models.contract import State
from models.errors import ArtefactError
from pipelines.artefacts import ARRAYS, MANIFEST, STATE, load_state, save_state


def nested() -> State:
    inner = State("inner", {"rate": 0.1}, {"w": np.arange(6, dtype=np.float32).reshape(2, 3)})
    other = State("inner", {"rate": 0.2}, {"w": np.array([True, False])})
    return State(
        "outer",
        {"names": ["a", "b"], "depth": {"x": None, "flag": True}, "count": 3},
        {"odd/name": np.array([1, 2], dtype=np.int64), "scalar": np.array(2.5)},
        {"first": inner, "../second": State("middle", {}, {}, {"deep": other})},
    )


def saved(folder: Path, state: State | None = None) -> Path:
    save_state(state or nested(), folder / "model")
    return folder / "model"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_same(first: State, second: State) -> None:
    assert (first.kind, first.config) == (second.kind, second.config)
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        assert array.dtype == second.arrays[name].dtype
        assert array.shape == second.arrays[name].shape
        assert array.tobytes() == second.arrays[name].tobytes()
    assert first.parts.keys() == second.parts.keys()
    for name, part in first.parts.items():
        assert_same(part, second.parts[name])


def test_a_model_with_parts_comes_back_bit_for_bit(tmp_path: Path) -> None:
    assert_same(load_state(saved(tmp_path)), nested())


def test_there_is_nothing_in_the_folder_but_the_model(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    assert names_in(folder) == sorted([STATE, ARRAYS, MANIFEST])
    assert names_in(tmp_path) == ["model"]
    assert folder.stat().st_mode & 0o055 == 0o055


def test_arrays_that_lie_otherwise_in_memory_come_back_right(tmp_path: Path) -> None:
    base = np.arange(12.0).reshape(3, 4)
    state = State("m", {}, {"turned": base.T, "strided": base[:, ::2], "big": base.astype(">f8")})
    arrays = load_state(saved(tmp_path, state)).arrays
    np.testing.assert_array_equal(arrays["turned"], base.T)
    np.testing.assert_array_equal(arrays["strided"], [[0, 2], [4, 6], [8, 10]])
    np.testing.assert_array_equal(arrays["big"], base)


def test_numbers_that_json_lacks_come_back(tmp_path: Path) -> None:
    state = State("m", {"a": math.nan, "b": [math.inf, -math.inf], "c": np.float64(0.1)})
    folder = saved(tmp_path, state)
    config = load_state(folder).config
    assert math.isnan(config["a"])
    assert config["b"] == [math.inf, -math.inf]
    assert config["c"] == 0.1
    assert "NaN" not in (folder / STATE).read_text("utf-8")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State("m", {"a": [{"b": object()}]}), r"m: config\.a\[0\]\.b: object cannot be stored"),
        (State("m", {1: 2}), r"m: config: dict cannot be stored"),  # type: ignore[dict-item]
        (State("m", {"a": {"$float": "nan"}}), r"m: config\.a: dict cannot be stored"),
        (State("m", {"a": np.zeros(2)}), r"config\.a: ndarray cannot be stored.*among the arrays"),
        (State("m", {}, {"t": np.array(["x"])}), r"m: array 't' has type <U1"),
        (
            State("m", {}, {}, {"p": State("n", {}, {"o": np.array([None])})}),
            r"m/p: array 'o' has type object",
        ),
    ],
)
def test_what_cannot_be_stored_is_named_and_leaves_no_trace(
    tmp_path: Path, state: State, message: str
) -> None:
    with pytest.raises(ArtefactError, match=message):
        saved(tmp_path, state)
    assert not names_in(tmp_path)


def test_a_folder_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    with pytest.raises(ArtefactError, match="expected an empty place for a model"):
        save_state(nested(), folder)
    assert_same(load_state(folder), nested())


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert load_state(saved(tmp_path)).kind == "outer"


def test_a_crash_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        saved(tmp_path)
    assert not names_in(tmp_path)


@pytest.mark.parametrize("name", [STATE, ARRAYS])
def test_one_changed_bit_is_noticed(tmp_path: Path, name: str) -> None:
    file = saved(tmp_path) / name
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ArtefactError, match=f"{name}: not the file that was saved"):
        load_state(file.parent)


@pytest.mark.parametrize("name", [STATE, ARRAYS, MANIFEST])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ArtefactError, match=f"{name}: file is missing"):
        load_state(folder)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / "model.pkl").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"model\.pkl: not part of the saved model"):
        load_state(folder)


def test_a_place_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no such model folder"):
        load_state(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("not json", "not a manifest of a model"),
        ("[]", "not a manifest of a model"),
        ('{"format": 2, "sha256": {}}', "format 2 is newer than 1.*upgrade halyard"),
        ('{"format": 1, "sha256": {"../../x": "0"}}', "expected the files"),
    ],
)
def test_a_wrong_manifest_is_said(tmp_path: Path, manifest: str, message: str) -> None:
    folder = saved(tmp_path)
    (folder / MANIFEST).write_text(manifest, "utf-8")
    with pytest.raises(ArtefactError, match=message):
        load_state(folder)


@pytest.mark.parametrize(
    ("state", "arrays"),
    [
        ({"kind": "m"}, save({})),
        ({"kind": "m", "config": {}, "arrays": {"w": "0"}, "parts": {}}, save({})),
        ({"kind": "m", "config": {}, "arrays": {}, "parts": {}}, b"not safetensors"),
        (["m"], save({})),
    ],
)
def test_well_signed_nonsense_is_refused(tmp_path: Path, state: Any, arrays: bytes) -> None:
    contents = {STATE: json.dumps(state).encode(), ARRAYS: arrays}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1, "sha256": digests}), "utf-8")
    with pytest.raises(ArtefactError, match="not a readable model"):
        load_state(tmp_path)
