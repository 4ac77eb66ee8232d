"""Other versions of a stored model: they load and answer, with numbers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models.contract import State
from pipelines import registry
from pipelines.registry import StoredModel
from pipelines.warm_up import Sample
from pipelines.warm_up_density import DensitySample

#: The arrays that a shift is added to: what networks put out, and the mean log10 density.
SHIFTED = {
    registry.FUND_SHARPE: "weights.network.output.bias",
    registry.THERMOSPHERE_DENSITY: "components.mean",
}


def shifted(state: State, array: str, by: float) -> State:
    """The same model with a number added to an array, in all its parts."""
    arrays = {
        name: np.asarray(values + by, values.dtype) if name == array else values
        for name, values in state.arrays.items()
    }
    parts = {name: shifted(part, array, by) for name, part in state.parts.items()}
    return replace(state, arrays=arrays, parts=parts)


def store_variant(
    stored: StoredModel, by: float, *, sample_off: float = 0.0, **settings: Any
) -> StoredModel:
    """Store a version that answers something else, in the home of the moment.

    sample_off   added to its recorded sample, so that it cannot be repeated
    settings     that it claims to have been trained with
    """
    state = shifted(registry.load_state(stored), SHIFTED[stored.name], by)
    sample = dict(recorded(stored, state))
    sample["mean"] = (np.asarray(sample["mean"]) + sample_off).tolist()
    if settings:
        claimed = {**state.config["settings"], **settings}
        state = replace(state, config={**state.config, "settings": claimed})
    about = stored.metadata
    return registry.save_model(
        stored.name,
        state,
        sample,
        metrics=about["metrics"],
        config=about["config"],
        data=about["data"],
        seed=about["seed"],
    )


def recorded(stored: StoredModel, state: State) -> Mapping[str, Any]:
    """The sample of a stored model, answered by another state."""
    from models import fund_sharpe
    from models.emulators import storage

    before = stored.metadata["sample"]
    if stored.name == registry.FUND_SHARPE:
        asked = Sample.from_json(before)
        model = fund_sharpe.from_state(state)
        return Sample.record(model, asked.excess, asked.last_period).to_json()
    drivers = DensitySample.from_json(before).drivers
    return DensitySample.record(storage.from_state(state), drivers).to_json()


def tamper(stored: StoredModel) -> None:
    """Change one bit of its arrays on disk."""
    file = min(stored.folder.glob("state/*.safetensors"))
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
