"""Versions in BentoML's model store: saved once, found by version or alias, never changed.

A version is made aside and put in place by one rename, so that a crash leaves none or a
whole one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.provenance import provenance
from pipelines.registry_aliases import ALIASES, CHAMPION, alias_version
from pipelines.registry_audit import user_name
from pipelines.registry_version import (
    METADATA_FILE,
    STATE_FOLDER,
    StoredModel,
    files_below,
    is_word,
    read_model,
    seal,
    to_json,
    verify,
)

if TYPE_CHECKING:
    from bentoml._internal.models import ModelStore

    from models.contract import State

FUND_SHARPE = "fund-sharpe"
THERMOSPHERE_DENSITY = "thermosphere-density"
#: What satellites correct of it: optional; metadata config "emulator" is the tag that it is of.
DENSITY_CORRECTION = "density-correction"
DENSITY_ASSIMILATION = "density-assimilation"
NAMES = (FUND_SHARPE, THERMOSPHERE_DENSITY, DENSITY_CORRECTION, DENSITY_ASSIMILATION)
LATEST = "latest"
#: Age in seconds at which what a crash left aside is removed.
_STALE = 86_400.0


def bentoml_home() -> Path:
    """Folder that BentoML's command line must be given as BENTOML_HOME."""
    return halyard_home() / "bentoml"


def model_folder(name: str, version: str) -> Path:
    """Where a version lies."""
    return bentoml_home() / "models" / name / version


def save_model(
    name: str,
    state: State,
    sample: Mapping[str, Any],
    *,
    metrics: Mapping[str, Any],
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    seed: int,
    parent: str | None = None,
    study: str | None = None,
    run: str | None = None,
) -> StoredModel:
    """Store a fitted model as a new version; the champion stays who it was.

    sample   inputs and outputs that a server repeats before it answers (warm_up.Sample)
    metrics  scores on data that were not trained on, by name
    data     "hash", "first" and "last" period, and whatever else tells the data apart
    parent   tag of the version that it is meant to replace; None: the champion, if any
    study    name of the tuning study that its settings come from
    run      of the retraining that made it; `saved_by` finds it again

    All of it must be JSON-able. Raises ArtefactError when it is not.
    """
    about: dict[str, Any] = {
        "metrics": dict(metrics),
        "config": dict(config),
        "data": dict(data),
        "seed": seed,
        "sample": dict(sample),
        "parent": parent or _champion_tag(name),
        "study": study,
        "run": run,
        "user": user_name(),
        **provenance(),
    }
    # Before anything is written.
    to_json(about, name)
    with staging() as aside:
        folder = _create(name, state, aside)
        seal(folder, about)
        return put_in_place(folder)


def _create(name: str, state: State, aside: Path) -> Path:
    """Let BentoML make a version in a store of its own."""
    import bentoml
    from bentoml._internal.models import ModelStore

    from pipelines.artefacts import save_state

    with bentoml.models.create(name, _model_store=ModelStore(aside)) as created:
        save_state(state, Path(created.path) / STATE_FOLDER)
    return aside / name / str(created.tag.version)


@contextmanager
def staging() -> Iterator[Path]:
    """A folder on the disk of the store in which a version can be made."""
    parent = bentoml_home() / "staging"
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


def put_in_place(folder: Path) -> StoredModel:
    """Move a sealed version from staging/<name>/<version> into the store, by one rename."""
    from pipelines.atomic import flush_folder, write_text

    model = read_model(folder)
    final = model_folder(model.name, model.version)
    for relative in files_below(folder):
        with (folder / relative).open("rb") as file:
            os.fsync(file.fileno())
    for inner in (folder / STATE_FOLDER, folder):
        flush_folder(inner)
    # BentoML makes folders that only their owner can read; a server may be another user.
    folder.chmod(0o755)
    final.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(final)
    flush_folder(final.parent)
    flush_folder(final.parent.parent)
    # BentoML's own note of the newest; it finds it again when this is lost.
    write_text(final.parent / LATEST, list_models(model.name)[-1].version)
    return read_model(final)


