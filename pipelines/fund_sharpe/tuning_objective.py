"""What `halyard tune fund-sharpe` minimises: error in the two years after each of several fits.

At each of a few cutoffs, spread over the panel, one network of each kind is trained on what
was known then, and they forecast the origins of the next two years. All kinds are judged
together, because they share their settings: what suits one cell best can ruin the other.
The loss is the mean square error of the corrected reference over that of the reference
alone, averaged over leads and cutoffs: below one, the networks help. The newest outcome is
the panel's last month, so a panel cut by `until` keeps all later months for an honest
comparison.

A step of pruning is a cutoff, not an epoch. Epochs of two trials cannot be compared: heads
minimise losses in different units, and a one-cycle schedule is bad half-way by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.backbones.options import BackboneOptions
from models.contract import FloatArray, IntArray
from models.errors import ConfigError, DataError, ModelError
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from models.transforms.period_labels import steps_between
from models.transforms.residuals import date_equal_weights
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.open_panel import open_panel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.datasets.schema import ColumnChoice
from pipelines.tuning.objectives import Objective, Report

#: Cutoffs, periods of origins after each, and most periods between cutoffs.
FOLDS, SPAN, GAP = 6, 24, 72
#: Periods of known outcomes that the first cutoff trains on.
MIN_TRAINING = 60
#: What a cutoff still to come counts for in a report. It is more than any that has come, so
#: reports fall from step to step, and the newest is the best of its trial, as pruners take it.
UNSEEN = 2.0

#: Where each parameter of the search space stands in the settings.
PLACES: dict[str, str] = {
    **dict.fromkeys(("layers", "hidden_size", "dropout", "head_size", "head", "loss"), "network"),
    **dict.fromkeys(("mc_passes", "readout"), "network"),
    **dict.fromkeys(("trees", "tree_depth", "tree_rate", "tree_loss"), "soft_trees"),
    **dict.fromkeys(
        (
            "epochs",
            "batch_size",
            "learning_rate",
            "weight_decay",
            "weight_noise",
            "parametrisation",
            "pretraining_epochs",
            "masked_share",
        ),
        "training",
    ),
    **dict.fromkeys(
        ("target_ridge", "target_untangling", "target_probe_rows", "target_precision"), "target"
    ),
    **dict.fromkeys((option.name for option in fields(BackboneOptions)), "options"),
    **dict.fromkeys(("lookback", "shrinkage"), ""),
}


def fund_sharpe_objective(
    data: str | None,
    risk_free: str | None = None,
    data_hash: str = "",
    until: str | None = None,
    columns: Mapping[str, Any] | None = None,
    **reading: Any,
) -> Objective:
    """Make the objective for a file of returns, or for the embedded portfolios.

    until     newest month that is read, e.g. "2010-12"
    columns   fields of ColumnChoice; lists stand for tuples
    reading   other arguments of `open_panel`

    Raises DataError when the file cannot be used or is too short.
    """
    del data_hash  # tells studies on other data apart
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in (columns or {}).items()
    }
    panel = open_panel(
        None if data is None else Path(data),
        risk_free=None if risk_free is None else Path(risk_free),
        columns=ColumnChoice(**chosen) if chosen else None,
        **reading,
    ).panel
    base = replace(
        load_dataclass(FundSharpeConfig, "fund_sharpe"), periods_per_year=panel.periods_per_year
    )
    return objective_on(panel if until is None else cut(panel, until), base)


def objective_on(panel: ReturnsPanel, base: FundSharpeConfig) -> Objective:
    """The objective over one panel; `base` holds what is not searched."""
    model = FundSharpeModel(base)
    features = model.features(panel.excess, panel.risk_free)
    folds = cutoffs(features, model)

    def objective(params: Mapping[str, Any], report: Report) -> float:
        config = configured(base, params)
        losses: list[float] = []
        for step, loss in enumerate(fold_losses(features, config, folds)):
            losses.append(loss)
            report(step, (sum(losses) + UNSEEN * (len(folds) - len(losses))) / len(folds))
        return float(np.mean(losses))

    return objective


def cut(panel: ReturnsPanel, until: str) -> ReturnsPanel:
    """The panel to the period `until`, included.

    Raises ConfigError when it is not a label of the panel's frequency, DataError when the
    panel has none of it.
    """
    try:
        ahead = steps_between(panel.periods[0], until, panel.periods_per_year)
    except ModelError as error:
        raise ConfigError(f"--until: {error}") from error
    if ahead < 0:
        raise DataError(f"--until {until}: the data begin later, in {panel.periods[0]}")
    return panel.until(sum(period <= until for period in panel.periods))


def cutoffs(features: FundFeatures, model: FundSharpeModel) -> tuple[int, ...]:
    """Time indices of the fits, oldest (and cheapest) first; their origins do not overlap.

    Raises DataError when not even one has enough before it and outcomes after it.
    """
    horizons = model.config.horizons
    newest = features.times - max(horizons) - SPAN
    oldest = _oldest(features, model)
    if newest < oldest:
        raise DataError(
            f"too short to tune on: {features.times} periods; expected {oldest - newest} more, so "
            f"that {MIN_TRAINING} periods of known outcomes come before a cutoff, and {SPAN} "
            f"origins with outcomes {max(horizons)} periods ahead after it"
        )
    count = min(FOLDS, 1 + (newest - oldest) // SPAN)
    gap = min(GAP, (newest - oldest) // max(count - 1, 1))
    return tuple(newest - gap * k for k in reversed(range(count)))


def least_periods(features: FundFeatures, model: FundSharpeModel) -> int:
    """Periods that a panel needs so that `cutoffs` finds one."""
    return _oldest(features, model) + max(model.config.horizons) + SPAN


def _oldest(features: FundFeatures, model: FundSharpeModel) -> int:
    return model.first_training_time(features) + min(model.config.horizons) + MIN_TRAINING


def fold_losses(
    features: FundFeatures, config: FundSharpeConfig, folds: tuple[int, ...]
) -> Iterator[float]:
    """For each cutoff, the mean over leads of the error with networks over that without."""
    first = replace(config, members=1)
    for cutoff in folds:
        model = FundSharpeModel(first).fit(features, cutoff)
        series, origin = features.rows(np.arange(cutoff, cutoff + SPAN), config.min_history)
        error = model.predict(features, series, origin).mean - features.outcome[series, origin]
        plain = features.reference[series, origin] - features.outcome[series, origin]
        yield float(np.mean(mean_square(error, origin) / mean_square(plain, origin)))


def mean_square(error: FloatArray, origin: IntArray) -> FloatArray:
    """Mean over dates of the mean square over their funds, lead; NaN is no outcome.

    Every date counts the same, however many funds it has.
    """
    known = np.isfinite(error)
    return np.asarray(
        [
            date_equal_weights(origin[seen]) @ column[seen] ** 2
            for column, seen in zip(error.T, known.T, strict=True)
        ]
    )


def configured(base: FundSharpeConfig, params: Mapping[str, Any]) -> FundSharpeConfig:
    """Settings with the parameters of a trial in their places.

    A space that chooses a cell chooses an ensemble of that kind alone. Raises ConfigError
    for a parameter that is no setting.
    """
    groups: dict[str, dict[str, Any]] = {place: {} for place in dict.fromkeys(PLACES.values())}
    for name, value in params.items():
        if name == "cell":
            groups[""]["cells"] = (value,)
            continue
        if name not in PLACES:
            raise ConfigError(
                f"tune fund-sharpe: {name!r} is no setting of it; a space may have cell, "
                f"{', '.join(PLACES)}"
            )
        groups[PLACES[name]][name.removeprefix("tree_").removeprefix("target_")] = value
    if "head" in params:
        groups["network"].setdefault("loss", None)
    parts: dict[str, Any] = {
        "options": replace(base.network.options, **groups["options"]),
        "soft_trees": replace(base.network.soft_trees, **groups["soft_trees"]),
    }
    return replace(
        base,
        network=replace(base.network, **parts, **groups["network"]),
        training=replace(
            base.training,
            target=replace(base.training.target, **groups["target"]),
            **groups["training"],
        ),
        **groups[""],
    )


def tuned_settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of the model with the best parameters: what `train --config` reads."""
    return asdict(configured(load_dataclass(FundSharpeConfig, "fund_sharpe"), params))
