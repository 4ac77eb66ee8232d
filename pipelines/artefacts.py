"""A fitted model in a folder: safetensors, JSON and a manifest. No code is stored or run.

::

    state.json          kind and configuration of the model and of its parts
    arrays.safetensors  every array, under a number that state.json gives
    manifest.json       format, and the sha256 of the two files above

The folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.contract import State
from models.errors import ArtefactError
from pipelines.atomic import flush_folder

FORMAT = 1
STATE, ARRAYS, MANIFEST = "state.json", "arrays.safetensors", "manifest.json"
#: JSON has no such numbers; they are stored as {_FLOAT: "nan"} and so on.
_FLOAT = "$float"
_DTYPES = frozenset("?bhilqBHILQefd")
Arrays = dict[str, npt.NDArray[Any]]


def save_state(state: State, folder: Path) -> None:
    """Write a model into `folder`, which must not exist or be empty.

    Tuples come back as lists. Raises ArtefactError for a value that is not JSON-able, an
    array of another type than numbers and booleans, or a folder that holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArtefactError(f"{folder}: expected an empty place for a model; remove what is there")
    arrays: Arrays = {}
    document = _to_json(_describe(state, arrays, state.kind))
    contents = {STATE: document, ARRAYS: save(arrays)}
    manifest = {"format": FORMAT, "sha256": {n: _digest(data) for n, data in contents.items()}}
    contents[MANIFEST] = _to_json(manifest)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in contents.items():
            _write(aside / name, data)
        # mkdtemp makes folders that only their owner can read; a server may be another user.
        aside.chmod(0o755)
        aside.replace(folder)
        flush_folder(folder.parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def load_state(folder: Path) -> State:
    """Read a model after checking every file.

    Raises ArtefactError when the folder is not a model, a file is missing, changed or not
    listed, or the format is a newer one.
    """
    contents = _verified(folder)
    try:
        arrays = load(contents[ARRAYS])
        return _rebuild(json.loads(contents[STATE]), arrays)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"{folder}: not a readable model ({error}); save it again") from error


def _verified(folder: Path) -> dict[str, bytes]:
    """The contents of the files that the manifest lists, each as it was saved."""
    if not folder.is_dir():
        raise ArtefactError(f"{folder}: no such model folder")
    digests = _read_manifest(folder / MANIFEST)
    extra = {path.name for path in folder.iterdir()} - digests.keys() - {MANIFEST}
    if extra:
        raise ArtefactError(f"{folder / min(extra)}: not part of the saved model; remove it")
    return {name: _verified_file(folder / name, digest) for name, digest in digests.items()}


def _read_manifest(file: Path) -> dict[str, str]:
    if not file.is_file():
        raise ArtefactError(f"{file}: file is missing; save the model again")
    try:
        manifest = json.loads(file.read_text("utf-8"))
        version, digests = int(manifest["format"]), dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{file}: not a manifest of a model ({error})") from error
    if version > FORMAT:
        raise ArtefactError(
            f"{file}: format {version} is newer than {FORMAT}, the newest known here; "
            "upgrade halyard"
        )
    if digests.keys() != {STATE, ARRAYS}:
        raise ArtefactError(f"{file}: expected the files {STATE}, {ARRAYS}, got {sorted(digests)}")
    return digests


def _verified_file(file: Path, digest: str) -> bytes:
    if not file.is_file():
        raise ArtefactError(f"{file}: file is missing; save the model again")
    data = file.read_bytes()
    if _digest(data) != digest:
        raise ArtefactError(
            f"{file}: not the file that was saved (its sha256 differs); restore it or save again"
        )
    return data


def _describe(state: State, arrays: Arrays, where: str) -> dict[str, Any]:
    """The state as JSON; its arrays are added to `arrays` under the next numbers."""
    keys = {}
    for name, array in state.arrays.items():
        if array.dtype.char not in _DTYPES:
            raise ArtefactError(
                f"{where}: array {name!r} has type {array.dtype}; only numbers and booleans "
                "are stored"
            )
        keys[name] = str(len(arrays))
        # safetensors writes memory as it lies: little-endian, C order.
        arrays[keys[name]] = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C")
    return {
        "kind": state.kind,
        "config": _encode(state.config, f"{where}: config"),
        "arrays": keys,
        "parts": {
            name: _describe(part, arrays, f"{where}/{name}") for name, part in state.parts.items()
        },
    }


def _rebuild(document: Mapping[str, Any], arrays: Arrays) -> State:
    return State(
        kind=str(document["kind"]),
        config=_decode(document["config"]),
        arrays={name: arrays[key] for name, key in document["arrays"].items()},
        parts={name: _rebuild(part, arrays) for name, part in document["parts"].items()},
    )


def _encode(value: Any, where: str) -> Any:
    """Make a value JSON-able; floats that JSON lacks are marked."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_FLOAT: str(float(value))}
    if isinstance(value, (list, tuple)):
        return [_encode(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping) and all(isinstance(k, str) and k != _FLOAT for k in value):
        return {key: _encode(item, f"{where}.{key}") for key, item in value.items()}
    raise ArtefactError(
        f"{where}: {type(value).__name__} cannot be stored; use numbers, texts, lists and "
        "mappings with text keys, and put arrays among the arrays"
    )


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_FLOAT}:
            return float(value[_FLOAT])
        return {key: _decode(item) for key, item in value.items()}
    return [_decode(item) for item in value] if isinstance(value, list) else value


def _to_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
