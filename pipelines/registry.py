"""The store of trained models: every version is kept, and one of each name is the champion.

Choose it whenever a model outlives its process. A version is a folder in BentoML's
model store, never changed after it is saved::

    $HALYARD_HOME/bentoml/models/fund-sharpe/<version>/
        state/              the model, by pipelines.artefacts: safetensors and JSON
        metadata.json       what it was trained on and with, a sample forecast, sha256 of all files
        metadata.sha256     sha256 of metadata.json
    $HALYARD_HOME/aliases/fund-sharpe.json          {"champion": "<version>", ...}
    $HALYARD_HOME/aliases/fund-sharpe.audit.jsonl   who changed that, when and why

This is the front door; callers need no other file of the registry:

registry_version     one version on disk, and whether it is still what was saved
registry_store       save and find versions; the only one, with registry_transfer, to know BentoML
registry_aliases     champion, challenger and previous
registry_audit       the log of their changes
registry_promotion   promote, challenge, roll back, through any crash
registry_transfer    a version as one file, to another machine and back
"""

from __future__ import annotations

from pipelines.registry_aliases import (
    ALIASES,
    CHALLENGER,
    CHAMPION,
    PREVIOUS,
    alias_version,
    aliases,
)
from pipelines.registry_promotion import audit_records, challenge, promote, rollback
from pipelines.registry_store import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    LATEST,
    NAMES,
    THERMOSPHERE_DENSITY,
    bentoml_home,
    damaged_models,
    find_model,
    find_version,
    get_model,
    list_models,
    publish,
    save_model,
    saved_by,
)
from pipelines.registry_transfer import export_model, import_model
from pipelines.registry_version import (
    FORMAT,
    METADATA_FILE,
    StoredModel,
    load_state,
    read_model,
    verify,
)

__all__ = [
    "ALIASES",
    "CHALLENGER",
    "CHAMPION",
    "DENSITY_ASSIMILATION",
    "DENSITY_CORRECTION",
    "FORMAT",
    "FUND_SHARPE",
    "LATEST",
    "METADATA_FILE",
    "NAMES",
    "PREVIOUS",
    "THERMOSPHERE_DENSITY",
    "StoredModel",
    "alias_version",
    "aliases",
    "audit_records",
    "bentoml_home",
    "challenge",
    "champion_version",
    "damaged_models",
    "export_model",
    "find_model",
    "find_version",
    "get_model",
    "import_model",
    "list_models",
    "load_state",
    "promote",
    "publish",
    "read_model",
    "rollback",
    "save_model",
    "saved_by",
    "verify",
]


def champion_version(name: str = FUND_SHARPE) -> str | None:
    """Version of the champion, None when there is none. Raises ArtefactError."""
    return alias_version(name, CHAMPION)
