"""What the store knows of the version that made a forecast."""

from __future__ import annotations

from models.errors import ArtefactError
from pipelines.registry import FUND_SHARPE, get_model

#: Months of the rolling Sharpe ratio where the version is not in the store.
WINDOW = 12


def fund_version(version: str) -> tuple[int, str | None]:
    """Months of the rolling window, and the newest month of training; None if it is unknown."""
    try:
        model = get_model(FUND_SHARPE, version)
    except ArtefactError:
        return WINDOW, None
    window = int(model.metadata["config"].get("window", WINDOW))
    last = model.metadata["data"].get("last")
    return window, None if last is None else str(last)
