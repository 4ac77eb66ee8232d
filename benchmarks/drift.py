"""How often a report of drift is wrong in undisturbed years, and finds planted changes.

    python -m benchmarks.drift [--densities satellites.csv] [--funds returns.parquet]

The embedded portfolios, and a file of funds if given, are cut at the end of each of many years
and judged as they are, and with the newest year changed. A real year may be a real change, so
panels of which none can be are judged too: the portfolios' months in another order, in spells.
Densities, if given, are cut every three months and judged as they are, and with one
satellite's newest year off by a share; found is found where that satellite is named.
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
from pipelines.datasets.funds import load_panel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.sources import embedded_panel
from pipelines.monitoring.drift import density_drift, fund_drift
from pipelines.monitoring.satellite_channels import DatedErrors
from pipelines.provenance import provenance

RESULTS = Path(__file__).parent / "results" / "drift.json"
YEARS, RECENT = 40, 12
#: Panels in another order, and months of one of their spells.
ORDERS, SPELL = 100, 60
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


def reordered(panel: ReturnsPanel, seed: int) -> ReturnsPanel:
    """Months drawn in spells of SPELL from anywhere in the panel: none is special."""
    draw, count = np.random.default_rng(seed), len(panel.periods)
    starts = draw.integers(count, size=-(-count // SPELL))
    order = ((starts[:, None] + np.arange(SPELL)) % count).ravel()[:count]
    return replace(panel, returns=panel.returns[:, order], risk_free=panel.risk_free[order])


def false_alarms(panel: ReturnsPanel) -> dict[str, Any]:
    """Share of reordered panels that are flagged, with its standard error."""
    found = np.array([fund_drift(reordered(panel, seed)).drifted for seed in range(ORDERS)])
    return {
        "panels": ORDERS,
        "flagged": float(found.mean()),
        "standard_error": float(found.std() / np.sqrt(ORDERS)),
    }


def fund_rates(whole: ReturnsPanel, years: int) -> dict[str, Any]:
    """Share of the years that are flagged."""
    panels = [whole.until(len(whole.periods) - 12 * back) for back in range(years)]
    plain = [fund_drift(panel).drifted for panel in panels]
    flagged = [p.periods[-1] for p, drifted in zip(panels, plain, strict=True) if drifted]
    found = {
        name: float(np.mean([fund_drift(changed(panel, change)).drifted for panel in panels]))
        for name, change in PLANTED.items()
    }
    return {
        "years": years,
        "first_year_ends": panels[-1].periods[-1],
        "undisturbed_flagged": float(np.mean(plain)),
        "which_years_end": flagged,
        "planted": found,
    }


def density_rates(file: Path) -> dict[str, Any]:
    """Share of the cuts that are flagged, as they are and with one satellite off."""
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.monitoring.satellite_errors import dated_errors

    whole = dated_errors(read_satellite_densities(file))
    first, last = (whole.time[i].astype("datetime64[M]") for i in (0, -1))
    plain: list[bool] = []
    tested: list[bool] = []
    planted: dict[str, list[bool]] = {f"{offset:+.0%}": [] for offset in OFFSETS}
    for end in np.arange(first + 60, last + 1, 3):
        cut = _until(whole, end)
        report = density_drift(cut, RECENT)
        plain.append(report.drifted)
        known = {finding.where for finding in report.findings if finding.p_value is not None}
        newest = cut.time >= (end - RECENT).astype("datetime64[s]")
        for name in np.unique(cut.satellite):
            rows = newest & (cut.satellite == name)
            if rows.sum() >= FEWEST:
                tested.append(str(name) in known)
                for offset in OFFSETS:
                    off = replace(cut, error=cut.error + np.log1p(offset) * rows)
                    planted[f"{offset:+.0%}"].append(_named(off, name))
    return {
        "cuts": len(plain),
        "undisturbed_flagged": float(np.mean(plain)),
        "cases": len(tested),
        # Others have too short a record beside another satellite: they count as missed.
        "cases_that_can_be_tested": int(np.sum(tested)),
        "planted": {name: float(np.mean(found)) for name, found in planted.items()},
    }


def _named(dated: DatedErrors, satellite: str) -> bool:
    return satellite in {finding.where for finding in density_drift(dated, RECENT).flagged}


def _until(dated: DatedErrors, end: np.datetime64) -> DatedErrors:
    known = dated.time < end.astype("datetime64[s]")
    return DatedErrors(
        dated.time[known], dated.satellite[known], dated.error[known], dated.flux[known]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--densities", type=Path)
    parser.add_argument("--funds", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    embedded = embedded_panel()
    figures: dict[str, Any] = {
        "reordered portfolios": false_alarms(embedded),
        "portfolios": fund_rates(embedded, YEARS),
    }
    if given.funds is not None:
        panel = load_panel(given.funds).panel
        # The first has seven years before it, the fewest that a report takes and one more.
        figures["funds"] = fund_rates(panel, len(panel.periods) // 12 - 7)
    if given.densities is not None:
        figures["densities"] = density_rates(given.densities)
    about = {**figures, "provenance": provenance()}
    given.out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
