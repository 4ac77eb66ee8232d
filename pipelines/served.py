"""Which models this process answers with: those packed into its Bento, else the champions."""

from __future__ import annotations

from pathlib import Path

import yaml

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    METADATA_FILE,
    THERMOSPHERE_DENSITY,
    StoredModel,
    champion_version,
    get_model,
    read_model,
)

#: Names that the service answers for, and those that only go with the second.
SERVED = (FUND_SHARPE, THERMOSPHERE_DENSITY)
EXTRAS = (DENSITY_CORRECTION, DENSITY_ASSIMILATION)


def served_models() -> dict[str, StoredModel]:
    """The models to answer with, by name; a name without a model is left out.

    Raises ArtefactError when there is none at all, or one is not where it should be.
    """
    found = {stored.name: stored for stored in served_champions()}
    if not found:
        raise ArtefactError(
            f"no champion of {' or '.join(map(repr, SERVED))} in {halyard_home()}: `halyard "
            "serve` trains them, or choose versions with `halyard models promote`"
        )
    return found


def served_champions() -> list[StoredModel]:
    """The same, and none where there is none. Raises ArtefactError."""
    found = [model for name in SERVED if (model := served_model(name)) is not None]
    if any(model.name == THERMOSPHERE_DENSITY for model in found):
        found += [model for name in EXTRAS if (model := served_model(name)) is not None]
    return found


def served_model(name: str) -> StoredModel | None:
    """One model to answer with: inside a Bento the packaged one, else the champion, if any.

    Raises ArtefactError when it is not where it should be.
    """
    bento = enclosing_bento()
    if bento is not None:
        return _packaged_model(bento, name)
    return None if champion_version(name) is None else get_model(name)


def _packaged_model(bento: Path, name: str) -> StoredModel | None:
    document = yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))
    listed = [*document.get("models", ()), *(m for s in document["services"] for m in s["models"])]
    tags = {str(entry["tag"]) for entry in listed}
    versions = [tag.partition(":")[2] for tag in sorted(tags) if tag.startswith(f"{name}:")]
    for version in versions:
        # An exported or containerised Bento brings its models; one in a store shares them.
        for models in (bento / "models", bento / "../../../models"):
            folder = models / name / version
            if (folder / METADATA_FILE).is_file():
                return read_model(folder)
    if not versions:
        return None
    raise ArtefactError(
        f"Bento {bento}: model {name}:{versions[0]} is neither in it nor in its store; import "
        "the exported Bento, or build it again with `halyard package`"
    )


def enclosing_bento() -> Path | None:
    """The Bento that this file was packed into: <bento>/src/pipelines/served.py."""
    source = Path(__file__).resolve().parents[1]
    bento = source.parent
    return bento if source.name == "src" and (bento / "bento.yaml").is_file() else None
