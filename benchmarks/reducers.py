"""Components against autoencoders on density fields: what codes leave out, and forecasts in them.

    python benchmarks/reducers.py --snapshots fields --held-out 2003

Writes benchmarks/results/reducers.json and prints it as a table.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.contract import FloatArray
from models.emulators.catalogue import build
from models.emulators.features import features
from models.emulators.settings import DensityConfig
from models.forecasters.coding_settings import CodingConfig, JointConfig
from models.transforms.denoising_autoencoder import DenoisingAutoencoder
from models.transforms.principal_components import PrincipalComponents
from pipelines.atomic import write_atomic
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.density.store import SnapshotStore
from pipelines.thermosphere_density.fields import ReducedSeries, reduce_fields
from pipelines.thermosphere_density.opening import drivers_of
from pipelines.thermosphere_density.splits import Split, rollouts_within, split_hours
from pipelines.thermosphere_density.training import training_rollouts
from pipelines.thermosphere_density.tuning_losses import mape

RESULTS = Path(__file__).parent / "results" / "reducers.json"
CODES = (3, 5, 10)
#: Of the forecasts: length of the code, rollouts' passes, passes of joint training.
CODE, EPOCHS, JOINT, STEP = 10, 30, 15, 24


def static(series: ReducedSeries, split: Split, config: DensityConfig, code: int) -> dict[str, Any]:
    """RMS of log10 density that a code of this length leaves out, over cells and hours, without
    what all components leave out, by kind of hours; seconds of the fit."""
    train = series.state[split.train]
    begun = time.perf_counter()
    coder = DenoisingAutoencoder.fit(train, replace(config.autoencoder, code=code))
    found: dict[str, Any] = {"code": code, "seconds": time.perf_counter() - begun}
    kinds = {"training": split.train, "validation": split.valid, "held_out": split.held_out}
    for kind, hours in kinds.items():
        states = series.state[hours]
        few = np.where(np.arange(states.shape[1]) < code, states, train.mean(axis=0))
        restored = coder.decode(coder.encode(states))
        found[kind] = {"components": _rms(few, states), "autoencoder": _rms(restored, states)}
        for name in ("components", "autoencoder"):
            found[kind][name] /= np.sqrt(len(series.components.mean))
    return found


def _rms(found: FloatArray, states: FloatArray) -> float:
    """Root of the mean squared distance; the field's, as components are orthonormal."""
    return float(np.sqrt(((found - states) ** 2).sum(axis=1).mean()))


def forecasts(series: ReducedSeries, split: Split, config: DensityConfig) -> dict[str, float]:
    """MAPE of density in rollouts of five days through the year held out, by what is forecast."""
    recurrent = config.recurrent
    recurrent = replace(recurrent, training=replace(recurrent.training, epochs=EPOCHS))
    own = replace(config.autoencoder, code=CODE)
    ways: dict[str, tuple[ReducedSeries, CodingConfig | None]] = {
        f"{series.components.rank} components": (series, None),
        f"{CODE} components": (series.truncated(CODE), None),
        f"code of {CODE}": (series, CodingConfig(own)),
        f"code of {CODE}, joint": (series, CodingConfig(own, JointConfig(JOINT))),
    }
    inputs = features(series.drivers, config.feature_set)
    judged = rollouts_within(split.held_out, inputs, series.state, config, step=STEP)
    found = {}
    for name, (own_series, coding) in ways.items():
        train, valid = training_rollouts(own_series, split, config)
        model = build("gru", recurrent, 0, coding).fit(train, valid)
        rows = replace(judged, state=own_series.state)
        found[name] = float(
            np.mean(
                [
                    _mape(model.predict(rows.with_known(known)), series.components, judged.target)
                    for known in (True, False)
                ]
            )
        )
        sys.stdout.write(f"{name}: {found[name]:.2f} %\n")
    return found


def _mape(forecast: Any, components: PrincipalComponents, target: FloatArray) -> float:
    """Against all components: what a forecast has no numbers for is their mean, zero."""
    mean = np.zeros_like(target)
    mean[..., : forecast.mean.shape[-1]] = forecast.mean
    return mape(replace(forecast, mean=mean, covariance=_empty(mean)), components, target)


def _empty(mean: FloatArray) -> FloatArray:
    return np.broadcast_to(np.zeros(1, np.float32), (*mean.shape, mean.shape[-1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--snapshots", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=2003)
    asked = parser.parse_args()
    store = SnapshotStore.open(asked.snapshots)
    words = [f"held_out=[{asked.held_out}]"]
    config = load_dataclass(DensityConfig, "thermosphere_density", words)
    drivers = drivers_of(store)
    split = split_hours(drivers.times, config.held_out)
    series = reduce_fields(store, drivers, split.train, config)
    result = {
        "fields": f"{store.label}, {store.first} to {store.last}, held out {asked.held_out}",
        "rms": [static(series, split, config, code) for code in CODES],
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    result["mape"] = forecasts(series, split, config)
    write_atomic(RESULTS, lambda file: file.write(json.dumps(result, indent=1).encode()))


if __name__ == "__main__":
    main()