def get_model(name: str = FUND_SHARPE, version: str = CHAMPION) -> StoredModel:
    """Find a version; champion, challenger, previous and latest stand for one.

    Raises ArtefactError.
    """
    if not is_word(name):
        raise ArtefactError(f"no model can be called {name!r}; there are: {', '.join(NAMES)}")
    wanted = alias_version(name, version) if version in ALIASES else version
    if version == LATEST:
        known = list_models(name)
        wanted = known[-1].version if known else None
    if wanted is not None and is_word(wanted):
        folder = model_folder(name, wanted)
        if (folder / METADATA_FILE).is_file():
            return read_model(folder)
    raise _not_found(name, version, wanted)


def find_model(which: str, name: str = FUND_SHARPE) -> StoredModel:
    """The version that a text means: NAME@ALIAS, NAME:VERSION, NAME, ALIAS or VERSION.

    name   what is meant when the text names none
    A name alone means its champion; "@" and ":" mean the same. Raises ArtefactError.
    """
    if which in {*NAMES, *_stored_names()}:
        return get_model(which)
    cut = max(which.rfind("@"), which.rfind(":"))
    return get_model(which[: max(cut, 0)] or name, which[cut + 1 :])


def find_version(name: str, which: str) -> StoredModel:
    """The same, where only versions of one name will do. Raises ArtefactError."""
    found = find_model(which, name)
    if found.name != name:
        raise ArtefactError(f"{which}: expected a version of {name!r}, got one of {found.name!r}")
    return found


def list_models(name: str | None = None) -> list[StoredModel]:
    """All versions that can be read, or those of one name, oldest first."""
    return _scan(name)[0]


def saved_by(name: str, run: str) -> StoredModel | None:
    """The version that a run of retraining saved, so that a resumed one saves no second."""
    found = [model for model in list_models(name) if model.metadata.get("run") == run]
    return found[0] if found else None


def damaged_models(name: str | None = None) -> list[str]:
    """What is wrong with the versions that cannot be read, one line each."""
    return _scan(name)[1]


def publish(model: StoredModel) -> None:
    """Copy a version into the store of the running BentoML, where a build looks for it."""
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.models import copy_model

    active = BentoMLContainer.model_store.get()
    copied = Path(active._path) / model.name / model.version
    if copied.is_dir() and copied.resolve() != model.folder.resolve():
        _drop_unless_whole(copied)
    copy_model(model.tag, src_model_store=_store(), target_model_store=active)


def _drop_unless_whole(copied: Path) -> None:
    # BentoML copies file by file and takes the rest of a killed copy for a model.
    try:
        verify(read_model(copied))
    except ArtefactError:
        shutil.rmtree(copied)


def _store() -> ModelStore:
    # The store is named, not taken from the environment: BENTOML_HOME is read once, when
    # BentoML loads, and a process that BentoML started has its own.
    from bentoml._internal.models import ModelStore

    folder = bentoml_home() / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return ModelStore(folder)


def _scan(name: str | None) -> tuple[list[StoredModel], list[str]]:
    found, damaged = [], []
    for file in sorted((bentoml_home() / "models").glob(f"{name or '*'}/*/{METADATA_FILE}")):
        try:
            found.append(read_model(file.parent))
        except ArtefactError as error:
            damaged.append(str(error))
    return sorted(found, key=lambda model: (model.name, str(model.metadata["created"]))), damaged


def _stored_names() -> set[str]:
    models = bentoml_home() / "models"
    return {folder.name for folder in models.iterdir()} if models.is_dir() else set()


def _champion_tag(name: str) -> str | None:
    try:
        version = alias_version(name, CHAMPION)
    except ArtefactError:
        # What was trained for an hour is not lost for a damaged alias file.
        return None
    return None if version is None else f"{name}:{version}"


def _not_found(name: str, version: str, wanted: str | None) -> ArtefactError:
    known = list_models(name)
    if not known:
        return ArtefactError(
            f"no model {name!r} in {halyard_home()}: train one with `halyard train {name}`, "
            "or set HALYARD_HOME to the folder that holds it"
        )
    listed = ", ".join(model.version for model in known)
    if wanted is None:
        verb = "challenge" if version == "challenger" else "promote"
        return ArtefactError(
            f"no {version} of {name!r} yet; choose one with `halyard models {verb} "
            f"{name}:<version>`; there are: {listed}"
        )
    return ArtefactError(f"no version {wanted!r} of model {name!r}; there are: {listed}")
