"""A study on disk for people: summary.json, best.yaml, history.png, importances.png."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from matplotlib.figure import Figure

from pipelines.atomic import write_text
from pipelines.selection import SELECTION, chosen_by
from pipelines.tuning.run import STUDY_FILE
from pipelines.tuning.settings import TuningResult, TuningSettings
from pipelines.tuning.space import SearchSpace
from pipelines.tuning.storage import shown

PACKAGES = ("halyard", "optuna", "torch", "numpy", "scikit-learn")

FILES = {"summary": "summary.json", "best": "best.yaml", "history": "history.png"}


def write_report(
    result: TuningResult,
    space: SearchSpace,
    settings: TuningSettings,
    out: Path,
    best: Mapping[str, Any] | None = None,
    metric: str = "",
) -> dict[str, Path]:
    """Write the summary and the plots into `out`; return name -> file.

    best   what best.yaml holds: settings made from the best parameters [the parameters]
    metric what the loss is, in words

    The plot of importances is left out when there are none.
    """
    out.mkdir(parents=True, exist_ok=True)
    files = {name: out / file for name, file in FILES.items()}
    text = json.dumps(summary(result, space, settings, metric), indent=2, ensure_ascii=False)
    write_text(files["summary"], text + "\n")
    chosen = dict(result.best.params if best is None else best)
    write_text(files["best"], yaml.safe_dump(chosen, sort_keys=False, default_flow_style=None))
    _history(result).savefig(files["history"])
    if result.importances:
        files["importances"] = out / "importances.png"
        _importances(result).savefig(files["importances"])
    return files


def summary(
    result: TuningResult, space: SearchSpace, settings: TuningSettings, metric: str = ""
) -> dict[str, Any]:
    """Return the study as JSON-able data, without a path of the machine that it ran on."""
    return {
        "study": result.study,
        SELECTION: chosen_by(metric, settings.seed),
        "best": asdict(result.best),
        "n_trials": result.counts,
        "seconds": round(sum(trial.seconds for trial in result.trials), 3),
        "importances": dict(result.importances),
        "settings": {
            **settings.model_dump(mode="json"),
            "storage": shown(settings.storage) if settings.storage else STUDY_FILE,
        },
        "space": space.model_dump(mode="json")["parameters"],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }


def _history(result: TuningResult) -> Figure:
    """Loss of each complete trial, the best so far, and ticks where trials were pruned."""
    complete = [(t.number, t.value) for t in result.trials if t.value is not None]
    numbers, values = np.array(complete, dtype=float).T
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(numbers, values, "o", color="C0", alpha=0.6, label="complete")
    # Loss has a long upper tail: show the part in which trials differ in a useful way.
    top = float(np.quantile(values, 0.9)) if len(values) > 20 else float(values.max())
    axes.set_ylim(top=top + 0.05 * max(top - float(values.min()), 1e-12))
    axes.step(numbers, np.minimum.accumulate(values), where="post", color="C3", label="best so far")
    pruned = [t.number for t in result.trials if t.state == "pruned"]
    if pruned:
        axes.plot(pruned, np.full(len(pruned), top), "|", color="0.5", label="pruned (no loss)")
    axes.set(xlabel="trial", ylabel="loss", title=f"{result.study}: best {result.best.value:.5g}")
    axes.legend()
    return figure


def _importances(result: TuningResult) -> Figure:
    names = list(result.importances)[::-1]
    shares = [result.importances[name] for name in names]
    figure = Figure(figsize=(7, 1.2 + 0.35 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(names, shares)
    axes.set(xlabel="share of the loss's variance (fANOVA)", title=result.study)
    return figure
