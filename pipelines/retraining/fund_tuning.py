"""The search for a challenger's settings, on the panel as it was before the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ArtefactError
from models.fund_sharpe import FundSharpeConfig
from pipelines.atomic import write_atomic
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.tuning_objective import PLACES, configured, objective_on
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.searching import search, space_of
from pipelines.retraining.settings import TuneSettings
from pipelines.tuning.objectives import METRICS, Objective, ObjectiveSource
from pipelines.tuning.space import SearchSpace

FACTORY = "pipelines.retraining.fund_tuning:panel_objective"
PANEL = "panel.npz"


def tune_fund(
    known: ReturnsPanel,
    base: FundSharpeConfig,
    how: TuneSettings,
    folder: RunFolder,
    deadline: Deadline,
) -> Result:
    """Search around the settings of `base`; those that err least in the past are the result.

    known   the panel up to the first date of the comparison
    """
    place = folder.path / "study"
    write_panel(place / PANEL, known)
    arguments = {
        "file": str(place / PANEL),
        "settings": asdict(base),
        "data_hash": f"{known.data_hash} until {known.periods[-1]}",
    }
    space = space_of(how)
    own = parameters_of(base, space)
    return search(
        ObjectiveSource(FACTORY, arguments),
        space,
        how,
        folder,
        deadline,
        own,
        lambda params: asdict(configured(base, params)),
        METRICS["fund-sharpe"],
    )


def panel_objective(file: str, settings: Mapping[str, Any], data_hash: str = "") -> Objective:
    """What the search minimises, made in each of its processes (see `tuning_objective`)."""
    del data_hash  # tells studies on other data apart
    return objective_on(read_panel(Path(file)), load_dataclass(FundSharpeConfig, settings))


def parameters_of(config: FundSharpeConfig, space: SearchSpace) -> dict[str, Any]:
    """The settings as a point of the space: what it searches, at their present values.

    A value outside the bounds is left out; the search then draws it.
    """
    groups = {"network": asdict(config.network), "training": asdict(config.training)}
    groups[""] = asdict(config)
    found: dict[str, Any] = {}
    for name, parameter in space.parameters.items():
        value = groups[PLACES[name]].get(name) if name in PLACES else None
        if value is not None and parameter.exists(found) and parameter.may_be(value):
            found[name] = value
    return found


def write_panel(file: Path, panel: ReturnsPanel) -> None:
    """Keep a panel for other processes: arrays only, no code."""
    buffer = BytesIO()
    np.savez(
        buffer,
        ids=np.array(panel.ids),
        periods=np.array(panel.periods),
        returns=panel.returns,
        risk_free=panel.risk_free,
        periods_per_year=np.array(panel.periods_per_year),
        data_hash=np.array(panel.data_hash),
    )
    write_atomic(file, lambda stream: stream.write(buffer.getvalue()))


def read_panel(file: Path) -> ReturnsPanel:
    """Inverse of `write_panel`. Raises ArtefactError."""
    try:
        with np.load(file, allow_pickle=False) as found:
            return ReturnsPanel(
                tuple(map(str, found["ids"])),
                tuple(map(str, found["periods"])),
                found["returns"],
                found["risk_free"],
                int(found["periods_per_year"]),
                data_hash=str(found["data_hash"]),
            )
    except (OSError, ValueError, KeyError) as error:
        raise ArtefactError(
            f"{file}: not a stored panel ({error}); remove it, and its step is done again"
        ) from error
