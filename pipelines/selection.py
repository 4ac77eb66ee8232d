"""How the settings of a model were chosen: by which metric, in which study, from which seed.

A model that was chosen by a metric is good by that metric first; whoever reads its scores has to
know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: What a study leaves: its best settings, and beside them what it was.
BEST, SUMMARY = "best.yaml", "summary.json"
SELECTION = "selection"


def chosen_by(metric: str, seed: int) -> dict[str, Any]:
    """What is known of a selection before its study begins: studies minimise."""
    return {"metric": metric, "direction": "minimize", "seed": seed}


def selection_beside(
    settings: Path | None, overrides: Sequence[str] | None = None
) -> dict[str, Any] | None:
    """What a study says of the settings file that it wrote; None for any other file.

    overrides  key=value: what is changed in its settings, and so was not chosen by the study

    Returns study, metric, direction, seed, loss of the best trial, complete trials, and
    `changed_since` where something is.
    """
    if settings is None or settings.name != BEST:
        return None
    file = settings.parent / SUMMARY
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text("utf-8"))
        return {
            "study": str(told["study"]),
            **told[SELECTION],
            "loss": float(told["best"]["value"]),
            "trials": int(told["n_trials"]["complete"]),
            **({"changed_since": list(overrides)} if overrides else {}),
        }
    except (ValueError, KeyError, TypeError):
        # Some other summary, or one from before the metric was kept.
        return None


def with_selection(
    metrics: Mapping[str, Any], selection: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Metrics of a stored model, with how its settings were chosen where that is known."""
    return dict(metrics) if selection is None else {**metrics, SELECTION: dict(selection)}
