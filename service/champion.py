"""From a stored model to one that answers: read, checked, warmed up."""

from __future__ import annotations

from pipelines.registry import StoredModel, load_state
from pipelines.warm_up import Sample
from service.predictor import Predictor


def load_predictor(stored: StoredModel) -> Predictor:
    """Read a stored model and repeat its sample forecast. Raises ArtefactError."""
    # Imported here: torch must load in the workers alone, not in BentoML's parent.
    from models.fund_sharpe import from_state

    model = from_state(load_state(stored))
    Sample.from_json(stored.metadata["sample"]).repeat(model)
    return Predictor(model, stored.name, stored.version, stored.metadata)
