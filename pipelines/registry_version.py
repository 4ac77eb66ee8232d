"""One stored version on disk: read, checked, and refused when it is not what was saved.

::

    metadata.json     what it was trained on and with, and the sha256 of every other file
    metadata.sha256   of metadata.json, as `sha256sum --check` reads it
    model.yaml        BentoML's description
    state/            the model, by pipelines.artefacts

Versions of format 1 have no metadata.sha256; they are still read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ArtefactError

if TYPE_CHECKING:
    from models.contract import State

FORMAT = 2
_READ = (1, FORMAT)
METADATA_FILE, SEAL_FILE, BENTOML_FILE = "metadata.json", "metadata.sha256", "model.yaml"
STATE_FOLDER = "state"
#: BentoML's rule. Names and versions become folders, so nothing else may pass.
_WORD = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class StoredModel:
    """One version of a model: where it lies, and what is known of it."""

    name: str
    version: str
    folder: Path
    metadata: Mapping[str, Any]

    @property
    def tag(self) -> str:
        return f"{self.name}:{self.version}"


def is_word(text: str) -> bool:
    """Whether a text can be the name or the version of a model."""
    return _WORD.fullmatch(text) is not None


def read_model(folder: Path) -> StoredModel:
    """Describe the version that lies in <name>/<version>. Raises ArtefactError.

    Its metadata are checked here, its other files by `verify`.
    """
    file = folder / METADATA_FILE
    try:
        raw = file.read_bytes()
        about = json.loads(raw)
        found = about["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{file}: damaged; restore it or train again") from error
    if found not in _READ:
        raise ArtefactError(
            f"{folder}: stored in format {found}, this version reads "
            f"{' and '.join(map(str, _READ))}; train it again or upgrade halyard"
        )
    model = StoredModel(folder.parent.name, folder.name, folder, about)
    if found >= FORMAT:
        _check_seal(model, raw)
    return model


def verify(model: StoredModel) -> None:
    """Compare every file's sha256 with the one stored. Raises ArtefactError at the first.

    A file that was not saved with the model is refused too.
    """
    # Read again: what lies there now counts, not what was read some time ago.
    files = read_model(model.folder).metadata["files"]
    for relative, expected in files.items():
        path = model.folder / relative
        if not path.is_file():
            raise ArtefactError(f"model {model.tag}: file {path} is missing; train it again")
        if sha256(path) != expected:
            raise ArtefactError(
                f"model {model.tag}: file {path} is not the one that was saved (its sha256 "
                "differs); restore it or train again"
            )
    known = {*files, METADATA_FILE, SEAL_FILE, BENTOML_FILE}
    for relative in files_below(model.folder):
        if relative not in known:
            raise ArtefactError(
                f"model {model.tag}: file {model.folder / relative} was not saved with it; "
                "remove it"
            )


def load_state(model: StoredModel) -> State:
    """Read a stored model after checking every file. Raises ArtefactError."""
    from pipelines.artefacts import load_state as read_state

    verify(model)
    return read_state(model.folder / STATE_FOLDER)


def seal(folder: Path, about: Mapping[str, Any]) -> None:
    """Write metadata of the version in <name>/<version>, with the sha256 of all its files.

    Raises ArtefactError for metadata that JSON cannot hold.
    """
    name, version = folder.parent.name, folder.name
    files = {relative: sha256(folder / relative) for relative in files_below(folder)}
    sealed = {"format": FORMAT, "name": name, "version": version, **about, "files": files}
    text = to_json(sealed, f"{name}:{version}")
    (folder / METADATA_FILE).write_text(text, "utf-8")
    (folder / SEAL_FILE).write_text(f"{sha256(folder / METADATA_FILE)}  {METADATA_FILE}\n", "utf-8")


def digest(model: StoredModel) -> str:
    """One sha256 that stands for the whole version: that of its metadata."""
    return sha256(model.folder / METADATA_FILE)


def files_below(folder: Path) -> list[str]:
    """Relative paths of what lies in a folder, other than folders; sorted."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def sha256(path: Path) -> str:
    """Digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_json(about: Mapping[str, Any], tag: str) -> str:
    """Metadata as strict JSON. Raises ArtefactError."""
    try:
        return json.dumps(about, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ArtefactError(
            f"model {tag}: its metadata must be JSON without NaN: {error}"
        ) from error


def _check_seal(model: StoredModel, raw: bytes) -> None:
    """Raise ArtefactError unless the metadata are those saved, of this name and version."""
    file = model.folder / SEAL_FILE
    expected = file.read_text("utf-8").split()[:1] if file.is_file() else []
    if expected != [hashlib.sha256(raw).hexdigest()]:
        raise ArtefactError(
            f"model {model.tag}: {model.folder / METADATA_FILE} is not the one that was saved "
            f"(its sha256 is not in {SEAL_FILE}); restore both or train again"
        )
    inside = f"{model.metadata.get('name')}:{model.metadata.get('version')}"
    if inside != model.tag:
        raise ArtefactError(f"{model.folder}: holds {inside}, not {model.tag}; move it back")
