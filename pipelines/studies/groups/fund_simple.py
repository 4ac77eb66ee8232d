"""The interpretable models of the fund study: pooled regressions, and their coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.baselines import KnownPartRidge, PooledAR
from models.catalogue import build
from models.contract import FloatArray, IntArray, Windows
from models.fund_sharpe import FundSharpeConfig
from models.transforms.fund_reference import Lead
from models.transforms.fund_windows import (
    BASELINE_KNOWN,
    FundFeatures,
    baseline_known,
    baseline_windows,
)
from pipelines.studies.groups.study import Coefficients

#: The column that is a mean over funds: it is taken from those that were trained on.
_CROSS = BASELINE_KNOWN.index("cross_mean")


def simple_forecasts(
    names: Sequence[str],
    known: FundFeatures,
    judged: FundFeatures,
    rows: tuple[IntArray, IntArray],
    cutoff: int,
    config: FundSharpeConfig,
) -> dict[str, FloatArray]:
    """Means of each model, row × lead: fitted to the outcomes of `known` at `cutoff`, asked for
    rows (series, origin) of `judged`."""
    shape = len(rows[0]), len(config.leads)
    found: dict[str, FloatArray] = {name: np.empty(shape) for name in names}
    for leads in _by_length(config.leads):
        columns = [config.leads.index(lead) for lead in leads]
        train = training_windows(known, leads, cutoff, config)
        across = baseline_known(known, leads)[:1, :, :, _CROSS]
        own = baseline_known(judged, leads)
        own[..., _CROSS] = across
        asked = baseline_windows(judged, *rows, judged.times, config.lookback, leads, own)
        for name in names:
            model = build(name).fit(train, train.select(np.arange(0)))
            found[name][:, columns] = model.predict(asked).mean
    return found


def training_windows(
    features: FundFeatures, leads: tuple[Lead, ...], cutoff: int, config: FundSharpeConfig
) -> Windows:
    """All rows with an outcome that was known at `cutoff`."""
    series, origin = features.rows(np.arange(cutoff), config.min_history)
    windows = baseline_windows(features, series, origin, cutoff, config.lookback, leads)
    return windows.select(np.flatnonzero(np.isfinite(windows.target).any(axis=1)))


def coefficients_of(
    features: FundFeatures, cutoff: int, config: FundSharpeConfig
) -> dict[str, Coefficients]:
    """Of both models, fitted to all outcomes known at `cutoff`."""
    ridge, regression = dict[str, tuple[float, ...]](), dict[str, tuple[float, ...]]()
    columns: tuple[str, ...] = ()
    for leads in _by_length(config.leads):
        train = training_windows(features, leads, cutoff, config)
        nothing = train.select(np.arange(0))
        plain = PooledAR().fit(train, nothing).state().arrays["coefficients"]
        model = KnownPartRidge().fit(train, nothing)
        columns = (*model.config.columns, "last less cross_mean")
        spreads = _spreads(train, model)
        for place, lead in enumerate(leads):
            regression[lead.name] = tuple(float(one) for one in plain[place])
            slopes = model.state().arrays["coefficients"][place, 1:]
            ridge[lead.name] = tuple(float(one) for one in slopes * spreads[place])
    order = [lead.name for lead in config.leads]
    return {
        KnownPartRidge.kind: Coefficients(
            "Change of the forecast, in Sharpe ratios, per standard deviation of each column: the "
            "last value of the target, the value one window before (lag), the mean of all funds "
            "(cross_mean), mean, deviation and ratio of the months of the target that are known "
            "(zero where none is), the deviation of the last 24 months, the Sharpe ratio of the "
            "last 36, and the fund's own mean so far.",
            columns,
            {name: ridge[name] for name in order},
        ),
        PooledAR.kind: Coefficients(
            "forecast = constant + a · last value of the target + b · the value one window before.",
            ("constant", "last", "lag"),
            {name: regression[name] for name in order},
        ),
    }


def _spreads(train: Windows, model: KnownPartRidge) -> FloatArray:
    """Standard deviation of each regressor, lead × regressor."""
    left, right = (train.known_column(name) for name in model.config.difference)
    parts = [*(train.known_column(name) for name in model.config.columns), left - right]
    outcome = np.isfinite(train.target)
    return np.array(
        [[part[outcome[:, lead], lead].std() for part in parts] for lead in range(len(train.leads))]
    )


def _by_length(leads: Sequence[Lead]) -> list[tuple[Lead, ...]]:
    """Leads whose targets have one length share their windows."""
    lengths = sorted({lead.length for lead in leads})
    return [tuple(lead for lead in leads if lead.length == length) for length in lengths]
