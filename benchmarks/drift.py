"""How often a report of drift is wrong in undisturbed years, and finds planted changes.

    python -m benchmarks.drift [--densities satellites.csv]

The embedded portfolios are cut at the end of each of the newest forty years and judged as
they are, and with the newest year changed. Densities, where a file is given, are cut every
three months and judged as they are, and with one satellite's newest year off by a share.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.contract import FloatArray
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.sources import embedded_panel
from pipelines.monitoring.drift import density_drift, fund_drift
from pipelines.monitoring.satellite_channels import DatedErrors
from pipelines.provenance import provenance

RESULTS = Path(__file__).parent / "results" / "drift.json"
YEARS, RECENT = 40, 12
#: Measurements that a satellite needs in its newest year, and shares that it is off by.
FEWEST, OFFSETS = 20, (0.15, 0.3, -0.2)

PLANTED: dict[str, Callable[[FloatArray], FloatArray]] = {
    "volatility x 1.5": lambda newest: 1.5 * newest,
    "volatility x 2": lambda newest: 2.0 * newest,
    "volatility x 3": lambda newest: 3.0 * newest,
    "mean - 3 % a month": lambda newest: newest - 0.03,
    "mean - 6 % a month": lambda newest: newest - 0.06,
    "no correlation": lambda newest: np.random.default_rng(0).permuted(newest, axis=1),
}


def changed(panel: ReturnsPanel, change: Callable[[FloatArray], FloatArray]) -> ReturnsPanel:
    """The panel with another newest year."""
    returns = panel.returns.copy()
    returns[:, -RECENT:] = change(returns[:, -RECENT:])
    return replace(panel, returns=returns)


def fund_rates() -> dict[str, Any]:
    """Share of the years that are flagged."""
    whole = embedded_panel()
    ends = [len(whole.periods) - 12 * back for back in range(YEARS)]
    panels = [whole.until(end) for end in ends]
    plain = [fund_drift(panel).drifted for panel in panels]
    flagged = [p.periods[-1][:4] for p, drifted in zip(panels, plain, strict=True) if drifted]
    found = {
        name: float(np.mean([fund_drift(changed(panel, change)).drifted for panel in panels]))
        for name, change in PLANTED.items()
    }
    return {
        "years": YEARS,
        "undisturbed_flagged": float(np.mean(plain)),
        "which": flagged,
        "planted": found,
    }


def density_rates(file: Path) -> dict[str, Any]:
    """Share of the cuts that are flagged, as they are and with one satellite off."""
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.monitoring.satellite_errors import dated_errors

    whole = dated_errors(read_satellite_densities(file))
    first, last = (whole.time[i].astype("datetime64[M]") for i in (0, -1))
    plain: list[bool] = []
    planted: dict[str, list[bool]] = {f"{offset:+.0%}": [] for offset in OFFSETS}
    for end in np.arange(first + 60, last + 1, 3):
        cut = _until(whole, end)
        plain.append(density_drift(cut, RECENT).drifted)
        newest = cut.time >= (end - RECENT).astype("datetime64[s]")
        for name in np.unique(cut.satellite):
            rows = newest & (cut.satellite == name)
            if rows.sum() >= FEWEST:
                for offset in OFFSETS:
                    off = replace(cut, error=cut.error + np.log1p(offset) * rows)
                    planted[f"{offset:+.0%}"].append(density_drift(off, RECENT).drifted)
    return {
        "cuts": len(plain),
        "undisturbed_flagged": float(np.mean(plain)),
        "cases": len(planted[f"{OFFSETS[0]:+.0%}"]),
        "planted": {name: float(np.mean(found)) for name, found in planted.items()},
    }


def _until(dated: DatedErrors, end: np.datetime64) -> DatedErrors:
    known = dated.time < end.astype("datetime64[s]")
    return DatedErrors(
        dated.time[known], dated.satellite[known], dated.error[known], dated.flux[known]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--densities", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    figures: dict[str, Any] = {"funds": fund_rates()}
    if given.densities is not None:
        figures["densities"] = density_rates(given.densities)
    about = {**figures, "provenance": provenance()}
    given.out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
