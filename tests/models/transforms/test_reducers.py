"""Principal components and autoencoders behind one interface, and fields with gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import FloatArray, State
from models.errors import ArtefactError, ConfigError, ModelError
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.principal_components import PrincipalComponents
from models.transforms.reducers import REDUCERS, fit_reducer, from_state, to_state

HOW = AutoencoderConfig(hidden=(16,), layer_epochs=2, epochs=40, noise=0.3)


def fields(rows: int = 400, seed: int = 0, noise: float = 0.05) -> FloatArray:
    """Twelve cells that follow three hidden numbers, with noise."""
    draw = np.random.default_rng(seed)
    patterns = np.random.default_rng(9).normal(size=(3, 12))
    return draw.normal(size=(rows, 3)) @ patterns + noise * draw.normal(size=(rows, 12)) + 4.0


def gappy(values: FloatArray, share: float = 0.4) -> FloatArray:
    return np.where(np.random.default_rng(5).random(values.shape) < share, np.nan, values)


@pytest.mark.parametrize("kind", REDUCERS)
def test_every_reducer_encodes_decodes_and_is_kept(kind: str) -> None:
    values = fields()
    reducer = fit_reducer(values, kind, 3, HOW)
    assert reducer.rank == 3
    codes = reducer.encode(values)
    assert codes.shape == (400, 3)
    missed = reducer.decode(codes) - values
    np.testing.assert_allclose((missed**2).mean(axis=0), reducer.residual, rtol=0.2, atol=1e-3)
    assert (missed**2).mean() < 0.5 * values.var()
    again = from_state(to_state(reducer))
    assert np.array_equal(again.encode(values), codes)
    assert np.array_equal(again.decode(codes), reducer.decode(codes))


@pytest.mark.parametrize("kind", REDUCERS)
def test_gaps_are_filled_better_than_by_the_mean(kind: str) -> None:
    reducer = fit_reducer(fields(2000), kind, 3, replace(HOW, corruption="masking"))
    fresh = fields(300, seed=1)
    holes = gappy(fresh)
    filled = reducer.decode(reducer.encode(holes))
    hidden = np.isnan(holes)
    assert ((filled - fresh)[hidden] ** 2).mean() < 0.6 * fresh[hidden].var()


@pytest.mark.parametrize("kind", REDUCERS)
def test_the_slope_carries_a_small_step(kind: str) -> None:
    reducer = fit_reducer(fields(), kind, 3, HOW)
    code = reducer.encode(fields(2, seed=3))
    step = np.float32(1e-3) * np.ones_like(code)
    moved = reducer.decode(code + step) - reducer.decode(code)
    slope = reducer.jacobian(code)
    np.testing.assert_allclose(moved, (slope @ step[..., None])[..., 0], atol=1e-4, rtol=0.1)


@pytest.mark.parametrize("kind", REDUCERS)
def test_no_samples_have_no_codes_and_samples_of_another_width_are_refused(kind: str) -> None:
    reducer = fit_reducer(fields(), kind, 3, replace(HOW, epochs=1))
    assert reducer.encode(fields(0)).shape == (0, 3)
    assert reducer.decode(np.zeros((2, 0, 3), np.float32)).shape == (2, 0, 12)
    assert reducer.jacobian(np.zeros((0, 3), np.float32)).shape == (0, 12, 3)
    with pytest.raises(ModelError, match=r"expected (samples|fields) of 12 (inputs|cells), got 5"):
        reducer.encode(fields()[:, :5])


def test_an_infinite_value_is_refused_by_components() -> None:
    broken = fields()
    broken[7, 2] = np.inf
    reducer = fit_reducer(fields(), "pca", 3, HOW)
    with pytest.raises(ModelError, match="an infinite one in field 7, cell 2"):
        reducer.encode(broken)


def test_with_few_gaps_coefficients_are_nearly_those_without() -> None:
    components = PrincipalComponents.fit(lambda: [fields(2000)], rank=3)
    fresh = fields(300, seed=1)
    whole, gaps = components.project(fresh), components.encode(gappy(fresh, 0.2))
    assert np.corrcoef(whole.ravel(), gaps.ravel())[0, 1] > 0.999
    assert np.array_equal(components.encode(fresh), whole), "without gaps, to the bit"


def test_coefficients_of_a_gap_are_the_conditional_mean_of_a_gaussian() -> None:
    components = PrincipalComponents.fit(lambda: [fields(2000)], rank=3)
    field = fields(1, seed=1)[0]
    seen = np.arange(12) < 5
    basis = components.basis.astype(np.float64)
    joint = basis @ np.diag(components.variance) @ basis.T + np.diag(components.residual)
    gain = np.diag(components.variance) @ basis[seen].T @ np.linalg.inv(joint[np.ix_(seen, seen)])
    wanted = gain @ (field - components.mean)[seen]
    found = components.encode(np.where(seen, field, np.nan))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_a_field_of_which_nothing_is_seen_is_the_mean() -> None:
    components = PrincipalComponents.fit(lambda: [fields()], rank=3)
    both = components.encode(np.stack([np.full(12, np.nan), fields(1)[0]]))
    np.testing.assert_array_equal(both[0], 0.0)
    assert np.abs(both[1]).max() > 0


def test_components_do_not_fit_on_gaps_and_say_what_does() -> None:
    with pytest.raises(ModelError, match="have gaps; leave these samples out, or use autoencoder"):
        fit_reducer(gappy(fields()), "pca", 3, HOW)


def test_unknown_kinds_and_broken_parts_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected one of pca, autoencoder, got 'tsne'"):
        fit_reducer(fields(), "tsne", 3, HOW)
    with pytest.raises(ArtefactError, match="stored reducer 'tsne': not known here"):
        from_state(State("tsne", {}, {}))
    state = to_state(fit_reducer(fields(50), "autoencoder", 2, HOW))
    short = {name: value for name, value in state.arrays.items() if name != "mean"}
    with pytest.raises(ArtefactError, match="'autoencoder' does not fit: 'mean'"):
        from_state(replace(state, arrays=short))
