"""What an orbit study leaves behind: orbit.json and plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models.contract import FloatArray
from pipelines.atomic import write_atomic, write_text
from pipelines.orbit.plots import along_track_plot, density_plot, error_plot
from pipelines.orbit.study import Compared, OrbitStudy
from pipelines.provenance import provenance

RESULTS = "orbit.json"
#: Times of the series in orbit.json, at most.
SERIES = 300
_DPI = 150
_LEVELS = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


def write_study(study: OrbitStudy, out: Path) -> dict[str, Path]:
    """Write everything, each file whole or not; return name -> path."""
    files = {"results": out / RESULTS}
    text = json.dumps(study_json(study), ensure_ascii=False, allow_nan=False, indent=1)
    write_text(files["results"], text + "\n")
    plots = {"error": error_plot, "along_track": along_track_plot, "density": density_plot}
    for name, plot in plots.items():
        files[name] = out / f"{name}.png"
        _write_png(plot(study), files[name])
    return files


def study_json(study: OrbitStudy) -> dict[str, Any]:
    """Everything that was measured, JSON-able: km, kg/m3, hours after the start."""
    plan = study.plan
    return {
        "start": str(plan.start.astype("datetime64[s]")),
        "days": plan.days,
        "satellite": plan.satellite,
        "state_km_km_s": [float(value) for value in plan.state],
        "ballistic_m2_kg": plan.ballistic,
        "step_s": plan.step,
        "every_s": plan.every,
        "seed": plan.seed,
        "truth": {"name": study.truth, "label": study.true_label, **_met(study)},
        "models": [
            {"name": model.name, "label": model.label, **_rounded(model.deviation.summary())}
            for model in study.models
        ],
        "series": _series(study),
        "provenance": provenance(),
    }


def text_table(study: OrbitStudy) -> list[tuple[str, ...]]:
    """Rows for the console: model, mean, final and along-track error, coverage, density."""
    rows: list[tuple[str, ...]] = []
    for model in study.models:
        found = model.deviation.summary()
        covered, bias = found["coverage_95"], found["orbit_density_bias_percent"]
        rows.append(
            (
                model.name,
                str(found["samples"]),
                f"{found['mean_error_km']:.3f}",
                f"{found['final_error_km']:.3f}",
                f"{found['final_along_km']:+.3f}",
                "" if covered is None else f"{100 * covered:.0f} %",
                "" if bias is None else f"{bias:+.2f} %",
            )
        )
    return rows


def _met(study: OrbitStudy) -> dict[str, float]:
    """Heights and density along the true orbit."""
    height, density = study.track.places()[2], study.track.density
    return {
        "lowest_km": round(float(height.min()), 3),
        "highest_km": round(float(height.max()), 3),
        "mean_density_kg_m3": float(density.mean()),
        "max_density_kg_m3": float(density.max()),
    }


def _series(study: OrbitStudy) -> dict[str, Any]:
    rows = np.unique(np.linspace(0, len(study.hours) - 1, SERIES).astype(int))
    height = study.track.places()[2][rows, 0]
    return {
        "hours": _list(study.hours[rows]),
        "truth": {
            "height_km": _list(height),
            "density_kg_m3": _exact(study.track.density[rows, 0]),
        },
        "models": {model.name: _model_series(model, rows) for model in study.models},
    }


def _model_series(model: Compared, rows: FloatArray) -> dict[str, Any]:
    deviation = model.deviation
    series: dict[str, Any] = {
        "error_km": _quantiles(deviation.distance[rows]),
        "density_kg_m3": _exact(model.density[rows].mean(axis=1)),
    }
    for axis, name in enumerate(("radial_km", "along_km", "cross_km")):
        series[name] = _quantiles(deviation.offsets[rows][..., axis])
    return series


def _quantiles(values: FloatArray) -> dict[str, list[float]]:
    """Mean and quantiles over samples; the mean alone where there is one sample."""
    found = {"mean": _list(values.mean(axis=1))}
    if values.shape[1] > 1:
        found |= {name: _list(np.quantile(values, at, axis=1)) for name, at in _LEVELS.items()}
    return found


def _list(values: FloatArray) -> list[float]:
    """Rounded to a millimetre, or to 4 seconds."""
    return [round(float(value), 6) for value in values]


def _exact(values: FloatArray) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in found.items()}


def _write_png(figure: Figure, path: Path) -> None:
    # No date and no version inside: the same study gives the same file.
    write_atomic(
        path,
        lambda file: figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None}),
    )
