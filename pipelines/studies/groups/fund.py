"""Funds that no model was trained on: forecasts after a cutoff, with and without them in training.

Funds are left out by groups (managers, where the data name them; else each fund is its own).
Nothing of a fund that is left out enters what its forecast is made with: not its outcomes, and
not the market-wide series either, which are those of the other funds. It is then forecast from
its own returns, as a new fund would be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.baselines import KnownPartRidge, PooledAR
from models.contract import FloatArray, IntArray
from models.errors import DataError
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.splits import group_folds
from pipelines.atomic import write_text
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.mean_test import overlap
from pipelines.studies.groups.fund_simple import coefficients_of, simple_forecasts
from pipelines.studies.groups.study import UNSEEN, USUAL, WAYS, GroupStudy
from pipelines.studies.reference_units import in_reference_units
from pipelines.studies.same_settings import keep_settings

#: Share of the periods before the first cutoff, and periods between cutoffs.
FIRST, GAP = 0.6, 96
BEST, STRUCTURAL, SIMPLE = "ensemble", "structural", KnownPartRidge.kind
SIMPLES = (KnownPartRidge.kind, PooledAR.kind)
Say = Callable[[str], None]
#: model -> errors, series × time × lead; NaN where there is no forecast or no outcome.
Errors = dict[str, FloatArray]


@dataclass(frozen=True)
class FundGroups:
    """A panel whose funds are left out by groups.

    config  of the model that is served; folds of groups, drawn with `seed`
    """

    panel: ReturnsPanel
    config: FundSharpeConfig
    folds: tuple[tuple[str, ...], ...]
    seed: int

    @classmethod
    def of(
        cls, panel: ReturnsPanel, config: FundSharpeConfig, folds: int, seed: int = 0
    ) -> FundGroups:
        """Raises ConfigError for fewer groups than folds."""
        config = replace(config, periods_per_year=panel.periods_per_year)
        return cls(panel, config, group_folds(_groups(panel), folds, seed), seed)

    def held_out(self, fold: int) -> IntArray:
        """Series of a fold."""
        return np.flatnonzero(np.isin(np.asarray(_groups(self.panel)), self.folds[fold]))

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """Last times that trainings know. Raises DataError for a panel that is too short."""
        times = len(self.panel.periods)
        newest = times - 1 - max(self.config.horizons)
        found = tuple(range(int(FIRST * times), newest, GAP))
        if not found:
            raise DataError(
                f"{times} periods: too few to judge on after the first {FIRST:.0%}; give a longer "
                "panel"
            )
        return found


def study_fund_groups(case: FundGroups, folder: Path, say: Say = lambda _line: None) -> GroupStudy:
    """Train at every cutoff, as usual and without each fold; judge all on the same rows.

    Cutoffs that are done lie in `folder`, so that a stopped run goes on. Raises ConfigError when
    it holds a study of other data or settings.
    """
    keep_settings(folder, _settings(case))
    cutoffs = case.cutoffs
    newest = len(case.panel.periods) - 1 - min(case.config.horizons)
    found = []
    for cutoff, end in zip(cutoffs, [*cutoffs[1:], newest], strict=True):
        file = folder / f"cutoff-{case.panel.periods[cutoff]}.json"
        if not file.is_file():
            write_text(file, json.dumps(_judged(case, cutoff, end, say)) + "\n")
        found.append(json.loads(file.read_text("utf-8")))
    dates = tuple(date for part in found for date in part["dates"])
    losses = _losses(found)
    return GroupStudy(
        job="fund-sharpe",
        unit="squared error (structural reference, trained as usual: 1)",
        kind="funds",
        groups=len(set(_groups(case.panel))),
        folds=len(case.folds),
        rows=sum(part["forecasts"] for part in found),
        dates=dates,
        losses=losses,
        simple=SIMPLE,
        best=BEST,
        lags=overlap(max(case.config.horizons), np.arange(2)),
        coefficients=_coefficients(case, cutoffs[-1]),
    )


def _groups(panel: ReturnsPanel) -> tuple[str, ...]:
    return panel.groups or panel.ids


def _judged(case: FundGroups, cutoff: int, end: int, say: Say) -> dict[str, Any]:
    """Sums of squares by date and lead, both ways, over rows that all of them forecast."""
    everyone = np.arange(len(case.panel.ids))
    say(f"{case.panel.periods[cutoff]}: trained on all funds")
    usual = errors_after(case, everyone, everyone, cutoff, end)
    unseen = {name: np.full_like(error, np.nan) for name, error in usual.items()}
    for fold in range(len(case.folds)):
        out = case.held_out(fold)
        say(f"{case.panel.periods[cutoff]}: trained without fold {fold + 1} of {len(case.folds)}")
        found = errors_after(case, np.setdiff1d(everyone, out), out, cutoff, end)
        for name, error in found.items():
            unseen[name][out] = error
    both = [*usual.values(), *unseen.values()]
    known = np.asarray(np.isfinite(np.stack(both)).all(axis=0))
    count = known.sum(axis=0)
    dates = np.flatnonzero(count.any(axis=1))
    return {
        "dates": [case.panel.periods[cutoff + date] for date in dates],
        "forecasts": int(count.sum()),
        "count": count[dates].tolist(),
        "squares": {
            name: {
                way: _squares(errors[name], known)[dates].tolist()
                for way, errors in ((USUAL, usual), (UNSEEN, unseen))
            }
            for name in usual
        },
    }


def errors_after(
    case: FundGroups, training: IntArray, judged: IntArray, cutoff: int, end: int
) -> Errors:
    """Errors of all models, trained on some funds at `cutoff`, on others (or the same) at the
    origins from there to `end`: judged fund × origin × lead."""
    config = case.config
    model = FundSharpeModel(config)
    panel = case.panel
    known = model.features(panel.excess[training], panel.risk_free)
    # The market of the training funds, for those judged too.
    features = model.features(
        panel.excess[judged], panel.risk_free, known.state.market, known.ratios
    )
    series, origin = features.rows(np.arange(cutoff, end), config.min_history)
    outcome = features.outcome[series, origin]
    model.fit(known, cutoff)
    forecasts = {
        BEST: model.predict(features, series, origin).mean,
        STRUCTURAL: features.reference[series, origin],
        **simple_forecasts(SIMPLES, known, features, (series, origin), cutoff, config),
    }
    shape = (len(judged), end - cutoff, len(config.leads))
    return {
        name: _dense(mean - outcome, series, origin - cutoff, shape)
        for name, mean in forecasts.items()
    }


def _squares(errors: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """Sum over funds of the known squared errors, date × lead."""
    return np.asarray((np.where(known, errors, 0.0) ** 2).sum(axis=0))


def _dense(
    errors: FloatArray, series: IntArray, time: IntArray, shape: tuple[int, ...]
) -> FloatArray:
    out = np.full(shape, np.nan)
    out[series, time] = errors
    return out


def _losses(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, FloatArray]]:
    """By model and way, date: in units of the structural reference trained as usual."""
    count = np.concatenate([np.asarray(part["count"], dtype=float) for part in found])

    def means(name: str, way: str) -> FloatArray:
        total = np.concatenate([np.asarray(part["squares"][name][way]) for part in found])
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    reference = means(STRUCTURAL, USUAL)
    return {
        name: {way: in_reference_units(means(name, way), reference) for way in WAYS}
        for name in found[0]["squares"]
    }


def _coefficients(case: FundGroups, cutoff: int) -> dict[str, Any]:
    """Of the simple models trained on all funds at the last cutoff."""
    model = FundSharpeModel(case.config)
    features = model.features(case.panel.excess, case.panel.risk_free)
    return coefficients_of(features, cutoff, case.config)


def _settings(case: FundGroups) -> dict[str, Any]:
    """What cutoffs that are done must have been made with."""
    return {
        "data": case.panel.data_hash,
        "funds": len(case.panel.ids),
        "config": asdict(case.config),
        "folds": case.folds,
    }
