"""Ensembles: how members are fitted, weighted, kept and refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import Forecaster, State
from models.ensembles import Ensemble, Member, seed_ensemble
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from tests.models.transforms.fixed import NORMAL, Fixed, windows_of

TRAIN = windows_of(np.zeros((6, 1)))
VALID = windows_of(np.full((4, 1), 1.0))


def pair(weighting: str = "equal", combination: str = "quantile_average") -> Ensemble:
    """Members that say 2 and 3 where the truth is 1: errors 1 and 2."""
    members = [Member("a", Fixed([2.0])), Member("b", Fixed([3.0]))]
    return Ensemble(members, weighting, combination)


@pytest.mark.parametrize(
    ("weighting", "mean"), [("equal", 2.5), ("inverse_error", 2.2), ("stacked", 2.0)]
)
def test_the_mean_is_weighted_by_the_errors_on_validation_rows(weighting: str, mean: float) -> None:
    """Inverse squared errors 1 and 1/4 give 0.8 and 0.2; stacking takes the better one."""
    forecast = pair(weighting).fit(TRAIN, VALID).predict(TRAIN)
    np.testing.assert_allclose(forecast.mean, mean, atol=1e-8)
    np.testing.assert_allclose(forecast.quantiles[0, 0], mean + NORMAL, atol=1e-8)


def test_weights_are_fitted_in_units_of_the_scale_and_by_weight() -> None:
    """Two rows, outcomes 1 and 4: errors 1, -2 and 2, -1; the second row counts little."""
    valid = windows_of(np.array([[1.0], [4.0]]))
    plain = pair("inverse_error").fit(TRAIN, valid).weights
    weighted = pair("inverse_error").fit(TRAIN, replace(valid, weight=np.array([1.0, 1e-9])))
    scaled = pair("inverse_error").fit(TRAIN, replace(valid, scale=np.array([[1.0], [1e6]])))
    np.testing.assert_allclose(plain[:, 0], [0.5, 0.5])
    np.testing.assert_allclose(weighted.weights[:, 0], [0.8, 0.2], atol=1e-6)
    np.testing.assert_allclose(scaled.weights[:, 0], [0.8, 0.2], atol=1e-6)


def test_fitted_weights_need_an_outcome_and_equal_ones_do_not() -> None:
    nothing = windows_of(np.full((2, 1), np.nan))
    assert pair().fit(TRAIN, nothing).weights.tolist() == [[0.5], [0.5]]
    with pytest.raises(ModelError, match="no validation row has an outcome: stacked weights"):
        pair("stacked").fit(TRAIN, nothing)


def test_a_bagged_member_sees_bootstrapped_dates_and_others_all() -> None:
    members = [Member("all", Fixed([0.0])), Member("bag", Fixed([0.0]), bag_length=2, seed=3)]
    ensemble = Ensemble(members).fit(TRAIN, VALID)
    seen = [m.forecaster.origins for m in ensemble.members if isinstance(m.forecaster, Fixed)]
    assert seen[0] == list(range(6))
    assert len(seen[1]) == 6
    assert len(set(seen[1])) < 6


def test_one_model_from_several_seeds_is_bagged_but_for_the_first() -> None:
    def build(seed: int) -> Forecaster:
        return Fixed([float(seed)])

    ensemble = seed_ensemble(build, (1, 2, 6), name="net", bag_length=4, combination="linear_pool")
    assert [(m.name, m.bag_length, m.seed) for m in ensemble.members] == [
        ("net_1", 0, 1),
        ("net_2", 4, 2),
        ("net_6", 4, 6),
    ]
    assert ensemble.combination == "linear_pool"
    assert ensemble.fit(TRAIN, VALID).predict(TRAIN).mean[0, 0] == pytest.approx(3.0)


@pytest.mark.parametrize("weighting", ["equal", "stacked"])
def test_an_ensemble_comes_back_from_its_state(weighting: str) -> None:
    ensemble = pair(weighting, "linear_pool").fit(TRAIN, VALID)
    again = Ensemble.from_state(ensemble.state(), Fixed.from_state)
    before, after = ensemble.predict(VALID), again.predict(VALID)
    np.testing.assert_array_equal(after.quantiles, before.quantiles)
    assert [m.name for m in again.members] == ["a", "b"]


def test_an_ensemble_that_is_not_fitted_says_so() -> None:
    with pytest.raises(NotFittedError, match="call fit before predict or state"):
        pair().predict(VALID)


def test_a_state_that_is_not_complete_is_refused() -> None:
    state = pair().fit(TRAIN, VALID).state()
    broken: list[State] = [
        replace(state, parts={}),
        replace(state, arrays={}),
        replace(state, config={**state.config, "weighting": "by_taste"}),
        replace(state, config={**state.config, "members": [["a"]]}),
    ]
    for other in broken:
        with pytest.raises(ArtefactError, match="stored ensemble is not complete"):
            Ensemble.from_state(other, Fixed.from_state)
    with pytest.raises(ModelError, match=r"models\.catalogue\.restore"):
        Ensemble.from_state(state)


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_members_need_different_names(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="members with different names"):
        Ensemble([Member(name, Fixed([0.0])) for name in names])


def test_unknown_rules_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="weighting: expected one of equal, inverse_error, stac"):
        pair("by_taste")
    with pytest.raises(ConfigError, match="combination: expected one of quantile_average, linear"):
        pair("equal", "sum")
