"""Which parameters of a search mattered: functional ANOVA over its trials (Hutter et al. 2014).

The share of the loss's variance that each parameter explains alone; what is left is theirs
together. Parameters are taken as uniform over the box that was searched, so give logarithms of
those that were drawn log-uniformly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import FloatDistribution
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import create_trial

from models.contract import FloatArray
from models.errors import ConfigError

#: Trees of the forest that stands for the loss.
TREES = 64
#: Points of the other parameters over which a marginal is averaged.
DRAWS = 256
#: Trials below which a forest says nothing.
FEWEST = 10


@dataclass(frozen=True)
class Searched:
    """Trials of a search.

    bounds   name -> (lowest, highest) of what was drawn
    params   of each trial
    losses   of each trial, finite
    """

    bounds: Mapping[str, tuple[float, float]]
    params: Sequence[Mapping[str, float]]
    losses: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.params) != len(self.losses) or len(self.losses) < FEWEST:
            raise ConfigError(
                f"importance: expected {FEWEST} or more trials with a loss each, got "
                f"{len(self.params)} trials and {len(self.losses)} losses"
            )
        if not all(math.isfinite(loss) for loss in self.losses):
            raise ConfigError("importance: expected finite losses; give failed trials the worst")
        for name, (low, high) in self.bounds.items():
            outside = np.flatnonzero(self.column(name) != self._inside(name))
            if len(outside):
                value = self.params[int(outside[0])][name]
                raise ConfigError(
                    f"importance: {name} of trial {outside[0]} is {value}; expected {low} to "
                    f"{high}, the box that was searched"
                )

    def column(self, name: str) -> FloatArray:
        """Values of a parameter by trial; what is outside the box by rounding alone, as
        logarithms are, is at its bound."""
        seen = np.asarray([trial[name] for trial in self.params], dtype=np.float64)
        inside = np.clip(seen, *self.bounds[name])
        return np.where(np.isclose(seen, inside, rtol=1e-9, atol=1e-12), inside, seen)

    def _inside(self, name: str) -> FloatArray:
        return np.clip(self.column(name), *self.bounds[name])


def importances(searched: Searched, seed: int = 0) -> dict[str, float]:
    """Share of each parameter alone, the largest first; they add up to one or less.

    Equal losses have no variance to explain: all shares are zero then.
    """
    if np.ptp(searched.losses) == 0:
        return dict.fromkeys(searched.bounds, 0.0)
    space = {name: FloatDistribution(low, high) for name, (low, high) in searched.bounds.items()}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    columns = {name: searched.column(name) for name in space}
    for trial, loss in enumerate(searched.losses):
        chosen = {name: float(column[trial]) for name, column in columns.items()}
        study.add_trial(create_trial(params=chosen, distributions=dict(space), value=float(loss)))
    evaluator = FanovaImportanceEvaluator(n_trees=TREES, seed=seed)
    found = evaluator.evaluate(study)
    return {name: float(share) for name, share in sorted(found.items(), key=lambda x: -x[1])}


def marginal(searched: Searched, name: str, points: int = 25, seed: int = 0) -> FloatArray:
    """Loss along one parameter, averaged over the others: point × (value, loss, deviation).

    The deviation is that between the trees of the forest: how sure the mean is.
    """
    from sklearn.ensemble import RandomForestRegressor

    names = list(searched.bounds)
    seen = np.stack([searched.column(one) for one in names], axis=1)
    forest = RandomForestRegressor(n_estimators=TREES, random_state=seed, min_samples_leaf=2)
    forest.fit(seen, np.asarray(searched.losses))
    draw = np.random.default_rng(seed)
    lows, highs = np.asarray([searched.bounds[one] for one in names]).T
    others = draw.uniform(lows, highs, (DRAWS, len(names)))
    grid = np.linspace(*searched.bounds[name], points)
    # Every value of the grid with the same others, all in one go.
    asked = np.repeat(others[None], points, axis=0)
    asked[:, :, names.index(name)] = grid[:, None]
    flat = asked.reshape(-1, len(names))
    trees = [tree.predict(flat).reshape(points, DRAWS).mean(axis=1) for tree in forest.estimators_]
    return np.stack([grid, np.mean(trees, axis=0), np.std(trees, axis=0)], axis=1)
