"""The cautions of many funds at once: few have any, and those that have share their texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from models.contract import IntArray
from models.fund_sharpe import FundSharpeForecaster
from models.fund_sharpe.serving import told
from pipelines.fund_sharpe import cautions
from pipelines.fund_sharpe.aligned import AlignedFunds
from pipelines.months import month_index, month_label


def warnings_of(
    funds: AlignedFunds, filled: IntArray, forecaster: FundSharpeForecaster, newest: int | None
) -> pl.Series:
    """What to know of each fund's forecast, separated by "; ", empty where nothing is.

    filled  fund: months of the newest window that the fund's mean stands for
    newest  newest month of the data, as `month_index`; None if it is not known
    """
    seen = np.isfinite(funds.excess)
    months = seen.sum(axis=1)
    alive = seen.shape[1] - np.argmax(seen, axis=1)
    facts = np.stack([funds.last, months, alive, filled], axis=1)
    unusual = (
        (funds.last != (funds.last if newest is None else newest))
        | (months < max(cautions.SHORT_HISTORY, forecaster.min_history))
        | (months != alive)
        | (filled > 0)
        | (funds.last < month_index(forecaster.trained_until))
    )
    texts, places = [""], np.zeros(len(funds), dtype=np.uint32)
    if unusual.any():
        kinds, which = np.unique(facts[unusual], axis=0, return_inverse=True)
        texts += ["; ".join(_warnings(kind.tolist(), forecaster, newest)) for kind in kinds]
        places[unusual] = which.ravel() + 1
    return pl.Series(texts, dtype=pl.Categorical()).gather(places)


def _warnings(
    facts: Sequence[int], forecaster: FundSharpeForecaster, newest: int | None
) -> list[str]:
    last, months, alive, filled = facts
    label = month_label(last)
    return [
        *cautions.ended_early(label, label if newest is None else month_label(newest)),
        *cautions.short_history(months, forecaster.min_history),
        *cautions.gaps(alive - months, alive),
        *cautions.in_sample(label, forecaster.trained_until),
        *told(filled, forecaster.window),
    ]
