"""GET /v1/models names who answers, and who was promoted but may not."""

from __future__ import annotations

from starlette.testclient import TestClient

from service.gateway import Gateway
from service.model_list import MODELS_PATH
from service.predictor import Predictor
from service.watch_slot import Refusal
from tests.service.doubles import MeanModel


def test_a_refused_model_is_listed_with_its_reason_beside_the_one_that_answers() -> None:
    predictor = Predictor(MeanModel(), "fund-sharpe", "v1", {})
    refused = [Refusal("fund-sharpe", "v2", "it is broken"), Refusal("fund-sharpe", None, "no")]
    client = TestClient(Gateway(lambda: predictor, refused=lambda: refused))
    said = client.get(MODELS_PATH).json()
    assert [model["version"] for model in said["models"]] == ["v1"]
    assert said["refused"] == [
        {"name": "fund-sharpe", "version": "v2", "reason": "it is broken"},
        {"name": "fund-sharpe", "version": None, "reason": "no"},
    ]


def test_nothing_is_refused_where_nobody_watches() -> None:
    predictor = Predictor(MeanModel(), "fund-sharpe", "v1", {})
    assert TestClient(Gateway(lambda: predictor)).get(MODELS_PATH).json()["refused"] == []
