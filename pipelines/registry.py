"""The store of trained models: every version is kept, and one of each name is the champion.

Choose it whenever a model outlives its process. A version is a folder in BentoML's
model store, never changed after it is saved::

    $HALYARD_HOME/bentoml/models/fund-sharpe/<version>/
        state/          the model, by pipelines.artefacts: safetensors and JSON
        metadata.json   what it was trained on and with, a sample forecast, sha256 of the state
    $HALYARD_HOME/aliases/fund-sharpe.json    {"champion": "<version>"}

This is the only file below `service/` that knows BentoML.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.provenance import provenance

if TYPE_CHECKING:
    from bentoml._internal.models import ModelStore

    from models.contract import State

FUND_SHARPE = "fund-sharpe"
THERMOSPHERE_DENSITY = "thermosphere-density"
#: What satellites correct of it: optional; metadata config "emulator" is the tag that it is of.
DENSITY_CORRECTION = "density-correction"
DENSITY_ASSIMILATION = "density-assimilation"
#: Version names that stand for another: the one that is served, the newest one.
CHAMPION, LATEST = "champion", "latest"
FORMAT = 1
METADATA_FILE = "metadata.json"
_STATE = "state"


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


def bentoml_home() -> Path:
    """Folder that BentoML's command line must be given as BENTOML_HOME."""
    return halyard_home() / "bentoml"


def save_model(
    name: str,
    state: State,
    sample: Mapping[str, Any],
    *,
    metrics: Mapping[str, Any],
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    seed: int,
) -> StoredModel:
    """Store a fitted model as a new version; the champion stays who it was.

    sample   inputs and outputs that a server repeats before it answers (warm_up.Sample)
    metrics  scores on data that were not trained on, by name
    data     "hash", "first" and "last" period, and whatever else tells the data apart

    All of it must be JSON-able. Raises ArtefactError when it is not.
    """
    import bentoml

    from pipelines.artefacts import save_state

    about: dict[str, Any] = {
        "format": FORMAT,
        "metrics": dict(metrics),
        "config": dict(config),
        "data": dict(data),
        "seed": seed,
        "sample": dict(sample),
    }
    with bentoml.models.create(name, _model_store=_store()) as created:
        folder = Path(created.path)
        save_state(state, folder / _STATE)
        about |= {**provenance(), "files": _digests(folder)}
        (folder / METADATA_FILE).write_text(_to_json(about, created.tag), "utf-8")
    return get_model(name, str(created.tag.version))


def get_model(name: str = FUND_SHARPE, version: str = CHAMPION) -> StoredModel:
    """Find a version; "champion" and "latest" stand for one. Raises ArtefactError."""
    known = list_models(name)
    wanted = champion_version(name) if version == CHAMPION else version
    if version == LATEST and known:
        wanted = known[-1].version
    for model in known:
        if model.version == wanted:
            return model
    if not known:
        raise ArtefactError(
            f"no model {name!r} in {halyard_home()}: train one with `halyard train {name}`, "
            "or set HALYARD_HOME to the folder that holds it"
        )
    listed = ", ".join(model.version for model in known)
    if wanted is None:
        raise ArtefactError(
            f"no champion of {name!r} yet; choose one with `halyard models promote "
            f"{name}:<version>`; there are: {listed}"
        )
    raise ArtefactError(f"no version {wanted!r} of model {name!r}; there are: {listed}")


def list_models(name: str | None = None) -> list[StoredModel]:
    """All versions, or those of one name, oldest first."""
    folders = (bentoml_home() / "models").glob(f"{name or '*'}/*/{METADATA_FILE}")
    found = [read_model(file.parent) for file in folders]
    return sorted(found, key=lambda model: (model.name, str(model.metadata["created"])))


def load_state(model: StoredModel) -> State:
    """Read a stored model after checking every file. Raises ArtefactError."""
    from pipelines.artefacts import load_state as read_state

    verify(model)
    return read_state(model.folder / _STATE)


def verify(model: StoredModel) -> None:
    """Compare every file's sha256 with the one stored. Raises ArtefactError at the first."""
    for relative, expected in model.metadata["files"].items():
        path = model.folder / relative
        if not path.is_file():
            raise ArtefactError(f"model {model.tag}: file {path} is missing; train it again")
        if _sha256(path) != expected:
            raise ArtefactError(
                f"model {model.tag}: file {path} is not the one that was saved (its sha256 "
                "differs); restore it or train again"
            )


def promote(model: StoredModel) -> None:
    """Make a version the champion of its name, in one atomic step."""
    from pipelines.atomic import write_text

    write_text(_alias_file(model.name), json.dumps({CHAMPION: model.version}))


def champion_version(name: str = FUND_SHARPE) -> str | None:
    """Version of the champion, None when there is none. Raises ArtefactError."""
    file = _alias_file(name)
    if not file.is_file():
        return None
    try:
        return str(json.loads(file.read_text("utf-8"))[CHAMPION])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            f'{file}: expected {{"{CHAMPION}": "<version>"}}; delete the file and promote again '
            f"with `halyard models promote {name}:<version>`"
        ) from error


def publish(model: StoredModel) -> None:
    """Copy a version into the store of the running BentoML, where a build looks for it."""
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.models import copy_model

    active = BentoMLContainer.model_store.get()
    copy_model(model.tag, src_model_store=_store(), target_model_store=active)


def _store() -> ModelStore:
    # The store is named, not taken from the environment: BENTOML_HOME is read once, when
    # BentoML loads, and a process that BentoML started has its own.
    from bentoml._internal.models import ModelStore

    folder = bentoml_home() / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return ModelStore(folder)


def _alias_file(name: str) -> Path:
    return halyard_home() / "aliases" / f"{name}.json"


def read_model(folder: Path) -> StoredModel:
    """Describe the version that lies in a folder. Raises ArtefactError."""
    try:
        about = json.loads((folder / METADATA_FILE).read_text("utf-8"))
        found = about["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            f"{folder / METADATA_FILE}: damaged; restore it or train again"
        ) from error
    if found != FORMAT:
        raise ArtefactError(
            f"{folder}: stored in format {found}, this version reads {FORMAT}; train it again"
        )
    return StoredModel(folder.parent.name, folder.name, folder, about)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in (folder / _STATE).rglob("*") if p.is_file())
    return {str(path.relative_to(folder)): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_json(about: Mapping[str, Any], tag: object) -> str:
    try:
        return json.dumps(about, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ArtefactError(
            f"model {tag}: its metadata must be JSON without NaN: {error}"
        ) from error
