"""The data that Halyard can always have: the Fama-French portfolios in `linearmodels`.

Kenneth French's data library, monthly from 1949-01 to 2017-03: 12 industries,
nine size-value and nine size-momentum portfolios of US shares, and the one-month
bill return. The portfolios are raw returns (their means exceed the bill's by the
market premium; French publishes them so), hence the bill return is subtracted by
`ReturnsPanel.excess`. MktRF, SMB, HML and Mom are already excess or long-short
returns and are left out.
"""

from __future__ import annotations

import numpy as np

from pipelines.datasets.funds import data_hash
from pipelines.datasets.panel import ReturnsPanel

_NOT_FUNDS = ("dates", "MktRF", "SMB", "HML", "Mom", "RF")


def embedded_panel() -> ReturnsPanel:
    """Return the embedded panel: 30 portfolios × 819 months, with the bill return."""
    # Imported here: it brings pandas and statsmodels, a second that other paths need not wait.
    from linearmodels.datasets import french

    table = french.load()
    ids = tuple(sorted(name for name in table.columns if name not in _NOT_FUNDS))
    periods = tuple(day.strftime("%Y-%m") for day in table["dates"])
    returns = np.ascontiguousarray(table[list(ids)].to_numpy(dtype=np.float64).T)
    risk_free = table["RF"].to_numpy(dtype=np.float64)
    return ReturnsPanel(
        ids=ids,
        periods=periods,
        returns=returns,
        risk_free=risk_free,
        periods_per_year=12,
        groups=tuple(_group(name) for name in ids),
        data_hash=data_hash(ids, periods, returns, risk_free),
    )


def _group(name: str) -> str:
    if len(name) == 4 and name[0] == "S" and name[1].isdigit():
        return "size-value" if name[2] == "V" else "size-momentum"
    return "industry"
