"""A recorded forecast is repeated at start, and another answer stops the start."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.errors import ArtefactError
from pipelines.warm_up import Sample
from tests.service.doubles import MeanModel

EXCESS = np.array([[np.nan, 0.01, 0.03], [0.02, 0.00, 0.01]])


def test_a_sample_survives_json_with_its_gaps() -> None:
    sample = Sample.record(MeanModel(min_history=2), EXCESS, "2016-12")
    again = Sample.from_json(json.loads(json.dumps(sample.to_json(), allow_nan=False)))
    np.testing.assert_array_equal(again.excess, EXCESS)
    np.testing.assert_array_equal(again.mean, sample.mean)
    assert again.last_period == "2016-12"


def test_the_same_model_passes_and_another_is_refused() -> None:
    sample = Sample.record(MeanModel(min_history=2), EXCESS, "2016-12")
    sample.repeat(MeanModel(min_history=2))
    with pytest.raises(ArtefactError, match=r"differs by 0\.5"):
        sample.repeat(MeanModel(min_history=2, shift=0.5))


def test_a_model_that_answers_nan_is_refused() -> None:
    sample = Sample.record(MeanModel(min_history=2), EXCESS, "2016-12")
    with pytest.raises(ArtefactError, match="differs by nan"):
        sample.repeat(MeanModel(min_history=2, shift=float("nan")))
