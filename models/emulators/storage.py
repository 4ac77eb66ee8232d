"""The stored form of a fitted emulator."""

from __future__ import annotations

import numpy as np

from models.contract import State
from models.emulators.activity_width import ActivityWidth
from models.emulators.catalogue import restore
from models.emulators.emulator import DensityEmulator
from models.emulators.grid import Grid
from models.emulators.log_density import Shape
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ArtefactError, ConfigError
from models.transforms.principal_components import PrincipalComponents

KIND = "density_emulator"


def to_state(emulator: DensityEmulator) -> State:
    """Everything that `from_state` needs."""
    return State(
        kind=KIND,
        config={
            "local_time": list(emulator.grid.local_time),
            "latitude": list(emulator.grid.latitude),
            "height": list(emulator.grid.height),
            "feature_set": emulator.feature_set,
            "lookback": emulator.lookback,
            "horizon": emulator.horizon,
            "label": emulator.label,
        },
        arrays={
            **{f"components.{n}": value for n, value in emulator.components.arrays().items()},
            "limits": emulator.limits,
            "shape": emulator.shape.quantiles,
            "width": emulator.width.coefficients,
        },
        parts={"ensemble": emulator.ensemble.state()}
        | ({"left_out": emulator.left_out.state()} if emulator.left_out else {}),
    )


def from_state(state: State) -> DensityEmulator:
    """Inverse of `to_state`. Raises ArtefactError when a part is missing or does not fit."""
    if state.kind != KIND:
        raise ArtefactError(f"expected a stored {KIND!r}, got {state.kind!r}")
    try:
        config = state.config
        grid = Grid(tuple(config["local_time"]), tuple(config["latitude"]), tuple(config["height"]))
        components = PrincipalComponents.from_arrays(
            {
                name.removeprefix("components."): value
                for name, value in state.arrays.items()
                if name.startswith("components.")
            }
        )
        return DensityEmulator(
            grid,
            components,
            RolloutEnsemble.from_state(state.parts["ensemble"], restore),
            str(config["feature_set"]),
            int(config["lookback"]),
            int(config["horizon"]),
            np.asarray(state.arrays["limits"]),
            Shape(np.asarray(state.arrays["shape"])),
            str(config["label"]),
            restore(state.parts["left_out"]) if "left_out" in state.parts else None,
            ActivityWidth(np.asarray(state.arrays["width"])),
        )
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise ArtefactError(f"stored density emulator is not complete: {error}") from error
