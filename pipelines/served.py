"""Which model this process answers with: the one packed into its Bento, else the champion."""

from __future__ import annotations

from pathlib import Path

import yaml

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.registry import (
    FUND_SHARPE,
    METADATA_FILE,
    StoredModel,
    champion_version,
    get_model,
    read_model,
)


def served_model(name: str = FUND_SHARPE) -> StoredModel:
    """The model to answer with: inside a Bento the packaged one, else the champion.

    Raises ArtefactError when there is none.
    """
    bento = enclosing_bento()
    if bento is None:
        if champion_version(name) is None:
            raise ArtefactError(
                f"no champion of {name!r} in {halyard_home()}: `halyard serve` trains one, or "
                f"choose a version with `halyard models promote {name}:<version>`"
            )
        return get_model(name)
    return _packaged_model(bento, name)


def _packaged_model(bento: Path, name: str) -> StoredModel:
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
    raise ArtefactError(
        f"Bento {bento}: model {name}:{versions[0] if versions else '?'} is neither in it nor "
        "in its store; import the exported Bento, or build it again with `halyard package`"
    )


def enclosing_bento() -> Path | None:
    """The Bento that this file was packed into: <bento>/src/pipelines/served.py."""
    source = Path(__file__).resolve().parents[1]
    bento = source.parent
    return bento if source.name == "src" and (bento / "bento.yaml").is_file() else None
