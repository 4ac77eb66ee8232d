"""Principal components of a stream."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from models.contract import FloatArray
from models.errors import ConfigError, ModelError
from models.transforms.principal_components import PrincipalComponents


def fields(samples: int = 400, cells: int = 60, seed: int = 0) -> FloatArray:
    """Fields with five strong directions and a little noise, about a mean far from zero."""
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.standard_normal((cells, 5)))[0]
    sizes = np.array([8.0, 4.0, 2.0, 1.0, 0.5])
    noise = 0.01 * random.standard_normal((samples, cells))
    return random.standard_normal((samples, 5)) * sizes @ directions.T + noise - 11.0


def in_blocks(values: FloatArray, size: int = 77) -> Iterable[FloatArray]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def test_a_stream_in_blocks_gives_the_components_of_a_full_decomposition() -> None:
    values = fields()
    found = PrincipalComponents.fit(lambda: in_blocks(values), rank=4)
    centred = values - values.mean(axis=0)
    _, sizes, rows = np.linalg.svd(centred, full_matrices=False)
    assert np.allclose(found.variance, sizes[:4] ** 2 / len(values), rtol=1e-5)
    assert np.allclose(np.abs(np.sum(found.basis * rows[:4].T, axis=0)), 1.0, atol=1e-4)
    assert np.isclose(found.total, centred.var(axis=0).sum(), rtol=1e-6)


def test_explained_variance_chooses_the_smallest_rank_that_reaches_it() -> None:
    values = fields()
    found = PrincipalComponents.fit(lambda: in_blocks(values), variance=0.98, max_rank=10)
    assert found.explained[-1] >= 0.98
    assert found.explained[-2] < 0.98


def test_the_largest_rank_holds_where_less_is_explained() -> None:
    values = fields()
    found = PrincipalComponents.fit(lambda: [values], variance=0.9999999, max_rank=3)
    assert found.rank == 3


def test_what_the_components_leave_out_has_the_variance_that_is_told() -> None:
    values = fields(samples=4000)
    found = PrincipalComponents.fit(lambda: in_blocks(values, 1000), rank=3)
    missed = values - found.reconstruct(found.project(values))
    assert np.allclose(missed.var(axis=0), found.residual, rtol=0.02, atol=1e-6)


def test_dropping_components_is_fitting_fewer() -> None:
    values = fields()
    five = PrincipalComponents.fit(lambda: [values], rank=5)
    two, cut = PrincipalComponents.fit(lambda: [values], rank=2), five.truncated(2)
    assert np.allclose(np.abs(cut.basis), np.abs(two.basis), atol=1e-3)
    assert np.allclose(cut.residual, two.residual, rtol=1e-2)


def test_it_is_restored_from_its_arrays() -> None:
    found = PrincipalComponents.fit(lambda: [fields()], rank=3)
    again = PrincipalComponents.from_arrays(found.arrays())
    values = fields(10, seed=1)
    assert np.array_equal(found.project(values), again.project(values))
    assert again.total == found.total


def test_bad_requests_are_refused_in_one_line() -> None:
    values = fields()
    with pytest.raises(ConfigError, match="either a rank or a share"):
        PrincipalComponents.fit(lambda: [values])
    with pytest.raises(ConfigError, match="not between 0 and 1"):
        PrincipalComponents.fit(lambda: [values], variance=1.5)
    with pytest.raises(ModelError, match="rank 60 needs more than 60"):
        PrincipalComponents.fit(lambda: [values], rank=60)
    with pytest.raises(ModelError, match="there are no fields"):
        PrincipalComponents.fit(lambda: [], rank=2)
    with pytest.raises(ConfigError, match="rank: expected 1 to 2, got 3"):
        PrincipalComponents.fit(lambda: [values], rank=2).truncated(3)
    values[3, 4] = np.nan
    with pytest.raises(ModelError, match="not finite"):
        PrincipalComponents.fit(lambda: [values], rank=2)
