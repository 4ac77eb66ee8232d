"""Losses per date in units of the reference, worked by hand."""

from __future__ import annotations

import numpy as np

from pipelines.studies.reference_units import in_reference_units

REFERENCE = np.array([[1.0, 10.0], [3.0, 30.0], [2.0, np.nan]])


def test_the_reference_is_one_in_the_mean_also_where_newest_dates_lack_a_lead() -> None:
    found = in_reference_units(REFERENCE, REFERENCE)
    np.testing.assert_allclose(found, [0.5, 1.5, 1.0])
    assert found.mean() == 1.0


def test_every_lead_counts_alike() -> None:
    half = REFERENCE * [0.5, 1.0]
    np.testing.assert_allclose(in_reference_units(half, REFERENCE), [0.375, 1.125, 0.5])
